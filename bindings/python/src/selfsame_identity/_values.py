"""The base classes of the generated module, its checks of types, and the conversion of times.

A value is checked where the caller gives it: as an argument, as a field, and in a list. A wrong type raises `TypeError`
and a value out of range raises `ValueError`. A text that is not Unicode raises an error of the engine. No error contains
the value.
"""

from __future__ import annotations

import datetime
import enum
import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, Protocol, SupportsIndex, TypeVar

_Class = TypeVar("_Class", bound=type)
_Made = TypeVar("_Made", bound="Fields")

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_LAST = datetime.datetime.max.replace(tzinfo=datetime.timezone.utc)
_MILLISECOND = datetime.timedelta(milliseconds=1)


class Kind(Protocol):
    """The part of a UniFFI converter that checks a value."""

    def check_lower(self, value: Any, /) -> object: ...


def check(name: str, kind: Kind, value: object) -> None:
    """Checks a value. The error's text begins with the name of the argument or the field."""
    try:
        kind.check_lower(value)
    except TypeError as problem:
        raise TypeError(f"{name}: {problem}") from None
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from None


def check_type(value: object, kind: type) -> None:
    """Raises unless the value is an instance of the class. A `bool` does not pass for an `int`."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"must be {kind.__qualname__}, not {type(value).__qualname__}")


def check_number(value: Any, least: int, end: int) -> None:
    check_type(value, int)
    if not least <= value < end:
        raise ValueError(f"must be from {least} to {end - 1}")


def check_text(value: Any, invalid: Callable[[], Exception]) -> None:
    check_type(value, str)
    if not _is_unicode(value):
        raise invalid()


def _is_unicode(text: str) -> bool:
    # The error carries the whole text, so no other error may be raised while it is handled.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_span(value: Any) -> None:
    check_type(value, datetime.timedelta)
    if value < datetime.timedelta():
        raise ValueError("must not be negative")


def check_list(value: Any, kind: Kind) -> None:
    check_type(value, list)
    for place, item in enumerate(value):
        check(f"item {place}", kind, item)


def check_fields(value: Any, kind: type[Fields]) -> None:
    """Checks the fields again, because a list in one of them may have changed since it was set."""
    check_type(value, kind)
    for name, field in value._kinds.items():
        check(name, field, getattr(value, name))


def path_text(value: object) -> str:
    """Returns the path as text."""
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else value
    if not isinstance(path, str):
        raise TypeError(f"must be str or os.PathLike[str], not {type(value).__qualname__}")
    return path


def millis_of(value: Any) -> int:
    """Returns the milliseconds since 1970, which is how a time crosses."""
    check_type(value, datetime.datetime)
    if value.utcoffset() is None:
        raise ValueError("must be an aware datetime, for example datetime.now(timezone.utc), not a naive one")
    if value < _EPOCH:
        raise ValueError("must not be before 1970")
    millis: int = (value - _EPOCH) // _MILLISECOND
    return millis


def time_of(millis: int) -> datetime.datetime:
    """Returns the time in UTC. A time after the year 9999 becomes the last one that Python can express."""
    try:
        return _EPOCH + millis * _MILLISECOND
    except OverflowError:
        return _LAST


def span_of(seconds: int, nanoseconds: int) -> datetime.timedelta:
    """Returns the span, or the longest that Python can express."""
    try:
        return datetime.timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    except OverflowError:
        return datetime.timedelta.max


class Fields:
    """A record, a variant or an error. It checks each field when it is set, and hides secrets in its `repr`."""

    _kinds: ClassVar[Mapping[str, Kind]] = {}
    _ids: ClassVar[frozenset[str]] = frozenset()

    def __setattr__(self, name: str, value: object) -> None:
        if name in self._kinds:
            check(f"{type(self).__qualname__}.{name}", self._kinds[name], value)
        elif not isinstance(self, BaseException):
            raise AttributeError(f"{type(self).__qualname__} has no field {name}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        held = vars(self)
        fields = (f"{name}={_shown(held[name], name in self._ids)}" for name in self._kinds if name in held)
        return f"{type(self).__qualname__}({', '.join(fields)})"


class Variants(Fields):
    """A type with variants. Each variant is a class below this one."""

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError(f"{type(self).__qualname__} itself has no instances: make one of its variants")


class Error(Variants, Exception):
    """An exception with fields. Tracebacks name the package, not the generated module."""

    def __init_subclass__(cls) -> None:
        cls.__module__ = cls.__module__.partition(".")[0]


class Uncopied:
    """Refuses `copy`, `deepcopy` and `pickle`, which all ask here."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"{type(self).__qualname__} cannot be copied or pickled")


class Object(Uncopied):
    """An object of the engine. A copy would free the engine's object a second time."""

    _handle: int

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}(…)"


def handle_of(value: Object) -> int:
    """Returns the handle of an object that exists."""
    handle: int | None = vars(value).get("_handle")
    if handle is None:
        raise ReferenceError(f"this {type(value).__qualname__} no longer exists")
    return handle


def variant(of: type, name: str) -> Callable[[_Class], _Class]:
    """Makes a class a member of its type, for example `Step.Done`."""

    def placed(kind: _Class) -> _Class:
        kind.__name__, kind.__qualname__ = name, f"{of.__qualname__}.{name}"
        setattr(of, name, kind)
        return kind

    return placed


def bind(of: type[Fields], ids: set[str], /, **kinds: Kind) -> None:
    """Sets how the fields are checked, and which of them are ids, whose text `repr` shows."""
    of._kinds, of._ids = kinds, frozenset(ids)


def made(of: type[_Made], /, **fields: object) -> _Made:
    """Creates a record or a variant from values of the engine, which need no check."""
    new = of.__new__(of)
    new.__dict__.update(fields)
    return new


def _shown(value: object, is_id: bool) -> str:
    """Returns the value as text if its type rules out secrets and text that a person wrote."""
    match value:
        case None | bool() | int() | datetime.timedelta() | Fields() | Object():
            return repr(value)
        case enum.Enum() | datetime.datetime():
            return str(value)
        case list():
            return f"[{', '.join(_shown(item, is_id) for item in value)}]"
        case str() if is_id:
            return repr(value)
    return "…"
