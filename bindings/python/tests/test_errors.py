"""Every refusal is an exception of its own."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import EMAIL, LAPTOP, PASSWORD, Store, sign_up
from selfsame import (
    AccountHandle,
    EmailProblem,
    Engine,
    FlowToken,
    HashCost,
    HostKey,
    PasswordRule,
    Policy,
    Secret,
    SelfsameError,
    SessionToken,
    Unlock,
    generate_host_key,
)


def owner(store: Store) -> AccountHandle:
    """The account of somebody who has just signed up."""
    return store.engine.account(sign_up(store.engine))


def test_a_refusal_says_which_it_is_and_what_to_do(store: Store) -> None:
    sign_up(store.engine)
    with pytest.raises(SelfsameError.InvalidCredentials) as wrong:
        store.engine.sign_in(EMAIL, Secret("another horse, not this one"), LAPTOP)
    with pytest.raises(SelfsameError) as nobody:
        store.engine.sign_in("nobody@example.org", PASSWORD, LAPTOP)
    assert wrong.value.code() == nobody.value.code() == "InvalidCredentials"
    assert str(wrong.value) == wrong.value.explanation() == nobody.value.explanation() != ""


def test_a_refusal_carries_its_reason(store: Store) -> None:
    with pytest.raises(SelfsameError.InvalidEmail) as email:
        store.engine.sign_up("ada at example.org", PASSWORD, LAPTOP)
    assert email.value.reason is EmailProblem.SYNTAX
    with pytest.raises(SelfsameError.InvalidPassword) as password:
        store.engine.sign_up(EMAIL, Secret("short"), LAPTOP)
    assert password.value.rule is PasswordRule.TOO_SHORT


def test_another_key_opens_nothing_and_changes_nothing(store: Store) -> None:
    store.engine.suspend()
    before = store.path.read_bytes()
    with pytest.raises(SelfsameError.WrongKey):
        Engine.open(store.path, Unlock.HOST_KEY(generate_host_key()))
    assert store.path.read_bytes() == before
    with pytest.raises(SelfsameError.AlreadyExists):
        Engine.create(store.path, store.unlock)


TOO_CHEAP = Policy(hash_cost=HashCost(memory_kib=1, passes=1, lanes=1))
SHORT_KEY = Unlock.HOST_KEY(HostKey(b"short"))


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SelfsameError.InvalidHostKey, lambda store: Engine.open(store.path, SHORT_KEY)),
        (SelfsameError.NotFound, lambda store: Engine.open(store.path.with_name("nowhere"), store.unlock)),
        (SelfsameError.InvalidPolicy, lambda _: Engine.in_memory(TOO_CHEAP)),
        (SelfsameError.InvalidShortName, lambda store: store.engine.begin_federated("No Name", LAPTOP)),
        (SelfsameError.UnknownProvider, lambda store: store.engine.begin_federated("elsewhere", LAPTOP)),
        (SelfsameError.InvalidToken, lambda store: store.engine.current_step(FlowToken("no token"))),
        (SelfsameError.InvalidToken, lambda store: store.engine.resolve(SessionToken("no token"))),
        (SelfsameError.InvalidId, lambda store: owner(store).end_session("no id")),
    ],
)
def test_what_does_not_cross_is_refused_by_name(store: Store, error: type[SelfsameError], call: Any) -> None:
    with pytest.raises(error) as refused:
        call(store)
    assert refused.value.code() == error.__name__
    assert str(refused.value)
