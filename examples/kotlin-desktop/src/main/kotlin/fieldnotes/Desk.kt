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

/** What the window shows. */
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

/** The screen, and what stands beside it. */
data class State(
    val screen: Screen = Screen.Welcome,
    val notice: Notice? = null,
    val isBusy: Boolean = false,
    val mail: List<Message> = emptyList(),
)

/** A sentence under the title: what went wrong, or well. */
data class Notice(val text: String, val isTrouble: Boolean)

/**
 * The application: what the buttons do, and what is shown then. It lives on one thread, the window's; the engine works
 * on others.
 */
class Desk(private val engine: Engine, private val scope: CoroutineScope, private val changed: (State) -> Unit) {
    var state = State()
        private set

    /** Where the person is in a sign-in. A screen that asks for a step comes after it is set. */
    private lateinit var flow: Flow
    private var session: SessionToken? = null
    private var here = ""
    /** Asked for once, and then at hand where a page is drawn. */
    private val words by lazy { Action.entries.associateWith(Action::sentence) }
    /** What the person wanted when fresh proof was asked for. */
    private var wanted: (suspend () -> Screen)? = null

    fun signUp(email: String, password: Secret) = step { engine.signUp(email, password, DEVICE) }

    fun signIn(email: String, password: Secret) = step { engine.signIn(email, password, DEVICE) }

    fun beginProvider() = step { engine.beginFederated(PROVIDER, DEVICE) }

    /** The person was at the provider, which says who they are. */
    fun fromProvider(subject: String, email: String) = step {
        val token = checkNotNull(flow.token) { "a flow with a question has a token" }
        val assertion = Assertion.Stated(HostStatement(token.flow(), PROVIDER, subject, subject, email, emailVerified = true))
        if (flow.step is Step.PresentAssertion) {
            engine.continueWith(flow, assertion, Intent.SIGN_UP)
        } else {
            engine.answer(flow, Answer.Assertion(assertion))
        }
    }

    /** The proof that is asked for is given at the provider. */
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

    /** Leaves a flow; nothing of it is kept. */
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

    /** What the page shows, in one hop to another thread. */
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
                state.screen to Notice("Something broke inside. Close Field Notes and open it again.", isTrouble = true)
            }
            // What is not said to be delivered stays, and hides what comes after it.
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

/** What went wrong, for people. What is not told here is in the engine's own words. */
private fun sentence(refused: SelfsameException): String = when (refused) {
    is SelfsameException.InvalidCredentials -> "This email and password do not go together."
    is SelfsameException.InvalidCode -> "This code does not fit. Look at the newest one."
    is SelfsameException.InvalidEmail -> "This is no email address."
    is SelfsameException.InvalidPassword ->
        if (refused.rule == selfsame.PasswordRule.TOO_SHORT) "A password has 15 characters or more: take a short sentence."
        else "Choose another password: this one is easy to guess."
    is SelfsameException.Throttled -> "Too many tries. ${refused.retryAt?.let { "Wait until ${time(it)}." } ?: "Use another way."}"
    is SelfsameException.OnHold -> "Your account was recovered lately. This can be done after ${day(refused.until)}."
    is SelfsameException.FlowExpired -> "This took too long. Begin again."
    is SelfsameException.SessionEnded -> "You are signed out. Sign in again."
    else -> refused.message.replaceFirstChar(Char::uppercase)
}

