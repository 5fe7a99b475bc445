from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.inference.batching import by_length

LENGTHS = st.lists(st.integers(min_value=0, max_value=600), max_size=80)
BUDGETS = st.integers(min_value=1, max_value=1500)


@given(LENGTHS, BUDGETS)
def test_every_text_is_in_one_batch(lengths: list[int], budget: int) -> None:
    batches = list(by_length(lengths, budget))

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(batches)


@given(LENGTHS, BUDGETS)
def test_a_batch_of_several_stays_within_the_budget(lengths: list[int], budget: int) -> None:
    for batch in by_length(lengths, budget):
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= budget


@given(LENGTHS, BUDGETS)
def test_the_longest_come_first_and_like_lengths_together(lengths: list[int], budget: int) -> None:
    order = [lengths[index] for batch in by_length(lengths, budget) for index in batch]

    assert order == sorted(lengths, reverse=True)


def test_no_batch_is_split_that_need_not_be() -> None:
    assert list(by_length([5, 5, 5, 5], 20)) == [[0, 1, 2, 3]]
    assert list(by_length([5, 5, 5, 5], 19)) == [[0, 1, 2], [3]]
    assert list(by_length([])) == []


@given(LENGTHS, st.integers(min_value=0, max_value=300))
def test_little_of_a_batch_is_padding(lengths: list[int], waste: int) -> None:
    for batch in by_length(lengths, waste=waste):
        longest = max(lengths[index] for index in batch)
        assert longest * len(batch) - sum(lengths[index] for index in batch) <= waste


def test_a_long_text_does_not_make_short_ones_long() -> None:
    assert list(by_length([10, 200, 10, 190], waste=96)) == [[1, 3], [0, 2]]
    assert list(by_length([10, 30, 10, 28], waste=96)) == [[1, 3, 0, 2]]
