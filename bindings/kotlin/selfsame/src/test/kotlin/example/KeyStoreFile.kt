package example

import java.nio.file.Path
import java.security.KeyStore
import javax.crypto.spec.SecretKeySpec
import kotlin.io.path.exists
import kotlin.io.path.inputStream
import kotlin.io.path.outputStream
import selfsame.HostKey
import selfsame.Keystore
import selfsame.KeystoreProblem

/** Keeps the host key in a PKCS 12 file. Anyone who has that file and its password has the key. */
class KeyStoreFile(private val file: Path, private val password: CharArray) : Keystore {
    private val protection = KeyStore.PasswordProtection(password)

    /** Creates the file with this key. */
    fun keep(key: HostKey) {
        val keys = KeyStore.getInstance("PKCS12").apply { load(null, password) }
        keys.setEntry(ALIAS, KeyStore.SecretKeyEntry(SecretKeySpec(key.reveal(), "AES")), protection)
        file.outputStream().use { keys.store(it, password) }
    }

    override fun load(): HostKey {
        if (!file.exists()) throw KeystoreProblem.Lost()
        val keys = KeyStore.getInstance("PKCS12")
        file.inputStream().use { keys.load(it, password) }
        val entry = keys.getEntry(ALIAS, protection) as? KeyStore.SecretKeyEntry ?: throw KeystoreProblem.Lost()
        return HostKey(entry.secretKey.encoded)
    }

    private companion object {
        const val ALIAS = "selfsame"
    }
}
