"""The usual acts of an application: sign up, link, sign in, reopen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from conftest import EMAIL, LAPTOP, PASSWORD, Store, answered, sign_up, token_of
from selfsame_identity import (
    Accepted,
    Answer,
    Assertion,
    AssertionKind,
    Engine,
    Flow,
    HostStatement,
    Intent,
    MethodKind,
    Policy,
    Provider,
    SelfsameError,
    SignInOutcome,
    Step,
    provider_x,
)


# X also asserts Ada's verified email, so that her address needs no second code.
AUTHORITY = Provider(
    id="x", issuer=provider_x().issuer, authority_for=["example.org"], assertion_kind=AssertionKind.HostStated()
)


def by_x(engine: Engine) -> Flow:
    """Presents the host's statement about X."""
    begun = engine.begin_federated("x", LAPTOP)
    assert isinstance(begun.step, Step.PresentAssertion)
    word = HostStatement(
        flow_id=begun.step.flow_id, provider="x", subject="1815", handle="@ada", email=EMAIL, email_verified=True
    )
    return engine.continue_with(begun, Assertion.Stated(word), Intent.SIGN_UP)


def test_an_account_outlives_the_engine(store: Store) -> None:
    with store.engine as engine:
        first = sign_up(engine)
        account = engine.resolve(first).account
    engine = Engine.open(store.path, store.unlock)
    assert engine.resolve(first).client == LAPTOP
    second = token_of(engine.sign_in("Ada@Example.org", PASSWORD, LAPTOP))
    handle = engine.account(second)
    assert handle.view().id == account
    assert [address.email for address in handle.view().addresses] == [EMAIL]
    assert len(handle.sessions()) == 2
    assert handle.verify_audit()
    handle.sign_out()
    with pytest.raises(SelfsameError.SessionEnded):
        engine.resolve(second)


def test_an_identity_is_linked_by_proof_of_the_account() -> None:
    engine = Engine.in_memory(Policy(providers=[AUTHORITY]))
    account = engine.resolve(sign_up(engine)).account

    prompt = by_x(engine)
    assert isinstance(prompt.step, Step.LinkOrCreate)
    [candidate] = prompt.step.candidates
    assert candidate.methods == [MethodKind.PASSWORD]
    proof = answered(engine, prompt, Answer.LinkTo(candidate.place))
    assert isinstance(proof.step, Step.ProveOwnership)
    assert proof.step.accepted == [Accepted.Password()]
    done = answered(engine, proof, Answer.Password(PASSWORD))
    assert isinstance(done.step, Step.SignedIn)
    assert (done.step.session.account, done.step.session.outcome) == (account, SignInOutcome.LINKED)

    known = by_x(engine)
    view = engine.account(token_of(known)).view()
    assert view.id == account
    assert [method.handle for method in view.methods] == [None, "@ada"]


def test_two_threads_sign_in_at_once(store: Store) -> None:
    token = sign_up(store.engine)
    together = Barrier(2, timeout=60)

    def sign_in(_: int) -> None:
        together.wait()
        token_of(store.engine.sign_in(EMAIL, PASSWORD, LAPTOP))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(sign_in, range(6)))
    assert len(store.engine.account(token).sessions()) == 7


def test_the_file_is_released_by_suspend_and_by_the_end_of_a_context(store: Store) -> None:
    with pytest.raises(SelfsameError.AlreadyOpen):
        Engine.open(store.path, store.unlock)
    store.engine.suspend()
    with Engine.open(store.path, store.unlock) as again:
        assert again.health().outbox == 0
    assert store.engine.health().outbox == 0, "the next call opens it again"
    with store.engine:
        pass
    with Engine.open(store.path, store.unlock) as again:
        assert again.health().outbox == 0
