package fieldnotes

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import selfsame.Action
import selfsame.Activity
import selfsame.Answer
import selfsame.Assertion
import selfsame.AccountHandle
import selfsame.AccountView
import selfsame.BlockingAccountHandle
import selfsame.Client
import selfsame.Engine
import selfsame.Flow
import selfsame.HostStatement
import selfsame.Intent
import selfsame.InternalException
import selfsame.Message
import selfsame.RecoveryCodes
import selfsame.Secret
import selfsame.SelfsameException
import selfsame.Session
import selfsame.SessionToken
import selfsame.Step
import selfsame.flow
import selfsame.sentence

/** The state of the window. */
sealed interface Screen {
    data object Welcome : Screen
    data object Provider : Screen
    data class Asks(val step: Step) : Screen
    data class Account(val page: Page) : Screen
    data class Enrol(val key: Secret, val qr: Secret) : Screen
    data class Save(val codes: RecoveryCodes) : Screen
    data object AskDelete : Screen
}

/** Everything on the account page. */
data class Page(val account: AccountView, val sessions: List<Session>, val here: String, val activity: List<Activity>, val words: Map<Action, String>)

/** The screen, and the parts beside it. */
data class State(
    val screen: Screen = Screen.Welcome,
    val notice: Notice? = null,
    val isBusy: Boolean = false,
    val mail: List<Message> = emptyList(),
)

/** A sentence under the title that reports a success or a problem. */
data class Notice(val text: String, val isTrouble: Boolean)

/**
 * The application: what the buttons do, and what is shown then. It lives on one thread, the window's; the engine works
 * on others.
 */
class Desk(private val engine: Engine, private val scope: CoroutineScope, private val changed: (State) -> Unit) {
    var state = State()
        private set

    /** The current flow. It is set before a screen asks for its step. */
    private lateinit var flow: Flow
    private var session: SessionToken? = null
    private var here = ""
    /** The texts for activities. They are fetched once. */
    private val words by lazy { Action.entries.associateWith(Action::sentence) }
    /** The action that the person wanted before the engine asked for fresh proof. */
    private var wanted: (suspend () -> Screen)? = null

    fun signUp(email: String, password: Secret) = step { engine.signUp(email, password, DEVICE) }

    fun signIn(email: String, password: Secret) = step { engine.signIn(email, password, DEVICE) }

    fun beginProvider() = step { engine.beginFederated(PROVIDER, DEVICE) }

    /** Continues the flow after the provider has identified the person. */
    fun fromProvider(subject: String, email: String) = step {
        val token = checkNotNull(flow.token) { "a flow that waits for an answer has a token" }
        val assertion = Assertion.Stated(HostStatement(token.flow(), PROVIDER, subject, subject, email, emailVerified = true))
        if (flow.step is Step.PresentAssertion) {
            engine.continueWith(flow, assertion, Intent.SIGN_UP)
        } else {
            engine.answer(flow, Answer.Assertion(assertion))
        }
    }

    /** Lets the person give the proof at the provider. */
    fun proveAtProvider() = show(Screen.Provider)

    fun answer(answer: Answer) = step { engine.answer(flow, answer) }

    fun enrol() = owner { account -> account.enrollTotp().use { Screen.Enrol(it.secret, it.qr.svg()) } }

    fun confirmTotp(code: Secret) = owner { Screen.Save(it.confirmTotp(code)) }

    fun newCodes() = owner { Screen.Save(it.regenerateRecoveryCodes()) }

    fun codesSaved() = done("Your recovery codes are in use.") { it.recoveryCodesSaved() }

    fun turnOffMfa() = done("Two-step verification is off.") { it.turnOffMfa() }

    fun endOtherSessions() = done("All other devices are signed out.") { it.endOtherSessions() }

    fun askDelete() = show(Screen.AskDelete)

    fun delete() = owner {
        val deletion = it.requestDeletion()
        session = null
        notice("Your account will be deleted on ${day(deletion.purgeAt)}. Sign in before then to keep it.")
        Screen.Welcome
    }

    fun signOut() = act {
        account().signOut()
        session = null
        Screen.Welcome
    }

    fun back() = act { if (session == null) Screen.Welcome else accountPage() }

    /** Cancels the flow. */
    fun cancel() = act {
        engine.answer(flow, Answer.Cancel)
        wanted = null
        if (session == null) Screen.Welcome else accountPage()
    }

    private fun step(does: suspend () -> Flow) = act { screenOf(does()) }

    private fun owner(does: suspend (AccountHandle) -> Screen) = act {
        suspend fun doIt(): Screen = does(account())
        try {
            doIt()
        } catch (_: SelfsameException.ReauthenticationRequired) {
            wanted = ::doIt
            screenOf(account().reauthenticate())
        }
    }

    private fun done(sentence: String, does: suspend (AccountHandle) -> Unit) = owner {
        does(it)
        notice(sentence)
        it.act { page() }
    }

    private suspend fun screenOf(reached: Flow): Screen {
        flow = reached
        return when (val step = reached.step) {
            is Step.SignedIn -> {
                session = step.session.token
                here = step.session.session
                val next = wanted
                wanted = null
                next?.invoke() ?: accountPage()
            }
            is Step.AlreadySignedIn, is Step.Done, is Step.Ended -> if (session == null) Screen.Welcome else accountPage()
            else -> Screen.Asks(step)
        }
    }

    private suspend fun account(): AccountHandle = engine.account(session!!)

    private suspend fun accountPage(): Screen = account().act { page() }

    /** Reads the account page in one hop to another thread. */
    private fun BlockingAccountHandle.page(): Screen =
        Screen.Account(Page(view(), sessions(), here, activity(), words))

    private fun act(does: suspend () -> Screen) {
        if (state.isBusy) return
        update(state.copy(isBusy = true, notice = null))
        scope.launch {
            val (screen, trouble) = try {
                does() to null
            } catch (refused: SelfsameException) {
                if (refused is SelfsameException.SessionEnded) session = null
                val gone = refused is SelfsameException.FlowExpired || session == null && state.screen is Screen.Account
                (if (gone) Screen.Welcome else state.screen) to Notice(sentence(refused), isTrouble = true)
            } catch (_: InternalException) {
                state.screen to Notice("Field Notes has an internal problem. Close it and open it again.", isTrouble = true)
            }
            // A message that is not reported as delivered stays in the outbox and blocks later ones.
            val mail = engine.act { messages(MAIL).onEach { delivered(it.id) } }.reversed() + state.mail
            update(state.copy(screen = screen, notice = trouble ?: state.notice, isBusy = false, mail = mail))
        }
    }

    private fun show(screen: Screen) = update(state.copy(screen = screen, notice = null))

    private fun notice(text: String) {
        state = state.copy(notice = Notice(text, isTrouble = false))
    }

    private fun update(next: State) {
        state = next
        changed(next)
    }

    companion object {
        val DEVICE = Client("This computer")
        const val PROVIDER = "example"
        private const val MAIL = 32
    }
}

/** The text of a refusal for people. Other refusals keep the engine's own text. */
private fun sentence(refused: SelfsameException): String = when (refused) {
    is SelfsameException.InvalidCredentials -> "The email or the password is wrong."
    is SelfsameException.InvalidCode -> "This code is wrong. Use the code from the newest message."
    is SelfsameException.InvalidEmail -> "This is not an email address."
    is SelfsameException.InvalidPassword ->
        if (refused.rule == selfsame.PasswordRule.TOO_SHORT) "A password has 15 characters or more. Use a short sentence."
        else "This password is easy to guess. Choose another one."
    is SelfsameException.Throttled -> "Too many tries. ${refused.retryAt?.let { "Wait until ${time(it)}." } ?: "Sign in another way."}"
    is SelfsameException.OnHold -> "Your account was recovered recently. You can do this after ${day(refused.until)}."
    is SelfsameException.FlowExpired -> "This took too long. Start again."
    is SelfsameException.SessionEnded -> "You are signed out. Sign in again."
    else -> refused.message.replaceFirstChar(Char::uppercase)
}

