package selfsame

import java.nio.file.Path
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** The usual acts of an application: sign up, link, sign in, open again. */
class AccountsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `an account outlives the engine`() {
        val store = Store(folder)
        val first = signUp(store.engine)
        val account = store.engine.resolve(first).account
        store.engine.suspend()
        val engine = BlockingEngine.open(store.path, store.unlock)
        assertEquals(LAPTOP, engine.resolve(first).client)
        val second = signedIn(engine.signIn("Ada@Example.org", PASSWORD, LAPTOP)).token
        val handle = engine.account(second)
        assertEquals(account, handle.view().id)
        assertEquals(listOf(EMAIL), handle.view().addresses.map { it.email })
        assertEquals(2, handle.sessions().size)
        assertTrue(handle.verifyAudit())
        assertEquals("the account was created", handle.activity().first().event.sentence())
        handle.signOut()
        assertFailsWith<SelfsameException.SessionEnded> { engine.resolve(second) }
    }

    @Test
    fun `an identity is linked by proof of the account`() {
        // X also asserts Ada's verified email, so that her address needs no second code.
        val authority = Provider("x", providerX().issuer, listOf("example.org"), AssertionKind.HostStated)
        val engine = BlockingEngine.inMemory(Policy(providers = listOf(authority)))
        val account = engine.resolve(signUp(engine)).account
        fun byX(): Flow {
            val begun = engine.beginFederated("x", LAPTOP)
            val flow = assertIs<Step.PresentAssertion>(begun.step).flowId
            val word = HostStatement(flow, "x", "1815", "@ada", EMAIL, emailVerified = true)
            return engine.continueWith(begun, Assertion.Stated(word), Intent.SIGN_UP)
        }

        val prompt = byX()
        val candidate = assertIs<Step.LinkOrCreate>(prompt.step).candidates.single()
        assertEquals(listOf(MethodKind.PASSWORD), candidate.methods)
        val proof = engine.answer(prompt, Answer.LinkTo(candidate.place))
        assertEquals(listOf<Accepted>(Accepted.Password), assertIs<Step.ProveOwnership>(proof.step).accepted)
        val linked = signedIn(engine.answer(proof, Answer.Password(PASSWORD)))
        assertEquals(account to SignInOutcome.LINKED, linked.account to linked.outcome)

        val view = engine.account(signedIn(byX()).token).view()
        assertEquals(account, view.id)
        assertEquals(listOf(null, "@ada"), view.methods.map { it.handle })
    }

    @Test
    fun `two threads sign in at once`() {
        val engine = Store(folder).engine
        val token = signUp(engine)
        val together = CyclicBarrier(2)
        val failures = ConcurrentLinkedQueue<Throwable>()
        val threads = List(2) {
            thread {
                runCatching {
                    repeat(3) {
                        together.await(60, TimeUnit.SECONDS)
                        signedIn(engine.signIn(EMAIL, PASSWORD, LAPTOP))
                    }
                }.onFailure(failures::add)
            }
        }
        threads.forEach(Thread::join)
        assertEquals(listOf<Throwable>(), failures.toList())
        assertEquals(7, engine.account(token).sessions().size)
    }

    @Test
    fun `an act is explained and not done`() {
        val engine = Store(folder).engine
        val account = engine.account(signUp(engine))
        val before = account.activity()
        val explained = account.explain(Planned.RequestDeletion)
        assertEquals(null, explained.refusal)
        assertContains(explained.effects, Effect.Account(Action.DELETION_REQUESTED))
        assertContains(explained.effects, Effect.AllSessionsEnd)
        val refused = account.explain(Planned.OpenProduct("grok"))
        assertIs<SelfsameException.UnknownProduct>(refused.refusal)
        assertEquals(before, account.activity(), "records are compared by their contents")
    }

    @Test
    fun `a QR code is drawn and its objects are let go of`() {
        val engine = Store(folder).engine
        val account = engine.account(signUp(engine))
        account.enrollTotp().use { begun ->
            assertTrue(begun.uri.reveal().startsWith("otpauth://totp/Selfsame:"))
            assertContains(begun.uri.reveal(), begun.secret.reveal())
            assertTrue(begun.qr.isDark(0, 0) && !begun.qr.isDark(7, 7))
            assertEquals("QrCode", begun.qr.toString())
            assertTrue(begun.qr.svg().reveal().startsWith("<svg"))
        }
        account.close()
        assertFailsWith<IllegalStateException> { account.view() }
    }

    @Test
    fun `the export is a document without secrets`() {
        val engine = Store(folder).engine
        val account = engine.account(signUp(engine))
        account.setDisplayName("Ada  Lovelace")
        val document = account.export()
        assertContains(document, EMAIL)
        assertContains(document, "Ada Lovelace")
        assertTrue(PASSWORD.reveal() !in document)
        assertNotNull(exportSchema())
    }
}
