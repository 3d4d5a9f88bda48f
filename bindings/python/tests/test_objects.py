"""Objects of the engine and secrets: they are not copied or pickled, and refuse calls once they are gone."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import EMAIL, LAPTOP, PASSWORD, Store, sign_up
from selfsame_identity import (
    AccountHandle,
    Answer,
    Assertion,
    Client,
    Engine,
    Flow,
    FlowToken,
    HostStatement,
    Policy,
    Product,
    QrCode,
    Secret,
    SelfsameError,
    SessionToken,
    SupportDesk,
    Unlock,
    generate_host_key,
    provider_x,
)
from selfsame_identity import _secrets, _values
from selfsame_identity._native import selfsame_ffi
from test_types import CALLABLES, OBJECTS, RECORDS, SAMPLES, fields, hints, made, sample

COPIES: list[Callable[[Any], object]] = [
    copy.copy,
    copy.deepcopy,
    *(lambda value, protocol=protocol: pickle.dumps(value, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
    lambda value: copy.deepcopy([value]),
    lambda value: pickle.dumps({"value": value}),
]


def with_handles(module: types.ModuleType) -> list[type]:
    """The classes of a generated module whose objects are the engine's."""
    return [kind for kind in vars(module).values() if isinstance(kind, type) and hasattr(kind, "_uniffi_make_instance")]


def secrets(kind: type) -> Iterator[type]:
    each: type
    for each in kind.__subclasses__():
        yield each
        yield from secrets(each)


HANDLES = with_handles(selfsame_ffi)
SECRETS = [kind for kind in secrets(_secrets._Hidden) if not kind.__name__.startswith("_")]


def test_every_kind_of_object_is_walked() -> None:
    public = {kind for kind in HANDLES if not kind.__name__.startswith("_")}
    assert public == set(OBJECTS) and len(public) < len(HANDLES)
    assert set(SECRETS) < set(SAMPLES) and Secret in SECRETS


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("kind", [*HANDLES, *SECRETS], ids=lambda kind: str(kind.__name__))
def test_no_object_and_no_secret_is_copied(kind: Any, copied: Callable[[Any], object]) -> None:
    value = SAMPLES.get(kind) or kind.__new__(kind)
    with pytest.raises(TypeError, match=f"^{kind.__qualname__} cannot be copied or pickled$"):
        copied(value)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: str(kind.__qualname__))
def test_what_holds_an_object_or_a_secret_is_not_pickled(kind: Any) -> None:
    record = made(kind)
    if holds(record):
        with pytest.raises(TypeError, match="cannot be copied or pickled$"):
            copy.deepcopy(record)
        with pytest.raises(TypeError, match="cannot be copied or pickled$"):
            pickle.dumps(record)
    elif not isinstance(record, Exception):
        assert repr(copy.deepcopy(record)) == repr(record)


def holds(value: Any) -> bool:
    """Whether a value is or has an object of the engine or a secret."""
    if isinstance(value, list):
        return any(map(holds, value))
    if type(value) in RECORDS:
        return any(holds(getattr(value, name)) for name in fields(type(value)))
    return type(value) in [*HANDLES, *SECRETS]


def test_a_copy_that_was_refused_frees_nothing(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(TypeError):
            copy.copy(store.engine)
        gc.collect()
    assert store.engine.health().accounts == 0


@pytest.mark.parametrize("kind", HANDLES, ids=lambda kind: str(kind.__name__))
def test_an_object_that_is_gone_refuses_every_call(kind: Any) -> None:
    gone = kind.__new__(kind)
    for name in public_methods(kind):
        call = getattr(gone, name)
        arguments = {name: sample(hints(call)[name]) for name in inspect.signature(call).parameters}
        with pytest.raises(ReferenceError, match=f"^this {kind.__qualname__} no longer exists$"):
            call(**arguments)


def test_an_object_is_freed_once() -> None:
    engine: Any = Engine.in_memory()
    engine.__del__()
    engine.__del__()
    with pytest.raises(ReferenceError, match="^this Engine no longer exists$"):
        engine.health()


def public_methods(kind: type) -> list[str]:
    return [name for name, value in vars(kind).items() if not name.startswith("_") and inspect.isfunction(value)]


def test_every_call_is_refused_once_the_engine_is_closed(tmp_path: Path) -> None:
    path, unlock = tmp_path / "store", Unlock.HostKey(generate_host_key())
    policy = Policy(providers=[provider_x()], products=[Product(id="x", display_name="X", manage_account_url="https://x.example/", manage_billing_url="https://x.example/")])
    engine = Engine.create(path, unlock, policy)
    token = sign_up(engine)
    account, flow = engine.account(token), engine.reset_password(EMAIL, LAPTOP)
    handles: dict[type, Any] = {Engine: engine, AccountHandle: account, SupportDesk: engine.support("grace")}
    id = account.view().id
    # The arguments that the engine would take, by type or by name.
    known: dict[Any, Any] = {
        **{Client: LAPTOP, SessionToken: token, Flow: flow, FlowToken: flow.token, Answer: Answer.Code(PASSWORD)},
        **{Assertion: Assertion.Stated(HostStatement(flow_id=id, provider="x", subject="1815"))},
        **dict.fromkeys(["email", "new_email", "named"], EMAIL),
        **dict.fromkeys(["provider", "product"], "x"),
        **dict.fromkeys(["account", "message", "method", "request", "session"], id),
        **{"keep": [id]},
    }
    engine.close()
    # No call opens the file, so another engine can.
    with Engine.open(path, unlock, policy) as again:
        refused = {
            f"{kind.__name__}.{name}": closed(getattr(handle, name), known)
            for kind, handle in handles.items()
            for name in public_methods(kind)
            if name != "close"
        }
        # These look at their arguments or the policy first, and refuse without the store. A new desk refuses every call.
        before = {
            "AccountHandle.begin_add_passkey": "NotOffered",
            "Engine.set_keys": "UnknownProvider",
            "Engine.sign_in_with_passkey": "NotOffered",
            "Engine.support": "SupportDesk(…)",
            "Engine.undo": "UndoExpired",
        }
        assert {name: error for name, error in refused.items() if error != "Closed"} == before
        assert again.health().accounts == 1
    engine.close()
    # A QR code belongs to no store.
    assert set(handles) == set(OBJECTS) - {QrCode}


def closed(call: Callable[..., object], known: dict[Any, Any]) -> str:
    """Calls it with arguments that the engine would take. Returns the name of the error."""
    arguments = {}
    for name in inspect.signature(call).parameters:
        kind = hints(call)[name]
        # A list and a union cannot be looked up.
        by_type = known.get(kind) if isinstance(kind, type) else None
        arguments[name] = known.get(name) or by_type or sample(kind)
    try:
        return repr(call(**arguments))
    except SelfsameError as error:
        return error.code()


def test_leaving_a_with_block_closes_the_engine(store: Store) -> None:
    token = sign_up(store.engine)
    with store.engine as engine:
        account = engine.account(token)
    for call in (account.view, engine.health, engine.suspend):
        with pytest.raises(SelfsameError.Closed):
            call()
    assert Engine.open(store.path, store.unlock).account(token).view().id


def test_an_account_keeps_its_engine_open(store: Store) -> None:
    """The engine's object is gone, but nobody closed the engine."""
    account = store.engine.account(sign_up(store.engine))
    path, unlock = store.path, store.unlock
    gone: Any = store.engine
    gone.__del__()
    assert account.view().contact == EMAIL
    with pytest.raises(SelfsameError.AlreadyOpen):
        Engine.open(path, unlock)
    del account
    gc.collect()
    Engine.open(path, unlock).close()


LONE = ["\ud83d", "the whole password\udce9", "\udc00\ud800", f"{'long' * 1000}\ud800"]


@pytest.mark.parametrize("text", LONE, ids=ascii)
@pytest.mark.parametrize("call", CALLABLES, ids=lambda call: str(call.__qualname__))
def test_an_argument_that_is_not_unicode_is_refused_and_not_shown(call: Callable[..., object], text: str) -> None:
    of = hints(call)
    given = {name: sample(of[name]) for name in inspect.signature(call).parameters}
    for name in given:
        for value in spoiled(given[name], of[name], text):
            refused_as_no_unicode(lambda: call(**{**given, name: value}), text)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: str(kind.__qualname__))
def test_a_field_that_is_not_unicode_is_refused_and_not_shown(kind: Any) -> None:
    given = {name: sample(hint) for name, hint in fields(kind).items()}
    for name, hint in fields(kind).items():
        for value in spoiled(given[name], hint, LONE[1]):
            if isinstance(value, (str, list)):
                refused_as_no_unicode(lambda: kind(**{**given, name: value}), LONE[1])


def spoiled(value: Any, kind: Any, text: str) -> Iterator[Any]:
    """The value with the text in place of each text in it, one at a time."""
    if isinstance(value, str):
        yield text
    elif type(value) in SECRETS and isinstance(value.reveal(), str):
        yield type(value)(text)
    elif isinstance(value, list):
        for item in value:
            yield from ([item, worse] for worse in spoiled(item, type(item), text))
    elif type(value) in RECORDS:
        for name in fields(type(value)):
            for worse in spoiled(getattr(value, name), None, text):
                # The record would refuse it, unless a list in it changed later.
                spoilt = copy.copy(value)
                spoilt.__dict__[name] = worse
                yield spoilt


def refused_as_no_unicode(call: Callable[[], object], text: str) -> None:
    with pytest.raises(SelfsameError.InvalidUnicode) as refused:
        call()
    error: BaseException | None = refused.value
    assert error is not None and error.__context__ is None and error.__cause__ is None
    for shown in (repr(error), str(error), ascii(error.args), ascii(vars(error))):
        assert not any(letter in shown for letter in text if "\ud800" <= letter <= "\udfff") and "password" not in shown


def test_the_walk_reaches_texts_in_every_kind_of_place() -> None:
    reached = [
        ascii(vars(value)) if type(value) in RECORDS else ascii(value)
        for call in CALLABLES
        for name in inspect.signature(call).parameters
        for value in spoiled(sample(hints(call)[name]), None, "\ud800")
    ]
    assert len(reached) > 60, len(reached)
    for place in ("Client", "Answer", "Unlock.Passphrase", "ImportedAccount"):
        assert any(place in kind.__qualname__ for kind in RECORDS)
    assert list(spoiled(Client(recognitions=[], device="x"), None, "\ud800"))
    assert list(spoiled(Unlock.Passphrase(PASSWORD), None, "\ud800")) and list(spoiled(Answer.Code(PASSWORD), None, "\ud800"))
