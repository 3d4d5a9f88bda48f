package selfsame.testing

import java.time.Duration
import java.time.Instant
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull
import selfsame.Accepted
import selfsame.AccountView
import selfsame.Activity
import selfsame.Adding
import selfsame.AddressStep
import selfsame.AddressView
import selfsame.Amr
import selfsame.Billing
import selfsame.Candidate
import selfsame.Deletion
import selfsame.Destination
import selfsame.Effect
import selfsame.Explanation
import selfsame.Grant
import selfsame.Health
import selfsame.Membership
import selfsame.Message
import selfsame.MessageKind
import selfsame.MethodView
import selfsame.MfaView
import selfsame.Outcome
import selfsame.PickerEntry
import selfsame.PrivacyRequest
import selfsame.Progress
import selfsame.PurgeReceipt
import selfsame.PurgeReport
import selfsame.RecoveryCodes
import selfsame.RequestStatus
import selfsame.SelfsameException
import selfsame.Session
import selfsame.SignedIn
import selfsame.Status
import selfsame.Step
import selfsame.StillBilled
import selfsame.SupportRecord
import selfsame.SupportView
import selfsame.TotpEnrolment
import selfsame.YearMonth
import selfsame.amrValue
import selfsame.describeAction
import selfsame.describeEvent

/**
 * What the engine gave as transcripts have it (`tests/stories/README.md`): texts, integers, lists, and members in
 * the order of their names. Yes and no are words, and what is not there is left out.
 */
internal fun plain(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is Unit -> plain(mapOf("done" to true))
    is Boolean -> JsonPrimitive(if (value) "yes" else "no")
    is String -> JsonPrimitive(value)
    is Int, is UByte, is UInt, is ULong -> JsonPrimitive(value.toString().toLong())
    is Instant -> JsonPrimitive(value.toEpochMilli())
    is Duration -> JsonPrimitive(value.toMillis())
    is Amr -> JsonPrimitive(amrValue(value))
    is Enum<*> -> JsonPrimitive(code(value))
    is JsonPrimitive -> if (value.isString) value else value.booleanOrNull?.let(::plain) ?: value
    is List<*> -> JsonArray(value.map(::plain))
    is Map<*, *> -> JsonObject(
        value.entries.map { (name, member) -> name as String to plain(member) }
            .filter { (_, member) -> member != JsonNull }
            .sortedBy { (name, _) -> name }.toMap(),
    )
    is Accepted.Password -> plain("Password")
    is Accepted.Federated -> plain("Federated ${value.v1}")
    is Effect -> plain(words(value))
    is YearMonth -> plain("%04d-%02d".format(value.year.toInt(), value.month.toInt()))
    else -> plain(members(value))
}

/** The name that a variant has in every language: `PastDue` for `PAST_DUE`. */
internal fun code(variant: Enum<*>): String =
    variant.name.split('_').joinToString("") { it.lowercase().replaceFirstChar(Char::uppercase) }

/** The name of a variant that may carry something. */
internal fun code(variant: Any): String = variant.javaClass.simpleName

private fun members(value: Any): Map<String, Any?> = when (value) {
    is SelfsameException -> error(value)
    is Progress -> step(value.step) + mapOf("in_flow" to (value.flow != null), "number" to value.number)
    is SignedIn -> mapOf(
        "account" to value.account,
        "session" to value.session,
        "token_given" to (value.token != null),
        "aal" to value.aal,
        "recovered" to value.recovered,
        "amr" to value.amr,
        "auth_time" to value.authTime,
        "works_offline" to value.worksOffline,
        "outcome" to value.outcome,
    )
    is Candidate -> mapOf(
        "place" to value.place,
        "methods" to value.methods,
        "providers" to value.providers,
        "created" to value.created,
        "drops_new_password" to value.dropsNewPassword,
    )
    is Adding.Password -> mapOf("kind" to code(value), "email" to value.email)
    is Adding.Federated -> mapOf("kind" to code(value), "provider" to value.provider, "handle" to value.handle)
    is AccountView -> mapOf(
        "id" to value.id,
        "status" to value.status,
        "created" to value.created,
        "display_name" to value.displayName,
        "contact" to value.contact,
        "addresses" to value.addresses,
        "methods" to value.methods,
        "mfa" to value.mfa,
        "hold_until" to value.holdUntil,
        "second_factor_suspended" to value.secondFactorSuspended,
    )
    is MfaView -> mapOf(
        "since" to value.since,
        "recovery_codes_left" to value.recoveryCodesLeft,
        "few_recovery_codes" to value.fewRecoveryCodes,
    )
    is Status.Active -> mapOf("is" to code(value))
    is Status.PendingDeletion -> mapOf(
        "is" to code(value),
        "requested_at" to value.requestedAt,
        "purge_at" to value.purgeAt,
        "requested_by" to code(value.requestedBy),
    )
    is AddressView -> mapOf(
        "email" to value.email,
        "verified_at" to value.verifiedAt,
        "source" to code(value.source),
        "others" to value.others,
    )
    is MethodView -> mapOf(
        "id" to value.id,
        "kind" to value.kind,
        "provider" to value.provider,
        "handle" to value.handle,
        "email" to value.email,
        "seen_email" to value.seenEmail,
        "added_at" to value.addedAt,
        "used_at" to value.usedAt,
        "compromised_at" to value.compromisedAt,
        "suspended" to value.suspended,
    )
    is AddressStep -> when (value) {
        is AddressStep.Done -> mapOf()
        is AddressStep.ProveAddress -> mapOf("to" to value.to)
        is AddressStep.ReviewMethods -> mapOf("methods" to value.methods, "second_factor" to value.secondFactor)
    } + ("comes_to" to code(value))
    is Session -> mapOf(
        "id" to value.id,
        "account" to value.account,
        "device" to value.client.device,
        "product" to value.client.product,
        "method" to value.method,
        "kind" to value.kind,
        "amr" to value.amr,
        "aal" to value.aal,
        "recovered" to value.recovered,
        "auth_time" to value.authTime,
        "first_at" to value.firstAt,
        "created_at" to value.createdAt,
        "used_at" to value.usedAt,
    )
    is Activity -> mapOf(
        "sequence" to value.sequence,
        "first" to value.event.first,
        "last" to value.event.last,
        "count" to value.event.count,
        "session" to value.event.session,
        "actor" to value.event.actor,
        "action" to value.event.action,
        "says" to describeEvent(value.event),
        "done" to (value.event.outcome == Outcome.DONE),
    )
    is PickerEntry -> mapOf(
        "account" to value.account,
        "display_name" to value.displayName,
        "email" to value.email,
        "methods" to value.methods,
        "needs_network" to value.needsNetwork,
    )
    is Message -> kind(value.kind) + mapOf(
        "kind" to code(value.kind),
        "to" to value.to,
        "device" to value.device,
        "created_at" to value.createdAt,
        "undo_until" to value.undo?.until,
    )
    is TotpEnrolment -> mapOf("expires_at" to value.expiresAt)
    is RecoveryCodes -> mapOf("recovery_codes" to value.codes.size, "shown_until" to value.shownUntil)
    is Explanation -> mapOf(
        "rules" to value.rules,
        "would" to (value.refusal ?: mapOf("be" to "done")),
        "effects" to value.effects,
    )
    is Health -> mapOf(
        "schema_version" to value.schemaVersion,
        "accounts" to value.accounts,
        "erasure_pending" to value.erasurePending,
        "rollback_protected" to value.rollbackProtected,
        "clock_rolled_back_by" to value.clockRolledBackBy,
        "clock_events" to value.clockEvents,
        "outbox" to value.outbox,
        "due_purges" to value.duePurges,
        "waiting_flows" to value.waitingFlows,
    )
    else -> business(value)
}

/** What is about products, endings and support. */
private fun business(value: Any): Map<String, Any?> = when (value) {
    is Membership -> mapOf("product" to value.product, "since" to value.since, "billing" to value.billing)
    is Billing -> mapOf(
        "customer" to value.customer,
        "plan" to value.plan,
        "status" to value.status,
        "period_end" to value.periodEnd,
        "managed_by" to value.managedBy,
    )
    is Destination.Product -> mapOf("to" to code(value), "url" to value.url)
    is Destination.Store -> mapOf("to" to code(value), "store" to value.store, "url" to value.url)
    is Destination.ManagedElsewhere -> mapOf("to" to code(value), "url" to value.url)
    is Deletion -> mapOf(
        "purge_at" to value.purgeAt,
        "still_billed" to value.stillBilled,
        "grants" to value.grants,
    )
    is StillBilled -> mapOf("product" to value.product, "managed_by" to value.managedBy, "url" to value.url)
    is Grant -> mapOf("provider" to value.provider, "handle" to value.handle)
    is PurgeReport -> mapOf("receipts" to value.receipts, "more" to value.more, "next_look" to value.nextLook)
    is PurgeReceipt -> mapOf(
        "account" to value.account,
        "purge_at" to value.purgeAt,
        "purged_at" to value.purgedAt,
        "removed" to value.removed.associate { it.table to it.rows },
    )
    is SupportView -> mapOf(
        "id" to value.id,
        "status" to value.status,
        "created" to value.created,
        "contact" to value.contact,
        "methods" to value.methods,
        "providers" to value.providers,
        "products" to value.products,
    )
    is SupportRecord -> mapOf(
        "account" to value.account,
        "operator" to value.operator,
        "ticket" to value.ticket,
        "at" to value.at,
        "act" to value.act,
    )
    is PrivacyRequest -> mapOf(
        "id" to value.id,
        "account" to value.account,
        "kind" to value.kind,
        "made_at" to value.madeAt,
        "due_at" to value.dueAt,
        "told_at" to value.toldAt,
        "is" to code(value.status),
        "closed_at" to (value.status as? RequestStatus.Closed)?.at,
        "receipt" to value.receipt,
    )
    else -> throw IllegalArgumentException("no transcript has a ${value.javaClass.name}")
}

private fun step(step: Step): Map<String, Any?> = when (step) {
    is Step.PresentAssertion -> mapOf(
        "provider" to step.provider,
        "flow" to step.flow,
        "nonce" to step.nonce,
        "expires_at" to step.expiresAt,
    )
    is Step.VerifyEmail -> mapOf("to" to step.to, "can_skip" to step.canSkip)
    is Step.ConfirmCreate -> mapOf("provider" to step.provider, "handle" to step.handle)
    is Step.LinkOrCreate -> mapOf(
        "email" to step.email,
        "candidates" to step.candidates,
        "can_create" to step.canCreate,
        "blocked" to step.blocked,
    )
    is Step.ProveOwnership -> mapOf(
        "candidate" to step.candidate,
        "adding" to step.adding,
        "accepted" to step.accepted,
        "nonce" to step.nonce,
    )
    is Step.SecondFactor -> mapOf("accepted" to step.accepted, "can_skip" to step.canSkip)
    is Step.Reauthenticate -> mapOf("accepted" to step.accepted, "nonce" to step.nonce)
    is Step.ConfirmRestore -> mapOf("requested_at" to step.requestedAt, "purge_at" to step.purgeAt)
    is Step.SignedIn -> members(step.v1)
    is Step.NewPassword, is Step.Done, is Step.Ended -> mapOf()
} + ("step" to code(step))

private fun kind(kind: MessageKind): Map<String, Any?> = when (kind) {
    is MessageKind.MethodAdded -> mapOf("method" to kind.kind, "provider" to kind.provider)
    is MessageKind.MethodRemoved -> mapOf("method" to kind.kind, "provider" to kind.provider)
    is MessageKind.DeletionRequested -> mapOf("purge_at" to kind.purgeAt)
    is MessageKind.DeletionReminder -> mapOf("purge_at" to kind.purgeAt)
    is MessageKind.ErasureAnnounced -> mapOf("from" to kind.from)
    is MessageKind.RevokeGrant -> mapOf("provider" to kind.provider, "subject" to kind.subject)
    is MessageKind.RecoveryCodeUsed -> mapOf("left" to kind.left)
    else -> mapOf()
}

private fun error(error: SelfsameException): Map<String, Any?> = when (error) {
    is SelfsameException.AssertionRejected -> mapOf("reason" to error.reason)
    is SelfsameException.InvalidEmail -> mapOf("reason" to error.reason)
    is SelfsameException.InvalidName -> mapOf("reason" to error.reason)
    is SelfsameException.InvalidKeys -> mapOf("reason" to error.reason)
    is SelfsameException.NeedsKeys -> mapOf("issuer" to error.issuer)
    is SelfsameException.InvalidPassword -> mapOf("rule" to error.rule)
    is SelfsameException.OnHold -> mapOf("until" to error.until)
    is SelfsameException.ReauthenticationRequired -> mapOf("accepted" to error.accepted)
    is SelfsameException.TooEarly -> mapOf("at" to error.at)
    is SelfsameException.Throttled -> mapOf("retry_at" to error.retryAt)
    else -> mapOf()
} + ((if (isFailure(error)) "failed" else "refused") to code(error))

/** Whether the engine could not do it, rather than would not. */
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
    is SelfsameException.Machine,
    is SelfsameException.Defect,
    -> true
    else -> false
}

private fun words(effect: Effect): String = when (effect) {
    is Effect.Account -> "the account changes: ${describeAction(effect.v1)}"
    is Effect.ThisSession -> "this session goes on with other proof"
    is Effect.SessionEnds -> "session ${effect.v1} ends"
    is Effect.OtherSessionsEnd -> "all other sessions end"
    is Effect.AllSessionsEnd -> "all sessions end"
    is Effect.Identifiers -> "an identifier is taken or becomes free"
    is Effect.Message -> "a message goes out: ${effect.kind}"
}
