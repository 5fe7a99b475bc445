from __future__ import annotations

import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.inference.vector_cache import CachedEncoder
from tests.core.inference.hashing_encoder import HashingEncoder, vector

TEXTS = st.lists(st.one_of(st.sampled_from("abcde"), st.tuples(st.sampled_from("ab"), st.sampled_from("ab"))))


def test_a_repeat_costs_no_pass() -> None:
    beneath = HashingEncoder()
    encoder = CachedEncoder(beneath)

    first = encoder.encode(["a", "b", "a"])
    again = encoder.encode(["b", "a"])

    assert beneath.passes == [["a", "b"]]
    assert np.array_equal(first[[1, 0]], again)
    assert encoder.hits == 2


@given(st.lists(TEXTS, max_size=6), st.integers(min_value=1, max_value=4))
def test_rows_are_right_whatever_is_remembered(calls: list[list[str]], capacity: int) -> None:
    encoder = CachedEncoder(HashingEncoder(), capacity=capacity)

    for texts in calls:
        rows = encoder.encode(texts)
        assert rows.shape == (len(texts), 8)
        for row, text in zip(rows, texts, strict=True):
            assert np.array_equal(row, vector(text, "query", 8))


def test_only_what_is_missing_is_encoded_once_each() -> None:
    beneath = HashingEncoder()
    encoder = CachedEncoder(beneath)
    encoder.encode(["a"])

    encoder.encode(["b", "a", "c", "b"])

    assert beneath.passes == [["a"], ["b", "c"]]


def test_roles_and_pairs_are_told_apart() -> None:
    beneath = HashingEncoder()
    encoder = CachedEncoder(beneath)

    query, passage = encoder.encode(["a"]), encoder.encode(["a"], role="passage")
    encoder.encode([("a", "b"), ("ab", ""), ("", "ab"), "ab"])

    assert not np.array_equal(query, passage)
    assert [len(texts) for texts in beneath.passes] == [1, 1, 4]


def test_the_capacity_holds_and_the_least_used_goes_first() -> None:
    beneath = HashingEncoder()
    encoder = CachedEncoder(beneath, capacity=2)
    encoder.encode(["a", "b"])
    encoder.encode(["a"])
    encoder.encode(["c"])  # drives b out
    assert len(beneath.passes) == 2

    encoder.encode(["a", "c"])
    assert len(beneath.passes) == 2
    encoder.encode(["b"])
    assert beneath.passes[-1] == ["b"]


def test_a_caller_cannot_change_what_is_remembered() -> None:
    encoder = CachedEncoder(HashingEncoder())

    encoder.encode(["a"])[:] = 0.0

    assert np.array_equal(encoder.encode(["a"])[0], vector("a", "query", 8))


def test_no_text_is_kept() -> None:
    encoder = CachedEncoder(HashingEncoder())
    encoder.encode(["a very private sentence", ("one secret", "another secret")])

    kept = pickle.dumps(encoder._rows)  # what a memory dump of the cache would show

    assert b"private" not in kept
    assert b"secret" not in kept
