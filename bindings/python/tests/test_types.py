"""A wrong type is a `TypeError` at every argument and every field, and a wrong value is never taken for another."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import selfsame_identity
from conftest import LAPTOP, PASSWORD, sign_up
from selfsame_identity import (
    AccountHandle,
    Anchor,
    Answer,
    Client,
    Engine,
    HashCost,
    HostKey,
    Intent,
    Keystore,
    Policy,
    QrCode,
    RecognitionToken,
    Secret,
    SelfsameError,
    SessionToken,
    Step,
    SupportDesk,
    Unlock,
    provider_x,
)
from selfsame_identity import _values
from selfsame_identity._native import selfsame_ffi

# Python 3.10 gives an argument whose default is `None` the older of the two.
UNIONS = (types.UnionType, typing.Union)
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
# One value of each type that somebody could pass by mistake.
MISTAKES: list[Any] = [
    *(None, False, True, 0, 1, -1, 1.5, "", "text", b"", b"bytes", 1j, object(), object, Path("path")),
    *([], [None], [object()], (), ("text",), {}, {"text": 1}, {"text"}, iter(["text"]), lambda: None),
    *(NOW, date(2026, 1, 1), timedelta(1), Secret("text"), HostKey(bytes(32)), SessionToken("text")),
    *(Intent, Intent.SIGN_UP, Step, Step.Ended, Step.Ended(), Answer.Code(Secret("1")), LAPTOP, Policy()),
    *(SelfsameError.WrongKey, SelfsameError.WrongKey()),
]


class Chest(Keystore):
    """A keystore that is never asked."""


class Vault(Anchor):
    """An anchor that is never asked."""


def hints(thing: Any) -> dict[str, Any]:
    return typing.get_type_hints(thing, {**vars(_values), **vars(selfsame_ffi)})


def is_right(value: Any, kind: Any) -> bool:
    """Whether a value has this type."""
    if typing.get_origin(kind) in UNIONS:
        return any(is_right(value, each) for each in kind.__args__)
    if typing.get_origin(kind) is list:
        return type(value) is list and all(is_right(item, kind.__args__[0]) for item in value)
    if kind is int:
        return type(value) is int
    return isinstance(value, typing.get_origin(kind) or kind)


def sample(kind: Any) -> Any:
    """A value that has a type."""
    if typing.get_origin(kind) in UNIONS:
        return sample(kind.__args__[0])
    if typing.get_origin(kind) is list:
        return [sample(kind.__args__[0])]
    if kind in SAMPLES:
        return SAMPLES[kind]
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    return made(next(variants(kind), kind))


def made(kind: Any) -> Any:
    return kind(**{name: sample(hint) for name, hint in fields(kind).items()})


def fields(kind: Any) -> dict[str, Any]:
    of = hints(kind)
    return {field.name: of[field.name] for field in dataclasses.fields(kind)}


def variants(kind: type) -> Iterator[type]:
    return (each for each in vars(kind).values() if isinstance(each, type) and issubclass(each, kind))


ENGINE = Engine.in_memory()
ACCOUNT = ENGINE.account(sign_up(ENGINE))
OBJECTS: dict[type, Any] = {
    Engine: ENGINE,
    AccountHandle: ACCOUNT,
    SupportDesk: ENGINE.support("grace"),
    QrCode: ACCOUNT.enroll_totp().qr,
}
SAMPLES: dict[Any, Any] = {
    **OBJECTS,
    **{bool: True, int: 1, str: "text", bytes: b"bytes", datetime: NOW, timedelta: timedelta(1)},
    **{Secret: PASSWORD, HostKey: HostKey(bytes(32)), SessionToken: SessionToken("text")},
    RecognitionToken: RecognitionToken("text"),
    **{selfsame_identity.FlowToken: selfsame_identity.FlowToken("text"), Keystore: Chest(), Anchor: Vault()},
}

PUBLIC = [getattr(selfsame_identity, name) for name in selfsame_identity.__all__]
CLASSES = [thing for thing in PUBLIC if isinstance(thing, type)]
RECORDS = [each for kind in CLASSES for each in (kind, *variants(kind)) if dataclasses.is_dataclass(each)]
CALLABLES: list[Callable[..., object]] = [
    *(thing for thing in PUBLIC if inspect.isfunction(thing)),
    *(
        getattr(OBJECTS[kind], name)
        for kind in CLASSES
        if kind in OBJECTS
        for name in vars(kind)
        if not name.startswith("_")
    ),
]


def test_all_that_takes_a_value_is_walked() -> None:
    """The other types take no value: enums, errors without fields, ids, which are texts, and classes of a host."""
    assert {HashCost, Client, Step.LinkOrCreate, Answer.Code, SelfsameError.Throttled} <= set(RECORDS)
    assert {selfsame_identity.adopt_file, ENGINE.answer, ACCOUNT.review, Engine.open} <= set(CALLABLES)
    left = {kind for kind in CLASSES if not any(variants(kind)) and not issubclass(kind, enum.Enum)}
    names = [
        *("Anchor", "FlowToken", "HostKey", "InternalError", "Keystore", "RecognitionToken", "Secret"),
        *("SessionToken", "str"),
    ]
    assert sorted(kind.__name__ for kind in left - {*RECORDS, *OBJECTS}) == names


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: str(kind.__qualname__))
def test_a_field_takes_its_type_alone(kind: Any) -> None:
    given = {name: sample(hint) for name, hint in fields(kind).items()}
    right = kind(**given)
    for name, hint in fields(kind).items():
        for mistake in wrong(hint):
            with pytest.raises(TypeError, match=rf"{name}: .*must be ") as making:
                kind(**{**given, name: mistake})
            with pytest.raises(TypeError, match=rf"{name}: .*must be ") as setting:
                setattr(right, name, mistake)
            assert type(making.value) is type(setting.value) is TypeError
        assert getattr(right, name) == given[name]
    with pytest.raises(TypeError):
        kind(**given, another=1)


@pytest.mark.parametrize("call", CALLABLES, ids=lambda call: str(call.__qualname__))
def test_an_argument_takes_its_type_alone(call: Callable[..., object]) -> None:
    of = hints(call)
    given = {name: sample(of[name]) for name in inspect.signature(call).parameters}
    for name in given:
        for mistake in wrong(of[name]):
            with pytest.raises(TypeError, match=rf"^{name}: .*must be ") as refused:
                call(**{**given, name: mistake})
            assert type(refused.value) is TypeError
    with pytest.raises(TypeError):
        call(**given, another=1)


def wrong(kind: Any) -> Iterator[Any]:
    """All mistakes that are not of this type, and a list with one of them."""
    for mistake in MISTAKES:
        if not is_right(mistake, kind):
            yield mistake
    if typing.get_origin(kind) is list:
        yield from ([sample(kind.__args__[0]), mistake] for mistake in wrong(kind.__args__[0]))


def test_a_list_that_changed_is_looked_at_again() -> None:
    policy = Policy(providers=[provider_x()])
    assert policy.providers
    policy.providers.append("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^policy: providers: item 1: must be Provider, not str$"):
        Engine.in_memory(policy)


def test_what_is_no_value_of_the_type_is_a_value_error() -> None:
    for number in (-1, 2**32):
        with pytest.raises(ValueError, match="^most: must be from 0 to 4294967295$"):
            ENGINE.messages(number)
    with pytest.raises(ValueError, match="^Policy.hold: must not be negative$"):
        Policy(hold=timedelta(-1))


def test_a_name_that_is_no_field_is_refused() -> None:
    policy: Any = Policy()
    with pytest.raises(AttributeError, match="Policy has no field relm"):
        policy.relm = "Field Notes"


def test_what_has_variants_has_no_instance_itself() -> None:
    for kind in (Step, SelfsameError, Unlock):
        with pytest.raises(TypeError, match="make one of its variants"):
            kind()
    for made_elsewhere in OBJECTS:
        with pytest.raises(TypeError):
            made_elsewhere()


def test_variants_match_by_name_and_by_place() -> None:
    match Answer.Code(Secret("1234")):
        case Answer.Code(code=secret):
            assert secret == Secret("1234")
        case _:
            raise AssertionError("the name was not found")
    match Step.VerifyEmail("a…@example.org", True, None):
        case Step.VerifyEmail(to, can_skip):
            assert (to, can_skip) == ("a…@example.org", True)
    ended, others = Step.Ended(), [Step.NewPassword(), Answer.Skip(), 5]
    assert isinstance(ended, Step) and ended == Step.Ended() and ended not in others


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: str(kind.__qualname__))
def test_a_record_shows_its_fields_and_no_text(kind: Any) -> None:
    record = made(kind)
    assert [part.partition("=")[0] for part in outer(repr(record))] == list(fields(kind))
    # The only texts that appear are ids.
    for name, hint in fields(kind).items():
        if "str" in str(hint) and name not in kind._ids:
            assert f"{name}=…" in repr(record) or f"{name}=[…]" in repr(record)
    if not isinstance(record, Exception):
        assert repr(record) == str(record) == f"{record}"
    assert repr(record).startswith(f"{kind.__qualname__}(")


def outer(shown: str) -> list[str]:
    """The parts within the outermost parentheses."""
    parts, depth = [""], 0
    for letter in shown.partition("(")[2][:-1]:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def test_a_record_shows_what_is_no_secret() -> None:
    cost = HashCost(memory_kib=1, passes=2, lanes=3)
    assert repr(cost) == "HashCost(memory_kib=1, passes=2, lanes=3)"
    assert repr(Answer.Code(Secret("1234"))) == "Answer.Code(code=…)"
    assert repr(Step.ConfirmRestore(NOW, NOW + timedelta(30))) == (
        "Step.ConfirmRestore(requested_at=2026-01-01 00:00:00+00:00, purge_at=2026-01-31 00:00:00+00:00)"
    )
    shown = "Provider(id='x', issuer=…, authority_for=[], assertion_kind=AssertionKind.HostStated(), manage_url=…)"
    assert repr(provider_x()) == shown
    assert repr(ENGINE) == "Engine(…)"
    assert repr(Unlock.Keystore(Chest())) == "Unlock.Keystore(keystore=…)"
