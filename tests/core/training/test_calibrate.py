from __future__ import annotations

import numpy as np
import pytest

from core.inference.head import LinearHead, sigmoid, softmax
from core.training.calibrate import calibrated, one_hot, said, temperature, threshold
from core.training.metrics import calibration_error, micro_f1


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_a_known_temperature_is_found_again(true: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(6000, 4)) * 2
    drawn = (softmax(logits).cumsum(axis=1) > rng.random((6000, 1))).argmax(axis=1)

    assert temperature(logits * true, one_hot(drawn, 4), multi=False) == pytest.approx(true, rel=0.08)


def test_a_known_temperature_of_many_labels_is_found_again() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4000, 5)) * 2
    gold = rng.random(logits.shape) < sigmoid(logits)

    assert temperature(logits * 2.5, gold, multi=True) == pytest.approx(2.5, rel=0.08)


@pytest.mark.parametrize("right", [True, False])
def test_it_stays_within_bounds_where_all_is_right_or_wrong(right: bool) -> None:
    gold = one_hot(np.zeros(20, int) if right else np.ones(20, int), 2)
    logits = np.tile([[4.0, -4.0]], (20, 1))

    assert 0.05 <= temperature(logits, gold, multi=False) <= 20.0


def test_a_threshold_between_the_two_heaps() -> None:
    rng = np.random.default_rng(2)
    gold = rng.random((300, 3)) < 0.3
    low = np.where(gold, rng.uniform(0.25, 0.4, gold.shape), rng.uniform(0.0, 0.15, gold.shape))

    limit = threshold(low, gold)

    assert 0.15 <= limit <= 0.25
    assert micro_f1(gold, low >= limit) == 1.0


def test_one_row_more_right_does_not_move_a_threshold_to_the_edge() -> None:
    gold = np.arange(900).reshape(300, 3) % 3 == 0
    low = np.where(gold, 0.6, 0.1)
    low[0, 0] = 0.2

    assert 0.3 <= threshold(low, gold) <= 0.4
    assert micro_f1(gold, low >= 0.15) == 1.0 > micro_f1(gold, low >= 0.35) > 0.99


def test_calibrated_probabilities_mean_what_they_say() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(3000, 4)).astype(np.float32)
    weight = rng.normal(size=(3, 4)).astype(np.float32)
    drawn = (softmax(vectors @ weight.T).cumsum(axis=1) > rng.random((3000, 1))).argmax(axis=1)
    gold = one_hot(drawn, 3)
    boastful = LinearHead(("a", "b", "c"), 5 * weight, np.zeros(3, np.float32), multi=False)

    def error(head: LinearHead) -> float:
        p = head.probabilities(vectors)
        return calibration_error(gold[np.arange(len(p)), p.argmax(axis=1)], p.max(axis=1))

    warm = calibrated(boastful, vectors, gold)

    assert error(boastful) > 0.15
    assert error(warm) < 0.03
    assert np.array_equal(said(warm, vectors), said(boastful, vectors))


def test_many_labels_get_one_threshold() -> None:
    vectors = np.random.default_rng(4).normal(size=(200, 3)).astype(np.float32)
    head = LinearHead(("a", "b", "c"), np.eye(3, dtype=np.float32), np.full(3, -1.0, np.float32), multi=True)
    gold = vectors > 0.2

    warm = calibrated(head, vectors, gold)

    assert warm.thresholds is not None
    assert len(set(warm.thresholds.tolist())) == 1
    assert micro_f1(gold, said(warm, vectors)) > micro_f1(gold, head.probabilities(vectors) >= 0.5)


def test_one_hot() -> None:
    assert one_hot(np.array([2, 0]), 3).astype(int).tolist() == [[0, 0, 1], [1, 0, 0]]
