"""Fusion by scores: order, ties, what is unknown, and what stands far out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.fuse import fuse, reciprocal_ranks

RANKINGS = st.dictionaries(st.integers(1, 30), st.floats(0.0, 50.0), max_size=20).map(
    lambda scores: sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
)


def _order(words: list[tuple[int, float]], near: list[tuple[int, float]], share: float = 0.5) -> list[int]:
    return [each.id for each in fuse(words, near, share)]


def test_what_both_find_good_comes_first() -> None:
    words = [(1, 9.0), (2, 8.0), (3, 1.0)]
    near = [(4, 0.92), (2, 0.91), (1, 0.50), (3, 0.49)]

    assert _order(words, near)[0] == 2


def test_a_passage_far_out_in_words_beats_a_small_lead_in_vectors() -> None:
    words = [(7, 30.0), (1, 2.0), (2, 2.0), (3, 1.9), (4, 1.8)]
    near = [(1, 0.84), (2, 0.83), (7, 0.82), (3, 0.70), (4, 0.69)]

    assert _order(words, near)[0] == 7


def test_each_alone_keeps_its_order() -> None:
    ranking = [(3, 5.0), (1, 4.0), (2, 3.0)]

    assert _order(ranking, []) == _order([], ranking) == [3, 1, 2]
    assert fuse([], [], 0.5) == []


def test_both_opinions_are_told() -> None:
    first, second = fuse([(1, 2.0)], [(1, 0.9), (2, 0.1)], 0.5)

    assert (first.id, first.lexical, first.dense) == (1, 2.0, 0.9)
    assert (second.id, second.lexical, second.dense) == (2, None, 0.1)


def test_a_passage_without_a_vector_is_judged_by_its_words() -> None:
    words = [(1, 9.0), (2, 1.0), (3, 1.0)]
    near = [(2, 0.8), (3, 0.7)]

    assert _order(words, near)[0] == 1


def test_equal_passages_are_in_the_order_of_their_ids() -> None:
    assert _order([(9, 1.0), (2, 1.0)], [(2, 0.5), (9, 0.5)]) == [2, 9]


@given(RANKINGS, RANKINGS, st.floats(0.0, 1.0))
def test_nothing_is_lost_and_scores_fall(
    words: list[tuple[int, float]], near: list[tuple[int, float]], share: float
) -> None:
    fused = fuse(words, near, share)

    assert sorted(each.id for each in fused) == sorted(dict(words).keys() | dict(near).keys())
    scores = [each.score for each in fused]
    assert scores == sorted(scores, reverse=True)
    assert {each.id: each.lexical for each in fused if each.lexical is not None} == dict(words)
    assert {each.id: each.dense for each in fused if each.dense is not None} == dict(near)


@given(RANKINGS, RANKINGS)
def test_scale_does_not_matter(words: list[tuple[int, float]], near: list[tuple[int, float]]) -> None:
    longer = [(number, 10.0 * score) for number, score in words]

    assert {each.id: pytest.approx(each.score, abs=1e-6) for each in fuse(words, near, 0.6)} == {
        each.id: each.score for each in fuse(longer, near, 0.6)
    }


def test_reciprocal_ranks() -> None:
    found = reciprocal_ranks([[(1, 5.0), (2, 4.0)], [(2, 0.9)]], [1.0, 2.0], 60.0)

    assert found == [(2, pytest.approx(1 / 62 + 2 / 61)), (1, pytest.approx(1 / 61))]
