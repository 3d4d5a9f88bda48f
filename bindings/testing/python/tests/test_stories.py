"""Every story gives the same transcript through this package as in Rust, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from player import Stage, played
from selfsame_identity_testing import StoryError, transcript

STORIES = sorted((Path(__file__).parents[4] / "tests/stories").glob("*.json"))

def acts_of(story: str) -> set[str]:
    return {act["do"] for act in json.loads(story)["acts"]}


@pytest.mark.parametrize("story", STORIES, ids=[story.stem for story in STORIES])
def test_a_story_has_one_transcript_in_every_language(story: Path) -> None:
    text = story.read_text("utf-8")
    assert played(text) == transcript(text)


def test_every_act_is_played() -> None:
    told = set().union(*(acts_of(story.read_text("utf-8")) for story in STORIES))
    assert told == {name for name in vars(Stage) if not name.startswith("_")} - {"keep"}


def test_a_story_that_is_none_and_one_that_goes_otherwise_have_no_transcript() -> None:
    with pytest.raises(StoryError.Unreadable):
        transcript("no story")
    otherwise = {"title": "", "rules": [], "starts": 0, "seed": 1, "acts": [{"do": "health", "expect": {"accounts": 1}}]}
    with pytest.raises(StoryError.OtherThanTold) as failure:
        transcript(json.dumps(otherwise))
    assert "act 1" in failure.value.why
