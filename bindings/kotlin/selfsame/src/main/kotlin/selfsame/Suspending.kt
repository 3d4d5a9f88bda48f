package selfsame

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/** Runs a block on a thread that may wait for the disk. */
internal suspend fun <T> offThread(block: () -> T): T = withContext(Dispatchers.IO) { block() }

/** Opens an engine off the caller's thread. */
internal suspend fun made(open: () -> BlockingEngine): Engine {
    var made: Engine? = null
    return try {
        offThread { Engine(open()).also { made = it } }
    } catch (cancelled: CancellationException) {
        // The caller does not get the engine, so it must be closed here.
        withContext(NonCancellable + Dispatchers.IO) { made?.close() }
        throw cancelled
    }
}

/** Closes the objects in a record. The generated code calls this. */
internal object Disposable {
    fun destroy(vararg parts: Any?) = parts.filterIsInstance<AutoCloseable>().forEach(AutoCloseable::close)
}
