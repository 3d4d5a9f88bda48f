"""What a call costs: `python bindings/python/benchmark.py`, where the package is installed. Medians, in ns."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable
from time import perf_counter_ns

import selfsame
from selfsame import Answer, Client, Engine, Secret, SelfsameError, Step

ROUNDS, CALLS = 2_001, 10


def median(call: Callable[[], object]) -> float:
    """Of so many rounds, each of so many calls."""
    rounds = []
    for _ in range(ROUNDS):
        began = perf_counter_ns()
        for _ in range(CALLS):
            call()
        rounds.append((perf_counter_ns() - began) / CALLS)
    return statistics.median(rounds)


def refused(call: Callable[[], object], error: type[SelfsameError]) -> Callable[[], None]:
    """The call, which must raise."""

    def made() -> None:
        try:
            call()
        except error:
            return
        raise AssertionError("it was not refused")

    return made


def main() -> None:
    engine = Engine.in_memory()
    begun = engine.sign_up("ada@example.org", Secret("correct horse battery staple"), Client(device="laptop"))
    [message] = engine.messages(1)
    assert begun.flow and isinstance(message.kind, message.kind.VERIFY_EMAIL)
    done = engine.answer(begun.flow, begun.number, Answer.CODE(message.kind.code)).step
    assert isinstance(done, Step.SIGNED_IN) and done[0].token
    token = done[0].token
    account = engine.account(token)
    print(f"Python {platform.python_version()}, selfsame {selfsame.build_id()}")
    for name, call in (
        ("build_id()", selfsame.build_id),
        ("engine.resolve(token)", lambda: engine.resolve(token)),
        ("account.end_session(no id), raises", refused(lambda: account.end_session("no id"), SelfsameError.InvalidId)),
        ("engine.account(token)", lambda: engine.account(token)),
        ("account.view()", account.view),
        ("engine.health()", engine.health),
    ):
        print(f"{name:36}{median(call):>10,.0f}")


if __name__ == "__main__":
    main()
