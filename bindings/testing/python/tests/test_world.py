"""The usual calls on a world, and the fixtures of the plugin."""

from __future__ import annotations

import copy
import inspect
import multiprocessing
import os
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import selfsame_identity
from selfsame_identity import (
    Answer,
    Client,
    Engine,
    Intent,
    Policy,
    Secret,
    SelfsameError,
    SessionToken,
    Step,
)
from selfsame_identity_testing import CodeKind, Identity, World, transcript
from selfsame_identity_testing._native import selfsame_testing
from selfsame_identity_testing._native.selfsame_testing import panic_with

EMAIL = "ada@example.org"
PASSWORD = Secret("correct horse battery staple")
LATER = datetime(2030, 1, 1, tzinfo=timezone.utc)
LAPTOP = Client(device="Ada's laptop")


def sign_up(world: World) -> SessionToken:
    """Signs Ada up, with the code from her mailbox."""
    begun = world.engine().sign_up(EMAIL, PASSWORD, LAPTOP)
    code = world.mailed_code(EMAIL)
    assert code
    done = world.engine().answer(begun, Answer.Code(code)).step
    assert isinstance(done, Step.SignedIn) and done.session.token
    return done.session.token


def test_an_engine_of_a_world_is_the_applications(world: World) -> None:
    assert type(world.engine()) is Engine
    token = sign_up(world)
    with world.engine() as engine:
        assert engine.account(token).view().contact == EMAIL
    assert world.hashes() == 1
    with pytest.raises(SelfsameError.Closed):
        world.engine().health()
    world.reopen()
    before = world.engine()
    world.reopen()
    assert world.engine().resolve(token).client == LAPTOP
    with pytest.raises(SelfsameError.Closed):
        before.health()


def test_a_closed_world_has_released_its_file(tmp_path: Path) -> None:
    world = World(path=tmp_path / "store")
    engine, account = world.engine(), world.engine().account(sign_up(world))
    world.close()
    world.close()
    for call in (engine.health, account.view, world.mail, world.commits):
        with pytest.raises(SelfsameError.Closed):
            call()
    again = World(path=tmp_path / "store")
    assert again.engine().health().accounts == 1
    again.close()


OBJECTS = [kind for kind in vars(selfsame_testing).values() if hasattr(kind, "_uniffi_make_instance")]


@pytest.mark.parametrize("kind", OBJECTS)
def test_no_object_is_copied_and_none_is_used_once_it_is_gone(kind: Any) -> None:
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=f"^{kind.__name__} cannot be copied or pickled$"):
            copied(kind())
    gone = kind.__new__(kind)
    for name, call in vars(kind).items():
        if not name.startswith("_") and not inspect.signature(call).parameters.keys() - {"self"}:
            with pytest.raises(ReferenceError, match=f"^this {kind.__name__} no longer exists$"):
                getattr(gone, name)()


def test_a_text_that_is_not_unicode_is_refused_and_not_shown(world: World) -> None:
    assert OBJECTS == [World]
    text = "the whole password\udce9"
    identity = Identity(provider="x", subject="1815")
    flow = world.engine().begin_federated("x", LAPTOP)
    calls: list[Any] = [
        lambda: World(path=text),
        lambda: world.assertion(Identity(provider=text, subject="1815"), flow),
        lambda: world.id_token(identity, text),
        lambda: world.mailed_code(text),
        lambda: world.take_mail(text),
        lambda: world.totp(Secret(text)),
        lambda: world.undo_code(text),
        lambda: setattr(identity, "handle", text),
        lambda: transcript(text),
    ]
    for call in calls:
        with pytest.raises(SelfsameError.InvalidUnicode) as refused:
            call()
        assert "password" not in repr(refused.value) and refused.value.__context__ is None


def test_time_passes_when_the_test_says_so(world: World) -> None:
    token, began = sign_up(world), world.now()
    world.later(timedelta(days=29, milliseconds=1))
    assert world.now() == began + timedelta(days=29, milliseconds=1)
    assert world.engine().resolve(token).created_at == began
    world.set_wall_back(timedelta(hours=1))
    assert world.engine().health().clock_rolled_back_by == timedelta(hours=1)
    world.set_wall_forward(timedelta(hours=1))
    world.later(timedelta(days=2))
    with pytest.raises(SelfsameError.SessionEnded):
        world.engine().resolve(token)


def test_a_device_restarts(world: World) -> None:
    token = sign_up(world)
    began = world.now()
    world.reboot(timedelta(days=2))
    assert world.now() == began + timedelta(days=2)
    assert world.engine().resolve(token).created_at == began
    assert world.engine().health().clock_rolled_back_by is None


def test_mail_is_read(world: World) -> None:
    sign_up(world)
    assert [message.to for message in world.mail()] == [EMAIL]
    code, message = world.mailed_code(EMAIL), world.take_mail("Ada@Example.org")
    assert code and message and code == selfsame_identity.mailed_code(message.kind)
    assert world.mail() == [] and world.take_mail(EMAIL) is None and world.undo_code(EMAIL) is None


def test_a_provider_says_what_the_test_wants(world: World) -> None:
    begun = world.engine().begin_federated("example", LAPTOP)
    ada = Identity(provider="example", subject="1815", email="ada@provider.example", email_verified=True)
    done = world.engine().continue_with(begun, world.assertion(ada, begun), Intent.SIGN_UP).step
    assert isinstance(done, Step.SignedIn)
    with pytest.raises(SelfsameError.InvalidShortName):
        world.assertion(Identity(provider="No Name", subject="1815"), begun)


def test_worlds_of_one_seed_are_alike() -> None:
    ours = [World(seed=seed) for seed in (7, 7, 8)]
    tokens = [sign_up(world) for world in ours]
    assert tokens[0] == tokens[1] != tokens[2]
    assert World(starts=LATER).now() == LATER
    with pytest.raises(SelfsameError.InvalidPolicy):
        World(Policy(realm=""))


def test_a_clock_past_the_year_9999_shows_the_last_time_that_python_has() -> None:
    last = datetime.max.replace(tzinfo=timezone.utc)
    world = World(starts=last)
    assert world.now() == last.replace(microsecond=999_000)
    world.later(timedelta(days=400))
    assert world.now() == last
    with pytest.raises(ValueError, match="^starts: must be an aware datetime"):
        World(starts=datetime(2026, 1, 1))


def test_an_argument_takes_its_type_alone(world: World) -> None:
    given: dict[str, Any] = {
        "identity": Identity(provider="x", subject="1815"),
        "at": world.now(),
        "flow": world.engine().sign_up(EMAIL, PASSWORD, LAPTOP),
        **{"secret": PASSWORD, "span": timedelta(1), "off": timedelta(1), "policy": Policy(), "seed": 1, "count": 1},
        **{"starts": world.now(), "to": EMAIL, "story": "{}", "path": Path("a"), "nonce": "n"},
        **{"kind": CodeKind.VERIFY_EMAIL, "since": world.now()},
    }
    methods = [name for name in vars(World) if not name.startswith("_")]
    for call in (World, transcript, *(getattr(world, name) for name in methods)):
        arguments = {name: given[name] for name in inspect.signature(call).parameters}
        for name in arguments:
            for mistake in (object(), True, 1.5, b"text", [], ("text",), LAPTOP):
                with pytest.raises(TypeError, match=f"^{name}: must be "):
                    call(**{**arguments, name: mistake})
    mistakes: dict[str, Any] = {"provider": None, "subject": 1, "handle": b"@ada", "email_verified": "no"}
    for name, mistake in mistakes.items():
        with pytest.raises(TypeError, match=f"^Identity.{name}: must be "):
            Identity(**{"provider": "x", "subject": "1815", name: mistake})


class TestOfAnApplicationsPolicy:
    """A fixture gives every world the policy of the application."""

    @pytest.fixture
    def world_policy(self) -> Policy:
        return Policy(max_accounts_per_email=1, session_idle=timedelta(minutes=5))

    def test_it_is_the_worlds(self, world: World) -> None:
        token = sign_up(world)
        world.later(timedelta(minutes=6))
        with pytest.raises(SelfsameError.SessionEnded):
            world.engine().resolve(token)


def test_no_file_is_written(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sign_up(world)
    world.reopen()
    assert world.engine().health().file_size is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_a_panics_text_crosses() -> None:
    with pytest.raises(Exception, match="a defect of selfsame; please report it") as caught:
        panic_with("correct horse")
    assert "horse" not in repr(caught.value)


def refused(world: World, pipe: Connection) -> None:
    """What a forked child sees of its parent's world."""
    engine = Engine.in_memory()
    calls: list[Callable[[], object]] = [world.mail, world.reopen, world.commits, world.now, world.engine, engine.health]
    for call in calls:
        try:
            call()
            pipe.send("done")
        except SelfsameError as error:
            pipe.send(error.code())
        except Exception as error:
            pipe.send(type(error).__name__)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only Unix forks")
def test_a_forked_child_cannot_use_its_parents_world() -> None:
    context, world = multiprocessing.get_context("fork"), World()
    ours, theirs = context.Pipe()
    child = context.Process(target=refused, args=(world, theirs))
    child.start()
    assert [ours.recv() for _ in range(6)] == [*["ForkedProcess"] * 3, *["InternalError"] * 2, "done"]
    child.join()
    sign_up(world)
