"""What must not be seen: text and bytes that show nothing of themselves."""

from __future__ import annotations

import hmac


class _Hidden:
    """Holds a value that neither `repr`, `str` nor a format shows."""

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
        """The text itself, for the one place that needs it."""
        return self._value


class Secret(_HiddenText):
    """A password, a passphrase, a code or an ID token."""

    __slots__ = ()


class FlowToken(_HiddenText):
    """Holds one flow open between its steps. Whoever has it can answer the next step."""

    __slots__ = ()


class SessionToken(_HiddenText):
    """Holds one session. Whoever has it is signed in: keep it where the platform keeps secrets."""

    __slots__ = ()


class RecognitionToken(_HiddenText):
    """Shows that its holder has signed in to an account before, and opens nothing. Keep it where the person signed in."""

    __slots__ = ()


class HostKey(_Hidden):
    """The 32 bytes that the host keeps outside the file. Whoever has both reads everything."""

    __slots__ = ("_value",)
    _value: bytes

    def __init__(self, key: bytes) -> None:
        _check(self, key, bytes)
        self._value = key

    def reveal(self) -> bytes:
        """The bytes themselves, for the platform's keystore."""
        return self._value


def revealed(kind: type[_HiddenText] | type[HostKey], value: object) -> str | bytes:
    """What crosses; a bare text or bytes does not, so that it is hidden wherever it comes from."""
    if not isinstance(value, kind):
        raise TypeError(f"must be {kind.__qualname__}, not {type(value).__qualname__}")
    return value.reveal()


def _check(holder: _Hidden, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{type(holder).__name__} takes {kind.__name__}, not {type(value).__name__}")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
