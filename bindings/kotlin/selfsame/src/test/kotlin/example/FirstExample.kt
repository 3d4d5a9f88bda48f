package example

import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import selfsame.Answer
import selfsame.Client
import selfsame.Engine
import selfsame.HostKey
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
    // For a trial only: the key is in a file beside the store. An app keeps it in the platform's keystore.
    val keyFile = Path.of("accounts.key")
    if (!keyFile.exists()) keyFile.writeBytes(generateHostKey().reveal())
    val unlock = Unlock.HostKey(HostKey(keyFile.readBytes()))

    Engine.create(Path.of("accounts.selfsame"), unlock).use { engine ->
        val password = Secret("correct horse battery staple")
        val signUp = engine.signUp(EMAIL, password, Client("Ada's phone"))

        // The engine sends nothing itself: deliver the waiting messages, then report their delivery.
        for (message in engine.messages(32)) {
            engine.delivered(message.id)
            // Ada reads the message and types its code.
            message.kind.mailedCode()?.let { code -> engine.answer(signUp, Answer.Code(code)) }
        }

        try {
            engine.signIn(EMAIL, Secret("somebody else's password"), LAPTOP)
        } catch (refused: SelfsameException.InvalidCredentials) {
            println("refused: ${refused.message}")
        }
        when (val step = engine.signIn(EMAIL, password, LAPTOP).step) {
            is Step.SignedIn -> showAccount(engine, step.session.token)
            else -> println("next: $step")
        }
    }
}

/** Reads the account page in one hop to another thread. */
private suspend fun showAccount(engine: Engine, token: SessionToken) {
    val (account, sessions) = engine.account(token).use { it.act { view() to sessions() } }
    println("addresses: ${account.addresses.map { it.email }}")
    println("sign-in methods: ${account.methods.map { it.kind }}")
    println("signed in on: ${sessions.map { it.client.device }}")
}
