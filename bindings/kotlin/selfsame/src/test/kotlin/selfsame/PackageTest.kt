package selfsame

import java.io.File
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.io.path.readText
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertNotEquals
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** What is in the package: one build, the library of this machine, and the examples of its README. */
class PackageTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `the library of this machine is in the package`() {
        assertEquals("selfsame_ffi", NativeLibrary.name)
        assertEquals(BUILD_ID, buildId())
        assertNotNull(libraryInPackage())
    }

    @Test
    fun `a library of another build is refused`() {
        val library = libraryInPackage()!!.readBytes()
        assertEquals(0 to BUILD_ID, calledWith(library))
        val other = BUILD_ID.dropLast(16) + "0".repeat(16)
        val (status, shown) = calledWith(library.replaced(BUILD_ID, other))
        assertNotEquals(0, status)
        assertContains(
            shown,
            "java.lang.LinkageError: selfsame: the native library is of build $other and the Kotlin classes of " +
                "build $BUILD_ID; take the package of one build",
        )
    }

    @Test
    fun `the examples of the README are what is compiled here`() {
        val readme = Path.of("../README.md").readText()
        for (example in listOf("FirstExample.kt", "KeyStoreFile.kt")) {
            assertContains(readme, "```kotlin\n${Path.of("src/test/kotlin/selfsame", example).readText()}```\n")
        }
    }

    @Test
    fun `the first example runs`() {
        val (status, shown) = run(folder, "selfsame.FirstExampleKt")
        assertEquals(0, status, shown)
        assertContains(shown, "Ada's phone is signed in")
        assertTrue(folder.resolve("accounts.selfsame").toFile().isFile)
    }

    private fun libraryInPackage() =
        javaClass.getResource("/${com.sun.jna.Platform.RESOURCE_PREFIX}/${System.mapLibraryName("selfsame_ffi")}")

    /** What comes of the first call into this library, in a process of its own. */
    private fun calledWith(library: ByteArray): Pair<Int, String> {
        folder.resolve(System.mapLibraryName("selfsame_ffi")).toFile().writeBytes(library)
        return run(folder, "selfsame.FirstCall", "-Djna.library.path=$folder")
    }

    private fun run(folder: Path, main: String, vararg flags: String): Pair<Int, String> {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val classPath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
        val process = ProcessBuilder(java, "-XX:TieredStopAtLevel=1", *flags, "-cp", classPath, main)
            .directory(folder.toFile()).redirectErrorStream(true).redirectOutput(File("$folder.log")).start()
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "$main ends")
        return process.exitValue() to File("$folder.log").readText().trim()
    }
}

/** A process that makes one call. */
internal object FirstCall {
    @JvmStatic
    fun main(arguments: Array<String>) = println(buildId())
}

/** With one text in place of another of the same length, wherever it is. */
private fun ByteArray.replaced(one: String, other: String): ByteArray {
    val changed = String(this, Charsets.ISO_8859_1).replace(one, other)
    return changed.toByteArray(Charsets.ISO_8859_1)
}
