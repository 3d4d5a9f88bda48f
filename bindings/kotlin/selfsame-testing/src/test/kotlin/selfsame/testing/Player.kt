package selfsame.testing

import java.time.Duration
import java.time.Instant
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import selfsame.AccountId
import selfsame.Answer
import selfsame.Assertion
import selfsame.Billing
import selfsame.BillingStatus
import selfsame.BlockingAccountHandle
import selfsame.BlockingEngine
import selfsame.Client
import selfsame.EmailProof
import selfsame.Flow
import selfsame.Intent
import selfsame.Managed
import selfsame.ManagedBy
import selfsame.MethodId
import selfsame.MethodKind
import selfsame.MfaPolicy
import selfsame.Planned
import selfsame.Policy
import selfsame.PrivacyRequest
import selfsame.RecognitionToken
import selfsame.RecoveryCodes
import selfsame.RequestKind
import selfsame.Secret
import selfsame.SelfsameException
import selfsame.SessionId
import selfsame.SessionToken
import selfsame.SignedIn
import selfsame.Step
import selfsame.mailedCode

/** Plays a story (`tests/stories/README.md`) through the public API of the package. */
internal class Player(text: String) {
    private val story = Json.parseToJsonElement(text).jsonObject
    private val world = World(
        policy(story["policy"]?.jsonObject ?: JsonObject(mapOf())),
        story.number("seed"),
        Instant.ofEpochMilli(story.number("starts")),
    )

    // The things that the names of the story refer to at this point.
    private val flows = HashMap<String, Flow>()
    private val sessions = HashMap<String, Pair<SessionId, SessionToken>>()
    private val recognitions = HashMap<String, RecognitionToken>()
    private val accounts = HashMap<String, AccountId>()
    private val requests = HashMap<String, PrivacyRequest>()
    private val codes = HashMap<String, Secret>()
    private val undos = HashMap<String, Secret>()
    private val apps = HashMap<String, Secret>()
    private val recoveryCodes = HashMap<String, RecoveryCodes>()

    /** The session that the current act has opened. */
    private var opened: SignedIn? = null

    /** Plays the story and returns the answer to each act, as JSON without blanks. */
    fun transcript(): String {
        val acts = story.getValue("acts").jsonArray.map { it.jsonObject }
        return JsonArray(acts.mapIndexed { index, act -> plain(played(index + 1, act)) }).toString()
    }

    private fun played(number: Int, act: JsonObject): Map<String, Any?> {
        val at = world.now()
        opened = null
        val answer = try {
            play(act, world.engine().blocking)
        } catch (error: SelfsameException) {
            error
        }
        act["keep"]?.jsonObject?.let(::keep)
        return mapOf("act" to number, "at" to at, "do" to act.text("do"), "answer" to answer)
    }

    private fun play(act: JsonObject, engine: BlockingEngine): Any? = when (val name = act.text("do")) {
        "sign_up" -> arrived(act, engine.signUp(act.text("email"), act.secret("password"), client(act)))
        "begin_federated" -> arrived(act, engine.beginFederated(act.text("provider"), client(act)))
        "continue_with" -> {
            val stated = assertion(act.maybe("made_for") ?: act.text("flow"), act.getValue("identity"))
            // An assertion answers the first step, even if the story gives it again later.
            val first = flows.getValue(act.text("flow")).copy(number = 1)
            arrived(act, engine.continueWith(first, stated, variant<Intent>(act.text("intent"))))
        }
        "answer" -> {
            val flow = act.text("flow")
            val at = flows.getValue(flow)
            val asked = at.copy(number = act["number"]?.jsonPrimitive?.int ?: at.number)
            arrived(act, engine.answer(asked, answer(flow, act.getValue("give"))))
        }
        "resume" -> {
            val token = flows.getValue(act.text("flow")).token
            arrived(act, engine.resume(checkNotNull(token) { "the flow was done at once, without a token" }))
        }
        "sign_in" -> arrived(act, engine.signIn(act.text("email"), act.secret("password"), client(act)))
        "picker" -> mapOf("accounts" to engine.picker())
        "sign_in_to" -> arrived(act, engine.signInTo(account(act), act.secret("password"), client(act)))
        "remove_from_picker" -> engine.removeFromPicker(account(act))
        "reset_password" -> arrived(act, engine.resetPassword(act.text("email"), client(act)))
        "reauthenticate" -> arrived(act, engine.reauthenticate(session(act).second))
        "undo" -> {
            val undo = act.text("undo")
            arrived(act, engine.undo(undos[undo] ?: Secret(undo), client(act)))
        }
        "resolve" -> engine.resolve(session(act).second)
        "touch" -> engine.touch(session(act).second)
        "purge_due" -> engine.purgeDue(act["limit"]?.jsonPrimitive?.int ?: 100)
        "support_find" -> {
            val named = act.text("named")
            mapOf("accounts" to engine.support(act.text("operator")).find(accounts[named] ?: named))
        }
        "support_activity" -> mapOf("events" to engine.support(act.text("operator")).activity(account(act)))
        "support_delete" -> engine.support(act.text("operator")).startDeletion(account(act), act.text("ticket"))
        "support_records" -> mapOf("records" to engine.supportRecords(account(act)))
        "open_requests" -> mapOf("requests" to engine.openRequests(100))
        "close_request" -> request(act).let { engine.closeRequest(it.account, it.id, act.text("receipt")) }
        "announce_erasure" -> request(act).let { engine.announceErasure(it.account, it.id) }
        "erase" -> request(act).let { engine.erase(it.account, it.id) }
        "set_billing" ->
            engine.setBilling(account(act), act.text("product"), billing(act.getValue("billing").jsonObject))
        "rekey" -> engine.rekey(world.unlock())
        "health" -> engine.health()
        "reopen" -> world.reopen()
        "reboot" -> {
            world.reboot(span(act))
            mapOf("now" to world.now())
        }
        "mail" -> mail(act)
        "wait" -> {
            world.later(span(act))
            mapOf("now" to world.now())
        }
        "turn_wall" -> {
            world.setWallForward(span(act["forward"]))
            world.setWallBack(span(act["back"]))
            mapOf("now" to world.now())
        }
        else -> own(name, act, engine.account(session(act).second))
    }

    /** The acts of owners on their accounts. */
    private fun own(name: String, act: JsonObject, account: BlockingAccountHandle): Any? = when (name) {
        "enroll_totp" -> account.enrollTotp().also { apps[act.text("app")] = it.secret }
        "confirm_totp" -> {
            val app = act.text("app")
            given(act, account.confirmTotp(apps[app]?.let(world::totp) ?: Secret(app)))
        }
        "unsaved_recovery_codes" -> account.unsavedRecoveryCodes()
        "recovery_codes_saved" -> account.recoveryCodesSaved()
        "regenerate_recovery_codes" -> given(act, account.regenerateRecoveryCodes())
        "turn_off_mfa" -> account.turnOffMfa()
        "mark_compromised" -> {
            val methods = account.view().methods
            account.markCompromised((methods.find { it.kind == MethodKind.PASSWORD } ?: methods.first()).id)
        }
        "begin_add" -> arrived(act, account.beginAdd(act.text("provider")))
        "add_password" -> account.addPassword(act.text("email"), act.secret("password"))
        "change_password" -> account.changePassword(act.secret("current"), act.secret("new"))
        "review" -> {
            val stays = act.getValue("stays").jsonArray.map { method(account, it.jsonPrimitive.content) }
            account.review(stays, act.yes("second_factor_stays"), act.maybe("new_password")?.let(::Secret))
        }
        "prove_address" -> {
            val code = act.text("code")
            account.proveAddress(codes[code] ?: Secret(code))
        }
        "remove_method" -> account.removeMethod(method(account, act.text("method")))
        "take_seen_email" -> account.takeSeenEmail(method(account, act.text("method")))
        "change_email" -> account.changeEmail(act.text("email"))
        "verify_address" -> account.verifyAddress(act.text("email"))
        "set_contact" -> account.setContact(act.text("email"))
        "confirm_protected_acts" ->
            account.confirmProtectedActs(account.view().protectedActs.lastOrNull()?.number ?: 0)
        "set_display_name" -> account.setDisplayName(act.maybe("name"))
        "account" -> account.view()
        "sessions" -> mapOf("sessions" to account.sessions())
        "end_session" -> account.endSession(sessions.getValue(act.text("ends")).first)
        "end_other_sessions" -> account.endOtherSessions()
        "sign_out" -> account.signOut()
        "request_deletion" -> account.requestDeletion()
        "request_privacy" ->
            account.requestPrivacy(variant<RequestKind>(act.text("kind"))).also { requests[act.text("request")] = it }
        "privacy_requests" -> mapOf("requests" to account.privacyRequests())
        "export" -> Json.parseToJsonElement(account.export())
        "open_product" -> account.openProduct(act.text("product"))
        "memberships" -> mapOf("memberships" to account.memberships())
        "billing_destination" -> account.billingDestination(act.text("product"))
        "manage_destination" -> account.manageDestination(
            act.maybe("product")?.let { Managed.Product(it) } ?: Managed.Provider(act.text("provider")),
        )
        "explain" -> account.explain(bare<Planned>(act.text("planned")))
        "activity" -> mapOf("events" to account.activity())
        "verify_audit" -> mapOf("holds" to account.verifyAudit())
        else -> throw IllegalArgumentException("unknown act $name")
    }

    /** Remembers the step that the flow has reached, and the session that it opened. */
    private fun arrived(act: JsonObject, flow: Flow): Flow {
        (flow.step as? Step.SignedIn)?.let { opened = it.session }
        act.maybe("flow")?.let { name ->
            flows[name] = flow
            // An app or recovery codes that a flow enrols get the flow's name.
            (flow.step as? Step.EnrollSecondFactor)?.let { apps[name] = it.secret }
            (flow.step as? Step.SaveRecoveryCodes)?.let { recoveryCodes[name] = it.codes }
        }
        return flow
    }

    private fun given(act: JsonObject, made: RecoveryCodes): RecoveryCodes =
        made.also { recoveryCodes[act.text("codes")] = it }

    private fun keep(names: JsonObject) {
        val opened = checkNotNull(opened) { "the act opened no session to name" }
        names.maybe("account")?.let { accounts[it] = opened.account }
        names.maybe("session")?.let { name ->
            sessions[name] = opened.session to opened.token
            opened.recognition?.let { recognitions[name] = it }
        }
    }

    /** The device of an act, with the recognitions that these sessions earned. */
    private fun client(act: JsonObject): Client = Client(
        device = act.maybe("device") ?: "laptop",
        product = act.maybe("product"),
        recognitions = act["known"]?.jsonArray.orEmpty().map { recognitions.getValue(it.text) },
        origin = act.maybe("origin"),
    )

    private fun answer(flow: String, give: JsonElement): Answer {
        if (give is JsonPrimitive) return bare<Answer>(give.content)
        val (kind, what) = give.jsonObject.entries.single()
        return when (kind) {
            "Code" -> Answer.Code(codes.getValue(what.text))
            "LinkTo" -> Answer.LinkTo(what.jsonPrimitive.int)
            "Assertion" -> Answer.Assertion(assertion(flow, what))
            "Totp" -> Answer.Totp(world.totp(apps.getValue(what.text)))
            "RecoveryCode" -> {
                val place = what.jsonObject
                Answer.RecoveryCode(
                    recoveryCodes.getValue(place.text("of")).codes[place.number("number").toInt() - 1],
                )
            }
            "CorrectAddress" -> Answer.CorrectAddress(what.text)
            else -> variant(Answer::class.java, kind.removePrefix("Typed")).getConstructor(Secret::class.java)
                .newInstance(Secret(what.text)) as Answer
        }
    }

    private fun assertion(flow: String, identity: JsonElement): Assertion = with(identity.jsonObject) {
        val known =
            Identity(text("provider"), text("subject"), maybe("handle"), maybe("email"), yes("email_verified"))
        world.assertion(known, flows.getValue(flow))
    }

    private fun mail(act: JsonObject): Any {
        val message = world.takeMail(act.text("to")) ?: return mapOf("kind" to null)
        message.kind.mailedCode()?.let { sent -> act.maybe("code")?.let { codes[it] = sent } }
        message.undo?.let { offer -> act.maybe("undo")?.let { undos[it] = offer.code } }
        return message
    }

    private fun session(act: JsonObject): Pair<SessionId, SessionToken> = sessions.getValue(act.text("session"))

    private fun account(act: JsonObject): AccountId = accounts.getValue(act.text("account"))

    private fun request(act: JsonObject): PrivacyRequest = requests.getValue(act.text("request"))
}

/** An id that no method has. */
private const val NOBODYS = "00000000-0000-7000-8000-000000000000"

/** Finds a method by its name in stories: `Password`, its provider, or its handle at the provider. */
private fun method(account: BlockingAccountHandle, name: String): MethodId =
    account.view().methods.find {
        if (it.provider == null) name == "Password" else it.provider == name || it.handle == name
    }?.id ?: NOBODYS

private fun policy(figures: JsonObject): Policy = worldPolicy().copy(
    maxAccountsPerEmail = figures["max_accounts_per_email"]?.jsonPrimitive?.int,
    maxMethods = figures["max_methods"]?.jsonPrimitive?.int,
    maxAddresses = figures["max_addresses"]?.jsonPrimitive?.int,
    maxSessions = figures["max_sessions"]?.jsonPrimitive?.int,
    maxOpenSignUps = figures["max_open_sign_ups"]?.jsonPrimitive?.int,
    sessionIdle = figures["session_idle"]?.let(::span),
    sessionAbsolute = figures["session_absolute"]?.let(::span),
    freshFor = figures["fresh_for"]?.let(::span),
    hold = figures["hold"]?.let(::span),
    picker = figures.yes("picker"),
    emailProof = if (figures.yes("email_proof_later")) EmailProof.LATER else null,
    mfa = if (figures.yes("mfa_required")) MfaPolicy.REQUIRED else null,
)

private fun billing(cost: JsonObject): Billing = Billing(
    customer = cost.text("customer"),
    plan = cost.text("plan"),
    status = variant<BillingStatus>(cost.text("status")),
    periodEnd = cost["period_end"]?.let { Instant.ofEpochMilli(it.jsonPrimitive.long) },
    managedBy = variant<ManagedBy>(cost.text("managed_by")),
)

/** The sum of a span's members. */
private fun span(of: JsonElement?): Duration {
    val figures = of?.jsonObject ?: return Duration.ZERO
    fun figure(name: String): Long = figures[name]?.jsonPrimitive?.long ?: 0
    return Duration.ofDays(figure("days")).plusHours(figure("hours")).plusMinutes(figure("minutes"))
        .plusSeconds(figure("seconds")).plusMillis(figure("millis"))
}

private inline fun <reified T : Enum<T>> variant(code: String): T = enumValues<T>().first { code(it) == code }

/** The class of a variant whose type has variants with data. */
private fun variant(of: Class<*>, name: String): Class<*> = of.classes.first { it.simpleName == name }

/** A variant without data whose type has variants with data. */
private inline fun <reified T : Any> bare(name: String): T =
    variant(T::class.java, name).getField("INSTANCE").get(null) as T

private val JsonElement.text: String get() = jsonPrimitive.content

private fun JsonObject.text(name: String): String = getValue(name).text

private fun JsonObject.maybe(name: String): String? = get(name)?.jsonPrimitive?.contentOrNull

private fun JsonObject.yes(name: String): Boolean = get(name)?.jsonPrimitive?.boolean ?: false

private fun JsonObject.number(name: String): Long = getValue(name).jsonPrimitive.long

private fun JsonObject.secret(name: String): Secret = Secret(text(name))

