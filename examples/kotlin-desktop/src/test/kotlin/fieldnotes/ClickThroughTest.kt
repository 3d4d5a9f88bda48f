package fieldnotes

import java.awt.Component
import java.awt.Container
import java.awt.GraphicsEnvironment
import java.awt.Rectangle
import java.awt.Robot
import java.nio.ByteBuffer
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import javax.imageio.ImageIO
import javax.swing.AbstractButton
import javax.swing.JFrame
import javax.swing.JLabel
import javax.swing.SwingUtilities
import javax.swing.text.JTextComponent
import kotlin.io.path.createDirectories
import kotlin.test.AfterTest
import kotlin.test.BeforeTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.test.fail
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.io.TempDir
import selfsame.Engine

private const val ADA = "ada@example.org"
private const val PASSWORD = "correct horse battery staple"

/** A person clicks through the window. Finds components by their names, and saves pictures in `target/pictures`. */
class ClickThroughTest {
    @TempDir
    lateinit var home: Path

    private lateinit var engine: Engine
    private lateinit var frame: JFrame
    private val pictures = Path.of("target/pictures").createDirectories()

    @BeforeTest
    fun open() {
        assertTrue(!GraphicsEnvironment.isHeadless(), "a screen is needed: run this under Xvfb")
        wear(isDark = false)
        engine = runBlocking { store(home) }
        frame = onScreen { window(engine).apply { isVisible = true } }
        await("sign-up")
    }

    @AfterTest
    fun close() {
        onScreen { frame.dispose() }
        engine.close()
    }

    @Test
    fun `a person signs up, links, guards, deletes and comes back`() {
        picture("welcome")

        type("email", ADA)
        type("password", "too short")
        click("sign-up")
        awaitNotice("15 characters or more")
        type("password", PASSWORD)
        click("sign-up")
        await("code")
        picture("code")
        // The engine ignores blanks in a code.
        type("code", label("mailed-code").chunked(4).joinToString(" ", " "))
        click("verify")
        await("enrol")
        picture("account")

        click("enrol")
        await("confirm")
        picture("authenticator")
        val key = label("key").filterNot(Char::isWhitespace)
        type("factor", totp(key, Instant.now()))
        click("confirm")
        await("saved")
        val codes = all("recovery-code").map { (it as JLabel).text }
        assertEquals(10, codes.size)
        picture("recovery-codes")
        click("saved")
        await("turn-off")
        click("sign-out")

        await("provider")
        click("provider")
        await("identify")
        type("subject", "ada")
        type("provider-email", ADA)
        click("identify")
        await("link")
        picture("link")
        click("link")
        await("proof")
        type("proof", PASSWORD)
        click("prove")
        await("factor")
        // The engine accepts a code once, so this is the next code.
        type("factor", totp(key, Instant.now() + Duration.ofSeconds(30)))
        click("verify")
        await("delete")
        picture("linked")

        click("delete")
        await("delete-now")
        picture("delete")
        click("delete-now")
        await("sign-in")
        awaitNotice("Your account will be deleted on")
        type("email", ADA)
        type("password", PASSWORD)
        click("sign-in")
        await("factor")
        type("factor", codes.first())
        click("verify")
        await("restore")
        picture("restore")
        click("restore")
        await("sign-out")
        assertEquals("9", Regex("([0-9]+) recovery codes").find(texts())!!.groupValues[1])
        picture("restored")
    }

    @Test
    fun `a person without a password proves the account at the provider`() {
        click("provider")
        await("identify")
        type("subject", "ada")
        type("provider-email", ADA)
        click("identify")
        await("delete")
        click("sign-out")

        await("sign-up")
        type("email", ADA)
        type("password", PASSWORD)
        click("sign-up")
        await("code")
        type("code", label("mailed-code"))
        click("verify")
        await("link")
        click("link")
        await("prove-at-provider")
        assertEquals(emptyList(), all("proof"), "there is no password to ask for")
        click("prove-at-provider")
        await("identify")
        type("subject", "ada")
        type("provider-email", ADA)
        click("identify")
        await("delete")
        assertTrue("Password for $ADA" in texts() && "Example ID, as ada" in texts())
    }

    @Test
    fun `a person who cancels is back at the beginning`() {
        click("provider")
        await("identify")
        click("cancel")
        await("sign-up")
    }

    private fun <T> onScreen(does: () -> T): T {
        var answer: Result<T>? = null
        SwingUtilities.invokeAndWait { answer = runCatching(does) }
        return answer!!.getOrThrow()
    }

    private fun all(name: String): List<Component> = onScreen { within(frame.contentPane).filter { it.name == name && it.isShowing } }

    private fun within(component: Component): List<Component> =
        listOf(component) + if (component is Container) component.components.flatMap(::within) else emptyList()

    private fun texts(): String = onScreen { within(frame.contentPane).filterIsInstance<JLabel>().joinToString("\n") { it.text.orEmpty() } }

    private fun part(name: String): Component = all(name).firstOrNull() ?: fail("there is no $name here:\n${texts()}")

    private fun label(name: String): String = (part(name) as JLabel).text

    private fun type(name: String, text: String) = onScreenPart<JTextComponent>(name) { it.text = text }

    private fun click(name: String) = onScreenPart<AbstractButton>(name) { it.doClick() }

    private inline fun <reified T : Component> onScreenPart(name: String, crossinline does: (T) -> Unit) {
        val part = part(name) as T
        onScreen { does(part) }
    }

    private fun await(name: String) = await("a component with the name $name") { all(name).isNotEmpty() && isReady() }

    private fun awaitNotice(text: String) = await("a notice with the text $text") { isReady() && text in texts() }

    private fun isReady() = onScreen { frame.contentPane.name } == "ready"

    private fun await(what: String, isThere: () -> Boolean) {
        val end = System.nanoTime() + Duration.ofSeconds(60).toNanos()
        while (!isThere()) {
            if (System.nanoTime() > end) fail("waited in vain for $what:\n${texts()}")
            Thread.sleep(10)
        }
    }

    private fun picture(name: String) {
        // When this call returns, the pending painting is done.
        onScreen { frame.rootPane.paintImmediately(frame.rootPane.bounds) }
        val robot = Robot()
        robot.waitForIdle()
        val at = onScreen { Rectangle(frame.locationOnScreen, frame.size) }
        ImageIO.write(robot.createScreenCapture(at), "png", pictures.resolve("$name.png").toFile())
    }
}

/** RFC 6238 with the parameters that apps assume: SHA-1, 30 seconds, 6 digits. */
private fun totp(key: String, at: Instant): String {
    val bits = key.map { "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(it).toString(2).padStart(5, '0') }.joinToString("")
    val bytes = bits.chunked(8).filter { it.length == 8 }.map { it.toInt(2).toByte() }.toByteArray()
    val mac = Mac.getInstance("HmacSHA1").apply { init(SecretKeySpec(bytes, "HmacSHA1")) }
    val hash = mac.doFinal(ByteBuffer.allocate(8).putLong(at.epochSecond / 30).array())
    val offset = hash.last().toInt() and 0xf
    return ((ByteBuffer.wrap(hash, offset, 4).int and Int.MAX_VALUE) % 1_000_000).toString().padStart(6, '0')
}
