"""Every story, played through the face of this package, is what Rust's player makes of it, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from player import Stage, played
from selfsame_testing import StoryError, transcript

STORIES = sorted((Path(__file__).parents[4] / "tests/stories").glob("*.json"))
# The acts that those are without.
OTHER_ACTS = {
    "title": "what no other story does",
    "rules": [],
    "starts": 1767225600000,
    "seed": 1,
    "acts": [
        {"do": "sign_up", "email": "ada@example.org", "password": "correct horse battery staple", "flow": "in"},
        {"do": "mail", "to": "ada@example.org", "code": "mailed"},
        {"do": "answer", "flow": "in", "give": {"Code": "mailed"}, "keep": {"account": "ada", "session": "laptop"}},
        {"do": "set_display_name", "session": "laptop", "name": " Ada  \"Countess\" \u00c5 "},
        {"do": "set_display_name", "session": "laptop", "name": "", "expect": {"reason": "Empty"}},
        {"do": "set_contact", "session": "laptop", "email": "ada@example.org", "expect": {"refused": "AlreadyYours"}},
        {"do": "take_seen_email", "session": "laptop", "method": "Password", "expect": {"refused": "NotOffered"}},
        {"do": "enroll_totp", "session": "laptop", "app": "phone"},
        {"do": "confirm_totp", "session": "laptop", "app": "phone", "codes": "first"},
        {"do": "recovery_codes_saved", "session": "laptop"},
        {"do": "regenerate_recovery_codes", "session": "laptop", "codes": "second"},
        {"do": "account", "session": "laptop"},
        {"do": "support_activity", "operator": "grace", "account": "ada"},
    ],
}


def acts_of(story: str) -> set[str]:
    return {act["do"] for act in json.loads(story)["acts"]}


@pytest.mark.parametrize("story", STORIES, ids=[story.stem for story in STORIES])
def test_a_story_has_one_transcript_in_every_language(story: Path) -> None:
    text = story.read_text("utf-8")
    assert played(text) == transcript(text)


def test_every_act_is_played() -> None:
    others = json.dumps(OTHER_ACTS)
    assert played(others) == transcript(others)
    told = set().union(acts_of(others), *(acts_of(story.read_text("utf-8")) for story in STORIES))
    assert told == {name for name in vars(Stage) if not name.startswith("_")} - {"keep"}


def test_a_story_that_is_none_and_one_that_goes_otherwise_have_no_transcript() -> None:
    with pytest.raises(StoryError.Unreadable):
        transcript("no story")
    otherwise = {**OTHER_ACTS, "acts": [{"do": "health", "expect": {"accounts": 1}}]}
    with pytest.raises(StoryError.OtherThanTold) as failure:
        transcript(json.dumps(otherwise))
    assert "act 1" in failure.value.why
