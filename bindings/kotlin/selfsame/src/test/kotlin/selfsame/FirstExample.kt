package selfsame

import java.nio.file.Path

suspend fun main() {
    // Keep the key where the platform keeps secrets: without it nobody reads the file again.
    val unlock = Unlock.HostKey(generateHostKey())

    Selfsame.create(Path.of("accounts.selfsame"), unlock).use { selfsame ->
        val password = Secret("correct horse battery staple")
        val begun = selfsame.act { signUp("ada@example.org", password, Client("Ada's phone")) }

        // The engine sends nothing itself: deliver what waits, then say so.
        val message = selfsame.act { messages(32u) }.single()
        selfsame.act { delivered(message.id) }

        // What Ada types, which she has read in the message.
        val code = mailedCode(message.kind)!!
        val done = selfsame.act { answer(begun.flow!!, begun.number, Answer.Code(code)) }

        when (val step = done.step) {
            is Step.SignedIn -> {
                val session = selfsame.act { resolve(step.v1.token!!) }
                println("${session.client.device} is signed in")
            }
            else -> println("next: $step")
        }
    }
}
