"""A program for tests/benches/speakers.rs that uses Selfsame from Python: `bash bindings/python/bench`."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from time import perf_counter_ns

import selfsame_identity
from selfsame_identity import Answer, Client, Engine, MessageKind, Secret, SelfsameError, SessionToken, Step

PASSWORD, LAPTOP = Secret("correct horse battery staple"), Client(device="laptop")


def timed(call: Callable[[], object]) -> int:
    began = perf_counter_ns()
    call()
    return perf_counter_ns() - began


def signed_up(engine: Engine, email: str) -> SessionToken:
    begun = engine.sign_up(email, PASSWORD, LAPTOP)
    [message] = engine.messages(1)
    engine.delivered(message.id)
    assert isinstance(message.kind, MessageKind.VerifyEmail)
    done = engine.answer(begun, Answer.Code(message.kind.code)).step
    assert isinstance(done, Step.SignedIn) and done.session.token
    return done.session.token


def main() -> None:
    engine = Engine.in_memory()
    token = signed_up(engine, "ada@example.org")
    # So many sign-ins exceed the limit of sessions, which ends the oldest one.
    signed_up(engine, "grace@example.org")
    account = engine.account(token)

    def refused() -> None:
        try:
            account.end_session("no id")
        except SelfsameError.InvalidId:
            return
        raise AssertionError("the engine did not refuse")

    parts: dict[str, Callable[[], object]] = {
        "build_id": selfsame_identity.build_id,
        "refused": refused,
        "resolve": lambda: engine.resolve(token),
        "view": account.view,
        "rename": lambda: account.set_display_name("Ada"),
        "sign_in": lambda: engine.sign_in("grace@example.org", PASSWORD, LAPTOP),
    }
    for part in parts:
        print("part", part)
    print(f"ready Python {platform.python_version()}, selfsame {selfsame_identity.build_id()}", flush=True)
    for line in sys.stdin:
        part, count = line.split()
        print(*(timed(parts[part]) for _ in range(int(count))), flush=True)


if __name__ == "__main__":
    main()
