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

/** The contents of the package: one build, the library of this machine, and the examples of its README. */
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
                "build 0.1.0-0000000000000000; install both from the same build",
        )
    }

    @Test
    fun `the examples of the README are what is compiled here`() {
        val readme = Path.of("../README.md").readText()
        for (example in listOf("FirstExample.kt", "SignIn.kt", "StaySignedIn.kt", "KeyStoreFile.kt")) {
            assertContains(readme, "```kotlin\n${Path.of("src/test/kotlin/example", example).readText()}```\n")
        }
    }

    @Test
    fun `an application of the least Kotlin that the README names reads the package`() {
        val least = Regex("Kotlin ([0-9]+)\\.([0-9]+) or later").find(Path.of("../README.md").readText())
        val (major, minor) = assertNotNull(least).destructured
        val compiled = assertNotNull(Engine::class.java.getAnnotation(Metadata::class.java)).metadataVersion
        assertEquals(listOf(major.toInt(), minor.toInt()), compiled.take(2))
        val library = Regex("<kotlin.library.version>([0-9]+\\.[0-9]+)").find(Path.of("../pom.xml").readText())
        assertEquals("$major.$minor", assertNotNull(library).groupValues[1])
    }

    @Test
    fun `what is generated is for an application alone and reads as Kotlin`() {
        val lines = Path.of("target/native/generated/selfsame/selfsame_ffi.kt").readText().lines()
        val machinery = Regex("(public |open |abstract )*(object|interface|class|typealias|fun) (Ffi|Uniffi|uniffi|Rust|No|Disp).*")
        assertEquals(listOf(), lines.filter(machinery::matches))
        assertEquals(listOf(), lines.filter { "val v1" in it || Regex("^ *object ").containsMatchIn(it) })
        val docs = lines.filter { it.trimStart().startsWith("* ") }
        assertEquals(listOf(), docs.filter { Regex("\\b[Rr]aises?\\b|`(?!auth_time|email_verified)[a-z]+(_[a-z]+)+`").containsMatchIn(it) })
        assertTrue(docs.count { "@throws SelfsameException" in it } > 50)
    }

    @Test
    fun `the first example runs`() {
        val (status, shown) = run(folder, "example.FirstExampleKt")
        assertEquals(0, status, shown)
        val expected = """
            refused: the credentials are wrong; check them or sign in another way
            addresses: [ada@example.org]
            sign-in methods: [PASSWORD]
            signed in on: [Ada's phone, Ada's laptop]
        """
        assertEquals(expected.trimIndent(), shown)
        assertTrue(folder.resolve("accounts.selfsame").toFile().isFile)
    }

    /** Makes a call in a separate process from classes that name this build. Returns the exit code and the output. */
    private fun calledFrom(build: String): Pair<Int, String> {
        val name = "selfsame/NativeLibrary.class"
        val made = javaClass.getResource("/$name")!!.readBytes().toString(Charsets.ISO_8859_1)
        val doctored = folder.resolve(name).createParentDirectories()
        doctored.writeBytes(made.replace(BUILD_ID, build).toByteArray(Charsets.ISO_8859_1))
        return run(folder, "selfsame.FirstCall")
    }

    /** Runs a class from the given folder or from this test's folder. */
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
