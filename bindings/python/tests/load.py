"""Makes many engines and calls, prints the growth of the process in KiB, and ends while calls are running."""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from conftest import sign_up
from selfsame_identity import Engine, SelfsameError, SessionToken

THREADS = 8


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def engines(count: int) -> None:
    """Opens and drops this number of engines."""
    for _ in range(count):
        Engine.in_memory().health()


def calls(engine: Engine, token: SessionToken, count: int) -> None:
    """Makes this number of calls from all threads at once. The engine refuses a third of them."""
    together = threading.Barrier(THREADS, timeout=60)

    def thread(_: int) -> None:
        together.wait()
        for number in range(count // THREADS):
            match number % 3:
                case 0:
                    assert engine.resolve(token).id
                case 1:
                    assert engine.health().accounts == 1
                case 2:
                    try:
                        engine.resolve(SessionToken("no token"))
                        raise AssertionError("the engine did not refuse")
                    except SelfsameError.InvalidToken:
                        pass

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(thread, range(THREADS)))


def endless(engine: Engine, calling: threading.Event) -> None:
    while True:
        engine.health()
        calling.set()


def grown(work: Callable[[int], None], count: int) -> int:
    # Warms up: some memory is allocated only once.
    work(count // 10)
    before = resident()
    work(count)
    return resident() - before


if __name__ == "__main__":
    print("engines", grown(engines, 10_000))
    engine = Engine.in_memory()
    token = sign_up(engine)
    print("calls", grown(partial(calls, engine, token), 100_000))
    # The interpreter ends while all threads make calls.
    for _ in range(THREADS):
        calling = threading.Event()
        threading.Thread(target=endless, args=(engine, calling), daemon=True).start()
        assert calling.wait(60)
    sys.exit(0)
