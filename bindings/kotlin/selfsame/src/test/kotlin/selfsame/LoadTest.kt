package selfsame

import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.io.path.readText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.jupiter.api.Assertions.assertTimeoutPreemptively

/** Memory does not grow. The heap of the test's process has a fixed size, so growth can only come from outside it. */
class LoadTest {
    @Test
    fun `10000 engines are opened and closed`() {
        repeat(1_000) { BlockingEngine.inMemory().close() }
        assertStaysFlat { repeat(10_000) { BlockingEngine.inMemory().close() } }
    }

    @Test
    fun `10000 engines are opened and forgotten`() {
        fun forget(engines: Int) = repeat(engines) {
            BlockingEngine.inMemory()
            // The collector does not count the memory that an engine has outside the heap.
            if (it % 100 == 0) System.gc()
        }
        forget(1_000)
        assertStaysFlat { forget(10_000) }
    }

    @Test
    fun `10000 calls with an invalid text leave nothing behind`() {
        val engine = BlockingEngine.inMemory()
        val long = "x".repeat(100_000)
        fun refuse(calls: Int) = repeat(calls) {
            assertFailsWith<SelfsameException.InvalidUnicode> { engine.signIn(long, Secret("\ud83d"), LAPTOP) }
        }
        refuse(1_000)
        assertStaysFlat { refuse(10_000) }
    }

    @Test
    fun `8 threads make 100000 calls`() {
        val engine = BlockingEngine.inMemory(QUICK)
        val token = signUpAtOnce(engine)
        val account = engine.account(token)
        val expected = engine.resolve(token)
        val threads = Executors.newFixedThreadPool(8)
        fun make(calls: Int) {
            val right = List(8) {
                threads.submit<Int> {
                    (1..calls / 8).count {
                        if (it % 10 == 0) account.view().id == expected.account else engine.resolve(token) == expected
                    }
                }
            }
            assertEquals(calls, right.sumOf { it.get(10, TimeUnit.MINUTES) })
        }
        make(10_000)
        assertStaysFlat {
            repeat(10) {
                make(10_000)
                settle()
            }
        }
        threads.shutdown()
    }

    private fun assertStaysFlat(work: () -> Unit) {
        settle()
        val before = resident()
        work()
        settle()
        val grown = resident() - before
        println("resident memory: $before MiB and $grown more")
        assertTrue(grown < 64, "it grew by $grown MiB")
    }

    /** Waits until JNA has freed the memory of the calls. One thread frees, more slowly than eight call. */
    private fun settle() {
        val runtime = Runtime.getRuntime()
        assertTimeoutPreemptively(Duration.ofMinutes(2)) {
            do {
                System.gc()
                Thread.sleep(10)
            } while (runtime.totalMemory() - runtime.freeMemory() > 32 shl 20)
        }
    }

    /** Returns the resident memory of this process, in MiB. */
    private fun resident(): Long {
        val line = Path.of("/proc/self/status").readText().lineSequence().first { it.startsWith("VmRSS:") }
        return line.filter(Char::isDigit).toLong() / 1_024
    }
}
