package selfsame

import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir

private const val NOBODY = "00000000-0000-7000-8000-000000000000"
private val WRONG = Secret("another horse, not this one")

/** Every refusal is its own exception class, with its data, its code and its advice. */
class ErrorsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `a refusal says which it is and what to do`() {
        val engine = Store(folder).engine
        signUp(engine)
        val wrong = assertFailsWith<SelfsameException.InvalidCredentials> { engine.signIn(EMAIL, WRONG, LAPTOP) }
        val nobody = assertFailsWith<SelfsameException> { engine.signIn("nobody@example.org", PASSWORD, LAPTOP) }
        assertEquals("InvalidCredentials", wrong.code())
        assertTrue(wrong.isRefusal() && !SelfsameException.WrongKey().isRefusal())
        assertEquals(wrong.code(), nobody.code())
        assertEquals(wrong.message, nobody.message)
        assertEquals("the credentials are wrong; check them or sign in another way", wrong.message)
    }

    @Test
    fun `a refusal carries its reason`() {
        val engine = Store(folder).engine
        val email = assertFailsWith<SelfsameException.InvalidEmail> { engine.signUp("ada at home", PASSWORD, LAPTOP) }
        assertEquals(EmailProblem.SYNTAX, email.reason)
        val short = assertFailsWith<SelfsameException.InvalidPassword> { engine.signUp(EMAIL, Secret("short"), LAPTOP) }
        assertEquals(PasswordRule.TOO_SHORT, short.rule)
        val label = assertFailsWith<SelfsameException.InvalidText> {
            engine.signUp(EMAIL, PASSWORD, Client("x\r\nBcc: all@evil.example"))
        }
        assertEquals(TextField.DEVICE to TextProblem.CHARACTER, label.field to label.reason)
        val operator = assertFailsWith<SelfsameException.InvalidText> { engine.support("") }
        assertEquals(TextField.OPERATOR to TextProblem.EMPTY, operator.field to operator.reason)
    }

    @Test
    fun `an empty passphrase locks no store`() {
        val empty = Unlock.Passphrase(Secret(""))
        assertFailsWith<SelfsameException.InvalidPassphrase> { BlockingEngine.create(folder.resolve("other"), empty) }
        assertFailsWith<SelfsameException.InvalidPassphrase> { Store(folder).engine.changeKey(empty) }
    }

    @Test
    fun `a number that does not fit is refused before it crosses`() {
        val engine = Store(folder).engine
        assertFailsWith<IllegalArgumentException> { engine.messages(-1) }
        val begun = engine.signUp(EMAIL, PASSWORD, LAPTOP)
        assertFailsWith<IllegalArgumentException> { engine.answer(begun, Answer.LinkTo(256)) }
        assertFailsWith<IllegalArgumentException> { BlockingEngine.inMemory(Policy(maxMethods = 65536)) }
    }

    @Test
    fun `a wait after failures has its end`() {
        val engine = Store(folder).engine
        val began = Instant.now()
        signUp(engine)
        repeat(5) { assertFailsWith<SelfsameException.InvalidCredentials> { engine.signIn(EMAIL, WRONG, LAPTOP) } }
        val wait = assertFailsWith<SelfsameException.Throttled> { engine.signIn(EMAIL, PASSWORD, LAPTOP) }
        assertTrue(wait.retryAt!! in began..began + Duration.ofDays(1))
    }

    @Test
    fun `a session that waits says what proof it takes`() {
        val engine = Store(folder).engine
        val token = signUp(engine)
        engine.support("grace").startDeletion(engine.resolve(token).account, "T-1")
        val waits = assertFailsWith<SelfsameException.ReauthenticationRequired> { engine.resolve(token) }
        assertEquals(listOf<Accepted>(Accepted.Password), waits.accepted)
    }

    @Test
    fun `another key opens nothing and changes nothing`() {
        val store = Store(folder)
        store.engine.suspend()
        val before = store.path.toFile().readBytes()
        assertFailsWith<SelfsameException.WrongKey> { BlockingEngine.open(store.path, Unlock.HostKey(generateHostKey())) }
        assertTrue(before.contentEquals(store.path.toFile().readBytes()))
        assertFailsWith<SelfsameException.AlreadyExists> { BlockingEngine.create(store.path, store.unlock) }
    }

    @TestFactory
    fun `what does not cross is refused by name`(): List<DynamicTest> {
        val store = Store(folder)
        val engine = store.engine
        val account = engine.account(signUp(engine))
        val unnamed = Billing("", "pro", BillingStatus.ACTIVE, managedBy = ManagedBy.DIRECT)
        return mapOf<String, () -> Any>(
            "InvalidHostKey" to { BlockingEngine.open(store.path, Unlock.HostKey(HostKey(byteArrayOf(1)))) },
            "NotFound" to { BlockingEngine.open(folder.resolve("nowhere"), store.unlock) },
            "InvalidPolicy" to { BlockingEngine.inMemory(Policy(hashCost = HashCost(1, 1, 1))) },
            "InvalidShortName" to { engine.beginFederated("No Name", LAPTOP) },
            "UnknownProvider" to { engine.beginFederated("elsewhere", LAPTOP) },
            "InvalidToken" to { engine.resolve(SessionToken("no token")) },
            "InvalidId" to { account.endSession("no id") },
            "UnknownAccount" to { engine.support("grace").activity(NOBODY) },
            "UnknownRequest" to { engine.erase(NOBODY, NOBODY) },
            "UndoExpired" to { engine.undo(Secret("no code"), LAPTOP) },
            "InvalidCustomerRef" to { engine.setBilling(NOBODY, "grok", unnamed) },
            "LastMethod" to { account.removeMethod(account.view().methods.single().id) },
        ).map { (code, call) ->
            dynamicTest(code) {
                val refused = assertFailsWith<SelfsameException> { call() }
                assertEquals(code, refused.code())
                assertEquals(code, refused.javaClass.simpleName)
            }
        }
    }
}
