from __future__ import annotations

import pytest

from verticals.service.policy import phrases
from verticals.service.policy.question import LONGEST, follows, question_of
from verticals.service.recipe import LABELS, OUT_OF_SCOPE


@pytest.mark.parametrize("text", ["and for shoes?", "What about Malta", "那鞋子呢？", "澳门呢"])
def test_a_follow_up_is_asked_with_what_it_follows(text: str) -> None:
    assert follows(text)
    assert question_of(text, "What does shipping cost?").startswith("What does shipping cost? ")
    assert not question_of(text).startswith("What does")


@pytest.mark.parametrize(
    "text", ["Where is my parcel?", "Android app crashes", "怎么退货", "我的包裹到底什么时候才能送到我家里呢"]
)
def test_a_question_of_its_own_stands_alone(text: str) -> None:
    assert question_of(text, "What does shipping cost?") == text


def test_of_a_long_message_beginning_and_end_are_asked() -> None:
    asked = question_of("begin " + "x " * 20_000 + "end")
    assert len(asked) <= LONGEST + 1
    assert asked.startswith("begin")
    assert asked.endswith("end")


def test_every_intent_has_a_name_in_both_languages() -> None:
    for label in set(LABELS) - {OUT_OF_SCOPE}:
        names = {phrases.name_of(label, lang) for lang in ("en", "zh")}
        assert len(names) == 2
        assert label.replace("_", " ") not in names


def test_an_intent_of_the_tenants_own_goes_by_its_label() -> None:
    assert phrases.name_of("lens_cleaning", "zh") == "lens cleaning"


def test_every_phrase_is_said_in_both_languages() -> None:
    for phrase in phrases.PHRASES:
        assert phrases.say(phrase, "en").isascii()
        assert not phrases.say(phrase, "zh").isascii()
        assert phrases.say(phrase, "fr") == phrases.say(phrase, "en")
