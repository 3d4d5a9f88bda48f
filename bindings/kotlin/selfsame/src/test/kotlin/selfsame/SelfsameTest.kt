package selfsame

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
class SelfsameTest {
    @TempDir
    lateinit var folder: Path

    private val path: Path by lazy { folder.resolve("accounts.selfsame") }
    private val unlock by lazy { Unlock.HostKey(generateHostKey()) }

    @Test
    fun `it acts off the caller's thread and releases the file at its end`() = runBlocking {
        val token = Selfsame.create(path, unlock).use { selfsame ->
            assertNotEquals(Thread.currentThread(), selfsame.act { Thread.currentThread() })
            assertFailsWith<SelfsameException.AlreadyOpen> { Selfsame.open(path, unlock) }
            selfsame.act { signUp(this) }
        }
        val again = Selfsame.open(path, unlock)
        assertEquals(LAPTOP, again.act { resolve(token) }.client)
        again.close()
        again.close()
        assertFailsWith<IllegalStateException> { again.act { resolve(token) } }
        Selfsame.open(path, unlock).close()
    }

    @Test
    fun `a refusal comes out of an act as it is`() = runBlocking<Unit> {
        Selfsame.inMemory().use { selfsame ->
            assertFailsWith<SelfsameException.InvalidEmail> { selfsame.act { signUp("ada", PASSWORD, LAPTOP) } }
        }
    }

    @Test
    fun `acts of many coroutines stand in each other's way nowhere`() = runBlocking {
        Selfsame.inMemory(QUICK).use { selfsame ->
            val token = selfsame.act { signUpAtOnce(this) }
            val seen = coroutineScope { List(200) { async { selfsame.act { resolve(token) } } }.awaitAll() }
            assertEquals(200, seen.count { it.client == LAPTOP })
        }
    }

    @Test
    fun `who is cancelled before it begins does nothing`() = runBlocking {
        Selfsame.inMemory().use { selfsame ->
            var begun = false
            val job = launch(start = CoroutineStart.UNDISPATCHED) {
                coroutineContext.job.cancel()
                selfsame.act { begun = true }
            }
            job.join()
            assertTrue(job.isCancelled)
            assertFalse(begun)
        }
    }

    @Test
    fun `an act that has begun is done to its end`() = runBlocking {
        Selfsame.inMemory(QUICK).use { selfsame ->
            val begun = CompletableDeferred<Unit>()
            val goOn = CountDownLatch(1)
            val job = launch {
                selfsame.act {
                    begun.complete(Unit)
                    goOn.await()
                    signUpAtOnce(this)
                }
            }
            begun.await()
            job.cancel()
            goOn.countDown()
            job.join()
            assertEquals(1uL, selfsame.act { health() }.accounts)
        }
    }

    @Test
    fun `an engine that comes too late for its maker is closed`() = runBlocking<Unit> {
        Selfsame.create(path, unlock).close()
        val asked = CountDownLatch(1)
        val mayAnswer = CountDownLatch(1)
        val key = unlock.v1
        val slow = object : Keystore {
            override fun load(): HostKey {
                asked.countDown()
                mayAnswer.await()
                return key
            }
        }
        val job = async(Dispatchers.Default) {
            Selfsame.open(path, Unlock.Keystore(slow)).use { it.act { health() } }
        }
        asked.await()
        job.cancel()
        mayAnswer.countDown()
        assertFailsWith<CancellationException> { job.await() }
        Selfsame.open(path, unlock).close()
    }
}
