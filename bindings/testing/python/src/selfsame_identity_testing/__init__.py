"""A world for tests of applications that embed `selfsame-identity`: an engine in memory, a clock that the test
sets, a mailbox and simulated identity providers.

The package has its own native library, which contains the whole engine and replaces the other library in this process.
Import this package before `selfsame_identity`, as its pytest plugin does. The application under test imports
`selfsame_identity` as usual.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import _build_id

if "selfsame_identity" in sys.modules:
    raise ImportError(
        "selfsame_identity_testing: selfsame_identity was imported before and has loaded the library for applications; "
        "import selfsame_identity_testing first. pytest does so by itself, unless another plugin imports "
        "selfsame_identity: then run it with `-p selfsame_identity_testing.plugin`"
    )

_libraries = list((Path(__file__).parent / "_native").glob("*selfsame_testing.[sd]*"))
if not _libraries:
    raise ImportError(
        "selfsame_identity_testing: the native library is missing; install selfsame-identity-testing again"
    )
LIBRARY = _libraries[0]
"""The native library, which `selfsame_identity` looks for here."""

import selfsame_identity

if selfsame_identity.build_id() != _build_id.BUILD_ID:
    raise ImportError(
        f"selfsame_identity_testing: the native library is of build {selfsame_identity.build_id()} and the Python "
        f"module of build {_build_id.BUILD_ID}; install selfsame-identity-testing again"
    )

from ._native.selfsame_testing import (
    CodeKind,
    Identity,
    StoryError,
    World,
    WorldError,
    transcript,
    world_policy,
)

__all__ = ["LIBRARY", "CodeKind", "Identity", "StoryError", "World", "WorldError", "transcript", "world_policy"]
