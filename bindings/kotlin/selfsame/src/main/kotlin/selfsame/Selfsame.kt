package selfsame

import java.nio.file.Path
import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/**
 * An identity engine for coroutines: everything that is done with it waits for the disk on [Dispatchers.IO].
 *
 * ```
 * Selfsame.open(path, unlock).use { selfsame ->
 *     val progress = selfsame.act { signIn(email, password, Client("Ada's phone")) }
 * }
 * ```
 */
class Selfsame(
    /** The engine itself, which blocks. */
    val engine: Engine,
) : AutoCloseable {
    private val closed = AtomicBoolean()

    /**
     * Does one thing or several with the engine, off the caller's thread.
     *
     * Who is cancelled before it begins does nothing. What has begun is done to its end.
     */
    suspend fun <T> act(block: Engine.() -> T): T = withContext(Dispatchers.IO) { engine.block() }

    /**
     * Releases the file and its lock, and forgets the keys. It waits for the disk; once is enough.
     *
     * An app that only goes to the background calls `act { suspend() }` instead: the next act opens the file again.
     */
    override fun close() {
        if (closed.compareAndSet(false, true)) engine.use { it.suspend() }
    }

    companion object {
        /** [Engine.open], off the caller's thread. */
        suspend fun open(
            path: Path,
            unlock: Unlock,
            policy: Policy = Policy(),
            anchor: Anchor? = null,
        ): Selfsame = made { Engine.open(path, unlock, policy, anchor) }

        /** [Engine.create], off the caller's thread. */
        suspend fun create(
            path: Path,
            unlock: Unlock,
            policy: Policy = Policy(),
            anchor: Anchor? = null,
        ): Selfsame = made { Engine.create(path, unlock, policy, anchor) }

        /** [Engine.inMemory], off the caller's thread. */
        suspend fun inMemory(policy: Policy = Policy()): Selfsame = made { Engine.inMemory(policy) }

        private suspend fun made(engine: () -> Engine): Selfsame {
            var made: Selfsame? = null
            return try {
                withContext(Dispatchers.IO) { Selfsame(engine()).also { made = it } }
            } catch (cancelled: CancellationException) {
                // Nobody gets it who could close it.
                withContext(NonCancellable + Dispatchers.IO) { made?.close() }
                throw cancelled
            }
        }
    }
}
