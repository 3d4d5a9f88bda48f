"""A world for tests of applications that embed `selfsame`: an engine in memory, a clock to turn, a mailbox
and identity providers to play.

It brings a native library of its own, which has all of the engine in it and takes the place of the other in this
process: import it before `selfsame`, as its pytest plugin does. An application under test imports `selfsame` as
always.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import _build_id

if "selfsame" in sys.modules:
    raise ImportError(
        "selfsame_testing: selfsame was imported before and has loaded the library for applications; import "
        "selfsame_testing first. pytest does so by itself, unless another plugin imports selfsame: then run it "
        "with `-p selfsame_testing.plugin`"
    )

_libraries = list((Path(__file__).parent / "_native").glob("*selfsame_testing.[sd]*"))
if not _libraries:
    raise ImportError("selfsame_testing: the native library is not there; install selfsame-testing again")
LIBRARY = _libraries[0]
"""The native library, which `selfsame` looks for here."""

import selfsame

if selfsame.build_id() != _build_id.BUILD_ID:
    raise ImportError(
        f"selfsame_testing: the native library is of build {selfsame.build_id()} and the Python module of build "
        f"{_build_id.BUILD_ID}; install selfsame-testing again"
    )

from ._native.selfsame_testing import (
    Identity,
    StoryError,
    World,
    assertion,
    totp,
    transcript,
    world_policy,
)

__all__ = ["LIBRARY", "Identity", "StoryError", "World", "assertion", "totp", "transcript", "world_policy"]
