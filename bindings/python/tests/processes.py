"""Random programs of up to three processes on one store: they open it, fork, write, copy the file, exit and are killed.

`python processes.py 10000` runs 10,000 programs; a second number is the seed of the first. The driver predicts every
answer. After each program, every act that was told of must be in the file, and nothing may be damaged.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from selfsame_identity import (
    Client,
    Engine,
    Flow,
    FlowToken,
    Policy,
    Secret,
    SelfsameError,
    Unlock,
    generate_host_key,
    provider_google,
)

POLICY = Policy(providers=[provider_google(["field-notes"])])
PASSWORD = Secret("correct horse battery staple")
LAPTOP = Client(device="laptop")
# The most processes that live at a time.
PROCESSES = 3


def write(engine: Engine) -> str:
    """Starts a flow, which is a row that nobody changes, and returns its token."""
    token = engine.begin_federated("google", LAPTOP).token
    assert token is not None
    return token.reveal()


class Worker:
    """A process of a program. It does what its driver says."""

    def __init__(self, path: Path, unlock: Unlock) -> None:
        self.path, self.unlock = path, unlock
        self.engine: Engine | None = None
        self.thread: threading.Thread | None = None
        self.told: list[str] = []
        self.connect()

    def connect(self) -> None:
        """Begins to listen to the driver."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(self.path.with_name("driver")))
        self.lines = self.socket.makefile("r")
        self.say(str(os.getpid()))

    def say(self, text: str) -> None:
        self.socket.sendall(f"{text}\n".encode())

    def serve(self) -> None:
        """Follows the driver until it says `exit`."""
        while line := self.lines.readline():
            act, _, text = line.strip().partition(" ")
            if act == "exit":
                self.say("done")
                return
            if act == "leave":
                os._exit(0)
            try:
                answer = getattr(self, act)(text) or "done"
            except SelfsameError as error:
                answer = error.code()
            if answer != "forked here":
                self.say(answer)

    def open(self, _: str) -> None:
        self.engine = None
        self.engine = Engine.open(self.path, self.unlock, POLICY)

    def write(self, _: str) -> str:
        assert self.engine is not None
        return f"told {write(self.engine)}"

    def sign_up(self, email: str) -> str:
        assert self.engine is not None
        flow: Flow = self.engine.sign_up(email, PASSWORD, LAPTOP)
        assert flow.token is not None
        return f"told {flow.token.reveal()}"

    def suspend(self, _: str) -> None:
        assert self.engine is not None
        self.engine.suspend()

    def drop(self, _: str) -> None:
        self.engine = None

    def busy(self, count: str) -> None:
        """Writes in a thread."""
        engine = self.engine
        assert engine is not None

        def write_all() -> None:
            for _ in range(int(count)):
                self.told.append(write(engine))

        self.thread, self.told = threading.Thread(target=write_all), []
        self.thread.start()

    def rest(self, _: str) -> str:
        """Waits for the thread."""
        assert self.thread is not None
        self.thread.join()
        self.thread = None
        return " ".join(["told", *self.told])

    def fork(self, _: str) -> str:
        if os.fork() == 0:
            self.lines.close()
            self.socket.close()
            self.thread, self.told = None, []
            self.connect()
            return "forked here"
        return "done"


@dataclass(eq=False)
class Lock:
    """An open file that the store has locked. Processes that inherited it keep it locked when its owner is killed."""

    owner: Process | None
    keepers: set[Process] = field(default_factory=set)


@dataclass(eq=False)
class Process:
    """What the driver knows of a worker."""

    socket: socket.socket
    engine: str = "none"
    """none, open, suspended, or foreign: opened before a fork."""
    holds: Lock | None = None
    """The lock of its engine, its own or an inherited one."""
    is_busy: bool = False

    def __post_init__(self) -> None:
        self.lines = self.socket.makefile("r")
        self.pid = int(self.lines.readline())
        self.ended = os.pidfd_open(self.pid)

    def say(self, text: str) -> None:
        self.socket.sendall(f"{text}\n".encode())

    def hear(self) -> str:
        """Returns the answer, or nothing if the process has ended. A process that hangs stops the program."""
        self.socket.settimeout(60)
        try:
            return self.lines.readline().strip()
        except ConnectionResetError:
            return ""

    def wait(self) -> None:
        """Waits until the process has ended and the system has closed its files."""
        assert select.select([self.ended], [], [], 60)[0], f"process {self.pid} hangs"
        os.close(self.ended)
        self.lines.close()
        self.socket.close()


class Program:
    """One random program."""

    def __init__(self, folder: Path, seed: int, seen: Counter[str]) -> None:
        self.random, self.seen = random.Random(seed), seen
        self.path = folder / "store"
        self.unlock = Unlock.HostKey(generate_host_key())
        Engine.create(self.path, self.unlock, POLICY).suspend()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "driver"))
        self.listener.listen()
        self.listener.settimeout(60)
        self.told: list[str] = []
        self.emails: list[str] = []
        self.alive: list[Process] = []
        self.locks: set[Lock] = set()
        self.loose: set[Lock] = set()
        """Locks that were inherited from a process in the middle of an act. They may last until the heir ends."""

    def run(self) -> bool:
        """Runs the program. Returns `True` in a worker that ends."""
        if os.fork() == 0:
            self.listener.close()
            worker = Worker(self.path, self.unlock)
            worker.serve()
            return True
        self.born()
        for _ in range(self.random.randint(6, 16)):
            if not self.alive:
                break
            self.step(self.random.choice(self.alive))
        for process in list(self.alive):
            self.end(process)
        self.listener.close()
        self.check(self.path)
        return False

    def born(self) -> Process:
        process = Process(self.listener.accept()[0])
        self.alive.append(process)
        return process

    def step(self, process: Process) -> None:
        roll = self.random.random()
        if process.is_busy and roll < 0.4:
            self.rest(process)
        elif process.engine == "none" or roll < 0.15:
            self.rest(process)
            self.open(process)
        elif roll < 0.35:
            self.write(process)
        elif roll < 0.38:
            self.sign_up(process)
        elif roll < 0.55 and len(self.alive) < PROCESSES:
            self.fork(process)
        elif roll < 0.62:
            self.rest(process)
            self.suspend(process)
        elif roll < 0.66:
            self.rest(process)
            self.drop(process)
        elif roll < 0.74:
            self.busy(process)
        elif roll < 0.82:
            self.all_write()
        elif roll < 0.90:
            self.copy()
        elif roll < 0.95:
            self.end(process)
        else:
            self.kill_during_an_act(process)

    def count(self, what: str, answer: str) -> None:
        self.seen[f"{what}: {answer.partition(' ')[0]}"] += 1

    def locked_against(self, process: Process) -> tuple[bool, bool]:
        """Returns whether another open file holds the lock, and whether that is certain."""
        others = [lock for lock in self.locks if lock.keepers and lock.owner is not process]
        return bool(others), any(lock not in self.loose or lock.owner in lock.keepers for lock in others)

    def expect(self, process: Process, what: str) -> str:
        """Returns what a call on the process's engine answers. It opens a suspended engine if that is possible."""
        if process.engine == "foreign":
            return "ForkedProcess"
        if process.engine == "open":
            return "told"
        locked, is_certain = self.locked_against(process)
        if locked:
            return "AlreadyOpen" if is_certain else "told or AlreadyOpen"
        return "told"

    def judge(self, process: Process, what: str, expected: str, answer: str) -> bool:
        """Compares an answer with what was expected. Returns whether the process has the file open now."""
        kind, *told = answer.split(" ")
        assert kind in expected.split(" or "), f"{what}: {answer}, expected {expected}"
        self.told += told
        self.count(f"{what}, {process.engine}", kind)
        if kind == "AlreadyOpen" or kind == "ForkedProcess":
            return False
        if process.engine != "open":
            self.opened(process)
        return True

    def opened(self, process: Process) -> None:
        process.engine, process.holds = "open", Lock(process, {process})
        # A lock that might have lasted cannot have.
        self.locks = {lock for lock in self.locks if lock not in self.loose} | {process.holds}

    def let_go(self, process: Process) -> None:
        """The process closes its engine's file. Its own file is unlocked, even if a child has it too."""
        lock, process.holds = process.holds, None
        if lock is None:
            return
        if lock.owner is process:
            self.locks.discard(lock)
        elif lock not in self.loose:
            lock.keepers.discard(process)

    def open(self, process: Process) -> None:
        self.let_go(process)
        was, process.engine = process.engine, "none"
        process.say("open")
        expected = self.expect(process, "open").replace("told", "done")
        self.judge(process, f"open after {was}", expected, process.hear())

    def write(self, process: Process) -> None:
        process.say("write")
        self.judge(process, "write", self.expect(process, "write"), process.hear())

    def sign_up(self, process: Process) -> None:
        email = f"person{len(self.emails)}@example.org"
        process.say(f"sign_up {email}")
        if self.judge(process, "sign up", self.expect(process, "sign up"), process.hear()):
            self.emails.append(email)

    def suspend(self, process: Process) -> None:
        process.say("suspend")
        expected = "ForkedProcess" if process.engine == "foreign" else "done"
        answer = process.hear()
        assert answer == expected, f"suspend: {answer}, expected {expected}"
        self.count(f"suspend, {process.engine}", answer)
        if answer == "done":
            self.let_go(process)
            process.engine = "suspended"

    def drop(self, process: Process) -> None:
        process.say("drop")
        assert process.hear() == "done"
        self.count(f"drop, {process.engine}", "done")
        self.let_go(process)
        process.engine = "none"

    def busy(self, process: Process) -> None:
        """Lets a thread of the process write while other steps go on."""
        if process.engine != "open" or process.is_busy:
            return
        process.say(f"busy {self.random.randint(1, 12)}")
        assert process.hear() == "done"
        process.is_busy = True

    def rest(self, process: Process) -> None:
        if process.is_busy:
            process.is_busy = False
            process.say("rest")
            self.judge(process, "thread", "told", process.hear())

    def fork(self, process: Process) -> None:
        process.say("fork")
        child = self.born()
        assert process.hear() == "done"
        self.count(f"fork{' while a thread writes' if process.is_busy else ''}, {process.engine}", "done")
        child.engine = "none" if process.engine == "none" else "foreign"
        child.holds = process.holds
        for lock in self.locks:
            if process in lock.keepers:
                lock.keepers.add(child)
                if process.is_busy or lock is not process.holds:
                    self.loose.add(lock)

    def all_write(self) -> None:
        """Lets all processes write at once. One at most has the file."""
        writers = [process for process in self.alive if process.engine != "none"]
        some_open = any(process.engine == "open" for process in writers)
        expected = {}
        for process in writers:
            answer = self.expect(process, "write")
            # Suspended engines race for a file that nobody has open.
            races = process.engine == "suspended" and not some_open and answer == "told"
            expected[process] = "told or AlreadyOpen" if races else answer
        for process in writers:
            process.say("write")
        for process in writers:
            self.judge(process, "write at once", expected[process], process.hear())
        assert sum(process.engine == "open" for process in writers) <= 1, "two processes have the file open"

    def copy(self) -> None:
        """Copies the file while nobody writes. A copy has all that was told of."""
        for process in self.alive:
            self.rest(process)
        copy = self.path.with_name("copy")
        shutil.copyfile(self.path, copy)
        self.check(copy)
        copy.unlink()
        self.count("copy", "whole")

    def end(self, process: Process) -> None:
        """Ends a process: by itself, without its destructors, or killed."""
        way = self.random.choice(["exit", "leave", "kill"])
        if way == "exit":
            self.rest(process)
            process.say("exit")
            assert process.hear() == "done"
            self.let_go(process)
        elif way == "leave":
            self.rest(process)
            process.say("leave")
        else:
            os.kill(process.pid, signal.SIGKILL)
        self.count(f"{way}, {process.engine}", "done")
        self.ended(process)

    def kill_during_an_act(self, process: Process) -> None:
        """Kills a process at a random moment of an act. If it has answered, the act is told of."""
        if process.is_busy or process.engine == "none":
            return self.end(process)
        before = self.expect(process, "write")
        process.say("write")
        time.sleep(self.random.random() * 0.004)
        os.kill(process.pid, signal.SIGKILL)
        answer = process.hear()
        if answer:
            assert answer.split(" ")[0] in before.split(" or "), f"killed: {answer}, expected {before}"
            self.told += answer.split(" ")[1:]
        self.count(f"killed during an act, {process.engine}", answer or "no answer")
        self.ended(process)

    def ended(self, process: Process) -> None:
        process.wait()
        self.alive.remove(process)
        for lock in self.locks:
            lock.keepers.discard(process)

    def check(self, path: Path) -> None:
        """Every act that was told of is in the file, and the file is whole."""
        engine = Engine.open(path, self.unlock, POLICY)
        engine.verify_store()
        for token in self.told:
            engine.resume(FlowToken(token))
        mailed = {message.to for message in engine.messages(100)}
        assert mailed.issuperset(self.emails), "a sign-up that was told of sent no message"


def main(programs: int, first: int) -> int:
    seen: Counter[str] = Counter()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    told = 0
    for seed in range(first, first + programs):
        # A worker must not remove the folder when it ends.
        folder = Path(tempfile.mkdtemp())
        program = Program(folder, seed, seen)
        try:
            if program.run():
                return 0
        except BaseException:
            print(f"program {seed}", file=sys.stderr)
            for process in program.alive:
                os.kill(process.pid, signal.SIGKILL)
            raise
        shutil.rmtree(folder)
        told += len(program.told)
    for what, times in sorted(seen.items()):
        print(f"{times:7} {what}")
    print(f"{programs} programs, {told} acts told of, none lost, no file damaged")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
