"""Files to versions: what is promoted, what is only staged, what a recipe may say."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import InvalidInput, NotFound
from core.inference.classifier import EncoderPool
from core.inference.predictor import LocalPredictor
from core.models.versions import CANDIDATE, PRODUCTION, Versions
from core.records import Example
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tenancy import SHARED
from core.training import job
from core.training.publish import FROZEN, TFIDF
from core.training.recipe import Recipe, Task
from core.training.run import (
    TrainingRequest,
    TrainingResult,
    encoder_of,
    read_recipe,
    recipe_from,
    run_training,
    task_for,
)
from tests.core.training import toy

HOPELESS = Recipe(method="full", encoder="tiny", epochs=1, learning_rate=1e-9, class_weights=False)


@pytest.fixture
def versions(sqlite_storage: Storage, tiny_settings: Settings) -> Versions:
    return Versions(sqlite_storage, tiny_settings.data)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    toy.frame(toy.single()).to_csv(tmp_path / "mood.csv", index=False)
    return tmp_path / "mood.csv"


def _run(
    settings: Settings, versions: Versions, file: Path, recipe: Recipe = toy.HEAD, **options: Any
) -> TrainingResult:
    request = TrainingRequest(Task("toy.mood", recipe=recipe), file, **options)
    return run_training(request, "demo", settings, versions, toy.silent, actor="test")


def test_a_good_model_serves_at_once_and_follows_the_one_before(
    tiny_settings: Settings, versions: Versions, file: Path
) -> None:
    first = _run(tiny_settings, versions, file)
    second = _run(tiny_settings, versions, file)

    assert first.promoted
    serving = versions.production("demo", "toy.mood")
    assert serving is not None
    assert (serving.id, serving.parent, serving.path) == (second.model, first.model, second.path)
    assert second.path.is_relative_to(tiny_settings.data / "models" / "demo")
    report = json.loads(json.dumps(second.report()))
    assert report["metrics"]["macro_f1"]["value"] > 0.7
    assert set(report["baselines"]) == {TFIDF, FROZEN}
    said = LocalPredictor(versions, EncoderPool(tiny_settings)).predict(
        "demo", ["toy.mood"], [Example("Zephyr says heavy losses in winter")]
    )
    assert said["toy.mood"][0].labels == ("down",)
    assert said["toy.mood"][0].model == second.model


def test_a_model_that_baselines_beat_is_staged_and_only_force_promotes_it(
    tiny_settings: Settings, versions: Versions, file: Path
) -> None:
    good = _run(tiny_settings, versions, file)
    poor = _run(tiny_settings, versions, file, HOPELESS)

    assert not poor.promoted
    assert TFIDF in poor.beaten_by
    assert versions.get("demo", poor.model).stage == CANDIDATE
    assert versions.get("demo", good.model).stage == PRODUCTION

    forced = _run(tiny_settings, versions, file, HOPELESS, force=True)
    assert forced.promoted
    assert forced.beaten_by
    assert versions.get("demo", forced.model).stage == PRODUCTION


def test_a_shared_starter_is_no_parent(tiny_settings: Settings, versions: Versions, file: Path) -> None:
    request = TrainingRequest(Task("toy.mood", recipe=toy.HEAD), file)
    run_training(request, SHARED, tiny_settings, versions, toy.silent, actor="test")

    assert versions.get("demo", _run(tiny_settings, versions, file).model).parent is None


def test_rows_to_choose_by_from_a_file_of_their_own(
    tiny_settings: Settings, versions: Versions, tmp_path: Path
) -> None:
    rows = toy.single(120)
    toy.frame(rows[:90]).to_csv(tmp_path / "train.csv", index=False)
    toy.frame(rows[80:]).to_csv(tmp_path / "dev.csv", index=False)

    result = _run(tiny_settings, versions, tmp_path / "train.csv", dev=tmp_path / "dev.csv")

    assert result.manifest.metrics["dev_rows"] == 40
    assert result.manifest.data is not None
    assert result.manifest.data.rows == 120
    assert result.manifest.data.files == ["train.csv", "dev.csv"]
    assert "10 training rows left out: they stand in the held-out rows too" in result.report()["notes"]


def test_columns_and_separators_are_the_users(
    tiny_settings: Settings, versions: Versions, tmp_path: Path
) -> None:
    table = toy.frame(toy.multi())
    table["label"] = table["label"].str.replace(";", " ")
    table.rename(columns={"text": "body", "label": "tags"}).to_json(
        tmp_path / "a.jsonl", orient="records", lines=True
    )
    request = TrainingRequest(
        Task("toy.tags", "multi", recipe=toy.HEAD),
        tmp_path / "a.jsonl",
        mapping={"text": "body", "label": "tags"},
        label_separator=" ",
    )

    result = run_training(request, "demo", tiny_settings, versions, toy.silent, actor="test")

    assert result.manifest.labels == ["money", "up"]


def test_a_failed_training_leaves_nothing_behind(
    tiny_settings: Settings, versions: Versions, file: Path, tmp_path: Path
) -> None:
    good = _run(tiny_settings, versions, file)
    (tmp_path / "one.csv").write_text("text,label\n" + "".join(f"row {'x' * n},a\n" for n in range(20)))

    with pytest.raises(InvalidInput, match="1 class"):
        _run(tiny_settings, versions, tmp_path / "one.csv")

    assert [version.id for version in versions.list("demo")] == [good.model]
    serving = versions.production("demo", "toy.mood")
    assert serving is not None
    assert serving.id == good.model


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        ({"epoch": 3}, "/epoch"),
        ({"epochs": 0}, "/epochs"),
        ({"learning_rate": "fast"}, "/learning_rate"),
        ({"dev_share": 1.5}, "/dev_share"),
        ({"method": "../head"}, "/method"),
        ({"learning_rate": float("nan")}, "/learning_rate"),
    ],
)
def test_a_recipe_that_is_wrong_says_where(overrides: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        recipe_from(Recipe(), overrides)

    assert [fault.pointer for fault in caught.value.errors] == [pointer]
    assert "learning_rate" in caught.value.remedy


def test_recipe_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("epochs: 2\nmethod: head\n")
    (tmp_path / "a.json").write_text('{"epochs": 2, "method": "head"}')

    for name in ("a.yaml", "a.json"):
        assert recipe_from(Recipe(epochs=9, batch_size=4), read_recipe(tmp_path / name)) == Recipe(
            epochs=2, method="head", batch_size=4
        )
    for name, content, message in (
        ("b.json", b"{", "cannot be read"),
        ("b.yaml", b"a: [", "cannot be read"),
        ("b.yaml", b"- a", "holds no mapping"),
        ("b.yaml", b"", "holds no mapping"),
        ("b.yaml", b"!!python/object/apply:os.system ['true']", "cannot be read"),
        ("b.yaml", b"\xff\xfe\x00", "cannot be read"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidInput, match=message):
            read_recipe(tmp_path / name)
    with pytest.raises(NotFound, match="no recipe"):
        read_recipe(tmp_path / "none.yaml")


def test_a_users_task_keeps_the_recipe_and_takes_the_labels_from_the_rows() -> None:
    known = Task("toy.mood", "multi", ("a", "b"), "mood", (Path("x.csv"),), Recipe(epochs=7))

    task = task_for("toy.mood", known, multi=None, method="head", overrides={"batch_size": 8})

    assert (task.kind, task.labels, task.starter) == ("multi", (), ())
    assert task.recipe == Recipe(epochs=7, batch_size=8, method="head")
    assert task_for("toy.mood", known, multi=False, method=None, overrides={}).kind == "single"
    assert task_for("new.task", None, multi=True, method=None, overrides={}).kind == "multi"


def test_the_encoder_is_the_recipes_before_the_settings() -> None:
    settings = Settings(encoder="minilm")

    assert encoder_of(Recipe(), settings) == "minilm"
    assert encoder_of(Recipe(encoder="use"), settings) == "use"


def test_the_background_job_trains_as_its_payload_says(
    tiny_settings: Settings, sqlite_storage: Storage, versions: Versions, tmp_path: Path
) -> None:
    table = toy.frame(toy.multi())
    table.rename(columns={"text": "body"}).to_csv(tmp_path / "a.csv", index=False)
    services = SimpleNamespace(settings=tiny_settings, storage=sqlite_storage)
    payload = {
        "tenant": "demo",
        "job_id": "j",
        "task": "toy.tags",
        "kind": "multi",
        "dataset_path": str(tmp_path / "a.csv"),
        "base_recipe": {"epochs": 2},
        "recipe": {"seed": 5},
        "method": "head",
        "map": {"text": "body"},
        "actor": "key 1",
    }

    report = json.loads(json.dumps(job.run(services, payload, toy.silent)))

    version = versions.get("demo", report["model"])
    assert (report["promoted"], version.stage, version.task) == (True, PRODUCTION, "toy.tags")
    assert version.manifest.encoder is not None
    assert version.manifest.encoder.name == "tiny"
    recipe = version.manifest.recipe
    assert (recipe["epochs"], recipe["seed"], recipe["method"]) == (2, 5, "head")
    with pytest.raises(NotFound):
        job.run(services, {**payload, "job_id": "k", "dataset_path": str(tmp_path / "none.csv")}, toy.silent)
