"""Builds the wheel as that of `selfsame-identity` is built: a backend must be inside of its project, this file is."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

from wheel_backend import *
from wheel_backend import __all__ as __all__
