"""The pytest plugin. pytest loads it before any test."""

from __future__ import annotations

import pytest

import selfsame_identity_testing
from selfsame_identity import Policy
from selfsame_identity_testing import World


@pytest.fixture
def world_policy() -> Policy:
    """The policy of `world`. To use the application's policy, define a fixture of the same name in a
    `conftest.py`."""
    return selfsame_identity_testing.world_policy()


@pytest.fixture
def world(world_policy: Policy) -> World:
    """A new world for the test: an engine in memory, a clock that the test sets, a mailbox."""
    return World(world_policy)
