"""Prints the licences of everything linked into a library: `python3 bindings/third_party.py bindings/Cargo.toml`.

Reads the sources that cargo has fetched, for the machine that cargo builds for. Opens no connection of its own.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
# The comment at the top of the source, which has the licence if the crate has no licence file.
OPENING = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
# The name of a crate, or the text of one of its licences, on the page that comes with a toolchain.
STANDARD = re.compile(r"<h3>\W*(.*?)</h3>|<pre>(.*?)</pre>", re.DOTALL)


def main(manifest: str) -> None:
    parts: dict[str, tuple[str, list[str]]] = {}
    for part, text in [*of_crates(manifest), *of_the_standard_library()]:
        _, whose = parts.setdefault(" ".join(text.split()), (text.strip("\n").rstrip(), []))
        if part not in whose:
            whose.append(part)
    print("Licences of third-party software that is linked into this library.")
    print("Each text is below the names of the parts that it applies to.")
    for text, whose in parts.values():
        print("", "=" * 80, *whose, "-" * 80, text, sep="\n")


def of_crates(manifest: str) -> Iterator[tuple[str, str]]:
    """Each licence of each crate that is linked in."""
    where = ("--locked", "--manifest-path", manifest)
    tree = run("cargo", "tree", *where, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    linked = {tuple(line.split()[:2]) for line in tree.splitlines()}
    for crate in json.loads(run("cargo", "metadata", *where, "--format-version", "1"))["packages"]:
        if (crate["name"], f"v{crate['version']}") not in linked:
            continue
        folder = Path(crate["manifest_path"]).parent
        ours = crate["source"] is None
        part = f"{crate['name']} {crate['version']} ({'its third-party data' if ours else crate['license']})"
        # In a crate of the project, a licence among the sources belongs to third-party data.
        files = sorted(path for path in (folder / "src" if ours else folder).rglob("*") if is_licence(path))
        texts = [file.read_text("utf-8") for file in files]
        if not texts and not ours:
            opening = OPENING.match((folder / "src/lib.rs").read_text("utf-8"))
            if not opening or "licen" not in opening[1].lower():
                sys.exit(f"error: {part} has no licence in {folder}")
            texts = [re.sub(r"(?m)^ ?\* ?", "", opening[1]).strip()]
        for text in texts:
            yield part, text


def of_the_standard_library() -> Iterator[tuple[str, str]]:
    """Each licence of the parts of the standard library."""
    release = run("rustc", "--version").strip()
    yield f"the Rust standard library, {release}", "MIT OR Apache-2.0, with crates that have their own licences"
    notices = Path(run("rustc", "--print", "sysroot").strip(), "share/doc/rust/COPYRIGHT-library.html")
    if not notices.is_file():
        print(f"warning: no {notices}: the licences in the Rust standard library are left out", file=sys.stderr)
        return
    part = ""
    for name, text in STANDARD.findall(notices.read_text("utf-8")):
        part = f"{name} (in the Rust standard library)" if name else part
        if text and part:
            yield part, html.unescape(text)


def is_licence(path: Path) -> bool:
    return FILE.match(path.name) is not None and path.suffix != ".rs" and path.is_file()


def run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main(sys.argv[1])
