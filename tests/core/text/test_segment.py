from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text.segment import sentences, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("工商银行宣布降息", ["工商银行", "宣布", "降息"]),
        (
            "O'Neil of AT&T said U.S. sales rose 12.5%",
            ["O'Neil", "of", "AT&T", "said", "U.S.", "sales", "rose", "12.5%"],
        ),
        ("Q3营收1,234.50亿元，iPhone15热销", ["Q3", "营收", "1,234.50", "亿元", "iPhone15", "热销"]),
        ("", []),
        ("——！？", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert [word.text for word in words(text)] == expected


@given(st.text(st.sampled_from("净利润大增亏损ab1.5%,'& \n𠮷é")))
def test_words_stand_where_they_say(text: str) -> None:
    end = 0
    for word in words(text):
        assert text[word.start : word.end] == word.text
        assert word.start >= end
        end = word.end


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "U.S. sales rose 3.5% at Dr. Brandt's clinic. Costs fell! Did profit rise?",
            ["U.S. sales rose 3.5% at Dr. Brandt's clinic.", "Costs fell!", "Did profit rise?"],
        ),
        (
            "净利润增长3.5%。“成本下降。”他说……明年呢？\n标题",
            ["净利润增长3.5%。", "“成本下降。”", "他说……", "明年呢？", "标题"],
        ),
        ("  one line\n\n  another  ", ["one line", "another"]),
        ("\n \n", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[s.start : s.end] for s in sentences(text)] == expected


@settings(max_examples=60)
@given(st.text(st.sampled_from("净利 ab.!?。！”\n…"), max_size=60), st.sampled_from(["en", "zh", None]))
def test_sentences_lose_nothing(text: str, lang: str | None) -> None:
    spans = sentences(text, lang)
    assert "".join("".join(text[s.start : s.end] for s in spans).split()) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_a_long_line_is_read_in_parts() -> None:
    text = "Profit rose. " * 4000
    spans = sentences(text, "en")
    assert len(spans) >= 4000
    assert all(a.end <= b.start for a, b in pairwise(spans))
