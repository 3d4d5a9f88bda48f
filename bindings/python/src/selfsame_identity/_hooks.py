"""The functions and classes of this package that the generated module uses."""

from __future__ import annotations

import os
import sys
import threading
from typing import Protocol, TypeVar

_Self = TypeVar("_Self", bound="Context")


def library(own: str) -> str:
    """Returns the native library of this process. If `selfsame_identity_testing` was imported first, this is the
    library for tests, which contains the other one. Two libraries in a process would not know each other's objects."""
    testing = sys.modules.get("selfsame_identity_testing")
    return own if testing is None else str(testing.LIBRARY)


class Locked(Protocol):
    """An object with a lock."""

    _lock: threading.Lock


def new_lock_at_fork(owner: Locked) -> None:
    """Gives the object a lock, and a new one in each forked child: a thread that held the old one is not there."""

    def give() -> None:
        owner._lock = threading.Lock()

    give()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=give)


class Context:
    """Makes an engine a context manager."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the engine."""
        self.close()
