"""The club's own tests. They advance the clock, read mail and simulate X. None of them sleeps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from conftest import EMAIL, PASSWORD
from rowing_club import BoatIsTaken, RowingClub, member
from selfsame_identity import Answer, Message, Secret, SelfsameError, SessionToken, Step
from selfsame_identity_testing import Identity, World

MAY_DAY = date(2026, 5, 1)


def test_a_member_books_a_boat(club: RowingClub, ada: SessionToken) -> None:
    club.book(ada, "Nene", MAY_DAY)
    club.book(ada, "Nene", MAY_DAY)
    assert club.bookings(ada) == [(MAY_DAY, "Nene")]


def test_a_boat_is_booked_once(club: RowingClub, ada: SessionToken, world: World) -> None:
    club.book(ada, "Nene", MAY_DAY)
    asked = club.join("grace@example.org", "another horse, not that one", "Grace's phone")
    code = world.mailed_code("grace@example.org")
    assert code
    grace = member(club.answer(asked, Answer.Code(code)))
    assert grace
    with pytest.raises(BoatIsTaken):
        club.book(grace, "Nene", MAY_DAY)


def test_nobody_joins_without_the_code_from_their_mailbox(club: RowingClub, world: World) -> None:
    asked = club.join(EMAIL, PASSWORD, "Ada's laptop")
    assert isinstance(asked.step, Step.VerifyEmail) and asked.step.to == "a…@example.org"
    with pytest.raises(SelfsameError.InvalidCode):
        club.answer(asked, Answer.Code(Secret("no code")))
    first = world.mailed_code(EMAIL)
    world.later(timedelta(days=1))
    assert first
    with pytest.raises(SelfsameError.FlowExpired):
        club.answer(asked, Answer.Code(first))


def test_a_session_ends_after_two_weeks_without_use(club: RowingClub, ada: SessionToken, world: World) -> None:
    for _ in range(3):
        world.later(timedelta(days=13))
        assert club.bookings(ada) == []
    world.later(timedelta(days=15))
    with pytest.raises(SelfsameError.SessionEnded):
        club.bookings(ada)


def test_guessing_has_to_wait(club: RowingClub, ada: SessionToken, world: World) -> None:
    for _ in range(5):
        with pytest.raises(SelfsameError.InvalidCredentials):
            club.sign_in(EMAIL, "another horse, not that one", "a stranger's")
    with pytest.raises(SelfsameError.Throttled) as wait:
        club.sign_in(EMAIL, PASSWORD, "Ada's phone")
    assert wait.value.retry_at
    world.later(wait.value.retry_at - world.now())
    assert member(club.sign_in(EMAIL, PASSWORD, "Ada's phone"))


def test_x_leads_to_the_account_that_is_there(club: RowingClub, ada: SessionToken, world: World) -> None:
    club.book(ada, "Nene", MAY_DAY)
    world.later(timedelta(days=1))
    at = club.sign_in_with_x("Ada's phone")
    ada_at_x = Identity(provider="x", subject="1815", handle="@ada", email=EMAIL)
    at = club.back_from_x(at, world.assertion(ada_at_x, at))
    code = world.mailed_code(EMAIL)
    assert isinstance(at.step, Step.VerifyEmail) and code
    at = club.answer(at, Answer.Code(code))
    assert isinstance(at.step, Step.LinkOrCreate)
    at = club.answer(at, Answer.LinkTo(at.step.candidates[0].place))
    phone = member(club.answer(at, Answer.Password(Secret(PASSWORD))))
    assert phone and club.bookings(phone) == [(MAY_DAY, "Nene")]


def test_a_second_factor_is_asked_for(club: RowingClub, ada: SessionToken, world: World) -> None:
    account = world.engine().account(ada)
    app = account.enroll_totp().secret
    digits = world.totp(app)
    account.confirm_totp(digits)
    account.recovery_codes_saved()

    world.later(timedelta(minutes=1))
    at = club.sign_in(EMAIL, PASSWORD, "Ada's phone")
    assert isinstance(at.step, Step.SecondFactor) and member(at) is None
    with pytest.raises(SelfsameError.InvalidCode):
        club.answer(at, Answer.Totp(digits))
    assert member(club.answer(at, Answer.Totp(world.totp(app))))


def test_who_left_is_forgotten_after_a_month(club: RowingClub, ada: SessionToken, world: World) -> None:
    club.book(ada, "Nene", MAY_DAY)
    until = club.leave(ada)
    assert until > world.now() + timedelta(days=29)
    world.later(until - world.now())
    # The engine purges an account only after two calls, a day apart.
    for _ in range(2):
        world.later(timedelta(days=1))
        club.clean_up()
    assert world.engine().health().accounts == 0
    asked = club.join(EMAIL, PASSWORD, "Ada's laptop")
    code = world.mailed_code(EMAIL)
    assert code
    again = member(club.answer(asked, Answer.Code(code)))
    assert again and club.bookings(again) == []
    club.book(again, "Nene", MAY_DAY)


def test_mail_is_sent_once(club: RowingClub) -> None:
    club.join(EMAIL, PASSWORD, "Ada's laptop")
    sent: list[Message] = []
    club.deliver(sent.append)
    club.deliver(sent.append)
    assert [message.to for message in sent] == [EMAIL]
