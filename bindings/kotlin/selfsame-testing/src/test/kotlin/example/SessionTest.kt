package example

import java.time.Duration
import kotlin.test.Test
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlinx.coroutines.runBlocking
import selfsame.Answer
import selfsame.Client
import selfsame.Secret
import selfsame.SelfsameException
import selfsame.Step
import selfsame.testing.World

class SessionTest {
    private val world = World()

    @Test
    fun `a session ends after a year without use`() = runBlocking<Unit> {
        val engine = world.engine()
        val signUp = engine.signUp("ada@example.org", Secret("correct horse battery staple"), Client("Ada's phone"))
        val code = assertNotNull(world.mailedCode("ada@example.org"))
        val step = assertIs<Step.SignedIn>(engine.answer(signUp, Answer.Code(code)).step)

        world.later(Duration.ofDays(400))
        assertFailsWith<SelfsameException.SessionEnded> { engine.resolve(step.session.token) }
    }
}
