package selfsame.testing

import java.nio.file.Path
import kotlin.io.path.isDirectory
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

/** Every story gives the same transcript as in Rust, byte for byte. */
class StoriesTest {
    @TestFactory
    fun stories(): List<DynamicTest> {
        val folder = Path.of("../../../tests/stories")
        assertTrue(folder.isDirectory(), "the stories are in the checkout")
        return folder.listDirectoryEntries("*.json").sorted().map { file ->
            dynamicTest(file.nameWithoutExtension) {
                val story = file.readText()
                assertEquals(transcript(story), Player(story).transcript())
            }
        }
    }
}
