"""Ranks, lists and metrics against figures worked out by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from core.errors import InvalidInput
from core.ranking.metrics import difference, similarity, summary, user_sums
from core.ranking.ranks import hide, lists, ranks

NONE = np.zeros(0, np.int64)


def test_a_tie_is_never_a_hit() -> None:
    scores = np.array([[5, 3, 3, 1], [2, 2, 2, 2]], np.float32)

    found = ranks(scores, np.array([0, 0, 0, 1]), np.array([0, 1, 3, 2]))

    assert found.tolist() == [0, 2, 3, 3]
    assert [sorted(row[row >= 0]) for row in lists(scores, 2)] == [[0], []]
    assert [sorted(row[row >= 0]) for row in lists(scores, 3)] == [[0, 1, 2], []]


def test_the_list_is_what_ranks_among_the_first_k() -> None:
    scores = np.random.default_rng(2).integers(0, 30, (40, 25)).astype(np.float32)
    rows, columns = np.indices(scores.shape)

    rank = ranks(scores, rows.ravel(), columns.ravel()).reshape(scores.shape)

    for k in (1, 5, 25, 40):
        for user, found in enumerate(lists(scores, k)):
            assert sorted(found[found >= 0]) == np.flatnonzero(rank[user] < k).tolist()


def test_what_is_hidden_is_not_listed_and_not_found() -> None:
    scores = np.array([[9, 8, 7]], np.float32)

    hide(scores, np.array([0]), np.array([0]), np.array([False, True, False]))

    assert lists(scores, 2).tolist() == [[2, -1]]
    assert ranks(scores, np.array([0, 0]), np.array([2, 0])).tolist() == [0, 3]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_refused(wrong) -> None:
    with pytest.raises(InvalidInput, match="NaN or infinite"):
        hide(np.array([[1, wrong]], np.float32), NONE, NONE, np.zeros(2, np.bool_))


def test_the_metrics_are_their_formulas() -> None:
    rank, user = np.array([0, 3, 7, 1]), np.array([0, 0, 0, 1])

    figures = summary(user_sums(rank, user, 2, np.array([1.0, 0.1, 0.5, 0.2]), 3))

    assert figures["hr@3"]["value"] == 1.0
    assert figures["recall@3"]["value"] == pytest.approx((1 / 3 + 1) / 2, abs=1e-4)
    ideal = 1 + 1 / log2(3) + 1 / 2
    assert figures["ndcg@3"]["value"] == pytest.approx((1 / ideal + 1 / log2(3)) / 2, abs=1e-4)
    assert figures["debiased_hr@3"]["value"] == pytest.approx(1.2 / 1.8, abs=1e-4)


def test_a_hit_on_what_everybody_takes_counts_little_when_debiased() -> None:
    user, inverse = np.array([0, 1]), np.array([1 / 101, 1 / 2])

    blockbuster = summary(user_sums(np.array([0, 99]), user, 2, inverse, 10))["debiased_hr@10"]["value"]
    find = summary(user_sums(np.array([99, 0]), user, 2, inverse, 10))["debiased_hr@10"]["value"]

    assert blockbuster < 0.05 < 0.95 < find


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_similarity_is_the_mean_cosine_of_the_pairs_of_a_list(form) -> None:
    vectors = form(np.array([[1, 0], [0.6, 0.8], [0, 1], [0, 0]], np.float32))

    value, counted = similarity(np.array([[0, 1, 2], [0, -1, -1], [1, 1, -1]])[:2], vectors)

    assert value == pytest.approx([(0.6 + 0.0 + 0.8) / 3, 0.0], abs=1e-6)
    assert counted.tolist() == [1.0, 0.0]


def test_intervals_hold_the_value_shrink_with_users_and_are_paired_in_a_difference() -> None:
    rng = np.random.default_rng(4)
    few, many = rng.random(30), rng.random(3000)

    narrow, wide = (summary({"hr": (each, np.ones(len(each)))})["hr"] for each in (many, few))
    gap = difference((many + 0.01, np.ones(3000)), (many, np.ones(3000)))

    assert narrow["low"] < narrow["value"] < narrow["high"]
    assert narrow["high"] - narrow["low"] < (wide["high"] - wide["low"]) / 5
    assert gap == pytest.approx({"value": 0.01, "low": 0.01, "high": 0.01}, abs=1e-4)
