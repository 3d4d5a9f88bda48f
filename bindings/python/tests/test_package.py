"""The contents of the package: one build, licences, documentation, types, and the examples of README.md."""

from __future__ import annotations

import inspect
import operator
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import selfsame_identity
from selfsame_identity import _build_id

README = Path(__file__).parents[1] / "README.md"
INSTALLED = Path(selfsame_identity.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the installed package, to break."""
    return Path(shutil.copytree(INSTALLED, tmp_path / "selfsame_identity"))


def imported(copy: Path) -> str:
    """Imports the copy. Returns the last line of the error, or an empty text."""
    environment = {**os.environ, "PYTHONPATH": str(copy.parent)}
    check = f"import selfsame_identity; assert selfsame_identity.__file__ == {str(copy / '__init__.py')!r}"
    command = [sys.executable, "-c", check]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr.strip().rpartition("\n")[2]


def test_a_library_of_another_build_is_refused(copy: Path) -> None:
    assert imported(copy) == ""
    file = copy / "_build_id.py"
    file.write_text(file.read_text().replace(_build_id.BUILD_ID, "0.1.0-0000000000000000"))
    assert imported(copy) == (
        f"ImportError: selfsame_identity: the native library is of build {selfsame_identity.build_id()} and the Python "
        "module of build 0.1.0-0000000000000000; install selfsame-identity again, and selfsame-identity-testing of the "
        "same build if it is installed"
    )


def test_a_library_that_does_not_load_is_refused(copy: Path) -> None:
    [library] = (copy / "_native").glob("*selfsame_ffi.[sd]*")
    library.write_bytes(b"no library")
    assert imported(copy) == (
        "ImportError: selfsame_identity: the native library does not fit the Python module; install selfsame-identity "
        "again, and selfsame-identity-testing of the same build if it is installed"
    )


def test_documentation_and_types_come_across() -> None:
    ours = {name: getattr(selfsame_identity, name) for name in selfsame_identity.__all__ }
    assert [name for name, thing in ours.items() if callable(thing) and not inspect.getdoc(thing)] == []
    assert "Raises `InvalidCredentials`" in (inspect.getdoc(selfsame_identity.Engine.sign_in) or "")
    assert (INSTALLED / "py.typed").is_file()


def test_documentation_calls_things_as_python_does() -> None:
    texts = [inspect.getdoc(thing) or "" for name in selfsame_identity.__all__ for thing in documented(name)]
    named = {name for text in texts for name in re.findall(r"`([A-Z]\w+\.\w+)`", text)}
    assert "EmailProof.LATER" in named
    for name in named:
        operator.attrgetter(name)(selfsame_identity)


def documented(name: str) -> list[object]:
    """The object with a public name, and its members."""
    thing = getattr(selfsame_identity, name)
    return [thing, *(vars(thing).values() if isinstance(thing, type) else ())]


def test_the_examples_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = README.read_text("utf-8").split("```python\n")[1:]
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for example in examples:
        exec(example.partition("```")[0], names)
    assert (tmp_path / "accounts.selfsame").is_file()


def test_the_licences_of_all_that_is_linked_in_are_in_the_package() -> None:
    package = distribution("selfsame-identity")
    named = sorted(package.metadata.get_all("License-File") or ())
    assert named == ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"]
    texts = [package.read_text(f"licenses/{name}") or "" for name in named]
    assert all(texts)
    for part in ("ring", "uniffi_core", "selfsame", "the Rust standard library,"):
        assert f"\n{part} " in texts[2]
