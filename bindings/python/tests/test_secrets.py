"""Secrets and personal data do not appear in printed values."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from conftest import EMAIL, LAPTOP, PASSWORD, Store, answered
from selfsame_identity import (
    Answer,
    Client,
    FlowToken,
    HostKey,
    MessageKind,
    Secret,
    SelfsameError,
    SessionToken,
    Step,
    Unlock,
)


def test_a_secret_shows_nothing_of_itself(store: Store) -> None:
    begun = store.engine.sign_up(EMAIL, PASSWORD, LAPTOP)
    [message] = store.engine.messages(1)
    assert isinstance(message.kind, MessageKind.VerifyEmail)
    done = answered(store.engine, begun, Answer.Code(message.kind.code))
    assert begun.token and isinstance(done.step, Step.SignedIn)
    key = HostKey(bytes(range(32)))
    token, recognition = done.step.session.token, done.step.session.recognition
    assert recognition
    client = Client(device="laptop", recognitions=[recognition])
    answer = Answer.Code(message.kind.code)
    holders: list[Any] = [begun, message, done, done.step.session, answer, Unlock.HostKey(key), client]
    for secret in (PASSWORD, message.kind.code, begun.token, token, recognition, key):
        holders += [secret, [secret], {"secret": secret}]
    shown = "\n".join(f"{holder!r} {holder!s} {holder}" for holder in holders)
    assert "Secret(…)" in shown
    for value in (PASSWORD, message.kind.code, begun.token, token, recognition):
        assert value.reveal() not in shown
    assert repr(key.reveal()) not in shown and key.reveal().hex() not in shown


def test_no_error_repeats_what_was_given(store: Store) -> None:
    given = "ada.lovelace.1815"
    calls: list[Any] = [
        lambda: store.engine.sign_up(given, PASSWORD, LAPTOP),
        lambda: store.engine.sign_up(EMAIL, Secret(given[:12]), LAPTOP),
        lambda: store.engine.sign_in(f"{given}@example.org", Secret(given), LAPTOP),
        lambda: store.engine.begin_federated(given, Client(device=given)),
        lambda: store.engine.resolve(SessionToken(given)),
        lambda: store.engine.resume(FlowToken(given)),
    ]
    for call in calls:
        with pytest.raises(SelfsameError) as refused:
            call()
        shown = repr(refused.value) + "".join(traceback.format_exception_only(refused.value))
        assert given[:12] not in shown


def test_a_bare_text_is_not_taken_for_a_secret(store: Store) -> None:
    bare: Any = "correct horse battery staple"
    with pytest.raises(TypeError, match="^password: must be Secret, not str$") as refused:
        store.engine.sign_in(EMAIL, bare, LAPTOP)
    assert bare not in str(refused.value)
    with pytest.raises(TypeError, match="HostKey takes bytes, not str"):
        HostKey(bare)


def test_secrets_compare_by_what_they_hold() -> None:
    assert Secret("one") == Secret("one") != Secret("two")
    assert FlowToken("one") != Secret("one")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Secret("one"))
