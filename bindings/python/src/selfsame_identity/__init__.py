"""An identity engine that an application embeds: accounts, sign-in and sessions in one sealed file.

Ids are texts, times are milliseconds since 1970-01-01 00:00:00 UTC, spans are `datetime.timedelta`.
Passwords, codes, keys and tokens are objects that show nothing of themselves; `reveal()` gives the value.
Every refusal is an exception of its own below `SelfsameError`.
"""

from __future__ import annotations

from . import _build_id

try:
    from ._native import selfsame_ffi as _ffi

    _built = _ffi.build_id()
except Exception as _problem:
    raise ImportError(
        "selfsame_identity: the native library does not fit the Python module; install selfsame-identity again, and "
        "selfsame-identity-testing of the same build where there is one"
    ) from _problem
if _built != _build_id.BUILD_ID:
    raise ImportError(
        f"selfsame_identity: the native library is of build {_built} and the Python module of build "
        f"{_build_id.BUILD_ID}; install selfsame-identity again, and selfsame-identity-testing of the same build where "
        "there is one"
    )

from ._native.selfsame_ffi import *
from ._native.selfsame_ffi import (
    AccountId,
    Client,
    FlowId,
    FlowToken,
    HostKey,
    MethodId,
    ProductId,
    ProviderId,
    Secret,
    SessionId,
    SessionToken,
    Timestamp,
)


def _explanation(error: _ffi.SelfsameError) -> str:
    return error.explanation()


# `Exception` would show the fields alone, and nothing where there are none.
_ffi.SelfsameError.__str__ = _explanation  # type: ignore[assignment, method-assign]


__all__ = [
    "AccountId",
    "Client",
    "FlowId",
    "FlowToken",
    "HostKey",
    "MethodId",
    "ProductId",
    "ProviderId",
    "Secret",
    "SessionId",
    "SessionToken",
    "Timestamp",
]
__all__ += _ffi.__all__
