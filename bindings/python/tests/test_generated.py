"""The build stops if a generated module differs from what an edit expects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))
from generated import camel, finished, replaced

# The parts that every module has, with one enum with data.
SOURCE = '''
from __future__ import annotations
import os
from dataclasses import dataclass
_DEFAULT = object() # type: typing.Any
class _UniffiHandleMap:
    def __init__(self):
        self._lock = threading.Lock()
class _UniffiConverterPrimitiveInt:
    @classmethod
    def check_lower(cls, value):
        pass
class _UniffiFfiConverterString:
    @staticmethod
    def check_lower(value):
        pass
class Box:
    """What is in `Colour.DarkRed`."""
    def __init__(self):
        raise RuntimeError("Box cannot be instantiated directly")
    @dataclass
    class FULL_UP:
        def __init__(self, of: str):
            self.of = of
            """
            What it holds.
            """
    def is_FULL_UP(self):
        pass
Box.FULL_UP = type("Box.FULL_UP", (Box.FULL_UP, Box), {})
class _UniffiFfiConverterTypeBox(_UniffiConverterRustBuffer):
    @staticmethod
    def read(buf):
        return Box.FULL_UP(_UniffiFfiConverterString.read(buf))
class Colour(enum.Enum):
    DARK_RED = 0
class _UniffiFfiConverterTypeColour(_UniffiConverterRustBuffer):
    @staticmethod
    def check_lower(value):
        pass
def opened(box: Box) -> str:
    _UniffiFfiConverterTypeBox.check_lower(box)
'''


def test_a_module_as_it_is_expected_is_edited() -> None:
    source, types = finished(SOURCE, "selfsame_testing")
    for part in ("variant(Box, 'FullUp')", "check('box', _UniffiFfiConverterTypeBox, box)", "`Colour.DARK_RED`"):
        assert source.count(part) == 1
    assert "check_text(value, " in source and "of: What it holds." in source and "is_FULL_UP" not in source
    assert "class FullUp(Box):\n        of: str" in types and "def opened(box: Box) -> str:" in types


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import os", "import posix"),
        ("threading.Lock()", "threading.RLock()"),
        ("_DEFAULT = object()", "_DEFAULT = None"),
        ("    def is_FULL_UP(self):", "    def size(self): pass\n    def is_FULL_UP(self):"),
        ("def __init__(self, of: str)", "def __init__(self, *values)"),
        ("def __init__(self, of: str)", "def __init__(self, of: str, more: str)"),
        ('Box.FULL_UP = type("Box.FULL_UP", (Box.FULL_UP, Box), {})', ""),
        ("return Box.FULL_UP(", "return FULL_UP("),
        ("_UniffiFfiConverterString.read(buf)", "buf.read_text()"),
        ("class _UniffiFfiConverterString:", "class _UniffiFfiConverterMapStringString:"),
        ("class Colour(enum.Enum)", "class Colour(enum.IntEnum)"),
        ("_UniffiFfiConverterTypeBox.check_lower(box)", "pass"),
        ("def opened", "async def opened"),
    ],
)
def test_a_module_that_is_otherwise_stops_the_build(old: str, new: str) -> None:
    assert old in SOURCE
    with pytest.raises(ValueError, match="the edits do not fit the module"):
        finished(SOURCE.replace(old, new), "selfsame_testing")


@pytest.mark.parametrize("text", ["", "one one"])
def test_an_edit_has_one_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"file has 'one' \d times"):
        replaced(text, (("one", "two"),), "file")


def test_a_variant_that_python_has_a_word_for_stops_the_build() -> None:
    with pytest.raises(ValueError, match="a variant has the name None"):
        camel("NONE")
