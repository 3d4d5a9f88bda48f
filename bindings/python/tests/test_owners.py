"""The acts of owners on their accounts: a second factor, another email, an export, and explanations."""

from __future__ import annotations

import json

import pytest

from conftest import EMAIL, LAPTOP, PASSWORD, Store, answered, code_from_mailbox, sign_up, token_of, totp
from selfsame_identity import (
    Aal,
    Accepted,
    AccountHandle,
    Action,
    AddressStep,
    Amr,
    Answer,
    Client,
    Effect,
    EmailProof,
    Engine,
    InExport,
    MessageKind,
    Planned,
    Policy,
    Product,
    RecoveryCodes,
    SecondFactor,
    Secret,
    SelfsameError,
    Step,
    describe_event,
    export_schema,
    mailed_code,
    tables,
)

NEW = "ada@example.net"
NOTES = Product(
    id="notes",
    display_name="Field Notes",
    manage_account_url="https://notes.example/account",
    manage_billing_url="https://notes.example/billing",
)


def turn_mfa_on(account: AccountHandle) -> tuple[Secret, RecoveryCodes]:
    """Turns MFA on. Returns the app's secret and the recovery codes."""
    begun = account.enroll_totp()
    codes = account.confirm_totp(totp(begun.secret))
    account.recovery_codes_saved()
    return begun.secret, codes


def test_mfa_is_asked_for_once_it_is_on(store: Store) -> None:
    account = store.engine.account(sign_up(store.engine))
    begun = account.enroll_totp()
    assert begun.uri.reveal().startswith("otpauth://totp/Selfsame:")
    assert begun.secret.reveal() in begun.uri.reveal()
    assert begun.qr.size() >= 21 and begun.qr.is_dark(0, 0) and not begun.qr.is_dark(7, 7)
    assert begun.qr.svg().reveal().startswith("<svg")
    for shown in (repr(begun), str(begun), f"{begun.qr}"):
        assert begun.secret.reveal() not in shown
    with pytest.raises(SelfsameError.InvalidCode):
        account.confirm_totp(Secret("no code"))
    codes = account.confirm_totp(totp(begun.secret))
    assert account.view().mfa is None
    assert account.unsaved_recovery_codes() == codes
    account.recovery_codes_saved()
    mfa = account.view().mfa
    assert mfa and (mfa.recovery_codes_left, mfa.few_recovery_codes) == (10, False)
    assert len(codes.codes) == 10

    asked = store.engine.sign_in(EMAIL, PASSWORD, LAPTOP)
    assert isinstance(asked.step, Step.SecondFactor)
    assert asked.step.accepted == [SecondFactor.TOTP, SecondFactor.RECOVERY_CODE]
    # The code that turned MFA on is used. The engine already accepts the next one.
    done = answered(store.engine, asked, Answer.Totp(totp(begun.secret, later=1))).step
    assert isinstance(done, Step.SignedIn)
    assert (done.session.aal, done.session.recovered) == (Aal.AAL2, False)
    assert set(done.session.amr) == {Amr.PWD, Amr.OTP, Amr.MFA}


def test_a_recovered_session_is_no_proof_of_the_second_factor(store: Store) -> None:
    _, codes = turn_mfa_on(store.engine.account(sign_up(store.engine)))
    asked = store.engine.sign_in(EMAIL, PASSWORD, LAPTOP)
    done = answered(store.engine, asked, Answer.RecoveryCode(codes.codes[0]))
    recovered = store.engine.account(token_of(done))
    assert [session.recovered for session in recovered.sessions()] == [True]
    with pytest.raises(SelfsameError.ReauthenticationRequired) as wants:
        recovered.regenerate_recovery_codes()
    assert wants.value.accepted == [Accepted.Password()]
    recovered.turn_off_mfa()
    assert recovered.view().mfa is None


def test_an_email_is_changed_by_the_code_that_went_there(store: Store) -> None:
    account = store.engine.account(sign_up(store.engine))
    asked = account.change_email(NEW)
    assert asked == AddressStep.ProveAddress(to="a…@example.net", send_at=None)
    [message] = [message for message in store.engine.messages(32) if message.to == NEW]
    assert isinstance(message.kind, MessageKind.ChangeEmail)
    code = mailed_code(message.kind)
    assert code == message.kind.code and code is not None
    with pytest.raises(SelfsameError.InvalidCode):
        account.prove_address(Secret("00000000" if code != Secret("00000000") else "00000001"))
    assert account.view().contact == EMAIL
    assert account.prove_address(code) == AddressStep.Done(was_reserved=False)
    assert account.view().contact == NEW
    token_of(store.engine.sign_in(NEW, PASSWORD, LAPTOP))

    [told] = [message for message in store.engine.messages(32) if message.to == EMAIL]
    assert isinstance(told.kind, MessageKind.EmailChanged) and told.undo
    begun = store.engine.undo(told.undo.code, LAPTOP)
    assert isinstance(begun.step, Step.NewPassword)
    back = answered(store.engine, begun, Answer.NewPassword(Secret("another horse, not that one")))
    assert store.engine.account(token_of(back)).view().contact == EMAIL


def test_the_export_is_a_document_without_secrets(store: Store) -> None:
    account = store.engine.account(sign_up(store.engine))
    secret, codes = turn_mfa_on(account)
    account.set_display_name("Ada  Lovelace")
    document = account.export()
    members = json.loads(document)
    assert set(json.loads(export_schema())["required"]) <= set(members)
    assert EMAIL in document and "Ada Lovelace" in document
    for hidden in (secret, PASSWORD, *codes.codes):
        assert hidden.reveal() not in document
    places = [table.in_export for table in tables()]
    at = {place.member.partition(".")[0].partition("[")[0] for place in places if isinstance(place, InExport.At)}
    assert at and at <= set(members)


def test_an_act_is_explained_and_not_done(store: Store) -> None:
    account = store.engine.account(sign_up(store.engine))
    before = account.activity()
    explained = account.explain(Planned.RequestDeletion())
    assert explained.refusal is None and explained.rules
    assert Effect.Account(Action.DELETION_REQUESTED) in explained.effects
    assert Effect.AllSessionsEnd() in explained.effects
    assert Effect.Message(kind="DeletionRequested") in explained.effects
    refused = account.explain(Planned.OpenProduct("grok"))
    assert isinstance(refused.refusal, SelfsameError.UnknownProduct)
    assert str(refused.refusal) == refused.refusal.explanation() != ""
    assert refused.effects == []
    assert account.activity() == before
    assert describe_event(before[0].event) == "the account was created"


def test_a_device_picks_among_its_accounts_before_an_email_is_proven() -> None:
    engine = Engine.in_memory(Policy(email_proof=EmailProof.LATER, products=[NOTES]))
    there = engine.sign_up(EMAIL, PASSWORD, Client(device="Ada's phone", product="notes"))
    account = engine.account(token_of(there))
    assert [membership.product for membership in account.memberships()] == ["notes"]
    assert [address.verified_at for address in account.view().addresses] == [None]
    assert account.prove_address(code_from_mailbox(engine)) == AddressStep.Done(was_reserved=False)
    assert account.view().addresses[0].verified_at

    hidden = engine.sign_up("grace@example.org", PASSWORD, Client(device="Ada's phone", remembered=False))
    assert isinstance(hidden.step, Step.SignedIn)
    [entry] = engine.picker()
    assert (entry.account, entry.email) == (account.view().id, "a…@example.org")
    token_of(engine.sign_in_to(entry.account, PASSWORD, LAPTOP))
    engine.remove_from_picker(entry.account)
    assert engine.picker() == []
