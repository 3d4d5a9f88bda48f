package selfsame

import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** Secrets and personal data do not appear in printed values. */
class SecretsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `a secret shows nothing of itself`() {
        val engine = Store(folder).engine
        val begun = engine.signUp(EMAIL, PASSWORD, LAPTOP)
        val message = engine.messages(1).single()
        val code = assertIs<MessageKind.VerifyEmail>(message.kind).code
        val done = engine.answer(begun, Answer.Code(code))
        val key = HostKey(ByteArray(32) { it.toByte() })
        val token = signedIn(done).token
        val recognition = assertNotNull(signedIn(done).recognition)
        val known = Client("laptop", recognitions = listOf(recognition))
        val holders =
            listOf(begun, message, done, Answer.Code(code), Unlock.HostKey(key), PASSWORD, token, known, key)
        val shown = "$holders ${holders.associateBy { it }}"
        for (name in listOf("Secret", "FlowToken", "SessionToken", "RecognitionToken", "HostKey")) {
            assertContains(shown, "$name(****)")
        }
        for (secret in listOf(PASSWORD, code, assertNotNull(begun.token), token, recognition)) {
            assertTrue(secret.reveal() !in shown)
        }
        assertTrue(key.reveal().toHexString() !in shown && key.reveal().contentToString() !in shown)
    }

    @Test
    fun `free text is hidden where a data class is printed`() {
        val engine = Store(folder).engine
        val begun = engine.signUp(EMAIL, PASSWORD, LAPTOP)
        val message = engine.messages(1).single()
        val code = assertNotNull(message.kind.mailedCode())
        val token = signedIn(engine.answer(begun, Answer.Code(code))).token
        val account = engine.account(token)
        account.setDisplayName("Ada Lovelace")
        val view = account.view()
        val shown = listOf(begun, message, view, account.sessions(), engine.picker(), Answer.CorrectAddress(EMAIL)).toString()
        for (text in listOf(EMAIL, "example.org", "Lovelace", LAPTOP.device)) assertTrue(text !in shown, shown)
        assertEquals("VerifyEmail(to=****, canSkip=false, sendAt=null)", begun.step.toString())
        assertContains(shown, "AccountView(id=${view.id}, status=Active, ")
        assertEquals("Client(device=****, product=null, remembered=true, recognitions=[], origin=null)", LAPTOP.toString())
    }

    @Test
    fun `no error repeats what was given`() {
        val engine = Store(folder).engine
        val given = "ada.lovelace.1815"
        val calls = listOf<() -> Any>(
            { engine.signUp(given, PASSWORD, LAPTOP) },
            { engine.signUp(EMAIL, Secret(given.take(12)), LAPTOP) },
            { engine.signIn("$given@example.org", Secret(given), LAPTOP) },
            { engine.beginFederated(given, Client(given)) },
            { engine.resolve(SessionToken(given)) },
            { engine.resume(FlowToken(given)) },
        )
        for (call in calls) {
            val refused = assertFailsWith<SelfsameException> { call() }
            assertTrue(given.take(12) !in refused.stackTraceToString())
        }
    }

    @Test
    fun `secrets compare by what they hold`() {
        assertEquals(Secret("one"), Secret("one"))
        assertEquals(Secret("one").hashCode(), Secret("one").hashCode())
        assertNotEquals(Secret("one"), Secret("two"))
        assertNotEquals<Any>(Secret("one"), FlowToken("one"))
        assertEquals(HostKey(byteArrayOf(1)), HostKey(byteArrayOf(1)))
        assertNotEquals(HostKey(byteArrayOf(1)), HostKey(byteArrayOf(2)))
    }

    @Test
    fun `a key is nobody else's to change`() {
        val bytes = ByteArray(32)
        val key = HostKey(bytes)
        bytes[0] = 1
        key.reveal()[1] = 1
        assertEquals(HostKey(ByteArray(32)), key)
    }
}
