"""Builds a wheel by maturin, joins the generated module to its package and adds the module's types, and the licences
of what is linked in. Builds a source distribution that does the same.

UniFFI makes a variant a subclass of its enum only while the module runs, and so no type checker finds it.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import maturin
from maturin import get_requires_for_build_sdist, get_requires_for_build_wheel

__all__ = [
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_wheel",
]

# Of each library's modules, the one that its package is for. The library for tests has the other's module as
# well, which is the application's.
MODULES = {"selfsame_identity": "selfsame_ffi", "selfsame_identity_testing": "selfsame_testing"}
# The top of the sources, in the repository and in a source distribution.
TOP = next(folder for folder in Path(__file__).resolve().parents if (folder / "Cargo.lock").is_file())
# What maturin leaves out of a source distribution: no crate of it depends on the generator by name, and the name of
# a build comes from the sources of both libraries.
LEFT_OUT = ("bindings/bindgen", "bindings/testing/src", "bindings/third_party.py", "bindings/python/wheel_backend.py")
SDIST_EDITS = {
    "Cargo.toml": (('"bindings/quiet"', '"bindings/quiet", "bindings/bindgen"'),),
    "pyproject.toml": (('"."', '"bindings/python"'), ('"shared_backend"', '"wheel_backend"')),
}
# What a generated module takes from its package.
EDITS = {
    "selfsame_ffi": (
        ("\nimport platform\n", "\nimport platform\nimport selfsame_identity._hooks\n"),
        (".LoadLibrary(path)", ".LoadLibrary(selfsame_identity._hooks.library(path))"),
        ("\nclass Engine(EngineProtocol):", "\nclass Engine(selfsame_identity._hooks.Context, EngineProtocol):"),
    ),
    "selfsame_testing": (),
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
        for file, edits in SDIST_EDITS.items():
            text = (unpacked / file).read_text("utf-8")
            for old, new in edits:
                text = text.replace(old, new)
            (unpacked / file).write_text(text, "utf-8")
        # The lock file names nothing that is not there, or `--locked` refuses it.
        subprocess.run(["cargo", "update", "--workspace", "--offline", "--quiet"], cwd=unpacked, check=True)
        base = str(archive).removesuffix(".tar.gz")
        shutil.make_archive(base, "gztar", folder, unpacked.name, owner="root", group="root")
    return name


def add_licences(metadata: Path) -> None:
    """Adds the licences of what is linked in to those that a wheel's metadata has."""
    command = [sys.executable, str(TOP / "bindings/third_party.py"), maturin.get_config()["manifest-path"]]
    texts = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    (metadata / "licenses").mkdir(exist_ok=True)
    (metadata / "licenses/THIRD-PARTY.txt").write_bytes(texts)
    # maturin may have taken what was prepared, where it is already.
    file, first, ours = metadata / "METADATA", "License-File: LICENSE-APACHE\n", "License-File: THIRD-PARTY.txt\n"
    text = file.read_text("utf-8")
    if ours not in text:
        file.write_text(text.replace(first, first + ours), "utf-8")


def finish(native: Path, name: str) -> None:
    """Leaves one generated module in the folder, with its edits made and its types beside it, and the library
    without the symbols that the generator read it from."""
    for library in native.glob("lib*"):
        subprocess.run(["strip", "-x", str(library)], check=True)
    for other in native.glob("*.py"):
        if other.stem != name:
            other.unlink()
    (native / "__init__.py").touch()
    module = native / f"{name}.py"
    source = module.read_text("utf-8")
    for old, new in EDITS[name]:
        if source.count(old) != 1:
            raise ValueError(f"{name}.py has {old!r} {source.count(old)} times: UniFFI writes it otherwise now")
        source = source.replace(old, new)
    module.write_text(source, "utf-8")
    module.with_suffix(".pyi").write_text(types_of(source), "utf-8")


def wheel(*arguments: str) -> None:
    """Runs the tool that keeps a wheel's list of files true."""
    subprocess.run([sys.executable, "-m", "wheel", *arguments], check=True, stdout=sys.stderr)


def types_of(source: str) -> str:
    """The public names of a generated module with their types: what stands in its `.pyi`."""
    imports: list[ast.stmt] = []
    declared: dict[str, ast.stmt] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.Import() | ast.ImportFrom():
                imports.append(node)
            case ast.ClassDef(name=name) if is_public(name):
                # An error is written twice: first with its base, then with its variants.
                if isinstance(before := declared.get(name), ast.ClassDef):
                    node.bases = before.bases
                declared[name] = class_of(node)
            case ast.FunctionDef(name=name) if is_public(name):
                declared[name] = function_of(node)
            case ast.Assign(targets=[ast.Name(id=name)]) if is_public(name) or name == "__all__":
                declared.setdefault(name, node)
    imports.append(ast.ImportFrom("typing_extensions", [ast.alias("Self")], 0))
    module = ast.Module([*imports, *declared.values()], [])
    return ast.unparse(ast.fix_missing_locations(module)) + "\n"


def class_of(node: ast.ClassDef) -> ast.ClassDef:
    """A class with its fields and methods; what all of its variants can do, it can."""
    members: dict[str, ast.stmt] = {}
    for member in node.body:
        match member:
            case ast.ClassDef(name=name):
                variant = class_of(member)
                variant.bases = [ast.Name(node.name)]
                shared = {
                    each.name: each
                    for each in variant.body
                    if isinstance(each, ast.FunctionDef) and is_public(each.name)
                }
                variant.body = [each for each in variant.body if each not in shared.values()]
                members.update(shared)
                members[name] = variant
            case ast.FunctionDef(name=name) if is_public(name) or name in ("__init__", "__getitem__"):
                members[name] = function_of(member, node.name)
                if name == "__init__":
                    members.update(fields_of(member))
            case ast.Assign(targets=[ast.Name(id=name)]) if is_public(name):
                members[name] = member
    body = list(members.values()) or [ast.Expr(ast.Constant(...))]
    return ast.ClassDef(node.name, node.bases, [], body, [])


def fields_of(init: ast.FunctionDef) -> dict[str, ast.stmt]:
    """What an initialiser is given is what its object has."""
    given = [*init.args.args[1:], *init.args.kwonlyargs]
    return {arg.arg: ast.AnnAssign(ast.Name(arg.arg), type_of(arg.annotation), None, 1) for arg in given}


def function_of(node: ast.FunctionDef, within: str | None = None) -> ast.FunctionDef:
    """A function without its body, every part of it with a type."""
    arguments = node.args
    for arg in [*arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if arg and arg.arg not in ("self", "cls"):
            arg.annotation = type_of(arg.annotation)
    arguments.defaults = [ast.Constant(...) for _ in arguments.defaults]
    arguments.kw_defaults = [default and ast.Constant(...) for default in arguments.kw_defaults]
    returns = ast.Constant(None) if node.name == "__init__" else type_of(node.returns)
    # A constructor makes whatever class it is called on.
    if node.decorator_list and isinstance(returns, ast.Name) and returns.id == within:
        returns = ast.Name("Self")
    return ast.FunctionDef(node.name, arguments, [ast.Expr(ast.Constant(...))], node.decorator_list, returns)


def type_of(annotation: ast.expr | None) -> ast.expr:
    """The annotation; of `Union[object, X]`, which is written where there is a default, the `X`."""
    match annotation:
        case None:
            return ast.parse("typing.Any", mode="eval").body
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Name(id="object"), given])):
            return given
    return annotation


def is_public(name: str) -> bool:
    """Whether a name is for users."""
    return not name.startswith("_")
