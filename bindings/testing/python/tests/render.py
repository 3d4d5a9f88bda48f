"""Renders the engine's answers as in transcripts: see `tests/stories/README.md`."""

from __future__ import annotations

import datetime
import enum
import json
from typing import Any

import selfsame_identity
from selfsame_identity import (
    Accepted,
    Activity,
    Adding,
    AddressSource,
    AddressStep,
    Amr,
    Destination,
    Effect,
    Explanation,
    Flow,
    Health,
    Message,
    Outcome,
    PrivacyRequest,
    PurgeReceipt,
    RecoveryCodes,
    RequestStatus,
    RequestedBy,
    SelfsameError,
    Session,
    SignedIn,
    Status,
    Step,
    TotpEnrolment,
    YearMonth,
)

Json = Any

# Failures of the store, the host or the machine. All other errors are refusals.
FAILURES = {
    *("NotFound", "AlreadyExists", "AlreadyOpen", "NotAStore", "NewerFormat", "WrongKey"),
    *("KeyLocked", "KeyLost", "KeyChanged", "RolledBack", "AnchorMissing", "Anchor"),
    *("Damaged", "Storage", "Unknown", "Broken", "ForkedProcess", "Machine", "Defect"),
}
# The names of these members of a message's kind in a transcript.
PYTHONS = {"kind": "method", "from_": "from"}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def transcript(played: list[Json]) -> str:
    """Returns the acts as JSON without blanks, with sorted members. Booleans are the words yes and no, times are
    milliseconds, and missing values are left out."""
    return json.dumps(plain(played), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def plain(answer: Json) -> Json:
    match answer:
        case bool():
            return "yes" if answer else "no"
        case list():
            return [plain(item) for item in answer]
        case dict():
            return {name: plain(value) for name, value in answer.items() if value is not None}
        case datetime.datetime():
            return plain(answer - EPOCH)
        case datetime.timedelta():
            return answer // datetime.timedelta(milliseconds=1)
    return answer


def code(value: object) -> str:
    """The name of a variant, the same in every language."""
    if isinstance(value, enum.Enum):
        return "".join(word.capitalize() for word in value.name.split("_"))
    return type(value).__name__


def error(problem: SelfsameError) -> Json:
    """A refusal with its data, or another failure."""
    failed = code(problem) in FAILURES or getattr(problem, "retry_after", None) is not None
    return {"failed": code(problem)} if failed else {"refused": code(problem), **fields(problem)}


def fields(value: object, *but: str) -> dict[str, Json]:
    """The fields of a record or a variant, by name."""
    return {name: shown(held) for name, held in vars(value).items() if name not in but}


def shown(value: object) -> Json:
    """Renders any answer."""
    match value:
        case None | bool() | int() | str() | dict() | datetime.datetime() | datetime.timedelta():
            return value
        case list():
            return [shown(item) for item in value]
        case SelfsameError():
            return error(value)
        case Flow():
            return {**shown(value.step), "in_flow": value.token is not None, "number": value.number}
        case Step.SignedIn():
            return {"step": code(value), **shown(value.session)}
        case Step.SaveRecoveryCodes():
            return {"step": code(value), **shown(value.codes)}
        case Step():
            # The secret for an authenticator app is in no transcript.
            return {"step": code(value), **fields(value, "secret", "uri")}
        case SignedIn():
            return fields(value, "token", "recognition")
        case Accepted.Federated():
            return f"Federated {value.provider}"
        case Adding():
            return {"kind": code(value), **fields(value)}
        case Status():
            return {"is": code(value), **fields(value)}
        case AddressStep():
            return {"address_step": code(value), **fields(value)}
        case Destination():
            return {"to": code(value), **fields(value)}
        case Session():
            return {**fields(value, "client"), "device": value.client.device, "product": value.client.product}
        case Activity():
            event, says = value.event, selfsame_identity.describe_event(value.event)
            done = event.outcome is Outcome.DONE
            return {**fields(event, "outcome"), "sequence": value.sequence, "says": says, "done": done}
        case Message():
            about = {PYTHONS.get(name, name): held for name, held in fields(value.kind, "code").items()}
            until = value.undo and value.undo.until
            return {**fields(value, "id", "undo", "kind"), **about, "kind": code(value.kind), "undo_until": until}
        case PrivacyRequest():
            ended = {}
            match value.status:
                case RequestStatus.Closed(at=at):
                    ended = {"closed_at": at}
                case RequestStatus.Withdrawn(at=at):
                    ended = {"withdrawn_at": at}
            return {**fields(value, "status"), "is": code(value.status), **ended}
        case PurgeReceipt():
            return {**fields(value), "removed": {removed.table: removed.rows for removed in value.removed}}
        case Explanation():
            would = error(value.refusal) if value.refusal else {"be": "done"}
            return {"rules": value.rules, "would": would, "effects": [effect(each) for each in value.effects]}
        case Health():
            return fields(value, "file_size", "has_reserve", "on_network")
        case TotpEnrolment():
            return {"expires_at": value.expires_at}
        case RecoveryCodes():
            return {"recovery_codes": len(value.codes), "shown_until": value.shown_until}
        case YearMonth():
            return f"{value.year:04}-{value.month:02}"
        case Amr():
            return selfsame_identity.amr_value(value)
        case enum.Enum() | Accepted() | AddressSource() | RequestedBy():
            return code(value)
    # Fails for a secret, which must not be in a transcript.
    assert type(value).__module__ == selfsame_identity.Client.__module__, type(value)
    return fields(value)


def effect(of: Effect) -> str:
    """What an act would change, in words."""
    match of:
        case Effect.Account():
            return f"the account changes: {selfsame_identity.describe_action(of.action)}"
        case Effect.ThisSession():
            return "this session goes on with other proof"
        case Effect.SessionEnds():
            return f"session {of.session} ends"
        case Effect.OtherSessionsEnd():
            return "all other sessions end"
        case Effect.AllSessionsEnd():
            return "all sessions end"
        case Effect.Identifiers():
            return "an identifier is taken or becomes free"
        case Effect.Message():
            return f"a message goes out: {of.kind}"
    raise ValueError(f"no words for {code(of)}")
