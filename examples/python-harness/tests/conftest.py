"""Fixtures: the club in a world, and its first member."""

from __future__ import annotations

import pytest

from rowing_club import POLICY, RowingClub, member
from selfsame_identity import Answer, Policy, SessionToken
from selfsame_identity_testing import World

EMAIL, PASSWORD = "ada@example.org", "correct horse battery staple"


@pytest.fixture
def world_policy() -> Policy:
    """Every world has the club's policy."""
    return POLICY


@pytest.fixture
def club(world: World) -> RowingClub:
    """The club without members."""
    return RowingClub(world.engine())


@pytest.fixture
def ada(club: RowingClub, world: World) -> SessionToken:
    """The session in which Ada became a member."""
    asked = club.join(EMAIL, PASSWORD, "Ada's laptop")
    code = world.mailed_code(EMAIL)
    assert code
    token = member(club.answer(asked, Answer.Code(code)))
    assert token
    return token
