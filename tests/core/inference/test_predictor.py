"""The Predictor port in this process: whose model serves, one pass for many heads, other tenants' ids."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import IntegrityFailure, InvalidInput, NotFound
from core.inference.classifier import EncoderPool
from core.inference.head import HEAD
from core.inference.predictor import LocalPredictor
from core.inference.sentence_encoder import SentenceEncoder
from core.models.artefacts import load_manifest
from core.models.folder import Weights
from core.models.versions import Versions
from core.records import Example
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tenancy import SHARED
from tests.core.inference.artefacts import UPPER, artefact, serving

ITEMS = [Example("profit rose"), Example("shares fell"), Example("profit", text_pair="rose")]


@pytest.fixture
def tiny(pretrained: Callable[[str], Weights]) -> Weights:
    return pretrained("tiny")


@pytest.fixture
def versions(sqlite_storage: Storage, tiny_settings: Settings) -> Versions:
    return Versions(sqlite_storage, tiny_settings.data)


@pytest.fixture
def predictor(tiny_settings: Settings, versions: Versions) -> LocalPredictor:
    return LocalPredictor(versions, EncoderPool(tiny_settings))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Texts of every pass through a torch encoder."""
    seen: list[int] = []
    encode = SentenceEncoder.encode

    def counted(self: SentenceEncoder, texts: list[str], **options: str) -> np.ndarray:
        seen.append(len(texts))
        return encode(self, texts, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(SentenceEncoder, "encode", counted)
    return seen


def test_the_own_model_before_the_shared_one(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path
) -> None:
    shared = serving(versions, SHARED, artefact(tmp_path, tiny, seed=1))
    own = serving(versions, "demo", artefact(tmp_path, tiny, seed=2))

    for tenant, version in (("demo", own), ("other", shared)):
        said = predictor.predict(tenant, ["toy.mood"], ITEMS)["toy.mood"]
        assert {each.model for each in said} == {version.id}
        assert len(said) == len(ITEMS)


def test_what_is_promoted_serves_at_once(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path
) -> None:
    first = serving(versions, "demo", artefact(tmp_path, tiny, seed=1))
    assert predictor.predict("demo", ["toy.mood"], ITEMS)["toy.mood"][0].model == first.id

    second = serving(versions, "demo", artefact(tmp_path, tiny, seed=2))
    assert predictor.predict("demo", ["toy.mood"], ITEMS)["toy.mood"][0].model == second.id
    versions.rollback("demo", "toy.mood", "test")
    assert predictor.predict("demo", ["toy.mood"], ITEMS)["toy.mood"][0].model == first.id


@pytest.mark.parametrize("tuned", [False, True])
def test_many_heads_one_pass(
    tuned: bool,
    predictor: LocalPredictor,
    versions: Versions,
    tiny: Weights,
    tmp_path: Path,
    passes: list[int],
) -> None:
    delta = {UPPER: np.full(tiny.dimension, 0.2, np.float16)} if tuned else None
    tasks = ["toy.mood", "toy.topic", "toy.risk"]
    for seed, task in enumerate(tasks):
        serving(versions, "demo", artefact(tmp_path, tiny, task, seed=seed, delta=delta, multi=seed == 1))
    assert passes == []

    said = predictor.predict("demo", tasks, ITEMS)

    assert passes == [len(ITEMS)]
    assert list(said) == tasks
    assert all(len(each) == len(ITEMS) for each in said.values())
    assert predictor.predict("demo", tasks[:1], ITEMS)["toy.mood"] == said["toy.mood"]
    assert passes == [len(ITEMS)], "a repeat costs no pass"


def test_a_batch_says_what_each_text_says_alone(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path
) -> None:
    serving(versions, "demo", artefact(tmp_path, tiny, seed=1))
    items = [Example(f"text {'long ' * n}{n}") for n in range(40)]
    fresh = LocalPredictor(versions, EncoderPool(Settings(cache=tiny.path.parent.parent)))

    together = predictor.predict("demo", ["toy.mood"], items)["toy.mood"]
    alone = [fresh.predict("demo", ["toy.mood"], [item])["toy.mood"][0] for item in items]

    for one, other in zip(together, alone, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=2e-3)


def test_many_threads_get_their_own_answers(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path
) -> None:
    serving(versions, "demo", artefact(tmp_path, tiny, seed=1))
    items = [[Example(f"text {n}.{i}") for i in range(3)] for n in range(16)]

    def call(own: list[Example]) -> list[object]:
        return list(predictor.predict("demo", ["toy.mood"], own)["toy.mood"])

    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(call, items))

    assert together == [call(own) for own in items]


def test_a_model_by_id(predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path) -> None:
    serving(versions, "demo", artefact(tmp_path, tiny, seed=1))
    path = artefact(tmp_path, tiny, seed=2)
    candidate = versions.add("demo", "toy.mood", path, load_manifest(path))

    said = predictor.predict("demo", ["toy.mood"], ITEMS, model=candidate)["toy.mood"]

    assert said[0].model == candidate
    with pytest.raises(InvalidInput, match="one task"):
        predictor.predict("demo", ["toy.mood", "toy.topic"], ITEMS, model=candidate)
    with pytest.raises(NotFound, match=r"is for the task 'toy\.mood'"):
        predictor.predict("demo", ["toy.topic"], ITEMS, model=candidate)


def test_another_tenants_model_is_as_absent_as_none(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path
) -> None:
    theirs = serving(versions, "other", artefact(tmp_path, tiny, seed=1))
    told = []
    for model in (theirs.id, "m-000000000000000000000000"):
        with pytest.raises(NotFound) as caught:
            predictor.predict("demo", ["toy.mood"], ITEMS, model=model)
        told.append(str(caught.value).replace(model, "ID"))

    assert told[0] == told[1]
    with pytest.raises(NotFound, match=r"No model serves the task 'toy\.mood'") as caught:
        predictor.predict("demo", ["toy.mood"], ITEMS)
    assert "colonnade train toy.mood" in caught.value.remedy


def test_a_changed_byte_stops_loading_and_what_is_loaded_serves_on(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path, tiny_settings: Settings
) -> None:
    version = serving(versions, "demo", artefact(tmp_path, tiny, seed=1))
    before = predictor.predict("demo", ["toy.mood"], ITEMS)
    raw = bytearray((version.path / HEAD).read_bytes())
    raw[-1] ^= 0x80
    (version.path / HEAD).write_bytes(raw)

    assert predictor.predict("demo", ["toy.mood"], ITEMS) == before
    with pytest.raises(IntegrityFailure, match=HEAD):
        LocalPredictor(versions, EncoderPool(tiny_settings)).predict("demo", ["toy.mood"], ITEMS)


def test_odd_texts_are_answered(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path
) -> None:
    serving(versions, "demo", artefact(tmp_path, tiny, seed=1))
    odd = ["", " ", "😀", "\u202eשלום", "half \ud83d", "nul \0", "１２３", "x" * 50_000, "[SEP]"]

    said = predictor.predict("demo", ["toy.mood"], [Example(text) for text in odd])["toy.mood"]

    assert all(sum(each.probabilities.values()) == pytest.approx(1.0, abs=1e-4) for each in said)


def test_no_items_no_pass(
    predictor: LocalPredictor, versions: Versions, tiny: Weights, tmp_path: Path, passes: list[int]
) -> None:
    serving(versions, "demo", artefact(tmp_path, tiny, seed=1))

    assert predictor.predict("demo", ["toy.mood"], []) == {"toy.mood": []}
    assert passes == []
