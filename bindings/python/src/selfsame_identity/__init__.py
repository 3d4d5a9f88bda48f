"""An identity engine that an application embeds: accounts, sign-in and sessions in one sealed file.

Ids are strings, times are aware `datetime` objects in UTC, spans are `timedelta` objects. Each variant of a step, an
answer or a message is a class: `Step.SignedIn`. A type whose variants all lack data is an `enum.Enum`:
`Intent.SIGN_UP`. Passwords, codes, keys and tokens are objects that do not show their value; `reveal()` returns it.
Every refusal is its own exception class below `SelfsameError`.
"""

from __future__ import annotations

from . import _build_id

try:
    from ._native import selfsame_ffi as _ffi

    _built = _ffi.build_id()
except Exception as _problem:
    raise ImportError(
        "selfsame_identity: the native library does not fit the Python module; install selfsame-identity again, and "
        "selfsame-identity-testing of the same build if it is installed"
    ) from _problem
if _built != _build_id.BUILD_ID:
    raise ImportError(
        f"selfsame_identity: the native library is of build {_built} and the Python module of build "
        f"{_build_id.BUILD_ID}; install selfsame-identity again, and selfsame-identity-testing of the same build if it "
        "is installed"
    )

from ._native.selfsame_ffi import *


def _explanation(error: _ffi.SelfsameError) -> str:
    return error.explanation()


# `Exception` would show only the fields, and nothing for an error without fields.
_ffi.SelfsameError.__str__ = _explanation  # type: ignore[assignment, method-assign]


__all__: list[str] = []
__all__ += _ffi.__all__
