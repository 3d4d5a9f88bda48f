package fieldnotes

import java.awt.BorderLayout
import java.awt.Component
import java.awt.Dimension
import java.awt.GridBagConstraints
import java.awt.GridBagLayout
import java.awt.GridLayout
import javax.swing.BorderFactory
import javax.swing.ButtonGroup
import javax.swing.JButton
import javax.swing.JComponent
import javax.swing.JLabel
import javax.swing.JPanel
import javax.swing.JRadioButton
import javax.swing.JScrollPane
import javax.swing.JTextField
import javax.swing.ScrollPaneConstants
import selfsame.Accepted
import selfsame.Activity
import selfsame.Answer
import selfsame.Candidate
import selfsame.CreateBlocked
import selfsame.Message
import selfsame.MessageKind
import selfsame.MethodKind
import selfsame.MethodView
import selfsame.Outcome
import selfsame.Session
import selfsame.Secret
import selfsame.Step

/** A drawn screen: the component for the window, and the button that Enter presses. */
class Drawn(val content: JComponent, val notice: JLabel, val goesOn: JButton?)

/** Draws a screen. */
fun draw(screen: Screen, desk: Desk): Drawn = when (screen) {
    is Screen.Welcome -> welcome(desk)
    is Screen.Provider -> provider(desk)
    is Screen.Asks -> asked(screen.step, desk)
    is Screen.Account -> account(screen.page, desk)
    is Screen.Enrol -> enrol(screen, desk)
    is Screen.Save -> save(screen, desk)
    is Screen.AskDelete -> card(
        "Delete your account?",
        "You will be signed out everywhere at once. You can restore the account for 30 days by signing in. After that, everything is gone for good.",
    ) {
        put(24, button("delete-now", "Delete my account") { desk.delete() }.apply { foreground = trouble })
        put(8, button("keep", "Keep it") { desk.back() })
        null
    }
}

/** Says where the code goes, and when. */
private fun sent(step: Step.VerifyEmail): String =
    step.sendAt?.let { "We send a code to ${step.to} at ${time(it)}." } ?: "We have sent a code to ${step.to}."

/** Draws the question of a step. The last steps have none. */
private fun asked(step: Step, desk: Desk): Drawn = when (step) {
    is Step.PresentAssertion -> provider(desk)
    is Step.VerifyEmail -> card("Check your mail", sent(step)) {
        val goesOn = ask("Code", field("code", "12345678"), "verify") { desk.answer(Answer.Code(it.typed())) }
        put(8, button("resend", "Send another code") { desk.answer(Answer.Resend) })
        cancel(desk)
        goesOn
    }
    is Step.ConfirmCreate -> card("A new account?", "No account on this computer has this identity yet.") {
        val goesOn = goOn("create", "Create an account") { desk.answer(Answer.Confirm) }
        cancel(desk)
        goesOn
    }
    is Step.LinkOrCreate -> linkOrCreate(step, desk)
    is Step.ProveOwnership -> prove("Sign in to the account from ${month(step.candidate.created)}", step.accepted, desk)
    is Step.Reauthenticate -> prove("This action needs fresh proof", step.accepted, desk)
    is Step.SecondFactor -> card("Two-step verification", "Type the code from your authenticator app, or one of your recovery codes.") {
        val goesOn = ask("Code", field("factor", "123456"), "verify") {
            val typed = it.text.filterNot(Char::isWhitespace)
            val isTotp = typed.length == 6 && typed.all(Char::isDigit)
            desk.answer(if (isTotp) Answer.Totp(it.typed()) else Answer.RecoveryCode(it.typed()))
        }
        cancel(desk)
        goesOn
    }
    is Step.EnrollSecondFactor, is Step.SaveRecoveryCodes -> error("this app's policy requires no second factor")
    is Step.CreatePasskey, is Step.PresentPasskey -> error("this app's policy has no relying party, so no passkeys")
    is Step.NewPassword -> card("A new password", "15 characters or more. A short sentence is easy to remember.") {
        ask("Password", password("new-password"), "set-password") { desk.answer(Answer.NewPassword(it.secret())) }
    }
    is Step.ConfirmRestore -> card(
        "Welcome back",
        "You asked on ${day(step.requestedAt)} to delete this account. It will be gone on ${day(step.purgeAt)}.",
    ) {
        val goesOn = goOn("restore", "Restore my account") { desk.answer(Answer.Restore) }
        put(8, button("keep-deleted", "Keep it deleted") { desk.answer(Answer.KeepDeleted) })
        goesOn
    }
    is Step.SignedIn, is Step.AlreadySignedIn, is Step.Done, is Step.Ended -> error("the flow asks nothing more")
}

private fun card(title: String, says: String?, fill: Column.() -> JButton?): Drawn {
    val column = Column()
    column.put(0, title(title))
    says?.let { column.put(8, text(it)) }
    val notice = column.put(12, JLabel("").apply { name = "notice" })
    val goesOn = column.fill()
    return Drawn(Sheet(column, 32), notice, goesOn)
}

private fun Column.goOn(name: String, text: String, does: () -> Unit): JButton = put(24, main(name, text, does))

/** Adds a field with its label, and the button that continues with the typed text. */
private fun <T : JTextField> Column.ask(says: String, field: T, name: String, does: (T) -> Unit): JButton {
    put(20, label(says, field))
    put(6, field)
    return goOn(name, "Continue") { does(field) }
}

private fun Column.cancel(desk: Desk) = put(8, link("cancel", "Cancel") { desk.cancel() })

private fun welcome(desk: Desk) = card("Field Notes", "Your notes stay on this computer, and so does your account.") {
    val email = field("email", "you@example.org")
    val password = password("password", "15 characters or more")
    put(20, label("Email", email))
    put(6, email)
    put(14, label("Password", password))
    put(6, password)
    val goesOn = goOn("sign-in", "Sign in") { desk.signIn(email.text, password.secret()) }
    put(8, button("sign-up", "Create an account") { desk.signUp(email.text, password.secret()) })
    put(20, rule())
    put(20, button("provider", "Continue with Example ID") { desk.beginProvider() })
    goesOn
}

private fun provider(desk: Desk) = card("Example ID", "This page stands in for the page of a real provider. Say who you are there.") {
    val name = field("subject", "grace")
    val email = field("provider-email", "grace@example.org")
    put(20, label("Name", name))
    put(6, name)
    put(14, label("Email, which Example ID has verified", email))
    put(6, email)
    val goesOn = goOn("identify", "Continue") { desk.fromProvider(name.text.trim(), email.text.trim()) }
    cancel(desk)
    goesOn
}

private fun prove(why: String, accepted: List<Accepted>, desk: Desk) = card("Is it you?", "$why.") {
    val goesOn = if (Accepted.Password in accepted) {
        ask("Password", password("proof"), "prove") { desk.answer(Answer.Password(it.secret())) }
    } else {
        null
    }
    if (accepted.any { it is Accepted.Federated }) {
        put(8, button("prove-at-provider", "Continue with Example ID") { desk.proveAtProvider() })
    }
    cancel(desk)
    goesOn
}

private fun linkOrCreate(step: Step.LinkOrCreate, desk: Desk): Drawn {
    val candidates = step.candidates
    val many = if (candidates.size == 1) "An account has" else "${candidates.size} accounts have"
    // Without an email, an account had the identity and may take it back.
    val known = step.email?.let { "$many $it already." } ?: "An account had this identity until recently."
    return card("Is one of these yours?", "$known Link to it, or keep things apart.") {
        val choices = candidates.map { JRadioButton(named(it)) }
        val group = ButtonGroup()
        choices.forEachIndexed { at, choice ->
            choice.name = "candidate-${candidates[at].place}"
            choice.isSelected = at == 0
            group.add(choice)
            put(if (at == 0) 16 else 4, choice)
        }
        val goesOn = goOn("link", "Link to this account") {
            desk.answer(Answer.LinkTo(candidates[choices.indexOfFirst { it.isSelected }].place))
        }
        if (step.canCreate) {
            put(8, button("create-new", "Create a new account") { desk.answer(Answer.CreateNew) })
        } else {
            put(8, text(if (step.blocked == CreateBlocked.PASSWORD_TAKEN) "An account already has a password with this email." else "No more accounts can share this email."))
        }
        cancel(desk)
        goesOn
    }
}

private fun named(candidate: Candidate): String {
    val ways = candidate.methods.joinToString(" and ") { if (it == MethodKind.PASSWORD) "password" else "Example ID" }
    return "Since ${month(candidate.created)}, with $ways"
}

private fun enrol(screen: Screen.Enrol, desk: Desk) = card("Add your authenticator app", "Scan this with the app, or type the key into it. Then type the code that it shows.") {
    put(16, QrPicture(screen.qr))
    put(12, centred(mono(screen.key.reveal().chunked(4).joinToString(" ")).apply { name = "key" }))
    val goesOn = ask("Code", field("factor", "123456"), "confirm") { desk.confirmTotp(it.typed()) }
    put(8, link("cancel", "Cancel") { desk.back() })
    goesOn
}

private fun save(screen: Screen.Save, desk: Desk) = card("Save your recovery codes", "Each code replaces your phone once. Print the codes or write them down. You can see them for 15 minutes, and then never again.") {
    val grid = JPanel(GridLayout(0, 1, 0, 6)).apply { isOpaque = false }
    screen.codes.codes.forEach { code -> grid.add(centred(mono(code.reveal(), 1).apply { name = "recovery-code" })) }
    put(16, grid)
    goOn("saved", "I have saved them") { desk.codesSaved() }
}

private fun account(page: Page, desk: Desk): Drawn {
    val account = page.account
    return card(account.displayName ?: account.contact ?: "Your account", "Yours since ${day(account.created)}, on this computer.") {
        put(20, heading("Ways in"))
        account.methods.forEach { put(8, row(JLabel(way(it)), small(it.usedAt?.let { at -> "used ${moment(at)}" } ?: "not used yet"))) }
        put(20, rule())
        put(20, heading("Two-step verification"))
        val mfa = account.mfa
        if (mfa == null) {
            put(6, row(text("Off: your password alone lets you in.", width = 250), button("enrol", "Turn on") { desk.enrol() }))
        } else {
            put(6, row(text("On, with ${mfa.recoveryCodesLeft} recovery codes", width = 190), button("new-codes", "New codes") { desk.newCodes() }, button("turn-off", "Turn off") { desk.turnOffMfa() }))
        }
        put(20, rule())
        put(20, heading("Where you are signed in"))
        page.sessions.forEach { put(8, row(JLabel(where(it, page.here)), small("since ${moment(it.createdAt)}"))) }
        if (page.sessions.size > 1) put(8, link("end-others", "Sign out everywhere else") { desk.endOtherSessions() })
        put(20, rule())
        put(20, heading("What happened lately"))
        page.activity.takeLast(4).reversed().forEach { put(8, row(JLabel(what(it, page)), small(moment(it.event.last)))) }
        put(24, row(button("sign-out", "Sign out") { desk.signOut() }, button("delete", "Delete account") { desk.askDelete() }.apply { foreground = trouble }))
        null
    }
}

private fun way(method: MethodView): String = when (method.kind) {
    MethodKind.PASSWORD -> "Password for ${method.email}"
    MethodKind.FEDERATED -> "Example ID${method.handle?.let { ", as $it" } ?: ""}"
    MethodKind.PASSKEY -> "Passkey"
}

private fun where(session: Session, here: String): String = session.client.device + if (session.id == here) ", now" else ""

private fun what(activity: Activity, page: Page): String {
    val refused = if (activity.event.outcome == Outcome.DONE) "" else ", refused"
    return page.words.getValue(activity.event.action).replaceFirstChar(Char::uppercase) + refused
}

/** Draws the messages that an application with a network would send. */
fun drawMail(mail: List<Message>): JComponent {
    val column = Column(MAIL)
    column.put(0, heading("Mail"))
    column.put(4, text("There is no mail server here: what would be sent arrives in this drawer.", width = MAIL))
    if (mail.isEmpty()) column.put(16, small("Nothing yet."))
    mail.forEach { column.put(12, Sheet(letter(it), 14)) }
    return column
}

private fun letter(message: Message) = Column(MAIL - 28).apply {
    put(0, heading(subject(message.kind)))
    put(2, small("to ${message.to}, ${time(message.createdAt)}"))
    code(message.kind)?.let { put(10, mono(it.reveal(), 6).apply { name = "mailed-code" }) }
}

private fun code(kind: MessageKind): Secret? = when (kind) {
    is MessageKind.VerifyEmail -> kind.code
    is MessageKind.ResetPassword -> kind.code
    is MessageKind.ChangeEmail -> kind.code
    is MessageKind.EnrollSecondFactor -> kind.code
    else -> null
}

private fun subject(kind: MessageKind): String = when (kind) {
    is MessageKind.VerifyEmail -> "Is this your address?"
    is MessageKind.ResetPassword -> "Set a new password"
    is MessageKind.ChangeEmail -> "Your new address"
    is MessageKind.EnrollSecondFactor -> "Set up two-step verification"
    is MessageKind.NoPassword -> "You sign in without a password"
    is MessageKind.MfaTurnedOn -> "Two-step verification is on"
    is MessageKind.MfaReplaced -> "Another authenticator app"
    is MessageKind.MfaTurnedOff -> "Two-step verification is off"
    is MessageKind.PasswordCompromised -> "Others may know your password"
    is MessageKind.PasswordChanged, is MessageKind.PasswordReset -> "Your password was changed"
    is MessageKind.RecoveryCodesReplaced -> "You have new recovery codes"
    is MessageKind.RecoveryCodeUsed -> "A recovery code was used"
    is MessageKind.MethodAdded -> "A new way into your account"
    is MessageKind.MethodRemoved -> "A way in was removed"
    is MessageKind.MethodsReviewed -> "Your ways in were reviewed"
    is MessageKind.EmailChanged -> "Your address was changed"
    is MessageKind.Undone -> "A change was taken back"
    is MessageKind.DeletionRequested -> "Your account will be deleted"
    is MessageKind.DeletionReminder -> "Your account will be deleted soon"
    is MessageKind.Restored -> "Your account is restored"
    is MessageKind.ErasureAnnounced, is MessageKind.Erased -> "Your account is erased"
    is MessageKind.NewSignIn -> "Somebody signed in from a new place"
    is MessageKind.Exported -> "Your data was exported"
    is MessageKind.IdentityRenumbered -> "Sign in as before"
    is MessageKind.RevokeGrant -> "Example ID: forget this app"
}

/** The window: the screen in the middle and the messages on the right. */
class Window : JPanel(BorderLayout()) {
    private val middle = JPanel(GridBagLayout())
    private val drawer = JPanel(BorderLayout())
    private var shown: Screen? = null
    private var drawn: Drawn? = null

    init {
        middle.background = ground
        middle.border = BorderFactory.createEmptyBorder(48, 24, 24, 24)
        drawer.background = ground
        drawer.border = BorderFactory.createEmptyBorder(24, 20, 24, 20)
        add(scrolled(middle), BorderLayout.CENTER)
        add(scrolled(drawer).apply { preferredSize = Dimension(MAIL + 56, 0) }, BorderLayout.EAST)
    }

    fun show(state: State, desk: Desk) {
        if (state.screen != shown) {
            shown = state.screen
            drawn = draw(state.screen, desk)
            middle.removeAll()
            // At the top, so that all screens begin at the same height.
            middle.add(drawn!!.content, GridBagConstraints().apply { anchor = GridBagConstraints.NORTH; weighty = 1.0 })
            rootPane?.defaultButton = drawn!!.goesOn
            middle.components.firstOrNull()?.let(::firstField)?.requestFocusInWindow()
        }
        drawn!!.notice.apply {
            val says = state.notice
            text = says?.let { "<html><div style='width:${COLUMN * 3 / 4}px'>${escaped(it.text)}</div></html>" } ?: ""
            foreground = if (says?.isTrouble == true) trouble else fine
        }
        drawer.removeAll()
        drawer.add(drawMail(state.mail), BorderLayout.NORTH)
        name = if (state.isBusy) "busy" else "ready"
        revalidate()
        repaint()
    }

    private fun scrolled(content: JComponent) = JScrollPane(content).apply {
        border = null
        horizontalScrollBarPolicy = ScrollPaneConstants.HORIZONTAL_SCROLLBAR_NEVER
        verticalScrollBar.unitIncrement = 16
    }

    private fun firstField(within: Component): Component? = when (within) {
        is JTextField -> within
        is java.awt.Container -> within.components.firstNotNullOfOrNull(::firstField)
        else -> null
    }
}

private const val MAIL = 260
