package selfsame

import example.reopen
import example.signIn
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.io.TempDir

/** The engine for coroutines. */
class EngineTest {
    @TempDir
    lateinit var folder: Path

    private val path: Path by lazy { folder.resolve("accounts.selfsame") }
    private val unlock by lazy { Unlock.HostKey(generateHostKey()) }

    @Test
    fun `it acts off the caller's thread and releases the file at its end`() = runBlocking {
        val token = Engine.openOrCreate(path, unlock).use { engine ->
            assertNotEquals(Thread.currentThread(), engine.act { Thread.currentThread() })
            assertFailsWith<SelfsameException.AlreadyOpen> { Engine.open(path, unlock) }
            signUp(engine.blocking)
        }
        val again = Engine.openOrCreate(path, unlock)
        assertEquals(LAPTOP, again.resolve(token).client)
        again.close()
        again.close()
        assertFailsWith<IllegalStateException> { again.resolve(token) }
        Engine.open(path, unlock).close()
    }

    @Test
    fun `a refusal is told in the person's own language`() = runBlocking {
        Engine.inMemory().use { engine ->
            val translations = mapOf("InvalidCredentials" to "E-Mail oder Passwort ist falsch.")
            assertEquals("E-Mail oder Passwort ist falsch.", signIn(engine, EMAIL, PASSWORD, translations))
            assertEquals("the credentials are wrong; check them or sign in another way", signIn(engine, EMAIL, PASSWORD, mapOf()))
        }
    }

    @Test
    fun `a kept session opens the account until it ends`() = runBlocking<Unit> {
        Engine.inMemory(QUICK).use { engine ->
            val kept = engine.act { signUpAtOnce(this) }.reveal()
            reopen(engine, kept)!!.use { it.signOut() }
            assertEquals(listOf(null, null), listOf(reopen(engine, kept), reopen(engine, "no token")))
        }
    }

    @Test
    fun `a refusal comes out of an act as it is`() = runBlocking<Unit> {
        Engine.inMemory().use { engine ->
            assertFailsWith<SelfsameException.InvalidEmail> { engine.signUp("ada", PASSWORD, LAPTOP) }
        }
    }

    @Test
    fun `acts of many coroutines stand in each other's way nowhere`() = runBlocking {
        Engine.inMemory(QUICK).use { engine ->
            val token = signUpAtOnce(engine.blocking)
            val seen = coroutineScope { List(200) { async { engine.resolve(token) } }.awaitAll() }
            assertEquals(200, seen.count { it.client == LAPTOP })
        }
    }

    @Test
    fun `an account and a support desk suspend too`() = runBlocking {
        Engine.inMemory(QUICK).use { engine ->
            val token = signUpAtOnce(engine.blocking)
            engine.account(token).use { account ->
                account.setDisplayName("Ada")
                val (name, sessions) = account.act { view().displayName to sessions().size }
                assertEquals("Ada" to 1, name to sessions)
                assertEquals(account.view(), engine.act { account(token).view() })
                val desk = engine.support("grace")
                assertEquals(account.view().status, desk.find(account.view().id).single().status)
            }
        }
    }

    @Test
    fun `who is cancelled before it begins does nothing`() = runBlocking {
        Engine.inMemory().use { engine ->
            var begun = false
            val job = launch(start = CoroutineStart.UNDISPATCHED) {
                coroutineContext.job.cancel()
                engine.act { begun = true }
            }
            job.join()
            assertTrue(job.isCancelled)
            assertFalse(begun)
        }
    }

    @Test
    fun `an act that has begun is done to its end`() = runBlocking {
        Engine.inMemory(QUICK).use { engine ->
            val begun = CompletableDeferred<Unit>()
            val goOn = CountDownLatch(1)
            val job = launch {
                engine.act {
                    begun.complete(Unit)
                    goOn.await()
                    signUpAtOnce(this)
                }
            }
            begun.await()
            job.cancel()
            goOn.countDown()
            job.join()
            assertEquals(1L, engine.health().accounts)
        }
    }

    @Test
    fun `an engine that comes too late for its maker is closed`() = runBlocking<Unit> {
        Engine.create(path, unlock).close()
        val asked = CountDownLatch(1)
        val mayAnswer = CountDownLatch(1)
        val key = unlock.hostKey
        val slow = object : Keystore {
            override fun load(): HostKey {
                asked.countDown()
                mayAnswer.await()
                return key
            }
        }
        val job = async(Dispatchers.Default) {
            Engine.open(path, Unlock.Keystore(slow)).use { it.health() }
        }
        asked.await()
        job.cancel()
        mayAnswer.countDown()
        assertFailsWith<CancellationException> { job.await() }
        Engine.open(path, unlock).close()
    }
}
