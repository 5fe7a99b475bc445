"""Our figures beside scikit-learn's, and what intervals and calibration promise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as peer

from core.training.metrics import (
    calibration_error,
    indicator,
    macro_f1,
    micro_f1,
    per_class,
    slices,
    summary,
)

LABELS = ("a", "b", "c", "d")


def _drawn(seed: int, multi: bool, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if multi:
        gold = rng.random((n, 4)) < 0.35
        return gold, gold ^ (rng.random((n, 4)) < 0.2)
    gold = rng.choice(4, size=n, p=[0.6, 0.25, 0.1, 0.05])
    said = np.where(rng.random(n) < 0.3, rng.integers(0, 4, n), gold)
    return np.eye(4, dtype=bool)[gold], np.eye(4, dtype=bool)[said]


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_same_figures_as_scikit_learn(seed: int, multi: bool) -> None:
    gold, said = _drawn(seed, multi)

    found = summary(gold, said)

    assert found["accuracy"]["value"] == pytest.approx(peer.accuracy_score(gold, said), abs=1e-4)
    for average in ("macro", "micro"):
        theirs = peer.f1_score(gold, said, average=average, zero_division=0)
        assert found[f"{average}_f1"]["value"] == pytest.approx(theirs, abs=1e-4)
    assert macro_f1(gold, said) == pytest.approx(peer.f1_score(gold, said, average="macro"))
    assert micro_f1(gold, said) == pytest.approx(peer.f1_score(gold, said, average="micro"))
    precision, recall, f1, support = peer.precision_recall_fscore_support(gold, said, zero_division=0)
    for i, label in enumerate(LABELS):
        ours = per_class(gold, said, LABELS)[label]
        theirs = {"precision": precision[i], "recall": recall[i], "f1": f1[i], "support": support[i]}
        assert ours == pytest.approx(theirs, abs=1e-4)


def test_micro_f1_of_one_label_each_is_accuracy() -> None:
    found = summary(*_drawn(7, multi=False))

    assert found["micro_f1"]["value"] == found["accuracy"]["value"]


def test_a_class_that_nobody_has_or_says_is_not_averaged() -> None:
    gold = indicator([["a"], ["b"], ["a"]], LABELS)

    assert summary(gold, gold)["macro_f1"]["value"] == 1.0
    assert per_class(gold, gold, LABELS)["d"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}


@pytest.mark.parametrize("multi", [False, True])
def test_intervals_hold_the_point_and_shrink_with_rows(multi: bool) -> None:
    def widths(n: int) -> list[float]:
        found = summary(*_drawn(3, multi, n))
        for each in found.values():
            assert 0.0 <= each["low"] <= each["value"] <= each["high"] <= 1.0
        return [each["high"] - each["low"] for each in found.values()]

    assert all(few > many for few, many in zip(widths(60), widths(3000), strict=True))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(100):
        right = rng.random(150) < 0.8
        gold = np.stack([np.ones(150, bool), np.zeros(150, bool)], axis=1)
        said = np.stack([right, ~right], axis=1)
        found = summary(gold, said)["accuracy"]
        covered += found["low"] <= 0.8 <= found["high"]

    assert covered >= 85


def test_the_same_rows_give_the_same_intervals_another_seed_others() -> None:
    gold, said = _drawn(1, multi=True)

    assert summary(gold, said) == summary(gold, said)
    assert summary(gold, said) != summary(gold, said, seed=1)


def test_resampling_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gold, said = _drawn(2, multi=False)
    whole = summary(gold, said)
    monkeypatch.setattr("core.training.metrics._BLOCK", 7 * len(gold))

    assert summary(gold, said) == whole


def test_one_row() -> None:
    gold = indicator([["a"]], LABELS)

    assert summary(gold, gold)["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_labels_that_are_not_listed_are_passed_over() -> None:
    assert indicator([["a", "x"], ["d"], []], LABELS).astype(int).tolist() == [
        [1, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 0, 0],
    ]


def test_calibration_error_is_zero_for_the_honest_and_large_for_the_boastful() -> None:
    sure = np.repeat([0.0, 0.2, 0.5, 0.8, 1.0], 100)
    right = np.tile(np.arange(100), 5) < sure * 100

    assert calibration_error(right, sure) == 0.0
    assert calibration_error(np.ones(10, bool), np.ones(10)) == 0.0
    assert calibration_error(np.zeros(10, bool), np.ones(10)) == 1.0
    assert calibration_error(np.arange(10) < 5, np.full(10, 0.95)) == pytest.approx(0.45)


def test_slices_of_twenty_rows_and_more() -> None:
    gold, said = _drawn(4, multi=False, n=60)
    lang = ["en"] * 30 + ["zh"] * 19 + [None] * 11

    found = slices(gold, said, {"lang": lang})

    assert list(found) == ["lang"]
    assert list(found["lang"]) == ["en"]
    assert found["lang"]["en"]["rows"] == 30
    assert found["lang"]["en"]["accuracy"] == summary(gold[:30], said[:30])["accuracy"]
