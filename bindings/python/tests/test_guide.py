"""The program of docs/guide/python.md, and a person who answers its questions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import EMAIL, PASSWORD, totp

from selfsame_identity import Secret

PAGE = Path(__file__).parents[3] / "docs/guide/python.md"
PROGRAM = "\n\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))

Run = Callable[[list[tuple[str, str]]], str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program. An answer that begins with `%` is looked up in the earlier output."""
    monkeypatch.chdir(tmp_path)
    secrets: list[str] = []

    def run(answers: list[tuple[str, str]]) -> str:
        shown: list[str] = []
        waiting = iter(answers)

        def answered(question: str) -> str:
            shown.append(capsys.readouterr().out)
            expected, answer = next(waiting)
            assert question == expected
            if answer == "%code":
                [code] = re.findall(r"--- the code is ([0-9]{8})", "".join(shown))
                return str(code)
            if answer.startswith("%app"):
                secrets.extend(re.findall(r"Scan this, or type: (\w+)", shown[-1]))
                # The engine also accepts the code of the next half minute. It accepts no code twice.
                return totp(Secret(secrets[-1]), int(answer.removeprefix("%app"))).reveal()
            return answer

        monkeypatch.setattr("builtins.input", answered)
        exec(compile(PROGRAM, str(PAGE), "exec"), {"__name__": "__main__"})
        assert next(waiting, None) is None
        return "".join([*shown, capsys.readouterr().out])

    return run


def begun(password: str, way: str) -> list[tuple[str, str]]:
    """The answers that begin a flow."""
    return [
        ("Email: ", EMAIL),
        ("Password, at least 15 characters: ", password),
        ("Sign up or sign in? (up/in): ", way),
    ]


def test_the_tutorial_s_program_signs_a_person_up_and_in(run: Run) -> None:
    opened = [("Passphrase of the store: ", "a passphrase of my own")]
    shown = run(
        [
            *opened,
            *begun("too short", "up"),
            *begun(PASSWORD.reveal(), "up"),
            ("Code sent to a…@example.org: ", "00000000"),
            ("Code sent to a…@example.org: ", "%code"),
            ("Turn on a second factor? (yes/no): ", "yes"),
            ("Code from your authenticator app: ", "%app0"),
            ("Have you saved the recovery codes? (yes/no): ", "yes"),
        ]
    )
    assert "it must have at least 15 characters" in shown
    assert "the code is wrong or has expired" in shown
    assert "  sign-in method: PASSWORD\n  session on: my first program\n  second factor: off\n" in shown
    assert shown.count("recovery code: ") == 10
    assert shown.endswith("The second factor is on.\n")

    shown = run([*opened, *begun(PASSWORD.reveal(), "in"), ("Code from your authenticator app: ", "%app1")])
    assert shown.endswith("  second factor: on\n")
