"""The plugin of pytest, which loads it before any test."""

from __future__ import annotations

import pytest

import selfsame_identity_testing
from selfsame_identity import Policy
from selfsame_identity_testing import World


@pytest.fixture
def world_policy() -> Policy:
    """The policy of `world`. A fixture of the same name in a `conftest.py` gives it another, such as the
    application's."""
    return selfsame_identity_testing.world_policy()


@pytest.fixture
def world(world_policy: Policy) -> World:
    """A world of the test's own: an engine in memory, a clock to turn, a mailbox."""
    return World(world_policy)
