"""The contents of the package: the loaded library, one build, licences, documentation, types, the README's example."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import selfsame_identity
import selfsame_identity_testing
from selfsame_identity_testing import _build_id

README = Path(__file__).parents[1] / "README.md"
OTHER = "0.1.0-0000000000000000"
LIBRARIES = "print(*sorted({line.split('/')[-1].strip() for line in open('/proc/self/maps') if 'libselfsame' in line}))"


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """A folder with copies of both installed packages, to break."""
    for package in (selfsame_identity, selfsame_identity_testing):
        installed = Path(package.__file__ or "").parent
        shutil.copytree(installed, tmp_path / installed.name)
    return tmp_path


def ran(copies: Path, program: str) -> str:
    """Runs a program with the copies in a separate process, and returns its last line."""
    environment = {**os.environ, "PYTHONPATH": str(copies)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode == 0) == (done.stderr == "")
    return (done.stdout or done.stderr).strip().rpartition("\n")[2]


def test_one_library_is_loaded(copies: Path) -> None:
    assert ran(copies, f"import selfsame_identity; {LIBRARIES}") == "libselfsame_ffi.so"
    assert ran(copies, f"import selfsame_identity_testing, selfsame_identity; {LIBRARIES}") == "libselfsame_testing.so"


def test_the_other_library_is_not_replaced_once_it_is_loaded(copies: Path) -> None:
    both = ran(copies, "import selfsame_identity, selfsame_identity_testing")
    assert "import selfsame_identity_testing first" in both


def test_a_module_of_another_build_is_refused(copies: Path) -> None:
    other, theirs = copies / "selfsame_identity_testing/_build_id.py", copies / "selfsame_identity/_build_id.py"
    here = selfsame_identity.build_id()
    other.write_text(other.read_text().replace(_build_id.BUILD_ID, OTHER))
    assert ran(copies, "import selfsame_identity_testing") == (
        f"ImportError: selfsame_identity_testing: the native library is of build {here} and the Python module of build "
        f"{OTHER}; install selfsame-identity-testing again"
    )
    assert ran(copies, "import selfsame_identity; print('fits')") == "fits"
    theirs.write_text(theirs.read_text().replace(_build_id.BUILD_ID, OTHER))
    assert ran(copies, "import selfsame_identity_testing") == (
        f"ImportError: selfsame_identity: the native library is of build {here} and the Python module of build "
        f"{OTHER}; install selfsame-identity again, and selfsame-identity-testing of the same build if it is installed"
    )


def test_a_library_that_is_not_there_or_does_not_load_is_refused(copies: Path) -> None:
    library = copies / "selfsame_identity_testing/_native" / selfsame_identity_testing.LIBRARY.name
    library.write_bytes(b"no library")
    failure = ran(copies, "import selfsame_identity_testing")
    assert failure.startswith("ImportError: selfsame_identity: the native library does not fit")
    library.unlink()
    assert ran(copies, "import selfsame_identity_testing") == (
        "ImportError: selfsame_identity_testing: the native library is missing; "
        "install selfsame-identity-testing again"
    )


def test_documentation_and_types_come_across() -> None:
    ours = [getattr(selfsame_identity_testing, name) for name in selfsame_identity_testing.__all__]
    assert [thing for thing in ours if callable(thing) and not inspect.getdoc(thing)] == []
    assert "of time pass." in (inspect.getdoc(selfsame_identity_testing.World.later) or "")
    assert (Path(selfsame_identity_testing.__file__).parent / "py.typed").is_file()


def test_the_example_of_the_readme_passes(pytester: pytest.Pytester) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    pytester.makepyfile(example)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_the_licences_of_all_that_is_linked_in_are_in_the_package() -> None:
    package = distribution("selfsame-identity-testing")
    named = sorted(package.metadata.get_all("License-File") or ())
    assert named == ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"]
    texts = [package.read_text(f"licenses/{name}") or "" for name in named]
    assert all(texts)
    for part in ("ring", "uniffi_core", "selfsame", "the Rust standard library,"):
        assert f"\n{part} " in texts[2]
