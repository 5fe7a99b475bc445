"""Artefacts loaded: whole or not at all, on the encoder they were trained on, each encoder in memory once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import IntegrityFailure, NotFound, RefusedWeights
from core.inference.classifier import DELTA, EncoderPool, open_classifier
from core.inference.head import HEAD
from core.inference.reading import as_text
from core.models.folder import Weights
from core.models.manifest import EncoderRef
from core.records import Example
from core.settings import Settings
from tests.core.inference.artefacts import LABELS, UPPER, artefact

TEXTS = ["profit rose", "shares fell", ("profit", "rose")]


@pytest.fixture
def pool(tiny_settings: Settings) -> EncoderPool:
    return EncoderPool(tiny_settings, capacity=2)


@pytest.fixture
def tiny(pretrained: Callable[[str], Weights]) -> Weights:
    return pretrained("tiny")


def _delta(tiny: Weights, value: float) -> dict[str, np.ndarray]:
    return {UPPER: np.full(tiny.dimension, value, np.float16)}


def test_what_was_published_is_what_predicts(pool: EncoderPool, tiny: Weights, tmp_path: Path) -> None:
    path = artefact(tmp_path, tiny, multi=True, temperature=2.0, thresholds={"down": 0.9, "up": 0.1})

    model = open_classifier(path, pool)

    assert model.manifest.id == path.name
    assert (model.head.labels, model.head.temperature) == (LABELS, 2.0)
    assert model.head.thresholds == pytest.approx([0.9, 0.5, 0.1])
    assert model.encoder.fingerprint == tiny.fingerprint


def test_a_pair_is_read_as_a_pair() -> None:
    assert as_text(Example("a")) == "a"
    assert as_text(Example("a", text_pair="b")) == ("a", "b")


def test_models_share_encoders(pool: EncoderPool, tiny: Weights, tmp_path: Path) -> None:
    plain = [open_classifier(artefact(tmp_path, tiny, seed=n), pool) for n in range(2)]
    tuned = [
        open_classifier(artefact(tmp_path, tiny, seed=n, delta=_delta(tiny, 0.3)), pool) for n in range(2)
    ]

    assert plain[0].encoder is plain[1].encoder
    assert tuned[0].encoder is tuned[1].encoder
    assert tuned[0].encoder.fingerprint != plain[0].encoder.fingerprint
    one, other = plain[0].encoder.encode(TEXTS), tuned[0].encoder.encode(TEXTS)
    assert ((one * other).sum(axis=1) < 0.9999).all()


def test_few_tuned_encoders_are_kept_and_the_base_always(
    pool: EncoderPool, tiny: Weights, tmp_path: Path
) -> None:
    paths = [artefact(tmp_path, tiny, delta=_delta(tiny, 0.1 * n)) for n in range(3)]
    first, second, third = (open_classifier(path, pool).encoder for path in paths)

    assert open_classifier(paths[2], pool).encoder is third
    assert open_classifier(paths[1], pool).encoder is second
    assert open_classifier(paths[0], pool).encoder is not first
    assert pool.base("tiny") is pool.base("tiny")


@pytest.mark.parametrize("name", [HEAD, DELTA, "manifest.json"])
def test_a_flipped_byte_is_found_and_the_file_named(
    name: str, pool: EncoderPool, tiny: Weights, tmp_path: Path
) -> None:
    path = artefact(tmp_path, tiny, delta=_delta(tiny, 0.2))
    raw = bytearray((path / name).read_bytes())
    place = raw.index(b'"labels"') + 2 if name == "manifest.json" else len(raw) - 3
    raw[place] ^= 0x01
    (path / name).write_bytes(raw)

    with pytest.raises(IntegrityFailure, match=name):
        open_classifier(path, pool)


def test_a_missing_file_is_found(pool: EncoderPool, tiny: Weights, tmp_path: Path) -> None:
    path = artefact(tmp_path, tiny)
    (path / HEAD).unlink()

    with pytest.raises(IntegrityFailure, match=rf"{HEAD} is missing"):
        open_classifier(path, pool)
    with pytest.raises(NotFound, match="no artefact"):
        open_classifier(tmp_path, pool)


def test_another_encoder_by_the_same_name_is_found(pool: EncoderPool, tiny: Weights, tmp_path: Path) -> None:
    other = artefact(tmp_path, tiny, encoder=EncoderRef(name="tiny", fingerprint="0" * 64))
    none = artefact(tmp_path, tiny, encoder=None)

    with pytest.raises(IntegrityFailure, match="trained on another 'tiny'"):
        open_classifier(other, pool)
    with pytest.raises(IntegrityFailure, match="names no encoder"):
        open_classifier(none, pool)


def test_a_head_of_another_shape_is_refused(pool: EncoderPool, tiny: Weights, tmp_path: Path) -> None:
    path = artefact(tmp_path, tiny, labels=["only", "two"])

    with pytest.raises(RefusedWeights, match="no head of 2 labels"):
        open_classifier(path, pool)


def test_a_delta_of_another_model_is_refused(pool: EncoderPool, tiny: Weights, tmp_path: Path) -> None:
    path = artefact(tmp_path, tiny, delta={"0.model.elsewhere": np.zeros(3, np.float16)})

    with pytest.raises(RefusedWeights, match=r"0\.model\.elsewhere"):
        open_classifier(path, pool)


def test_an_encoder_without_layers_to_tune_refuses_a_delta(
    pretrained: Callable[[str], Weights], tmp_path: Path
) -> None:
    use = pretrained("use")
    path = artefact(tmp_path, use, delta={"anything": np.zeros(3, np.float16)})
    pool = EncoderPool(Settings(cache=use.path.parent.parent))

    with pytest.raises(RefusedWeights, match="cannot be tuned"):
        open_classifier(path, pool)
