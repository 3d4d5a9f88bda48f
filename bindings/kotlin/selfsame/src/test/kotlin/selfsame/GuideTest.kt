package selfsame

import java.io.BufferedReader
import java.nio.ByteBuffer
import java.nio.file.Path
import java.time.Instant
import java.util.concurrent.TimeUnit
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import kotlin.io.path.readText
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** The program of docs/guide/kotlin.md, and a person at its terminal. */
class GuideTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `the blocks of the page are what is compiled here`() {
        val page = Path.of("../../../docs/guide/kotlin.md").readText()
        val blocks = page.split("```kotlin\n").drop(1).map { it.substringBefore("```") }
        assertEquals(Path.of("src/test/kotlin/example/Tutorial.kt").readText(), blocks.joinToString("\n"))
    }

    @Test
    fun `the page names the package that is built here`() {
        val (page, pom) = listOf("../../../docs/guide/kotlin.md", "../pom.xml").map { Path.of(it).readText() }
        for (element in listOf("groupId", "version")) {
            val here = Regex("<$element>.*</$element>").find(pom)?.value
            assertContains(page, "$here\n", message = element)
        }
    }

    @Test
    fun `the tutorial's program signs a person up and in`() {
        val terminal = Terminal(folder)
        terminal.answer("Passphrase of the store", "a passphrase of my own")
        terminal.begin("too short", "up")
        terminal.begin(PASSWORD, "up")
        val code = terminal.asked(CODE).after("--- the code is ")
        terminal.type("00000000")
        assertContains(terminal.asked(CODE), "the code is wrong or has expired")
        terminal.type(code.chunked(4).joinToString(" "))
        val page = terminal.answer("Turn on a second factor? (yes/no)", "yes")
        assertContains(page, "  session on: my first program\n  second factor: off\n")
        val secret = terminal.asked(APP).after("Scan this, or type: ")
        terminal.type(totp(secret, 0).chunked(3).joinToString(" "))
        val saved = terminal.answer("Have you saved the recovery codes? (yes/no)", "yes")
        assertEquals(10, saved.lines().count { it.startsWith("recovery code: ") })
        assertContains(terminal.end(), "The second factor is on.")

        val again = Terminal(folder)
        again.answer("Passphrase of the store", "a passphrase of my own")
        again.begin(PASSWORD, "in")
        // The engine also accepts the code of the next half minute. It accepts no code twice.
        again.answer(APP, totp(secret, 1))
        assertContains(again.end(), "  second factor: on")
    }

    private fun String.after(beginning: String) = lines().first { it.startsWith(beginning) }.removePrefix(beginning)

    /** The code that an authenticator app shows the given number of steps from now (RFC 6238, RFC 4226 section 5.3). */
    private fun totp(secret: String, later: Int): String {
        val bits = secret.map { "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(it).toString(2).padStart(5, '0') }.joinToString("")
        val key = bits.chunked(8).filter { it.length == 8 }.map { it.toInt(2).toByte() }.toByteArray()
        val mac = Mac.getInstance("HmacSHA1").apply { init(SecretKeySpec(key, "HmacSHA1")) }
        val digest = mac.doFinal(ByteBuffer.allocate(8).putLong(Instant.now().epochSecond / 30 + later).array())
        val number = ByteBuffer.wrap(digest, digest.last().toInt() and 15, 4).int and Int.MAX_VALUE
        return (number % 1_000_000).toString().padStart(6, '0')
    }

    /** The program in a separate process. */
    private class Terminal(folder: Path) {
        private val process = ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-Dstdout.encoding=UTF-8", "-cp", System.getProperty("java.class.path"), "example.TutorialKt",
        ).directory(folder.toFile()).redirectErrorStream(true).start()
        private val shown: BufferedReader = process.inputReader(Charsets.UTF_8)

        /** Waits for the question and returns the text before it. */
        fun asked(question: String): String {
            val text = StringBuilder()
            while (!text.endsWith("$question: ")) {
                val next = shown.read()
                assertFalse(next == -1, "$question is not asked: $text")
                text.append(next.toChar())
            }
            return text.toString()
        }

        fun type(line: String) = process.outputWriter().run { write("$line\n"); flush() }

        fun answer(question: String, line: String): String = asked(question).also { type(line) }

        fun begin(password: String, way: String) {
            answer("Email", "ada@example.org")
            answer("Password, at least 15 characters", password)
            answer("Sign up or sign in? (up/in)", way)
        }

        /** Waits until the program ends and returns the rest of its text. */
        fun end(): String {
            val rest = shown.readText()
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), rest)
            assertEquals(0, process.exitValue(), rest)
            return rest
        }
    }

    private companion object {
        const val PASSWORD = "correct horse battery staple"
        const val CODE = "Code sent to a…@example.org"
        const val APP = "Code from your authenticator app"
    }
}
