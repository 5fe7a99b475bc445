"""Trending and popularity: event time, and one bot that hardly moves them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from core.errors import InvalidInput
from core.ranking.interactions import Interactions, Row
from core.ranking.popularity import fit_popularity
from core.ranking.trending import trending

DAY = 86_400.0
NOW = 100 * DAY


def people(item: str, count: int, days_ago: float) -> list[Row]:
    return [(f"{item}-{n}", item, 1.0, NOW - days_ago * DAY) for n in range(count)]


def test_a_thousand_clicks_of_a_bot_are_one_click() -> None:
    honest = [*people("book", 5, 0.5), *people("lamp", 3, 0.5)]
    bot: list[Row] = [("bot", "spam", 1.0, NOW - second) for second in range(1000)]

    found = dict(trending([*honest, *bot], NOW))

    assert list(found) == ["book", "lamp", "spam"]
    assert found["spam"] <= 1.0


def test_a_bot_that_clicks_on_everything_adds_little_to_each_item() -> None:
    bot: list[Row] = [("bot", f"spam-{n}", 1.0, NOW) for n in range(1000)]

    found = dict(trending([*people("book", 2, 1.0), *bot], NOW, budget=20))

    assert found["spam-1"] == pytest.approx(20 / 1000)
    assert next(iter(found)) == "book"


def test_old_takes_fade_by_the_half_life_and_future_ones_do_not_count() -> None:
    rows = [*people("old", 4, 6.0), *people("new", 2, 0.0), *people("tomorrow", 50, -1.0)]

    found = dict(trending(rows, datetime.fromtimestamp(NOW, UTC), half_life_days=3))

    assert found == pytest.approx({"new": 2.0, "old": 1.0})


def test_late_events_give_what_punctual_ones_give() -> None:
    rows = [row for days in range(9) for row in people(f"item{days % 4}", 3 + days, days)]

    assert trending(random.Random(3).sample(rows, len(rows)), NOW) == trending(rows, NOW)


def test_an_empty_shop_trends_nothing_and_a_half_life_of_nought_is_refused() -> None:
    assert trending([], NOW) == []
    with pytest.raises(InvalidInput, match="half_life_days"):
        trending([], NOW, half_life_days=0)


def test_popularity_counts_users_of_the_window_and_breaks_ties_by_all_time() -> None:
    rows = [
        *people("evergreen", 9, 30.0),
        *people("week", 3, 2.0),
        *people("a tie", 3, 2.0),
        *people("week", 4, 40.0),
    ]
    rows += [("bot", "spam", 1.0, NOW - n) for n in range(500)]

    found = Interactions.from_rows(rows)

    assert [item for item, _ in fit_popularity(found, now=NOW).top(9)] == [
        "week",
        "a tie",
        "spam",
        "evergreen",
    ]
    assert [item for item, _ in fit_popularity(found, days=None).top(1)] == ["evergreen"]
    assert fit_popularity(Interactions.from_rows([])).top(3) == []
