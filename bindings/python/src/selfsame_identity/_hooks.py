"""The functions and classes of this package that the generated module uses."""

from __future__ import annotations

import sys
from typing import TypeVar

_Self = TypeVar("_Self", bound="Context")


def library(own: str) -> str:
    """Returns the native library of this process. If `selfsame_identity_testing` was imported first, this is the
    library for tests, which contains the other one. Two libraries in a process would not know each other's objects."""
    testing = sys.modules.get("selfsame_identity_testing")
    return own if testing is None else str(testing.LIBRARY)


class Context:
    """Makes an engine a context manager."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the engine."""
        self.close()
