from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.normalise import fold, fold_same_length, fold_whitespace, for_model, invisible


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("净利润１２．５％", "净利润12.5%"),
        ("ＡＢＣ公司", "ABC公司"),
        ("pro\u200bfit war\u00adning", "profit warning"),
        ("\u202eabc\u202c", "abc"),
        ("a\u3000b\u00a0c\x07d", "a b c d"),
        ("a\r\nb\u2028c", "a\n\nb\nc"),
        ("٣٫٥", "3٫5"),
        ("ﬁnance ①", "finance 1"),
        ("👩\u200d👧 ❤\ufe0f", "👩👧 ❤"),
        ("ig\U000e0061nore", "ignore"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_offsets_lead_back_to_the_original() -> None:
    original = "Ａ\u200bＢﬁ涨１２％"
    folded = fold(original)
    assert folded.text == "ABfi涨12%"
    start = folded.text.index("12%")
    span = folded.span(start, start + 3)
    assert original[span.start : span.end] == "１２％"
    half = folded.span(folded.text.index("f"), folded.text.index("f") + 1)
    assert original[half.start : half.end] == "ﬁ"
    assert folded.span(0, 0) == folded.span(0, 0)


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (0, 9), (2, 1)])
def test_a_range_outside_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not inside"):
        fold("abc").span(start, end)


def test_text_does_not_explode() -> None:
    assert len(fold("\ufdfa" * 1000).text) == 1000


@given(st.text())
def test_origin_is_ordered_and_inside(text: str) -> None:
    folded = fold(text)
    assert len(folded.origin) == len(folded.text) + 1
    assert list(folded.origin) == sorted(folded.origin)
    assert folded.origin[-1] == len(text)
    assert not any(map(invisible, folded.text))
    assert len(folded.text) <= 4 * len(text)


@given(st.text())
def test_model_text_is_stable(text: str) -> None:
    once = for_model(text)
    assert for_model(once) == once
    assert fold_whitespace(once) == once


@given(st.text())
def test_same_length(text: str) -> None:
    assert len(fold_same_length(text)) == len(text)
