"""The linear head: numerics, files, thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import RefusedWeights
from core.inference.head import HEAD, LinearHead, sigmoid, softmax
from core.models.safetensors_file import write_tensors

LOGITS = arrays(np.float32, (3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32))


@given(LOGITS)
def test_softmax_is_a_distribution_whatever_the_size(logits: np.ndarray) -> None:
    p = softmax(logits)

    assert np.isfinite(p).all()
    assert p.sum(axis=1) == pytest.approx(np.ones(3))
    assert (np.take_along_axis(p, logits.argmax(axis=1)[:, None], axis=1)[:, 0] == p.max(axis=1)).all()


@given(LOGITS)
def test_sigmoid_stays_within_zero_and_one(logits: np.ndarray) -> None:
    p = sigmoid(logits)

    assert ((p >= 0) & (p <= 1)).all()
    assert p + sigmoid(-logits) == pytest.approx(np.ones_like(p))


def test_known_values() -> None:
    assert sigmoid(np.array([0.0, np.log(3.0)])) == pytest.approx([0.5, 0.75])
    assert softmax(np.log(np.array([[1.0, 2.0, 5.0]]))) == pytest.approx(np.array([[0.125, 0.25, 0.625]]))


def _head(multi: bool, **options: object) -> LinearHead:
    weight = np.eye(3, dtype=np.float32)
    return LinearHead(("a", "b", "c"), weight, np.zeros(3, np.float32), multi, **options)  # type: ignore[arg-type]


def test_one_label_with_its_probability() -> None:
    (said,) = _head(multi=False).predict(np.array([[0.0, 2.0, 1.0]], np.float32), "m-1")

    assert said.labels == ("b",)
    assert said.model == "m-1"
    assert said.probability == said.probabilities["b"] == max(said.probabilities.values())
    assert sum(said.probabilities.values()) == pytest.approx(1.0, abs=1e-5)


def test_a_temperature_changes_how_sure_it_is_not_what_it_says() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    plain = _head(multi=False).predict(rows)
    warm = _head(multi=False, temperature=4.0).predict(rows)

    assert [each.labels for each in plain] == [each.labels for each in warm]
    assert all(a.probability >= b.probability for a, b in zip(plain, warm, strict=True))


def test_labels_from_their_thresholds_the_likeliest_first() -> None:
    head = _head(multi=True, thresholds=np.array([0.3, 0.6, 0.9], np.float32))
    vectors = np.array([[-0.5, 1.0, 2.0], [-2.0, 0.2, 1.0]], np.float32)

    first, second = head.predict(vectors)

    assert first.labels == ("b", "a")
    assert first.probability == first.probabilities["b"]
    assert second.labels == ()
    none = np.prod([1.0 - value for value in second.probabilities.values()])
    assert second.probability == pytest.approx(none, abs=1e-5)


def test_half_is_the_threshold_where_none_was_fitted() -> None:
    (said,) = _head(multi=True).predict(np.array([[0.0, -0.01, 3.0]], np.float32))

    assert said.labels == ("c", "a")


def test_no_rows_no_predictions() -> None:
    assert _head(multi=True).predict(np.empty((0, 3), np.float32)) == []
    assert _head(multi=False).predict(np.empty((0, 3), np.float32)) == []


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    head = LinearHead(
        ("a", "b"), rng.normal(size=(2, 5)).astype(np.float32), rng.normal(size=2).astype(np.float32), False
    )
    head.save(tmp_path)

    weight, bias = LinearHead.arrays(tmp_path, 2, 5)

    assert np.array_equal(weight, head.weight)
    assert np.array_equal(bias, head.bias)


@pytest.mark.parametrize(
    "arrays_",
    [
        {"weight": np.zeros((2, 5), np.float32)},
        {"bias": np.zeros(2, np.float32)},
        {"weight": np.zeros((5, 2), np.float32), "bias": np.zeros(2, np.float32)},
        {"weight": np.zeros((2, 5), np.float32), "bias": np.zeros(3, np.float32)},
        {"weight": np.zeros(10, np.float32), "bias": np.zeros(2, np.float32)},
    ],
)
def test_another_shape_is_refused_by_name(arrays_: dict[str, np.ndarray], tmp_path: Path) -> None:
    write_tensors(tmp_path / HEAD, arrays_)

    with pytest.raises(RefusedWeights, match=rf"{HEAD} holds no head of 2 labels over 5 values"):
        LinearHead.arrays(tmp_path, 2, 5)
