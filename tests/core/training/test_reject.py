from __future__ import annotations

import numpy as np
import pytest

from core.inference.head import LinearHead, Reject
from core.training.calibrate import calibrated, one_hot, said
from core.training.reject import LOSS, fit_reject

NONE = "none"


def blobs(count: int, seed: int, *, outside: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors around three axes and, last, around none of them; gold over (a, b, c, none)."""
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 3, count)
    inside = np.eye(4)[places] * 3 + rng.normal(0, 0.6, (count, 4))
    far = rng.normal(0, 0.6, (outside, 4)) + np.array([0.6, 0.6, 0.6, 2.0])
    gold = one_hot(np.concatenate([places, np.full(outside, 3)]), 4)
    return np.concatenate([inside, far]).astype(np.float32), gold


def head(*labels: str) -> LinearHead:
    return LinearHead(
        labels, np.eye(4, dtype=np.float32)[: len(labels)], np.zeros(len(labels), np.float32), False
    )


@pytest.mark.parametrize("labels", [("a", "b", "c", NONE), ("a", "b", "c")])
def test_the_limit_costs_no_more_right_answers_than_it_may(labels: tuple[str, ...]) -> None:
    vectors, gold = blobs(2000, 1, outside=300)
    gold = gold[:, : len(labels)]
    plain = head(*labels)
    found = fit_reject(plain, vectors, gold, NONE)
    best = plain.logits(vectors)[:, :3]
    right = gold[:, :3][np.arange(len(best)), best.argmax(axis=1)]
    lost = (best.max(axis=1) < found.limit)[right].mean()
    assert lost <= LOSS
    assert lost >= LOSS - 2 / right.sum(), "a lower limit would let more strangers in than it needs to"
    assert (best.max(axis=1) < found.limit)[2000:].mean() > 0.5


def test_confidence_agrees_with_the_decision() -> None:
    vectors, gold = blobs(500, 2, outside=100)
    ready = calibrated(head("a", "b", "c", NONE), vectors, gold, reject=NONE)
    assert ready.reject is not None
    for logits, each in zip(ready.logits(vectors), ready.predict(vectors), strict=True):
        below, beaten = bool(logits[:3].max() < ready.reject.limit), bool(logits.argmax() == 3)
        assert (each.labels == (NONE,)) is (below or beaten)
        if below:
            assert each.probability >= 0.5
        if beaten:
            assert each.probability >= each.probabilities[NONE]
        assert 0 <= each.probability <= 1


def test_confidence_means_what_it_says() -> None:
    vectors, gold = blobs(3000, 3, outside=1500)
    ready = calibrated(head("a", "b", "c", NONE), vectors, gold, reject=NONE)
    assert ready.reject is not None
    rejected = [
        (each.probability, row[3])
        for each, row in zip(ready.predict(vectors), gold, strict=True)
        if each.labels == (NONE,)
    ]
    sure, true = np.array(rejected, float).T
    assert abs(sure.mean() - true.mean()) < 0.1


def test_decisions_are_those_of_predict() -> None:
    vectors, gold = blobs(200, 4, outside=50)
    ready = calibrated(head("a", "b", "c", NONE), vectors, gold, reject=NONE)
    decided = said(ready, vectors)
    for row, each in zip(decided, ready.predict(vectors), strict=True):
        assert [label for label, given in zip(ready.labels, row, strict=True) if given] == list(each.labels)


def test_a_label_without_rows_can_be_said() -> None:
    vectors, gold = blobs(500, 5, outside=0)
    ready = calibrated(head("a", "b", "c"), vectors, gold[:, :3], reject=NONE)
    [stranger] = ready.predict(np.array([[0.1, 0.1, 0.1, 3.0]], np.float32))
    assert stranger.labels == (NONE,)
    assert set(stranger.probabilities) == {"a", "b", "c"}


def test_where_nothing_was_learnt_nothing_is_rejected() -> None:
    vectors, _ = blobs(50, 6, outside=0)
    wrong = one_hot((vectors[:, :3].argmax(axis=1) + 1) % 3, 3)
    found = fit_reject(head("a", "b", "c"), vectors, wrong, NONE)
    assert isinstance(found, Reject)
    assert found.limit <= vectors[:, :3].max(axis=1).min()
