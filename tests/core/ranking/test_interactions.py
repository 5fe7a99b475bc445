"""Interactions: any order of rows gives the same tables, and histories decay by recency."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import numpy as np
import pytest

from core.errors import InvalidInput
from core.ranking.ease import fit_ease
from core.ranking.interactions import Interactions, decayed
from core.ranking.item_knn import fit_item_knn
from core.ranking.model_file import save_model
from core.ranking.transitions import fit_transitions
from tests.core.ranking.shop import drifting


def test_histories_decay_from_the_newest_back_and_count_a_repeated_item_once() -> None:
    rows = [("u", "a", 1.0, 1.0), ("u", "b", 2.0, 2.0), ("u", "a", 1.0, 3.0), ("u", "c", 1.0, 4.0)]

    matrix = Interactions.from_rows(rows).histories(0.5).toarray()

    assert matrix.tolist() == [
        [0.5, 0.5, 1.0]
    ]  # a one step back, b two steps back with weight 2, c the newest
    assert decayed(["a", "b", "a", "c"], 0.5) == [("c", 1.0), ("a", 0.5), ("b", 0.25)]


@pytest.mark.parametrize("fit", [fit_ease, fit_item_knn, fit_transitions])
def test_the_order_of_the_rows_changes_no_byte_of_a_model(fit, tmp_path) -> None:
    rows = drifting()
    mixed = random.Random(5).sample(rows, len(rows))

    save_model(fit(Interactions.from_rows(rows)), tmp_path / "one")
    save_model(fit(Interactions.from_rows(mixed)), tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_datetime_is_its_seconds_and_the_catalogue_may_hold_more() -> None:
    when = datetime(2024, 5, 1, tzinfo=UTC)

    found = Interactions.from_rows([("u", "b", 1.0, when)], items=["a"])

    assert found.items == ("a", "b")
    assert found.time.tolist() == [when.timestamp()]
    assert found.counts().tolist() == [0, 1]


@pytest.mark.parametrize(
    "row", [("u", "a", 0.0, 1.0), ("u", "a", float("nan"), 1.0), ("u", "a", 1.0, float("inf"))]
)
def test_a_refund_and_a_time_that_is_none_are_named(row) -> None:
    with pytest.raises(InvalidInput, match="Interaction 1:"):
        Interactions.from_rows([("u", "a", 1.0, 1.0), row])


@pytest.mark.parametrize("fit", [fit_ease, fit_item_knn, fit_transitions])
def test_an_empty_shop_gives_an_empty_model(fit) -> None:
    model = fit(Interactions.from_rows([]))

    assert model.items == ()
    assert model.top([("a", 1.0)], 5) == []
    assert np.array_equal(model.indptr, [0])
