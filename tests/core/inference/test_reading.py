"""What a model reads: folded, and without personal data, in training and in serving alike."""

from __future__ import annotations

from core.inference.reading import as_text
from core.records import Example


def test_models_see_no_personal_data_and_plain_text() -> None:
    assert as_text(Example("加群１３７９３９３２５２４，涨\u200b１２％")) == "加群<PHONE>,涨12%"


def test_both_texts_of_a_pair_are_read_so() -> None:
    assert as_text(Example("１２％", text_pair="write to a.b@example.org")) == ("12%", "write to <EMAIL>")


def test_reading_twice_changes_nothing() -> None:
    once = as_text(Example("call 13793932524，涨１２％"))
    assert isinstance(once, str)
    assert as_text(Example(once)) == once
