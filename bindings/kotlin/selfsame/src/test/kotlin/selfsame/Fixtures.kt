package selfsame

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertIs

internal const val EMAIL = "ada@example.org"
internal val PASSWORD = Secret("correct horse battery staple")
internal val LAPTOP = Client("Ada's laptop")

/** A store in a file, and the key that opens it. */
internal class Store(folder: Path) {
    val path: Path = folder.resolve("accounts.selfsame")
    val unlock = Unlock.HostKey(generateHostKey())
    val engine = BlockingEngine.create(path, unlock)
}

/** Delivers the only waiting message and returns its code. */
internal fun codeFromMailbox(engine: BlockingEngine): Secret {
    val message = engine.messages(32).single()
    assertEquals(EMAIL, message.to)
    engine.delivered(message.id)
    return assertIs<MessageKind.VerifyEmail>(message.kind).code
}

/** The session that a flow has opened. */
internal fun signedIn(done: Flow): SignedIn = assertIs<Step.SignedIn>(done.step).session

/** Signs Ada up, with the code from her mailbox. */
internal fun signUp(engine: BlockingEngine): SessionToken {
    val begun = engine.signUp(EMAIL, PASSWORD, LAPTOP)
    return signedIn(engine.answer(begun, Answer.Code(codeFromMailbox(engine)))).token
}

/** Signs Ada up under a policy that lets her prove the address later. */
internal fun signUpAtOnce(engine: BlockingEngine): SessionToken = signedIn(engine.signUp(EMAIL, PASSWORD, LAPTOP)).token

/** A policy that creates an account before its address is proven. */
internal val QUICK = Policy(emailProof = EmailProof.LATER)
