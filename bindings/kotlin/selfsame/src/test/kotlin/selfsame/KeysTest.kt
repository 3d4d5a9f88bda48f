package selfsame

import example.KeyStoreFile
import java.nio.file.Path
import kotlin.io.path.copyTo
import kotlin.io.path.deleteExisting
import kotlin.io.path.moveTo
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.io.TempDir

/** Keystores and anchors of the host, and the exceptions that they may throw. */
class KeysTest {
    @TempDir
    lateinit var folder: Path

    private val path: Path by lazy { folder.resolve("accounts.selfsame") }

    @Test
    fun `a key store file opens the store`() {
        val file = folder.resolve("keys.p12")
        val keys = KeyStoreFile(file, "a password of the app's".toCharArray())
        keys.keep(generateHostKey())
        val engine = BlockingEngine.create(path, Unlock.Keystore(keys))
        val token = signUp(engine)
        engine.suspend()
        val again = BlockingEngine.open(path, Unlock.Keystore(keys))
        assertEquals(LAPTOP, again.resolve(token).client)
        again.suspend()

        val another = KeyStoreFile(file, "not that password".toCharArray())
        assertFailsWith<SelfsameException.KeyLocked> { BlockingEngine.open(path, Unlock.Keystore(another)) }
        val aside = file.moveTo(folder.resolve("aside"))
        assertFailsWith<SelfsameException.KeyLost> { BlockingEngine.open(path, Unlock.Keystore(keys)) }
        aside.copyTo(file)
        assertEquals(1L, BlockingEngine.open(path, Unlock.Keystore(keys)).health().accounts)
    }

    @Test
    fun `what a host throws says what it is`() {
        assertEquals("the keystore no longer has the key of the store", KeystoreProblem.Lost().message)
        assertTrue(AnchorFailed.NoAnswer().message.isNotEmpty())
    }

    /** A keystore that gives its key or throws an exception. */
    private class Chest : Keystore {
        val key = generateHostKey()
        var problem: Exception? = null

        override fun load(): HostKey = problem?.let { throw it } ?: key
    }

    @Test
    fun `a keystore that gives no key opens nothing and says why`() {
        val chest = Chest()
        val engine = BlockingEngine.create(path, Unlock.Keystore(chest))
        signUp(engine)
        for ((problem, code) in listOf(
            KeystoreProblem.Locked() to "KeyLocked",
            KeystoreProblem.Lost() to "KeyLost",
            KeystoreProblem.Changed() to "KeyChanged",
        )) {
            engine.suspend()
            chest.problem = problem
            assertEquals(code, assertFailsWith<SelfsameException> { engine.health() }.code())
            chest.problem = null
            assertEquals(1L, engine.health().accounts)
        }
    }

    @Test
    fun `nothing of what a host raises crosses`() {
        val chest = Chest()
        val engine = BlockingEngine.create(path, Unlock.Keystore(chest))
        engine.suspend()
        chest.problem = IllegalStateException("s3cr3t", RuntimeException("s3cr3t too"))
        val locked = assertFailsWith<SelfsameException.KeyLocked> { engine.health() }
        assertShowsNothing(locked)

        val vault = Vault()
        val anchored = BlockingEngine.create(folder.resolve("anchored"), Unlock.HostKey(generateHostKey()), anchor = vault)
        vault.problem = IllegalStateException("s3cr3t")
        assertShowsNothing(assertFailsWith<SelfsameException.Anchor> { signUp(anchored) })
    }

    private fun assertShowsNothing(error: SelfsameException) {
        assertNull(error.cause)
        assertEquals(listOf<Throwable>(), error.suppressed.toList())
        assertTrue("s3cr3t" !in error.code() + error.message + error.stackTraceToString())
    }

    /** An anchor in memory. */
    private class Vault : Anchor {
        var value: ByteArray? = null
        var problem: Exception? = null

        override fun load(): ByteArray? = value

        override fun store(value: ByteArray) {
            problem?.let { throw it }
            this.value = value
        }
    }

    @Test
    fun `an older copy of the file is refused where there is an anchor`() {
        val (vault, unlock) = Vault() to Unlock.HostKey(generateHostKey())
        val engine = BlockingEngine.create(path, unlock, anchor = vault)
        assertTrue(engine.health().rollbackProtected)
        engine.suspend()
        val older = path.copyTo(folder.resolve("older"))
        signUp(engine)
        engine.suspend()
        assertFailsWith<SelfsameException.RolledBack> { BlockingEngine.open(older, unlock, anchor = vault) }
        assertFailsWith<SelfsameException.AnchorMissing> { BlockingEngine.open(path, unlock) }
        runBlocking { adoptFile(older, unlock, vault) }
        assertEquals(0L, BlockingEngine.open(older, unlock, anchor = vault).health().accounts)
    }

    @Test
    fun `another key takes the place of the one before`() {
        val store = Store(folder)
        val next = Unlock.HostKey(generateHostKey())
        store.engine.rekey(next)
        store.engine.suspend()
        assertFailsWith<SelfsameException.WrongKey> { BlockingEngine.open(store.path, store.unlock) }
        assertIs<BlockingEngine>(BlockingEngine.open(store.path, next))
    }
}
