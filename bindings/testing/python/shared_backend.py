"""Builds the wheel like that of `selfsame-identity`. This file exists because a backend must be in its own project."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

from wheel_backend import *
from wheel_backend import __all__ as __all__
