"""A rowing club's bookings. `selfsame_identity` manages the accounts of members. The club manages the bookings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from selfsame_identity import (
    AccountId,
    Answer,
    Assertion,
    Client,
    Engine,
    Flow,
    Intent,
    Message,
    Policy,
    Secret,
    SessionToken,
    Step,
    provider_x,
)

POLICY = Policy(realm="Rowing Club", providers=[provider_x()], session_idle=timedelta(days=14))


class BoatIsTaken(Exception):
    """Somebody else has the boat on that day."""


class RowingClub:
    """The application. Its pages call these methods."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bookings: dict[tuple[date, str], AccountId] = {}

    # Sign-in: each page shows the current step of the flow and answers it.

    def join(self, email: str, password: str, device: str) -> Flow:
        """Handles the form for new members."""
        return self._engine.sign_up(email, Secret(password), Client(device=device))

    def sign_in(self, email: str, password: str, device: str) -> Flow:
        """Handles the form for members."""
        return self._engine.sign_in(email, Secret(password), Client(device=device))

    def sign_in_with_x(self, device: str) -> Flow:
        """Handles the button that leads to X."""
        return self._engine.begin_federated("x", Client(device=device))

    def back_from_x(self, at: Flow, said: Assertion) -> Flow:
        """Handles the page that X leads back to."""
        return self._engine.continue_with(at, said, Intent.SIGN_UP)

    def answer(self, at: Flow, answer: Answer) -> Flow:
        """Handles the member's answer to a step."""
        return self._engine.answer(at, answer)

    # Bookings.

    def book(self, member: SessionToken, boat: str, day: date) -> None:
        """Books a boat for a day."""
        account = self._engine.touch(member).account
        if self._bookings.setdefault((day, boat), account) != account:
            raise BoatIsTaken(boat)

    def bookings(self, member: SessionToken) -> list[tuple[date, str]]:
        """Returns the member's bookings, earliest first."""
        account = self._engine.touch(member).account
        return sorted(booking for booking, of in self._bookings.items() if of == account)

    def leave(self, member: SessionToken) -> datetime:
        """Deletes the member's account. Returns the time until which the member can restore it."""
        return self._engine.account(member).request_deletion().purge_at

    # Tasks of the club's server.

    def deliver(self, send: Callable[[Message], None]) -> None:
        """Sends the waiting messages. Call it every minute."""
        for message in self._engine.messages(32):
            send(message)
            self._engine.delivered(message.id)

    def clean_up(self) -> None:
        """Purges deleted accounts and forgets their bookings. Call it every night."""
        for gone in self._engine.purge_due(100).receipts:
            self._bookings = {booking: of for booking, of in self._bookings.items() if of != gone.account}


def member(at: Flow) -> SessionToken | None:
    """Returns the token of the session that the flow has opened, if it has opened one."""
    return at.step.session.token if isinstance(at.step, Step.SignedIn) else None
