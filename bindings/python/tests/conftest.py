"""Fixtures and helpers: a store, and an account in it."""

from __future__ import annotations

import base64
import hmac
import struct
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from selfsame_identity import (
    Answer,
    Client,
    Engine,
    Flow,
    MessageKind,
    Secret,
    SessionToken,
    Step,
    Unlock,
    generate_host_key,
)

EMAIL = "ada@example.org"
PASSWORD = Secret("correct horse battery staple")
LAPTOP = Client(device="Ada's laptop")


class Store(NamedTuple):
    """A store in a file, and the key that opens it."""

    path: Path
    unlock: Unlock
    engine: Engine


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new store in a file."""
    path = tmp_path / "accounts.selfsame"
    unlock = Unlock.HostKey(generate_host_key())
    return Store(path, unlock, Engine.create(path, unlock))


def code_from_mailbox(engine: Engine) -> Secret:
    """Delivers the only waiting message and returns its code."""
    [message] = engine.messages(32)
    assert message.to == EMAIL
    assert isinstance(message.kind, MessageKind.VerifyEmail)
    engine.delivered(message.id)
    return message.kind.code


def answered(engine: Engine, at: Flow, answer: Answer) -> Flow:
    """Answers the step and returns the flow at its next step."""
    return engine.answer(at, answer)


def token_of(done: Flow) -> SessionToken:
    """Returns the token of the session that a flow has opened."""
    assert isinstance(done.step, Step.SignedIn)
    return done.step.session.token


def sign_up(engine: Engine) -> SessionToken:
    """Signs Ada up, with the code from her mailbox."""
    begun = engine.sign_up(EMAIL, PASSWORD, LAPTOP)
    return token_of(answered(engine, begun, Answer.Code(code_from_mailbox(engine))))


def totp(secret: Secret, later: int = 0) -> Secret:
    """The code of an authenticator app, now or the given number of steps later (RFC 6238, RFC 4226 section 5.3)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + later)
    digest = hmac.digest(base64.b32decode(secret.reveal()), counter, "sha1")
    [number] = struct.unpack_from(">I", digest, digest[-1] & 0x0F)
    return Secret(f"{(number & 0x7FFFFFFF) % 1_000_000:06}")
