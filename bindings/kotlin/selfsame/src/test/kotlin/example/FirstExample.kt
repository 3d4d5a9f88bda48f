package example

import java.nio.file.Path
import selfsame.Answer
import selfsame.Client
import selfsame.Engine
import selfsame.Secret
import selfsame.SelfsameException
import selfsame.SessionToken
import selfsame.Step
import selfsame.Unlock
import selfsame.generateHostKey
import selfsame.mailedCode

private const val EMAIL = "ada@example.org"
private val LAPTOP = Client("Ada's laptop")

suspend fun main() {
    // Keep the key where the platform keeps secrets: without it nobody reads the file again.
    val unlock = Unlock.HostKey(generateHostKey())

    Engine.openOrCreate(Path.of("accounts.selfsame"), unlock).use { engine ->
        val password = Secret("correct horse battery staple")
        val signUp = engine.signUp(EMAIL, password, Client("Ada's phone"))

        // The engine sends nothing itself: deliver what waits, then say so.
        for (message in engine.messages(32u)) {
            engine.delivered(message.id)
            // Ada reads the message and types its code.
            mailedCode(message.kind)?.let { code -> engine.answer(signUp, Answer.Code(code)) }
        }

        try {
            engine.signIn(EMAIL, Secret("a password of somebody else's"), LAPTOP)
        } catch (refused: SelfsameException.InvalidCredentials) {
            println("refused: ${refused.message}")
        }
        when (val step = engine.signIn(EMAIL, password, LAPTOP).step) {
            is Step.SignedIn -> showAccount(engine, step.session.token)
            else -> println("next: $step")
        }
    }
}

/** Everything on the account page, in one hop to another thread. */
private suspend fun showAccount(engine: Engine, token: SessionToken) {
    val (account, sessions) = engine.account(token).use { it.act { view() to sessions() } }
    println("addresses: ${account.addresses.map { it.email }}")
    println("sign-in methods: ${account.methods.map { it.kind }}")
    println("signed in on: ${sessions.map { it.client.device }}")
}
