"""A report on a model over labelled rows: intervals, per class, per language, calibration, slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.records import Example, Prediction
from core.training.metrics import Bools, calibration_error, indicator, per_class, slices, summary

_LENGTHS = ((0, 60, "under 60 characters"), (60, 200, "60 to 199"), (200, 10**9, "200 and more"))


def renamed(rows: Sequence[Example], names: Mapping[str, str]) -> tuple[Example, ...]:
    """Return the rows with labels renamed, e.g. a data set's `bullish` to the model's `positive`."""
    return tuple(
        Example(
            row.text,
            tuple(names.get(label, label) for label in row.labels),
            row.text_pair,
            row.lang,
            row.group,
        )
        for row in rows
    )


def restricted(predictions: Sequence[Prediction], labels: Sequence[str]) -> list[Prediction]:
    """Return single-label predictions as the likeliest of `labels`: for data that lack some classes."""
    out = []
    for each in predictions:
        share = {label: each.probabilities.get(label, 0.0) for label in labels}
        total = sum(share.values()) or 1.0
        best = max(share, key=lambda label: share[label])
        scaled = {label: value / total for label, value in share.items()}
        out.append(Prediction((best,), scaled[best], scaled, each.model))
    return out


def _length(row: Example) -> str:
    return next(name for low, high, name in _LENGTHS if low <= len(row.text) < high)


def report(
    rows: Sequence[Example], predictions: Sequence[Prediction], *, multi: bool, reject: str = ""
) -> dict[str, Any]:
    """Compare predictions with gold labels.

    Args:
        rows: Labelled.
        predictions: In the same order.
        multi: Whether a row may have several labels.
        reject: The label of texts that are none of the others, where the model has one.

    Returns:
        `rows`, `metrics` (with 95 % intervals), `classes`, `slices` by language and length, `calibration`,
        and `scope`, with `reject` alone: accuracy of rows with another label, recall of those with it.

    Raises:
        InvalidInput: no rows, or the model knows none of the rows' labels.
    """
    if not rows:
        raise InvalidInput("There are no labelled rows to evaluate on.", remedy="Give a file with labels.")
    known = set(predictions[0].probabilities)
    gold_labels = {label for row in rows for label in row.labels}
    if not gold_labels & known:
        raise InvalidInput(
            f"The model knows none of the labels in the data ({', '.join(sorted(gold_labels)[:5])} …); "
            f"it knows {', '.join(sorted(known)[:5])} ….",
            remedy="Rename them with --label-map theirs=ours, or evaluate the model trained on them.",
        )
    labels = sorted(known | gold_labels)
    gold = indicator([row.labels for row in rows], labels)
    said = indicator([each.labels for each in predictions], labels)
    keys: dict[str, list[str | None]] = {
        "lang": [row.lang for row in rows],
        "length": [_length(row) for row in rows],
    }
    return {
        "rows": len(rows),
        "model": predictions[0].model,
        "metrics": summary(gold, said),
        "classes": per_class(gold, said, labels),
        "labels_unknown_to_the_model": sorted(gold_labels - known),
        "slices": slices(gold, said, keys),
        "scope": _scope(gold, said, [reject in row.labels for row in rows]) if reject else {},
        "calibration": _calibration(rows, predictions, multi=multi),
    }


def _scope(gold: Bools, said: Bools, outside: Sequence[bool]) -> dict[str, dict[str, float]]:
    beyond = np.array(outside)
    parts = {"in_scope_accuracy": ~beyond, "out_of_scope_recall": beyond}
    return {
        name: summary(gold[part], said[part])["accuracy"] | {"rows": int(part.sum())}
        for name, part in parts.items()
        if part.any()
    }


def _calibration(
    rows: Sequence[Example], predictions: Sequence[Prediction], *, multi: bool
) -> dict[str, float]:
    if multi:
        right = [
            label in row.labels for row, p in zip(rows, predictions, strict=True) for label in p.probabilities
        ]
        sure = [value for p in predictions for value in p.probabilities.values()]
    else:
        right = [p.labels == row.labels for row, p in zip(rows, predictions, strict=True)]
        sure = [p.probability for p in predictions]
    confidence = np.array(sure)
    return {
        "expected_calibration_error": calibration_error(np.array(right), confidence),
        "mean_confidence": round(float(confidence.mean()), 4),
    }
