package fieldnotes

import com.formdev.flatlaf.util.SystemInfo
import java.awt.Dimension
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import javax.swing.JFrame
import javax.swing.JOptionPane
import javax.swing.WindowConstants
import kotlin.io.path.exists
import kotlin.io.path.readText
import kotlin.io.path.writeText
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.swing.Swing
import selfsame.Engine
import selfsame.HostKey
import selfsame.Keystore
import selfsame.KeystoreProblem
import selfsame.Policy
import selfsame.Provider
import selfsame.SelfsameException
import selfsame.Unlock
import selfsame.AssertionKind
import selfsame.generateHostKey

fun main(arguments: Array<String>) {
    wear(isDark = System.getenv("FIELD_NOTES_DARK")?.let { it == "1" } ?: systemIsDark())
    val home = arguments.firstOrNull()?.let(Path::of) ?: Path.of(System.getProperty("user.home"), ".field-notes")
    val engine = try {
        runBlocking { store(home) }
    } catch (refused: SelfsameException) {
        // The usual reason is that the program is already running and has the file open.
        JOptionPane.showMessageDialog(null, refused.message, "Field Notes", JOptionPane.ERROR_MESSAGE)
        return
    }
    Runtime.getRuntime().addShutdownHook(Thread(engine::close))
    CoroutineScope(SupervisorJob() + kotlinx.coroutines.Dispatchers.Swing).launch { window(engine).isVisible = true }
}

/** Asks the system for its theme, because Java does not know it. */
private fun systemIsDark(): Boolean {
    val question = when {
        SystemInfo.isMacOS -> "defaults read -g AppleInterfaceStyle"
        SystemInfo.isWindows ->
            "reg query HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize /v AppsUseLightTheme"
        else -> "gsettings get org.gnome.desktop.interface color-scheme"
    }
    return try {
        val asked = ProcessBuilder(question.split(' ')).redirectErrorStream(true).start()
        val answer = asked.inputStream.bufferedReader().readText().trim()
        answer == "Dark" || "prefer-dark" in answer || answer.endsWith("0x0")
    } catch (_: IOException) {
        // This system does not have the command.
        false
    }
}

/** Makes the window. Call it on the window's thread. */
fun window(engine: Engine): JFrame {
    val window = Window()
    lateinit var desk: Desk
    desk = Desk(engine, CoroutineScope(SupervisorJob() + kotlinx.coroutines.Dispatchers.Swing)) { window.show(it, desk) }
    return JFrame("Field Notes").apply {
        defaultCloseOperation = WindowConstants.EXIT_ON_CLOSE
        contentPane = window
        minimumSize = Dimension(860, 560)
        setSize(980, 820)
        setLocationRelativeTo(null)
        desk.back()
    }
}

/** Opens the store of this computer, or creates it. */
suspend fun store(home: Path): Engine {
    Files.createDirectories(home)
    val (accounts, key) = home.resolve("accounts.selfsame") to KeyFile(home.resolve("host.key"))
    val example = Provider(Desk.PROVIDER, "https://id.example.org", listOf("example.org"), AssertionKind.HostStated)
    val policy = Policy(realm = "Field Notes", providers = listOf(example))
    // If there is a store but its key is lost, a new key would not open it.
    if (!accounts.exists()) key.keep(generateHostKey())
    return Engine.openOrCreate(accounts, Unlock.Keystore(key), policy)
}

/**
 * Keeps the key in a file that its owner alone may read. An application that ships asks the platform's keystore: see
 * the package's README.
 */
private class KeyFile(private val file: Path) : Keystore {
    fun keep(key: HostKey) {
        if (file.exists()) return
        if ("posix" in file.fileSystem.supportedFileAttributeViews()) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
        }
        file.writeText(key.reveal().toHexString())
    }

    override fun load(): HostKey = if (file.exists()) HostKey(file.readText().hexToByteArray()) else throw KeystoreProblem.Lost()
}
