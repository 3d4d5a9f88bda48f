"""Dropped objects free their memory, and a process ends cleanly even during calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# In KiB: some pages of an allocator, and far less than what 10,000 engines or 100,000 answers take.
FLAT = 8 * 1024


def test_memory_is_flat_and_the_end_is_clean() -> None:
    load = [sys.executable, str(Path(__file__).with_name("load.py"))]
    done = subprocess.run(load, capture_output=True, text=True, timeout=500)
    assert (done.returncode, done.stderr) == (0, "")
    grown = {name: int(kib) for name, kib in map(str.split, done.stdout.splitlines())}
    assert set(grown) == {"engines", "calls"}
    assert max(grown.values()) < FLAT, grown
