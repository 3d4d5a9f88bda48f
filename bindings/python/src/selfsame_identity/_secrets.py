"""Secrets: text and bytes that do not show their value."""

from __future__ import annotations

import hmac

from ._values import Uncopied


class _Hidden(Uncopied):
    """Holds a value that `repr`, `str` and `format` do not show, and that `pickle` does not write."""

    __slots__ = ()
    _value: str | bytes

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    __hash__ = None  # type: ignore[assignment]


class _HiddenText(_Hidden):
    __slots__ = ("_value",)
    _value: str

    def __init__(self, text: str) -> None:
        _check(self, text, str)
        self._value = text

    def reveal(self) -> str:
        """Returns the text, for the one place that needs it."""
        return self._value


class Secret(_HiddenText):
    """A password, a passphrase, a code or an ID token."""

    __slots__ = ()


class FlowToken(_HiddenText):
    """Holds one flow open between its steps. Anyone who has it can answer the next step."""

    __slots__ = ()


class SessionToken(_HiddenText):
    """Holds one session. Anyone who has it is signed in: keep it where the platform keeps secrets."""

    __slots__ = ()


class RecognitionToken(_HiddenText):
    """Shows that its holder has signed in to an account before. Opens nothing. Keep it on the person's device."""

    __slots__ = ()


class HostKey(_Hidden):
    """The 32 bytes that the host keeps outside the file. Anyone who has the file and this key can read everything."""

    __slots__ = ("_value",)
    _value: bytes

    def __init__(self, key: bytes) -> None:
        _check(self, key, bytes)
        self._value = key

    def reveal(self) -> bytes:
        """Returns the bytes, for the platform's keystore."""
        return self._value


def revealed(kind: type[_HiddenText] | type[HostKey], value: object) -> str | bytes:
    """Returns the value to pass to the library. Refuses plain text and bytes, so that callers hide their secrets."""
    if not isinstance(value, kind):
        raise TypeError(f"must be {kind.__qualname__}, not {type(value).__qualname__}")
    return value.reveal()


def _check(holder: _Hidden, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{type(holder).__name__} takes {kind.__name__}, not {type(value).__name__}")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
