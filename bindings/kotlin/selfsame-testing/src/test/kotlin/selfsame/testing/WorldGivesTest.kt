package selfsame.testing

import java.nio.file.Path
import java.time.Duration
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import org.junit.jupiter.api.io.TempDir
import selfsame.Answer
import selfsame.Assertion
import selfsame.BlockingAccountHandle
import selfsame.Client
import selfsame.Flow
import selfsame.Intent
import selfsame.Policy
import selfsame.Secret
import selfsame.SelfsameException
import selfsame.Step

private const val ADA = "ada@example.org"
private val PASSWORD = Secret("correct horse battery staple")
private val LAPTOP = Client("Ada's laptop")

/** The parts of a world besides its engine, clock and mailbox. */
class WorldGivesTest {
    private val world = World()

    private val World.blocking get() = engine().blocking

    private fun World.account(done: Flow): BlockingAccountHandle =
        blocking.account(assertIs<Step.SignedIn>(done.step).session.token)

    private fun World.signUp(): BlockingAccountHandle {
        val begun = blocking.signUp(ADA, PASSWORD, LAPTOP)
        val code = assertNotNull(mailedCode(ADA, CodeKind.VERIFY_EMAIL))
        return account(blocking.answer(begun, Answer.Code(code)))
    }

    @Test
    fun `a code is found by its kind and time`() {
        world.signUp()
        world.later(Duration.ofHours(1))
        val since = world.now()
        assertNull(world.mailedCode(ADA, since = since))
        world.blocking.resetPassword(ADA, LAPTOP)
        val reset = assertNotNull(world.mailedCode(ADA, CodeKind.RESET_PASSWORD))
        assertEquals(reset, world.mailedCode(ADA, since = since))
        assertNotEquals(reset, assertNotNull(world.mailedCode(ADA, CodeKind.VERIFY_EMAIL)))
        assertNull(world.mailedCode(ADA, CodeKind.CHANGE_EMAIL))
    }

    @Test
    fun `an authenticator app shows digits`() {
        val account = world.signUp()
        assertEquals(10, account.confirmTotp(world.totp(account.enrollTotp().secret)).codes.size)
        val wrong = assertFailsWith<WorldException.NotBase32> { world.totp(Secret("no base32!")) }
        assertContains(assertNotNull(wrong.message), "not base32")
    }

    @Test
    fun `a store opens again with another policy`() {
        world.signUp()
        world.reopen(Policy(sessionIdle = Duration.ofMinutes(5)))
        world.reopen()
        world.later(Duration.ofMinutes(6))
        val account = world.account(world.blocking.signIn(ADA, PASSWORD, LAPTOP))
        assertEquals(1, account.sessions().size)
    }

    @Test
    fun `a world can be a file`(@TempDir folder: Path) {
        val path = folder.resolve("accounts.selfsame")
        World(path = path).run {
            signUp()
            blocking.suspend()
        }
        val again = World(path = path)
        assertEquals(ADA, again.account(again.blocking.signIn(ADA, PASSWORD, LAPTOP)).view().contact)
    }

    @Test
    fun `Google and Apple sign in`() {
        val google = Identity("google", "1815", email = "ada@gmail.com", emailVerified = true)
        val begun = world.blocking.beginFederated("google", LAPTOP)
        val done = world.blocking.continueWith(begun, world.assertion(google, begun), Intent.SIGN_UP)
        assertEquals("ada@gmail.com", world.account(done).view().contact)

        // The application fetches the keys itself.
        val apple = Identity("apple", "1815", email = "ada@icloud.com", emailVerified = true)
        val other = world.blocking.beginFederated("apple", LAPTOP)
        val token = world.idToken(apple, assertIs<Step.PresentAssertion>(other.step).nonce)
        world.blocking.setKeys("apple", world.jwks())
        val came = world.blocking.continueWith(other, Assertion.IdToken(token), Intent.SIGN_UP)
        assertEquals("ada@icloud.com", world.account(came).view().contact)
    }

    @Test
    fun `commits fail when the test says so`() {
        val account = world.signUp()
        val before = world.commits()
        world.failCommits(1)
        assertFailsWith<SelfsameException.Storage> { account.setDisplayName("Ada") }
        account.setDisplayName("Ada")
        assertEquals(before + 1 to 1L, world.commits() to world.failedCommits())
    }

    @Test
    fun `a host works while time passes`() {
        val deletion = world.signUp().requestDeletion()
        val receipts = world.runHost(Duration.ofDays(31))
        assertEquals(listOf(deletion.purgeAt), receipts.map { it.purgeAt })
        // The code, the request and two reminders.
        assertEquals(4, world.mail().size)
        val later = world.now() + Duration.ofDays(1)
        world.laterUntil(later)
        assertEquals(later, world.now())
        assertFailsWith<WorldException.InThePast> { world.laterUntil(later - Duration.ofDays(1)) }
    }
}
