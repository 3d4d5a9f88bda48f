"""Signs in to the frozen file that Rust wrote, changes it, and lets Rust read it back."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import LAPTOP, answered, token_of, totp
from selfsame_identity import Answer, Engine, HashCost, HostKey, Policy, Secret, Step, Unlock

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests/fixtures"


@pytest.mark.parametrize("number", [0, 1], ids=["by password", "by second factor"])
def test_rust_reads_back_what_was_changed_here(number: int, tmp_path: Path) -> None:
    told = json.loads((FIXTURES / "accounts-1.json").read_text("utf-8"))
    person, figures = told["accounts"][number], told["policy"]
    copy = Path(shutil.copy(FIXTURES / "accounts-1.selfsame", tmp_path))
    policy = Policy(realm=figures["realm"], hash_cost=HashCost(**figures["hash_cost"]))
    with Engine.open(copy, Unlock.HostKey(HostKey(bytes.fromhex(told["host_key"]))), policy) as engine:
        at = engine.sign_in(person["email"], Secret(person["password"]), LAPTOP)
        if "totp_secret" in person:
            assert isinstance(at.step, Step.SecondFactor)
            at = answered(engine, at, Answer.Totp(totp(Secret(person["totp_secret"]))))
        account = engine.account(token_of(at))
        assert account.view().display_name == person["display_name"]
        account.set_display_name("Who was here")
        assert account.verify_audit()
    command = "cargo run --locked -q -p selfsame-tests --example read_fixture --".split()
    read = subprocess.run(
        [*command, str(copy), person["email"], "Who was here"], cwd=ROOT, capture_output=True, text=True
    )
    assert read.returncode == 0, read.stderr
