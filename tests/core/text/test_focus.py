from __future__ import annotations

import pytest

from core.records import Span
from core.text.focus import CLOSE, OPEN, WIDTH, focused, spans_of


def test_the_name_comes_first_and_its_mentions_are_marked() -> None:
    text = "Ford gains as Fisker stalls."
    assert focused(text, spans_of(text, "Fisker")) == "Fisker: Ford gains as « Fisker » stalls."
    assert focused(text, spans_of(text, "Ford")) != focused(text, spans_of(text, "Fisker"))


def test_a_name_that_the_text_does_not_hold_is_asked_about_all_the_same() -> None:
    assert focused("亏损扩大", [], "澜石科技") == "澜石科技: 亏损扩大"


def test_full_width_letters_are_found_where_they_stand() -> None:
    assert spans_of("看好ＢＹＤ，BYD", "BYD") == [Span(2, 5), Span(6, 9)]
    assert spans_of("abc", "  ") == []


@pytest.mark.parametrize("place", [0, 700, 1990])
def test_a_long_text_is_cut_around_the_mention(place: int) -> None:
    text = "甲" * place + "澜石" + "乙" * (2000 - place)
    said = focused(text, spans_of(text, "澜石"))
    assert f"{OPEN}澜石{CLOSE}" in said
    assert WIDTH <= len(said) <= WIDTH + 20


def test_distant_mentions_have_windows_of_their_own() -> None:
    text = "澜石" + "甲" * 500 + "澜石亏损" + "乙" * 500
    said = focused(text, spans_of(text, "澜石"))
    assert said.count(OPEN) == 2
    assert "亏损" in said
    assert len(said) < 2 * WIDTH
