"""The parts of a world besides engine, clock and mailbox: codes by kind, files, faults, Google and Apple, a host."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from selfsame_identity import AccountHandle, Answer, Assertion, Client, Flow, Intent, Policy, Secret, SelfsameError, Step
from selfsame_identity_testing import CodeKind, Identity, World, WorldError

EMAIL = "ada@example.org"
PASSWORD = Secret("correct horse battery staple")
LAPTOP = Client(device="Ada's laptop")
MOMENT = timedelta(milliseconds=1)


def account_of(world: World, done: Flow) -> AccountHandle:
    """The account that a flow signed in to."""
    assert isinstance(done.step, Step.SignedIn)
    return world.engine().account(done.step.session.token)


def sign_up(world: World) -> AccountHandle:
    """Signs Ada up, with the code from her mailbox."""
    begun = world.engine().sign_up(EMAIL, PASSWORD, LAPTOP)
    code = world.mailed_code(EMAIL, kind=CodeKind.VERIFY_EMAIL)
    assert code
    return account_of(world, world.engine().answer(begun, Answer.Code(code)))


def test_a_code_is_found_by_its_kind_and_time(world: World) -> None:
    sign_up(world)
    world.later(timedelta(hours=1))
    since = world.now()
    assert world.mailed_code(EMAIL) and world.mailed_code(EMAIL, since=since) is None
    world.engine().reset_password(EMAIL, LAPTOP)
    reset = world.mailed_code(EMAIL, kind=CodeKind.RESET_PASSWORD)
    assert reset and reset == world.mailed_code(EMAIL, since=since) == world.mailed_code(EMAIL)
    assert world.mailed_code(EMAIL, CodeKind.VERIFY_EMAIL) not in (None, reset)
    assert world.mailed_code(EMAIL, CodeKind.CHANGE_EMAIL) is None


def test_an_authenticator_app_shows_digits(world: World) -> None:
    account = sign_up(world)
    assert len(account.confirm_totp(world.totp(account.enroll_totp().secret)).codes) == 10
    with pytest.raises(WorldError.NotBase32, match="not base32"):
        world.totp(Secret("no base32!"))


def test_a_store_opens_again_with_another_policy(world: World) -> None:
    account = sign_up(world)
    world.reopen(Policy(session_idle=timedelta(minutes=5)))
    world.reopen()
    world.later(timedelta(minutes=6))
    signed_in = world.engine().sign_in(EMAIL, PASSWORD, LAPTOP)
    assert len(account_of(world, signed_in).sessions()) == 1
    with pytest.raises(SelfsameError.InvalidPolicy):
        world.reopen(Policy(realm=""))
    with pytest.raises(SelfsameError.Closed):
        account.view()


def test_a_world_can_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "accounts.selfsame"
    world = World(path=path)
    with world.engine():
        sign_up(world)
    world = World(path=path)
    assert account_of(world, world.engine().sign_in(EMAIL, PASSWORD, LAPTOP)).view().contact == EMAIL


@pytest.mark.parametrize("email", ["ada@gmail.com", "ada@corp.example"])
def test_google_signs_in(world: World, email: str) -> None:
    ada = Identity(provider="google", subject="1815", email=email, email_verified=True, hosted_domain="corp.example")
    begun = world.engine().begin_federated("google", LAPTOP)
    done = world.engine().continue_with(begun, world.assertion(ada, begun), Intent.SIGN_UP)
    assert account_of(world, done).view().contact == email


def test_an_application_fetches_apples_keys_itself(world: World) -> None:
    ada = Identity(provider="apple", subject="1815", email="ada@icloud.com", email_verified=True)
    begun = world.engine().begin_federated("apple", LAPTOP)
    assert isinstance(begun.step, Step.PresentAssertion)
    token = world.id_token(ada, begun.step.nonce)
    world.engine().set_keys("apple", world.jwks())
    done = world.engine().continue_with(begun, Assertion.IdToken(token), Intent.SIGN_UP)
    assert account_of(world, done).view().contact == "ada@icloud.com"
    with pytest.raises(SelfsameError.UnknownProvider):
        world.id_token(Identity(provider="x", subject="1815"), begun.step.nonce)
    with pytest.raises(SelfsameError.InvalidShortName):
        world.assertion(Identity(provider="No Name", subject="1815"), begun)


def test_commits_fail_when_the_test_says_so(world: World) -> None:
    account, before = sign_up(world), world.commits()
    world.fail_commits(1)
    with pytest.raises(SelfsameError.Storage):
        account.set_display_name("Ada")
    assert (world.commits(), world.failed_commits()) == (before, 1)
    account.set_display_name("Ada")
    assert (world.commits(), world.failed_commits()) == (before + 1, 1)


def test_the_clock_goes_to_a_point_in_time(world: World) -> None:
    began = world.now()
    world.later(MOMENT)
    at = world.now()
    world.later(timedelta(days=400))
    fresh = World(starts=began)
    fresh.later_until(at)
    assert fresh.now() == at
    with pytest.raises(WorldError.InThePast, match="before the clock's"):
        fresh.later_until(began)


def test_a_host_works_while_time_passes(world: World) -> None:
    deletion = sign_up(world).request_deletion()
    [receipt] = world.run_host(timedelta(days=31))
    assert receipt.purge_at == deletion.purge_at
    assert len(world.mail()) == 4, "the code, the request, and two reminders"
    with pytest.raises(SelfsameError.InvalidCredentials):
        world.engine().sign_in(EMAIL, PASSWORD, LAPTOP)
