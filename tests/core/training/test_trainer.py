"""From rows to artefacts, by every method: what is published predicts as what was measured."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from core.errors import InvalidInput
from core.inference.classifier import DELTA, EncoderPool, open_classifier
from core.inference.predictor import LocalPredictor
from core.inference.reading import as_text
from core.inference.sentence_encoder import SentenceEncoder
from core.models.artefacts import load_manifest
from core.models.folder import Weights
from core.models.hashing import hash_folder
from core.models.manifest import Manifest
from core.models.safetensors_file import read_tensors
from core.records import Example
from core.settings import Settings
from core.training.dataset import load
from core.training.publish import FROZEN, TFIDF, Trained
from core.training.recipe import Recipe, Task
from core.training.trainer import train
from tests.core.training import toy

SHAPES: dict[str, tuple[str, Callable[[], list[Example]]]] = {
    "single": ("single", toy.single),
    "multi": ("multi", toy.multi),
    "pair": ("single", toy.pairs),
}
NEW = [Example("Zephyr says record revenue in spring"), Example("Zephyr says heavy losses", text_pair="down")]


def _train(settings: Settings, rows: list[Example], recipe: Recipe, kind: str = "single") -> Trained:
    task = Task("toy.mood", "multi" if kind == "multi" else "single", recipe=recipe)
    settings.data.mkdir(parents=True, exist_ok=True)
    data = toy.dataset(settings.data, rows, task)
    return train({task: data}, settings, settings.data / "models", toy.silent)[task.name]


@pytest.mark.parametrize("method", ["head", pytest.param("full", marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_published_predicts_as_what_was_measured(
    shape: str, method: str, tiny_settings: Settings
) -> None:
    kind, rows = SHAPES[shape]
    trained = _train(tiny_settings, rows(), toy.HEAD if method == "head" else toy.FULL, kind)

    model = open_classifier(trained.path, EncoderPool(tiny_settings))
    items = [*rows()[:30], *NEW]
    served = LocalPredictor.with_classifiers({"toy.mood": model}, items)["toy.mood"]
    measured = trained.head.predict(
        trained.encoder.encode([as_text(item) for item in items]), served[0].model
    )

    assert trained.manifest.method == method
    assert (DELTA in trained.manifest.files) == (method == "full")
    assert [each.labels for each in served] == [each.labels for each in measured]
    for one, other in zip(served, measured, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=2e-3)
    right = [set(each.labels) == set(item.labels) for each, item in zip(served, items[:30], strict=False)]
    assert np.mean(right) > 0.7


def test_the_manifest_tells_all(tiny_settings: Settings) -> None:
    rows = toy.multi()
    trained = _train(tiny_settings, [*rows, rows[0]], toy.HEAD, "multi")
    manifest = load_manifest(trained.path)

    assert manifest == trained.manifest
    assert (manifest.task, manifest.kind, manifest.labels) == ("toy.mood", "multi", ["money", "up"])
    assert set(manifest.baselines) == {TFIDF, FROZEN}
    for figures in (manifest.metrics, *manifest.baselines.values()):
        for name in ("accuracy", "macro_f1", "micro_f1"):
            assert figures[name]["low"] <= figures[name]["value"] <= figures[name]["high"]
    assert 0 <= manifest.metrics["calibration_error"] <= 1
    assert manifest.data is not None
    assert (manifest.data.rows, manifest.data.files) == (80, ["toy.mood.csv"])
    assert manifest.licences == ["Apache-2.0"]
    assert manifest.temperature
    assert set(manifest.thresholds) == {"money", "up"}
    assert manifest.recipe["method"] == "head"
    assert "1 repeated rows left out" in manifest.card["limits"]


def _without_time(manifest: Manifest) -> dict[str, object]:
    told = manifest.model_dump(exclude={"id", "created_at"})
    told["metrics"].pop("seconds")
    return told


def test_the_same_seed_gives_the_same_model(tiny_settings: Settings) -> None:
    first, second = (_train(tiny_settings, toy.single(), toy.HEAD) for _ in range(2))
    other = _train(tiny_settings, toy.single(), toy.HEAD.model_copy(update={"seed": 14}))

    assert _without_time(first.manifest) == _without_time(second.manifest)
    assert _without_time(first.manifest) != _without_time(other.manifest)


@pytest.mark.slow
def test_only_the_upper_layers_are_tuned_and_published(
    tiny_settings: Settings, pretrained: Callable[[str], Weights]
) -> None:
    before = hash_folder(pretrained("tiny").path)
    trained = _train(tiny_settings, toy.single(), toy.FULL)
    delta = read_tensors(trained.path / DELTA)
    base = {
        name: p.detach().numpy() for name, p in SentenceEncoder(pretrained("tiny")).module.named_parameters()
    }

    assert delta
    assert all(".encoder.layer.1." in name for name in delta)
    changed = [
        name for name, array in delta.items() if not np.array_equal(array, base[name].astype(np.float16))
    ]
    assert len(changed) > len(delta) / 2
    assert isinstance(trained.encoder, SentenceEncoder)
    for name, parameter in trained.encoder.module.named_parameters():
        if name not in delta:
            assert np.array_equal(parameter.detach().numpy(), base[name]), name
    assert hash_folder(pretrained("tiny").path) == before


@pytest.mark.slow
def test_an_encoder_that_keeps_fewer_layers_is_served_with_as_many(tiny_settings: Settings) -> None:
    trained = _train(
        tiny_settings, toy.single(), toy.FULL.model_copy(update={"layers": 1, "frozen_layers": 0})
    )

    model = open_classifier(trained.path, EncoderPool(tiny_settings))
    served = LocalPredictor.with_classifiers({"toy.mood": model}, NEW)["toy.mood"]
    measured = trained.head.predict(trained.encoder.encode([as_text(each) for each in NEW]), served[0].model)

    assert {name.split(".layer.")[1][0] for name in read_tensors(trained.path / DELTA)} == {"0"}
    for one, other in zip(served, measured, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=2e-3)


@pytest.mark.slow
def test_two_tasks_are_learnt_and_served_in_one_pass(
    tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    mood, topics = Task("toy.mood", recipe=toy.FULL), Task("toy.topics", "multi", recipe=toy.FULL)
    tiny_settings.data.mkdir()
    data = {
        task: toy.dataset(tiny_settings.data, rows, task)
        for task, rows in ((mood, toy.single()), (topics, toy.multi()))
    }
    trained = train(data, tiny_settings, tiny_settings.data / "models", toy.silent)
    pool = EncoderPool(tiny_settings)
    models = {name: open_classifier(each.path, pool) for name, each in trained.items()}
    passes = []
    encode = SentenceEncoder.encode

    def counted(self: SentenceEncoder, texts: list[str], **options: str) -> np.ndarray:
        passes.append(len(texts))
        return encode(self, texts, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(SentenceEncoder, "encode", counted)
    said = LocalPredictor.with_classifiers(models, NEW)

    assert models["toy.mood"].encoder is models["toy.topics"].encoder
    assert models["toy.mood"].encoder.fingerprint != pool.base("tiny").fingerprint
    assert trained["toy.mood"].manifest.files[DELTA] == trained["toy.topics"].manifest.files[DELTA]
    assert passes == [len(NEW)]
    assert said["toy.mood"][0].labels == ("up",)
    assert all(len(each) == len(NEW) for each in said.values())


def test_tasks_with_other_texts_cannot_be_learnt_together(tiny_settings: Settings) -> None:
    tasks = [Task(f"toy.{name}", recipe=toy.HEAD) for name in ("one", "two")]
    tiny_settings.data.mkdir()
    data = {
        task: toy.dataset(tiny_settings.data, toy.single(40, seed), task) for seed, task in enumerate(tasks)
    }

    with pytest.raises(InvalidInput, match=r"toy\.two does not label the same texts"):
        train(data, tiny_settings, tiny_settings.data / "models", toy.silent)


def test_the_better_method_is_kept(tiny_settings: Settings) -> None:
    hopeless = toy.FULL.model_copy(update={"method": "auto", "epochs": 1, "learning_rate": 1e-9})
    trained = _train(tiny_settings, toy.single(), hopeless)

    assert trained.manifest.method == "head"
    assert DELTA not in trained.manifest.files


def test_labels_in_the_development_rows_only_are_told(tiny_settings: Settings) -> None:
    task = Task("toy.mood", recipe=toy.HEAD)
    tiny_settings.data.mkdir()
    table = toy.frame(toy.single(40))
    table["split"] = ["dev" if n < 10 else "train" for n in range(40)]
    table.loc[0, "label"] = "sideways"
    path = tiny_settings.data / "a.csv"
    table.to_csv(path, index=False)
    trained = train({task: load(path)}, tiny_settings, tiny_settings.data / "models", toy.silent)["toy.mood"]

    assert any("sideways" in note and "dev" in note for note in trained.manifest.card["limits"])
    assert "sideways" in trained.manifest.labels
    (said,) = trained.head.predict(trained.encoder.encode(["profit rose"]))
    assert said.probabilities["sideways"] < 0.01
    assert trained.manifest.metrics["dev_rows"] == 10


@pytest.mark.parametrize("method", ["head", pytest.param("full", marks=pytest.mark.slow)])
def test_odd_texts_are_learnt(method: str, tiny_settings: Settings) -> None:
    odd = ["😀", "🚀", "שלום", "مرحبا", "跌了", "大涨", "！？", "１２３", "x" * 3000, "e\u0301"]
    rows = [Example(f"{text} {'z' * n}", (("up", "down")[n % 2],)) for n in range(4) for text in odd]

    trained = _train(tiny_settings, rows, toy.HEAD if method == "head" else toy.FULL)

    assert trained.manifest.labels == ["down", "up"]


def test_texts_without_a_word_are_learnt(tiny_settings: Settings) -> None:
    rows = [Example("😀" * n if n % 2 else "！" * n, (("up", "down")[n % 2],)) for n in range(1, 25)]

    trained = _train(tiny_settings, rows, toy.HEAD)

    assert TFIDF in trained.manifest.baselines


def test_an_unknown_method_names_those_there_are_before_any_work(tiny_settings: Settings) -> None:
    with pytest.raises(InvalidInput, match="no method 'lora2'") as caught:
        _train(tiny_settings, toy.single(), Recipe(method="lora2", encoder="nowhere/to-be-found"))

    assert "head" in caught.value.remedy
    assert "full" in caught.value.remedy
    for inner in ("base", "fitting"):
        with pytest.raises(InvalidInput, match="no method"):
            _train(tiny_settings, toy.single(), Recipe(method=inner, encoder="tiny"))


def test_an_encoder_that_cannot_be_tuned_says_so(
    tiny_settings: Settings, pretrained: Callable[[str], Weights]
) -> None:
    cache = pretrained("use").path.parent.parent
    settings = Settings(data=tiny_settings.data, cache=cache, threads=1)

    with pytest.raises(InvalidInput, match="'use' cannot be fine-tuned") as caught:
        _train(settings, toy.single(), Recipe(method="full", encoder="use"))
    assert "--method head" in caught.value.remedy

    trained = _train(settings, toy.single(40), Recipe(method="auto", encoder="use"))
    assert trained.manifest.method == "head"


def test_a_label_that_the_task_does_not_know(tiny_settings: Settings) -> None:
    task = Task("toy.mood", labels=("up", "flat"), recipe=toy.HEAD)
    tiny_settings.data.mkdir()
    data = toy.dataset(tiny_settings.data, toy.single(), task)

    with pytest.raises(InvalidInput, match=r"'down' is not one of toy\.mood: up, flat"):
        train({task: data}, tiny_settings, tiny_settings.data / "models", toy.silent)


def test_progress_rises_to_the_end(tiny_settings: Settings) -> None:
    task = Task("toy.mood", recipe=toy.FULL.model_copy(update={"epochs": 1}))
    tiny_settings.data.mkdir()
    data = toy.dataset(tiny_settings.data, toy.single(40), task)
    seen: list[float] = []

    train({task: data}, tiny_settings, tiny_settings.data / "models", lambda share, _: seen.append(share))

    own = seen[seen.index(0.0) if 0.0 in seen else 0 :]
    assert own[-1] == 1.0
    assert len(own) > 4
    assert all(0 <= share <= 1 for share in own)


def test_rows_with_several_labels_have_no_label_for_none(tiny_settings: Settings) -> None:
    rows = [Example(f"text {n}", ("a",) if n % 2 else ("b",)) for n in range(40)]
    with pytest.raises(InvalidInput, match="need no label of their own"):
        _train(tiny_settings, rows, toy.HEAD.model_copy(update={"reject": "none"}), "multi")


def test_a_text_like_none_of_the_labels_is_rejected(tiny_settings: Settings) -> None:
    kinds = {"fruit": "apple pear", "metal": "iron steel", "none": "whisper thunder"}
    rows = [
        Example(f"{word} {name} {season}", (label,))
        for label, words in kinds.items()
        for word, name, season in itertools.product(words.split(), toy.NAMES, toy.SEASONS)
    ]
    trained = _train(tiny_settings, rows, toy.HEAD.model_copy(update={"reject": "none"}))
    assert trained.manifest.reject is not None
    assert trained.manifest.metrics["in_scope_accuracy"] > 0.9
    assert trained.manifest.metrics["out_of_scope_recall"] > 0.5
    loaded = open_classifier(trained.path, EncoderPool(tiny_settings))
    assert loaded.head.reject == trained.head.reject
