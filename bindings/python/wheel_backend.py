"""Builds a wheel with maturin, edits the generated module, and adds the module's types and the licences of the linked
libraries. Builds a source distribution that does the same.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import maturin
from generated import finished, replaced
from maturin import get_requires_for_build_sdist, get_requires_for_build_wheel

__all__ = [
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_wheel",
]

# The module of each package. The library for tests also contains the other module, which the other package has.
MODULES = {"selfsame_identity": "selfsame_ffi", "selfsame_identity_testing": "selfsame_testing"}
# The top of the sources, in the repository and in a source distribution.
TOP = next(folder for folder in Path(__file__).resolve().parents if (folder / "Cargo.lock").is_file())
# Files that maturin leaves out of a source distribution but that a build needs: no crate depends on the generator,
# and the build id comes from the sources of both libraries.
LEFT_OUT = (
    "bindings/bindgen",
    "bindings/testing/src",
    "bindings/third_party.py",
    "bindings/python/generated.py",
    "bindings/python/wheel_backend.py",
)
MEMBERS = ('"bindings/quiet"', '"bindings/quiet", "bindings/bindgen"')
PLACE = ('"."', '"bindings/python"')
SDIST_EDITS: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "selfsame_identity": {"Cargo.toml": (MEMBERS,), "pyproject.toml": (PLACE,)},
    "selfsame_identity_testing": {
        "Cargo.toml": (MEMBERS,),
        "pyproject.toml": (PLACE, ('"shared_backend"', '"wheel_backend"')),
    },
}


def build_wheel(wheel_directory: str, *settings: Any, **named: Any) -> str:
    """The hook of PEP 517."""
    name: str = maturin.build_wheel(wheel_directory, *settings, **named)
    with tempfile.TemporaryDirectory() as folder:
        wheel("unpack", "--dest", folder, str(Path(wheel_directory, name)))
        [native] = Path(folder).glob("*/*/_native")
        [metadata] = Path(folder).glob("*/*.dist-info")
        finish(native, MODULES[native.parent.name])
        add_licences(metadata)
        wheel("pack", "--dest-dir", wheel_directory, str(native.parents[1]))
    return name


def prepare_metadata_for_build_wheel(metadata_directory: str, *settings: Any, **named: Any) -> str:
    """The hook of PEP 517."""
    name: str = maturin.prepare_metadata_for_build_wheel(metadata_directory, *settings, **named)
    add_licences(Path(metadata_directory, name))
    return name


def build_sdist(sdist_directory: str, *settings: Any, **named: Any) -> str:
    """The hook of PEP 517."""
    name: str = maturin.build_sdist(sdist_directory, *settings, **named)
    archive = Path(sdist_directory, name)
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(archive, folder)
        [unpacked] = Path(folder).iterdir()
        for left_out in LEFT_OUT:
            source, copy = TOP / left_out, unpacked / left_out
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, dirs_exist_ok=True)
            else:
                shutil.copy(source, copy)
        for file, edits in SDIST_EDITS[name.partition("-")[0]].items():
            text = (unpacked / file).read_text("utf-8")
            (unpacked / file).write_text(replaced(text, edits, file), "utf-8")
        # `--locked` refuses a lock file that names missing packages.
        subprocess.run(["cargo", "update", "--workspace", "--offline", "--quiet"], cwd=unpacked, check=True)
        base = str(archive).removesuffix(".tar.gz")
        shutil.make_archive(base, "gztar", folder, unpacked.name, owner="root", group="root")
    return name


def add_licences(metadata: Path) -> None:
    """Adds the licences of the linked libraries to the wheel's metadata."""
    command = [sys.executable, str(TOP / "bindings/third_party.py"), maturin.get_config()["manifest-path"]]
    texts = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    (metadata / "licenses").mkdir(exist_ok=True)
    (metadata / "licenses/THIRD-PARTY.txt").write_bytes(texts)
    # maturin may have used the prepared metadata, which already has the line.
    file, first, ours = metadata / "METADATA", "License-File: LICENSE-APACHE\n", "License-File: THIRD-PARTY.txt\n"
    text = file.read_text("utf-8")
    if ours not in text:
        file.write_text(text.replace(first, first + ours), "utf-8")


def finish(native: Path, name: str) -> None:
    """Edits the generated module, writes its types beside it, removes the other module, and strips the library of the
    symbols that the generator has read."""
    for library in native.glob("lib*"):
        subprocess.run(["strip", "-x", str(library)], check=True)
    for other in native.glob("*.py"):
        if other.stem != name:
            other.unlink()
    (native / "__init__.py").touch()
    module = native / f"{name}.py"
    source, types = finished(module.read_text("utf-8"), name)
    module.write_text(source, "utf-8")
    module.with_suffix(".pyi").write_text(types, "utf-8")


def wheel(*arguments: str) -> None:
    """Runs the tool that also updates a wheel's list of files."""
    subprocess.run([sys.executable, "-m", "wheel", *arguments], check=True, stdout=sys.stderr)
