"""Cutting by bytes: never longer, never in the middle of a character, never more than needed."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from core.delivery.senders.cutting import cut, fitted
from core.delivery.senders.parcel import encoded


@given(st.text(), st.integers(0, 200))
@example("汉" * 10, 16)
@example("e\u0301" * 10, 8)
@example("👨\u200d👩\u200d👧", 10)
def test_a_cut_is_a_beginning_within_the_limit(text: str, limit: int) -> None:
    done = cut(text, limit)

    assert len(done.encode()) <= limit
    if done != text:
        assert done == "" or text.startswith(done.removesuffix("…"))
        assert len(text.encode()) > limit


@given(st.integers(3, 500))
def test_as_much_is_kept_as_fits(limit: int) -> None:
    assert len(cut("汉" * 500, limit).encode()) > limit - 3


@given(st.text(max_size=400), st.integers(40, 300))
def test_a_body_fits_whatever_json_makes_of_it(text: str, limit: int) -> None:
    body = fitted(lambda kept: encoded({"t": kept}), text, limit)

    assert len(body) <= limit
    assert text.startswith(json.loads(body)["t"].removesuffix("…")[:1])


def test_an_accent_stays_with_its_letter_and_a_family_together() -> None:
    assert cut("ae\u0301", 4, "") == "ae\u0301"
    assert cut("ae\u0301b", 3, "") == "a"
    assert cut("a👨\u200d👩", 9, "") == "a"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert cut("a\ud800b", 10) == "a?b"
