"""What the generated module takes from this package."""

from __future__ import annotations

import sys
from typing import TypeVar

_Self = TypeVar("_Self", bound="Context")


def library(own: str) -> str:
    """The native library of this process: the one for tests, which has all of the other in it, where
    `selfsame_identity_testing` was imported first. Two of them would not know each other's objects."""
    testing = sys.modules.get("selfsame_identity_testing")
    return own if testing is None else str(testing.LIBRARY)


class Context:
    """An engine is a context."""

    def suspend(self) -> None:
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Releases the file, as `suspend` does; the next call opens it again."""
        self.suspend()
