package example

import java.nio.file.Path
import selfsame.AccountHandle
import selfsame.Answer
import selfsame.Client
import selfsame.Engine
import selfsame.Flow
import selfsame.Policy
import selfsame.Secret
import selfsame.SelfsameException
import selfsame.SignedIn
import selfsame.Step
import selfsame.Unlock
import selfsame.mailedCode
import selfsame.name

suspend fun main() {
    val unlock = Unlock.Passphrase(Secret(ask("Passphrase of the store")))
    Engine.openOrCreate(Path.of("accounts.selfsame"), unlock, Policy(realm = "Field Notes")).use { engine ->
        val session = finish(engine, begin(engine))
        engine.account(session.token).use { account ->
            show(account)
            if (account.view().mfa == null && ask("Turn on a second factor? (yes/no)") == "yes") {
                turnOnSecondFactor(account)
            }
        }
    }
}

/** Asks a question on the terminal. */
private fun ask(question: String): String {
    print("$question: ")
    return readln()
}

/** Begins a sign-up or a sign-in, and asks again if the engine refuses it. */
private suspend fun begin(engine: Engine): Flow {
    val client = Client("my first program")
    while (true) {
        val email = ask("Email")
        val password = Secret(ask("Password, at least 15 characters"))
        try {
            return when (ask("Sign up or sign in? (up/in)")) {
                "up" -> engine.signUp(email, password, client)
                else -> engine.signIn(email, password, client)
            }
        } catch (error: SelfsameException) {
            if (!error.isRefusal()) throw error
            println(error.message)
        }
    }
}

/** Delivers the messages that wait in the outbox. */
private suspend fun deliver(engine: Engine) {
    for (message in engine.messages(32)) {
        println("--- message to ${message.to}: ${message.kind.name()}")
        message.kind.mailedCode()?.let { code -> println("--- the code is ${code.reveal()}") }
        engine.delivered(message.id)
    }
}

/** Asks for answers until the person is signed in. */
private suspend fun finish(engine: Engine, begun: Flow): SignedIn {
    var flow = begun
    while (true) {
        deliver(engine)
        val answer = when (val step = flow.step) {
            is Step.SignedIn -> return step.session
            is Step.VerifyEmail -> Answer.Code(Secret(ask("Code sent to ${step.to}")))
            is Step.SecondFactor -> Answer.Totp(Secret(ask("Code from your authenticator app")))
            else -> error("this program has no screen for $step")
        }
        try {
            flow = engine.answer(flow, answer)
        } catch (wrong: SelfsameException.InvalidCode) {
            println(wrong.message)
        } catch (wait: SelfsameException.Throttled) {
            println(wait.message)
        }
    }
}

/** Shows the account page. */
private suspend fun show(account: AccountHandle) {
    val view = account.view()
    println("account ${view.id}")
    println("  email: ${view.contact}")
    for (method in view.methods) println("  sign-in method: ${method.kind}")
    for (session in account.sessions()) println("  session on: ${session.client.device}")
    println("  second factor: ${if (view.mfa == null) "off" else "on"}")
}

/** Turns on a second factor. */
private suspend fun turnOnSecondFactor(account: AccountHandle) {
    val recovery = account.enrollTotp().use { enrolment ->
        println(enrolment.qr.terminal().reveal())
        println("Scan this, or type: ${enrolment.secret.reveal()}")
        account.confirmTotp(Secret(ask("Code from your authenticator app")))
    }
    for (code in recovery.codes) println("recovery code: ${code.reveal()}")
    if (ask("Have you saved the recovery codes? (yes/no)") == "yes") {
        account.recoveryCodesSaved()
        println("The second factor is on.")
    }
}
