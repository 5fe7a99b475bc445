"""What every `DenseIndex` keeps. Subclass it in a test module and give the fixture `run`.

`run(fn)` calls `fn` with the index under test and returns what it returned; the index is empty at first and
remembers from call to call. Its dimension is 8.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from core.retrieval.dense import DenseIndex, Floats, Halves
from core.retrieval.lexical import Ids, Ranking

DIMENSION = 8


class Run(Protocol):
    """Gives a function the index under test."""

    def __call__(self, fn: Callable[[DenseIndex], Any]) -> Any:
        """Return what `fn` returned."""
        ...


def unit_vectors(count: int, seed: int = 0) -> Halves:
    """Return `count` different unit vectors of shape (count, 8), as the database keeps them."""
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float16)


def numbers(*ids: int) -> Ids:
    """Return ids as an index takes them."""
    return np.array(ids, np.int64)


def by_hand(vectors: Halves, ids: Ids, question: Floats, k: int) -> Ranking:
    """Return the `k` nearest by plain arithmetic."""
    scores: NDArray[np.float32] = vectors.astype(np.float32) @ question
    pairs = sorted(zip(ids.tolist(), scores.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return pairs[:k]


def assert_alike(found: Ranking, expected: Ranking) -> None:
    """Compare rankings: the same ids in the same order, scores within a thousandth."""
    assert [number for number, _ in found] == [number for number, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-3)


def _seven(question: Floats, index: DenseIndex) -> Ranking:
    return index.search(question, 7)


class DenseIndexContract:
    """Tests of one implementation."""

    @pytest.fixture
    def run(self) -> Run:
        """Return the `Run` of the implementation; every subclass gives its own."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self, run: Run) -> tuple[Ids, Halves]:
        """Put 50 vectors in, ids from 100 in steps of three."""
        ids, vectors = np.arange(100, 250, 3, dtype=np.int64), unit_vectors(50)
        run(lambda index: index.add(ids, vectors))
        return ids, vectors

    def test_an_empty_index_finds_nothing(self, run: Run) -> None:
        """No error, no placeholder ids."""
        question = unit_vectors(1)[0].astype(np.float32)

        assert run(lambda index: index.search(question, 5)) == []
        assert run(len) == 0

    def test_it_finds_what_arithmetic_finds(self, run: Run, filled: tuple[Ids, Halves]) -> None:
        """The best first, with the cosine as the score."""
        ids, vectors = filled
        for question in unit_vectors(20, seed=1).astype(np.float32):
            found = run(partial(_seven, question))
            assert_alike(found, by_hand(vectors, ids, question, 7))

    def test_asking_for_more_than_there_is_gives_all(self, run: Run, filled: tuple[Ids, Halves]) -> None:
        """And never an id that is none."""
        ids, vectors = filled
        question = vectors[0].astype(np.float32)

        assert_alike(run(lambda index: index.search(question, 1000)), by_hand(vectors, ids, question, 50))
        assert run(lambda index: index.search(question, 0)) == []

    def test_a_filter_is_looked_at_before_the_best_are_taken(
        self, run: Run, filled: tuple[Ids, Halves]
    ) -> None:
        """Three allowed ids among the worst are all three found."""
        ids, vectors = filled
        question = unit_vectors(1, seed=2)[0].astype(np.float32)
        worst = numbers(*[number for number, _ in by_hand(vectors, ids, question, 50)[-3:]])
        rows = np.isin(ids, worst)

        found = run(lambda index: index.search(question, 3, worst))

        assert_alike(found, by_hand(vectors[rows], ids[rows], question, 3))

    def test_a_filter_may_name_what_is_not_there(self, run: Run, filled: tuple[Ids, Halves]) -> None:
        """Unknown ids are never found; no allowed id finds nothing."""
        question = filled[1][0].astype(np.float32)

        assert [n for n, _ in run(lambda index: index.search(question, 5, numbers(100, 7, 10**9)))] == [100]
        assert run(lambda index: index.search(question, 5, numbers())) == []

    def test_what_was_removed_is_not_found(self, run: Run, filled: tuple[Ids, Halves]) -> None:
        """Not even by its own vector, and not through a filter."""
        ids, vectors = filled
        question = vectors[10].astype(np.float32)
        run(lambda index: index.remove(numbers(*ids[10:30].tolist(), 1, 2)))

        kept = np.isin(ids, ids[10:30], invert=True)
        assert_alike(
            run(lambda index: index.search(question, 50)), by_hand(vectors[kept], ids[kept], question, 50)
        )
        assert run(lambda index: index.search(question, 5, ids[10:30])) == []
        assert run(len) == 30

    def test_removing_twice_is_removing_once(self, run: Run, filled: tuple[Ids, Halves]) -> None:
        """Unknown ids are passed over."""
        for _ in range(2):
            run(lambda index: index.remove(filled[0][:5]))
        assert run(len) == 45
        run(lambda index: index.remove(numbers()))
        assert run(len) == 45

    def test_an_id_that_comes_again_has_its_new_vector_only(
        self, run: Run, filled: tuple[Ids, Halves]
    ) -> None:
        """It is found once."""
        ids, _ = filled
        new = unit_vectors(5, seed=3)
        run(lambda index: index.add(ids[:5], new))

        found = run(lambda index: index.search(new[0].astype(np.float32), 50))

        assert found[0] == (ids[0], pytest.approx(1.0, abs=2e-3))
        assert sorted(number for number, _ in found) == ids.tolist()

    def test_equal_scores_are_in_the_order_of_their_ids(self, run: Run) -> None:
        """So that pages and tests do not flicker."""
        vector = unit_vectors(1)
        run(lambda index: index.add(numbers(9, 3, 7, 1), np.repeat(vector, 4, axis=0)))

        found = run(lambda index: index.search(vector[0].astype(np.float32), 4))

        assert [number for number, _ in found] == [1, 3, 7, 9]
