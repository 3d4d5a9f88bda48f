package selfsame

import com.sun.jna.Platform
import java.io.File
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.io.path.createParentDirectories
import kotlin.io.path.readText
import kotlin.io.path.writeBytes
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
        val place = "/${Platform.RESOURCE_PREFIX}/${System.mapLibraryName("selfsame_ffi")}"
        assertNotNull(javaClass.getResource(place), place)
    }

    @Test
    fun `the licences of all that is linked in are in the package`() {
        val texts = listOf("LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt").map { file ->
            assertNotNull(javaClass.getResource("/META-INF/$file"), file).readText()
        }
        for (part in listOf("\nring ", "\nuniffi_core ", "\nselfsame ", "\nthe Rust standard library, ")) {
            assertContains(texts.last(), part)
        }
    }

    @Test
    fun `a library of another build is refused`() {
        assertEquals(0 to BUILD_ID, calledFrom(BUILD_ID))
        val (status, shown) = calledFrom("0.1.0-0000000000000000")
        assertNotEquals(0, status)
        assertContains(
            shown,
            "java.lang.LinkageError: selfsame: the native library is of build $BUILD_ID and the Kotlin classes of " +
                "build 0.1.0-0000000000000000; take the package of one build",
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

    /** What comes of the first call from classes that were made for this build, in a process of its own. */
    private fun calledFrom(build: String): Pair<Int, String> {
        val name = "selfsame/NativeLibrary.class"
        val made = javaClass.getResource("/$name")!!.readBytes().toString(Charsets.ISO_8859_1)
        val doctored = folder.resolve(name).createParentDirectories()
        doctored.writeBytes(made.replace(BUILD_ID, build).toByteArray(Charsets.ISO_8859_1))
        return run(folder, "selfsame.FirstCall")
    }

    /** Runs a class of this one's folder, or of ours. */
    private fun run(folder: Path, main: String): Pair<Int, String> {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val classPath = System.getProperty("java.class.path")
        val process = ProcessBuilder(java, "-XX:TieredStopAtLevel=1", "-cp", "$folder${File.pathSeparator}$classPath", main)
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
