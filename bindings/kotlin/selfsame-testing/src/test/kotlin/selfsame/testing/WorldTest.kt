package selfsame.testing

import java.io.Serializable
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import kotlin.io.path.extension
import kotlin.io.path.readText
import kotlin.io.path.relativeTo
import kotlin.io.path.walk
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.io.TempDir
import selfsame.Aal
import selfsame.Answer
import selfsame.Client
import selfsame.Intent
import selfsame.NativeLibrary
import selfsame.Policy
import selfsame.Secret
import selfsame.SelfsameException
import selfsame.SignedIn
import selfsame.Step

private const val ADA = "ada@example.org"
private val PASSWORD = Secret("correct horse battery staple")
private val LAPTOP = Client("Ada's laptop")

/** The usual calls that the tests of an application make on a world. */
class WorldTest {
    private val world = World()
    private val engine get() = world.engine().blocking

    private fun signUp(): SignedIn {
        val begun = engine.signUp(ADA, PASSWORD, LAPTOP)
        val code = Answer.Code(assertNotNull(world.mailedCode(ADA)))
        return assertIs<Step.SignedIn>(engine.answer(begun, code).step).session
    }

    @Test
    fun `the test in the README is one of this package`() {
        val test = Path.of("src/test/kotlin/example/SessionTest.kt").readText()
        assertContains(Path.of("../README.md").readText(), "```kotlin\n$test```\n")
    }

    @Test
    fun `the library for tests stands in for the other`() {
        assertEquals("selfsame_testing", NativeLibrary.name)
    }

    @Test
    fun `what is generated names the exceptions of this package`() {
        val generated = Path.of("target/native/generated/selfsame/testing/selfsame_testing.kt").readText()
        assertContains(generated, "@throws WorldException [NotBase32][WorldException.NotBase32] if ")
        assertEquals(listOf(), generated.lines().filter { Regex("\\* .*(\\b[Rr]aises?\\b|Error\\.|`(?!email_verified)[A-Za-z.]+_[a-z_]+`)").containsMatchIn(it) })
    }

    @Test
    fun `a session ends when the clock is turned`() {
        val token = signUp().token
        val began = world.now()
        world.later(Duration.ofDays(400))
        assertEquals(began + Duration.ofDays(400), world.now())
        assertFailsWith<SelfsameException.SessionEnded> { engine.resolve(token) }
    }

    @Test
    fun `an app shows the code that the second factor asks for`() {
        val account = engine.account(signUp().token)
        val secret = account.enrollTotp().secret
        account.confirmTotp(world.totp(secret))
        account.recoveryCodesSaved()
        world.later(Duration.ofMinutes(1))
        val asked = engine.signIn(ADA, PASSWORD, LAPTOP)
        val shown = Answer.Totp(world.totp(secret))
        val done = assertIs<Step.SignedIn>(engine.answer(asked, shown).step).session
        assertEquals(Aal.AAL2, done.aal)
    }

    @Test
    fun `a provider says who somebody is`() {
        val begun = engine.beginFederated("x", LAPTOP)
        val identity = Identity("x", "1815", handle = "@ada", email = ADA, emailVerified = true)
        val known = engine.continueWith(begun, world.assertion(identity, begun), Intent.SIGN_UP)
        assertEquals(Step.VerifyEmail("a…@example.org", canSkip = true, sendAt = null), known.step)
        assertFailsWith<SelfsameException.InvalidShortName> {
            world.assertion(identity.copy(provider = "No Name"), begun)
        }
    }

    @Test
    fun `nothing of a panic's text crosses`() {
        val caught = assertFailsWith<InternalException> { panicWith("correct horse") }
        assertContains(caught.toString(), "a defect of selfsame; please report it")
        assertTrue("horse" !in caught.stackTraceToString())
    }

    @Test
    fun `a store outlives its engine`() {
        val token = signUp().token
        val before = engine
        world.reopen()
        assertEquals(LAPTOP, engine.resolve(token).client)
        assertFailsWith<SelfsameException.Closed> { before.resolve(token) }
    }

    @Test
    fun `a closed world has released its file`(@TempDir folder: Path) {
        val path = folder.resolve("store")
        val world = World(path = path)
        val engine = world.engine()
        world.close()
        world.close()
        assertFailsWith<SelfsameException.Closed> { engine.blocking.health() }
        assertFailsWith<IllegalStateException> { world.mail() }
        assertEquals(0L, World(path = path).use { it.engine().blocking.health().accounts })
    }

    @Test
    fun `no class of the package can be written or cloned and no object copied`() {
        val root = Path.of(World::class.java.protectionDomain.codeSource.location.toURI())
        val classes = root.walk().filter { it.extension == "class" }
            .map { it.relativeTo(root).toString().removeSuffix(".class").replace('/', '.') }
            .map { Class.forName(it, false, World::class.java.classLoader) }.toList()
        val data = classes.filter { it.isEnum || Throwable::class.java.isAssignableFrom(it) }
        assertEquals(listOf(), classes.filter { Serializable::class.java.isAssignableFrom(it) } - data)
        assertEquals(listOf(), classes.filter { Cloneable::class.java.isAssignableFrom(it) })
        val objects = classes.filter { it.declaredFields.any { field -> field.name == "callCounter" } }
        assertEquals(listOf<Class<*>>(World::class.java), objects)
        assertEquals(listOf(), objects.flatMap { it.methods.toList() }.filter { it.name == "copy" || it.name == "clone" })
    }

    @Test
    fun `a text that is not Unicode is refused and not shown`() {
        val text = "the whole password\udce9"
        val identity = Identity("x", "1815")
        val begun = engine.beginFederated("x", LAPTOP)
        val calls = listOf<() -> Any?>(
            { world.assertion(identity.copy(handle = text), begun) },
            { world.idToken(identity, text) },
            { world.mailedCode(text) },
            { world.takeMail(text) },
            { world.totp(Secret(text)) },
            { world.undoCode(text) },
            { transcript(text) },
        )
        for (call in calls) {
            val refused = assertFailsWith<SelfsameException.InvalidUnicode> { call() }
            assertTrue("password" !in refused.stackTraceToString())
        }
    }

    @Test
    fun `worlds of one seed are alike and others are not`() {
        fun account(seed: Long) = World(seed = seed).engine().blocking.signUp(ADA, PASSWORD, LAPTOP).token
        assertEquals(account(7), account(7))
        assertNotEquals(account(7), account(8))
        assertEquals(Instant.EPOCH, World(starts = Instant.EPOCH).now())
        assertFailsWith<IllegalArgumentException> { World(seed = -1) }
        assertFailsWith<SelfsameException.InvalidPolicy> { World(Policy(maxSessions = 0)) }
    }

    @Test
    fun `an application of coroutines is tested in a world too`() = runBlocking<Unit> {
        world.engine().use { engine ->
            engine.signUp(ADA, PASSWORD, LAPTOP)
            assertEquals(listOf(ADA), world.mail().map { it.to })
            assertEquals(1L, world.hashes())
        }
    }
}
