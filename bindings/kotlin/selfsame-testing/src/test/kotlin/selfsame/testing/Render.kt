package selfsame.testing

import java.lang.reflect.Modifier
import java.time.Duration
import java.time.Instant
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull
import selfsame.Accepted
import selfsame.Activity
import selfsame.Adding
import selfsame.AddressSource
import selfsame.AddressStep
import selfsame.Amr
import selfsame.Destination
import selfsame.Effect
import selfsame.Explanation
import selfsame.Flow
import selfsame.Health
import selfsame.HiddenText
import selfsame.Message
import selfsame.MessageKind
import selfsame.Outcome
import selfsame.PrivacyRequest
import selfsame.PurgeReceipt
import selfsame.QrCode
import selfsame.RecoveryCodes
import selfsame.RequestStatus
import selfsame.RequestedBy
import selfsame.SelfsameException
import selfsame.Session
import selfsame.Status
import selfsame.Step
import selfsame.YearMonth
import selfsame.sentence
import selfsame.value

/** The member that takes the variant's name, for types whose variants have data. */
private val NAMES: Map<Class<*>, String> = mapOf(
    Step::class.java to "step",
    Status::class.java to "is",
    RequestStatus::class.java to "is",
    Adding::class.java to "kind",
    MessageKind::class.java to "kind",
    AddressStep::class.java to "address_step",
    Destination::class.java to "to",
)

/**
 * Renders an answer of the engine as in transcripts (`tests/stories/README.md`): texts, integers, lists, and
 * members in the order of their names. Booleans are the words yes and no. Missing values and secrets are left
 * out.
 */
internal fun plain(value: Any?): JsonElement = when (value) {
    null, is HiddenText, is QrCode -> JsonNull
    is Unit -> plain(mapOf("done" to true))
    is Boolean -> JsonPrimitive(if (value) "yes" else "no")
    is String -> JsonPrimitive(value)
    is Int, is Long -> JsonPrimitive(value as Number)
    is Instant -> JsonPrimitive(value.toEpochMilli())
    is Duration -> JsonPrimitive(value.toMillis())
    is Amr -> JsonPrimitive(value.value())
    is Enum<*> -> JsonPrimitive(code(value))
    is JsonPrimitive -> if (value.isString) value else value.booleanOrNull?.let(::plain) ?: value
    is List<*> -> JsonArray(value.map(::plain))
    is Map<*, *> -> JsonObject(
        value.entries.map { (name, member) -> name as String to plain(member) }
            .filter { (_, member) -> member != JsonNull }
            .sortedBy { (name, _) -> name }.toMap(),
    )
    is Accepted.Federated -> plain("Federated ${value.provider}")
    is Accepted, is AddressSource, is RequestedBy -> plain(code(value))
    is Effect -> plain(words(value))
    is YearMonth -> plain("%04d-%02d".format(value.year.toInt(), value.month.toInt()))
    else -> plain(members(value))
}

/** The name that a variant has in every language: `PastDue` for `PAST_DUE`. */
internal fun code(variant: Enum<*>): String =
    variant.name.split('_').joinToString("") { it.lowercase().replaceFirstChar(Char::uppercase) }

/** The name of a variant whose type has variants with data. */
internal fun code(variant: Any): String = variant.javaClass.simpleName

/** The fields of a record or a variant, by their names in transcripts. */
private fun fields(value: Any): Map<String, Any?> {
    require(value.javaClass.packageName == "selfsame") { "a transcript cannot show a ${value.javaClass.name}" }
    return value.javaClass.declaredFields.filterNot { Modifier.isStatic(it.modifiers) }.associate { field ->
        field.isAccessible = true
        field.name.replace(Regex("[A-Z]")) { "_" + it.value.lowercase() } to field.get(value)
    }
}

/** The members that transcripts show, which differ from the fields for some types. */
private fun members(value: Any): Map<String, Any?> = when (value) {
    is SelfsameException ->
        if (isFailure(value)) mapOf("failed" to code(value)) else fields(value) + ("refused" to code(value))
    is Flow -> members(value.step) + mapOf("in_flow" to (value.token != null), "number" to value.number)
    is Step.SignedIn -> members(value.session) + ("step" to code(value))
    is Step.SaveRecoveryCodes -> members(value.codes) + ("step" to code(value))
    is Session -> fields(value) - "client" + mapOf("device" to value.client.device, "product" to value.client.product)
    is Activity -> fields(value.event) - "outcome" + mapOf(
        "sequence" to value.sequence,
        "says" to value.event.sentence(),
        "done" to (value.event.outcome == Outcome.DONE),
    )
    is Message -> {
        val about = fields(value.kind)
        fields(value) - listOf("id", "undo") + members(value.kind) +
            mapOf("method" to about["kind"], "undo_until" to value.undo?.until)
    }
    is RecoveryCodes -> fields(value) - "codes" + ("recovery_codes" to value.codes.size)
    is Explanation -> fields(value) - "refusal" + ("would" to (value.refusal ?: mapOf("be" to "done")))
    is Health -> fields(value) - listOf("file_size", "has_reserve", "on_network")
    is PurgeReceipt -> fields(value) + ("removed" to value.removed.associate { it.table to it.rows })
    is PrivacyRequest -> fields(value) - "status" +
        mapOf("is" to code(value.status), "closed_at" to (value.status as? RequestStatus.Closed)?.at,
            "withdrawn_at" to (value.status as? RequestStatus.Withdrawn)?.at)
    else -> fields(value) + listOfNotNull(NAMES[value.javaClass.superclass]?.let { it to code(value) })
}

/** Whether the error is a failure of the engine and not a refusal. */
private fun isFailure(error: SelfsameException): Boolean = when (error) {
    is SelfsameException.Busy -> error.retryAfter != null
    is SelfsameException.NotFound,
    is SelfsameException.AlreadyExists,
    is SelfsameException.AlreadyOpen,
    is SelfsameException.NotAStore,
    is SelfsameException.NewerFormat,
    is SelfsameException.WrongKey,
    is SelfsameException.KeyLocked,
    is SelfsameException.KeyLost,
    is SelfsameException.KeyChanged,
    is SelfsameException.RolledBack,
    is SelfsameException.AnchorMissing,
    is SelfsameException.Damaged,
    is SelfsameException.Storage,
    is SelfsameException.Unknown,
    is SelfsameException.Broken,
    is SelfsameException.Anchor,
    is SelfsameException.ForkedProcess,
    is SelfsameException.Machine,
    is SelfsameException.Defect,
    -> true
    else -> false
}

private fun words(effect: Effect): String = when (effect) {
    is Effect.Account -> "the account changes: ${effect.action.sentence()}"
    is Effect.ThisSession -> "this session goes on with other proof"
    is Effect.SessionEnds -> "session ${effect.session} ends"
    is Effect.OtherSessionsEnd -> "all other sessions end"
    is Effect.AllSessionsEnd -> "all sessions end"
    is Effect.Identifiers -> "an identifier is taken or becomes free"
    is Effect.Message -> "a message goes out: ${effect.kind}"
}
