"""Every refusal is its own exception class, with its data."""

from __future__ import annotations

import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import EMAIL, LAPTOP, PASSWORD, Store, answered, sign_up, token_of
from selfsame_identity import (
    Accepted,
    AccountHandle,
    Anchor,
    AnchorFailed,
    Answer,
    Billing,
    BillingStatus,
    Client,
    EmailProblem,
    Engine,
    FlowToken,
    HashCost,
    HostKey,
    Keystore,
    KeystoreProblem,
    ManagedBy,
    MessageKind,
    PasswordRule,
    Policy,
    Secret,
    SelfsameError,
    SessionToken,
    Step,
    TextField,
    TextProblem,
    Unlock,
    adopt_file,
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
    assert wrong.value.is_refusal() and not SelfsameError.WrongKey().is_refusal()
    assert str(wrong.value) == wrong.value.explanation() == nobody.value.explanation() != ""


def test_a_refusal_carries_its_reason(store: Store) -> None:
    with pytest.raises(SelfsameError.InvalidEmail) as email:
        store.engine.sign_up("ada at example.org", PASSWORD, LAPTOP)
    assert email.value.reason is EmailProblem.SYNTAX
    with pytest.raises(SelfsameError.InvalidPassword) as password:
        store.engine.sign_up(EMAIL, Secret("short"), LAPTOP)
    assert password.value.rule is PasswordRule.TOO_SHORT


def test_a_session_that_waits_says_what_proof_it_takes(store: Store) -> None:
    token = sign_up(store.engine)
    account = store.engine.resolve(token).account
    desk = store.engine.support("grace")
    [found] = desk.find(EMAIL)
    assert (found.id, found.contact) == (account, "a…@example.org")
    purge_at = desk.start_deletion(account, "T-1").purge_at
    with pytest.raises(SelfsameError.ReauthenticationRequired) as waits:
        store.engine.resolve(token)
    assert waits.value.accepted == [Accepted.Password()]

    begun = store.engine.reauthenticate(token)
    assert isinstance(begun.step, Step.Reauthenticate) and begun.step.accepted == waits.value.accepted
    asked = answered(store.engine, begun, Answer.Password(PASSWORD))
    assert isinstance(asked.step, Step.ConfirmRestore) and asked.step.purge_at == purge_at
    restored = store.engine.account(token_of(answered(store.engine, asked, Answer.Restore())))
    with pytest.raises(SelfsameError.TooEarly) as early:
        desk.start_deletion(account, "T-1")
    assert early.value.at > restored.view().created + 29 * DAY
    assert [record.ticket for record in store.engine.support_records(account)] == ["T-1"]


def test_a_wait_after_failures_has_its_end(store: Store) -> None:
    password = owner(store).view().methods[0]
    for _ in range(5):
        with pytest.raises(SelfsameError.InvalidCredentials):
            store.engine.sign_in(EMAIL, Secret("another horse, not this one"), LAPTOP)
    with pytest.raises(SelfsameError.Throttled) as wait:
        store.engine.sign_in(EMAIL, PASSWORD, LAPTOP)
    assert wait.value.retry_at is not None
    assert password.added_at < wait.value.retry_at < password.added_at + DAY


def test_a_recovery_holds_the_account(store: Store) -> None:
    sign_up(store.engine)
    begun = store.engine.reset_password(EMAIL, LAPTOP)
    [message] = store.engine.messages(32)
    assert isinstance(message.kind, MessageKind.ResetPassword)
    proven = answered(store.engine, begun, Answer.Code(message.kind.code))
    with pytest.raises(SelfsameError.InvalidPassword) as common:
        answered(store.engine, proven, Answer.NewPassword(Secret("passwordpassword")))
    assert common.value.rule is PasswordRule.COMMON
    back = answered(store.engine, proven, Answer.NewPassword(Secret("another horse, not that one")))
    account = store.engine.account(token_of(back))
    with pytest.raises(SelfsameError.OnHold) as hold:
        account.change_email("ada@example.net")
    assert hold.value.until == account.view().hold_until
    with pytest.raises(SelfsameError.InvalidText) as name:
        account.set_display_name("A\u202eda")
    assert (name.value.field, name.value.reason) == (TextField.DISPLAY_NAME, TextProblem.CHARACTER)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda engine, text: engine.sign_up(EMAIL, PASSWORD, Client(device=text)), TextField.DEVICE),
        (lambda engine, text: engine.support(text), TextField.OPERATOR),
        (lambda engine, text: engine.support("grace").start_deletion(NOBODY, text), TextField.TICKET),
        (lambda engine, text: engine.set_billing(NOBODY, "grok", named(text)), TextField.PLAN),
    ],
)
def test_a_text_that_cannot_be_shown_is_refused(call: Any, field: TextField) -> None:
    engine = Engine.in_memory()
    for text, reason in [
        ("", TextProblem.EMPTY),
        ("x" * 201, TextProblem.TOO_LONG),
        ("x\r\nBcc: all@evil.example", TextProblem.CHARACTER),
    ]:
        with pytest.raises(SelfsameError.InvalidText) as refused:
            call(engine, text)
        assert (refused.value.field, refused.value.reason) == (field, reason)
    assert engine.messages(1) == []


def test_an_empty_passphrase_locks_no_store(store: Store) -> None:
    empty = Unlock.Passphrase(Secret(""))
    path = store.path.with_name("other")
    with pytest.raises(SelfsameError.InvalidPassphrase):
        Engine.create(path, empty)
    assert not path.exists()
    with pytest.raises(SelfsameError.InvalidPassphrase):
        store.engine.change_key(empty)


def test_another_key_opens_nothing_and_changes_nothing(store: Store) -> None:
    store.engine.suspend()
    before = store.path.read_bytes()
    with pytest.raises(SelfsameError.WrongKey):
        Engine.open(store.path, Unlock.HostKey(generate_host_key()))
    assert store.path.read_bytes() == before
    with pytest.raises(SelfsameError.AlreadyExists):
        Engine.create(store.path, store.unlock)


def shown(error: SelfsameError) -> str:
    """Everything that a log would show of the error."""
    return "".join(traceback.format_exception_only(error)) + repr(error)


class Chest(Keystore):
    """A keystore that gives its key or raises an exception."""

    def __init__(self, key: HostKey) -> None:
        self.key = key
        self.problem: Exception | None = None

    def load(self) -> HostKey:
        if self.problem:
            raise self.problem
        return self.key


def test_a_keystore_that_gives_no_key_opens_nothing_and_says_why(tmp_path: Path) -> None:
    chest = Chest(generate_host_key())
    engine = Engine.create(tmp_path / "accounts.selfsame", Unlock.Keystore(chest))
    sign_up(engine)
    for problem, error in (
        (KeystoreProblem.Locked(), SelfsameError.KeyLocked),
        (KeystoreProblem.Lost(), SelfsameError.KeyLost),
        (KeystoreProblem.Changed(), SelfsameError.KeyChanged),
        (RuntimeError("a defect of the host's"), SelfsameError.KeyLocked),
    ):
        engine.suspend()
        chest.problem = problem
        with pytest.raises(error) as refused:
            engine.health()
        assert shown(refused.value) == shown(error())
        chest.problem = None
        assert engine.health().accounts == 1
    engine.suspend()
    key, chest.key = chest.key, b"a bare key is none"  # type: ignore[assignment]
    with pytest.raises(SelfsameError.KeyLocked):
        engine.health()
    chest.key = key
    assert engine.health().accounts == 1


class Vault(Anchor):
    """An anchor in memory."""

    def __init__(self) -> None:
        self.value: bytes | None = None
        self.problem: Exception | None = None

    def load(self) -> bytes | None:
        return self.value

    def store(self, value: bytes) -> None:
        if self.problem:
            raise self.problem
        self.value = value


def test_an_older_copy_of_the_file_is_refused_where_there_is_an_anchor(tmp_path: Path) -> None:
    path, older, vault = tmp_path / "accounts.selfsame", tmp_path / "older", Vault()
    unlock = Unlock.HostKey(generate_host_key())
    engine = Engine.create(path, unlock, anchor=vault)
    assert engine.health().rollback_protected
    engine.suspend()
    older.write_bytes(path.read_bytes())
    sign_up(engine)
    for vault.problem in (AnchorFailed.NoAnswer(), RuntimeError("a defect of the host's")):
        with pytest.raises(SelfsameError.Anchor) as refused:
            sign_up(engine)
        assert shown(refused.value) == shown(SelfsameError.Anchor())
    vault.problem = None
    engine.suspend()
    value, vault.value = vault.value, "text is no value"  # type: ignore[assignment]
    with pytest.raises(SelfsameError.Anchor):
        Engine.open(path, unlock, anchor=vault)
    vault.value = value
    with pytest.raises(SelfsameError.RolledBack):
        Engine.open(older, unlock, anchor=vault)
    with pytest.raises(SelfsameError.AnchorMissing):
        Engine.open(path, unlock)
    assert Engine.open(path, unlock, anchor=vault).health().accounts == 1
    adopt_file(older, unlock, vault)
    assert Engine.open(older, unlock, anchor=vault).health().accounts == 0


def test_another_key_takes_the_place_of_the_one_before(store: Store) -> None:
    sign_up(store.engine)
    for change in (store.engine.change_key, store.engine.rekey):
        earlier = store.unlock
        store = store._replace(unlock=Unlock.HostKey(generate_host_key()))
        change(store.unlock)
        store.engine.suspend()
        with pytest.raises(SelfsameError.WrongKey):
            Engine.open(store.path, earlier)
        assert store.engine.health().accounts == 1
        store.engine.vacuum()


DAY = timedelta(days=1)
TOO_CHEAP = Policy(hash_cost=HashCost(memory_kib=1, passes=1, lanes=1))
SHORT_KEY = Unlock.HostKey(HostKey(b"short"))

NOBODY = "00000000-0000-7000-8000-000000000000"
UNNAMED = Billing(customer="", plan="pro", status=BillingStatus.ACTIVE, managed_by=ManagedBy.DIRECT)


def named(plan: str) -> Billing:
    return Billing(customer="cus_1", plan=plan, status=BillingStatus.ACTIVE, managed_by=ManagedBy.DIRECT)


def remove_the_last_method(store: Store) -> None:
    """Tries to remove the last sign-in method."""
    account = owner(store)
    account.remove_method(account.view().methods[0].id)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SelfsameError.InvalidHostKey, lambda store: Engine.open(store.path, SHORT_KEY)),
        (SelfsameError.NotFound, lambda store: Engine.open(store.path.with_name("nowhere"), store.unlock)),
        (SelfsameError.InvalidPolicy, lambda _: Engine.in_memory(TOO_CHEAP)),
        (SelfsameError.InvalidShortName, lambda store: store.engine.begin_federated("No Name", LAPTOP)),
        (SelfsameError.UnknownProvider, lambda store: store.engine.begin_federated("elsewhere", LAPTOP)),
        (SelfsameError.InvalidToken, lambda store: store.engine.resume(FlowToken("no token"))),
        (SelfsameError.InvalidToken, lambda store: store.engine.resolve(SessionToken("no token"))),
        (SelfsameError.InvalidId, lambda store: owner(store).end_session("no id")),
        (SelfsameError.UnknownAccount, lambda store: store.engine.support("grace").activity(NOBODY)),
        (SelfsameError.UnknownRequest, lambda store: store.engine.erase(NOBODY, NOBODY)),
        (SelfsameError.UndoExpired, lambda store: store.engine.undo(Secret("no code"), LAPTOP)),
        (SelfsameError.InvalidCustomerRef, lambda store: store.engine.set_billing(NOBODY, "grok", UNNAMED)),
        (SelfsameError.LastMethod, remove_the_last_method),
    ],
)
def test_what_does_not_cross_is_refused_by_name(store: Store, error: type[SelfsameError], call: Any) -> None:
    with pytest.raises(error) as refused:
        call(store)
    assert refused.value.code() == error.__name__
    assert str(refused.value)
