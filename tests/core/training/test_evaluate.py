from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.records import Example, Prediction
from core.training.evaluate import renamed, report, restricted

SURE = {"up": 0.9, "down": 0.1}


def _said(label: str, *, model: str = "m-1") -> Prediction:
    other = "down" if label == "up" else "up"
    return Prediction((label,), 0.9, {label: 0.9, other: 0.1}, model)


def test_a_report_of_one_label_each() -> None:
    rows = [
        Example("x" * (n + 1), ("up" if n % 4 else "down",), lang="zh" if n < 30 else "en") for n in range(80)
    ]
    said = [_said("up") for _ in rows]

    found = report(rows, said, multi=False)

    assert (found["rows"], found["model"]) == (80, "m-1")
    assert found["metrics"]["accuracy"]["value"] == 0.75
    assert found["classes"]["down"] == {"precision": 0, "recall": 0, "f1": 0, "support": 20}
    assert found["labels_unknown_to_the_model"] == []
    assert found["calibration"] == {"expected_calibration_error": 0.15, "mean_confidence": 0.9}
    assert {name: list(parts) for name, parts in found["slices"].items()} == {
        "lang": ["en", "zh"],
        "length": ["60 to 199", "under 60 characters"],
    }


def test_a_report_of_many_labels() -> None:
    rows = [Example("a", ("up", "down")), Example("b"), Example("c", ("up",))]
    said = [
        Prediction(("up",), 0.9, SURE),
        Prediction((), 0.8, {"up": 0.1, "down": 0.1}),
        Prediction(("up",), 0.9, SURE),
    ]

    found = report(rows, said, multi=True)

    assert found["metrics"]["accuracy"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["metrics"]["micro_f1"]["value"] == 0.8
    assert found["calibration"]["mean_confidence"] == pytest.approx(2.2 / 6, abs=1e-3)


def test_a_label_never_seen_is_told_and_counts_as_a_mistake() -> None:
    rows = [Example("a", ("up",)), Example("b", ("sideways",))]

    found = report(rows, [_said("up"), _said("up")], multi=False)

    assert found["labels_unknown_to_the_model"] == ["sideways"]
    assert found["metrics"]["accuracy"]["value"] == 0.5
    assert found["classes"]["sideways"]["support"] == 1


def test_a_model_that_knows_no_label_of_the_data_is_not_measured() -> None:
    with pytest.raises(InvalidInput, match=r"knows none of the labels .*\(bearish, bullish") as caught:
        report([Example("a", ("bullish",)), Example("b", ("bearish",))], [_said("up")] * 2, multi=False)
    assert "--label-map" in caught.value.remedy
    with pytest.raises(InvalidInput, match="no labelled rows"):
        report([], [], multi=False)


def test_labels_are_renamed_and_nothing_else() -> None:
    rows = [Example("a", ("bullish", "x"), "pair", "en", "g")]

    assert renamed(rows, {"bullish": "up"}) == (Example("a", ("up", "x"), "pair", "en", "g"),)


def test_predictions_among_the_classes_that_the_data_has() -> None:
    said = [Prediction(("flat",), 0.6, {"up": 0.1, "flat": 0.6, "down": 0.3})]

    (found,) = restricted(said, ["up", "down"])

    assert found.labels == ("down",)
    assert found.probability == pytest.approx(0.75)
    assert found.probabilities == pytest.approx({"up": 0.25, "down": 0.75})
