"""Starters: trained once for all tenants, again when their examples change, and never in a tenant's way."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.inference.classifier import EncoderPool
from core.inference.predictor import LocalPredictor
from core.models.versions import Versions
from core.records import Example
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tenancy import SHARED
from core.training.recipe import Recipe, Task
from core.training.run import TrainingRequest, run_training
from core.training.starter import ensure, groups, load_starter, signature
from tests.core.training import toy

HEAD = Recipe(method="head")


@pytest.fixture
def versions(sqlite_storage: Storage, tiny_settings: Settings) -> Versions:
    return Versions(sqlite_storage, tiny_settings.data)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, ...]:
    """Two example files with two label columns each."""
    mood, topics = toy.frame(toy.single()), toy.frame(toy.multi())
    table = mood.rename(columns={"label": "mood"}).assign(topics=topics["label"], lang="en")
    for name, part in (("a.csv", table[:50]), ("b.csv", table[50:])):
        part.to_csv(tmp_path / name, index=False)
    return tmp_path / "a.csv", tmp_path / "b.csv"


@pytest.fixture
def tasks(files: tuple[Path, ...]) -> list[Task]:
    return [
        Task("toy.mood", "single", ("down", "up"), "mood", files, HEAD),
        Task("toy.topics", "multi", ("money", "up"), "topics", files, HEAD),
        Task("toy.later"),
    ]


def test_all_files_of_a_task_are_one_data_set(tasks: list[Task]) -> None:
    data = load_starter(tasks[1])

    assert (len(data.train), data.labels) == (80, ("money", "up"))
    assert {row.lang for row in data.train} == {"en"}


def test_whole_texts_stand_beside_texts_about_one_thing(tmp_path: Path) -> None:
    marked, whole = tmp_path / "marked.csv", tmp_path / "whole.csv"
    marked.write_text("text,entity,mood\nA sues B,A,up\nA sues B,B,down\n", "utf-8")
    whole.write_text("text,mood\nA gains,up\n", "utf-8")
    task = Task("toy.of", "single", ("down", "up"), "mood", (marked, whole), Recipe(focus=True))

    assert [row.text for row in load_starter(task).train] == [
        "A: « A » sues B",
        "B: A sues « B »",
        "A gains",
    ]


def test_tasks_on_the_same_files_are_learnt_together(tasks: list[Task]) -> None:
    alone = Task("toy.other", starter=tasks[0].starter, recipe=Recipe(method="head", seed=1))

    assert groups([*tasks, alone]) == [(tasks[0], tasks[1]), (alone,)]


def test_a_field_that_a_recipe_does_not_use_leaves_its_starters_as_they_are() -> None:
    older = Recipe().model_dump_json(exclude={"layers"})
    task = Task("toy.mood", recipe=Recipe())
    told = f"x{task.name} {task.kind} {task.labels} {older}"

    assert signature([task], "x") == hashlib.sha256(told.encode()).hexdigest()
    fewer = replace(task, recipe=Recipe(layers=6))
    assert signature([fewer], "x") != signature([task], "x")


def test_they_are_trained_once_and_serve_every_tenant(
    tasks: list[Task], tiny_settings: Settings, versions: Versions
) -> None:
    seen: list[tuple[float, str]] = []

    first = ensure(tasks, tiny_settings, versions, lambda share, line: seen.append((share, line)))
    second = ensure(tasks, tiny_settings, versions, lambda *_: pytest.fail("it trained again"))

    assert (first, second) == (["toy.mood", "toy.topics"], [])
    assert seen[-1][0] == 1.0
    assert all("toy.mood, toy.topics" in line for _, line in seen)
    mood, topics = (versions.production("demo", name) for name in ("toy.mood", "toy.topics"))
    assert mood is not None
    assert topics is not None
    assert (mood.tenant, topics.tenant) == (SHARED, SHARED)
    assert mood.path.is_relative_to(tiny_settings.data / "models" / SHARED)
    assert mood.manifest.encoder is not None
    assert mood.manifest.encoder.name == "tiny", "the settings' encoder, where the recipe leaves it open"
    said = LocalPredictor(versions, EncoderPool(tiny_settings)).predict(
        "demo", ["toy.mood", "toy.topics"], [Example("Zephyr says heavy losses in winter")]
    )
    assert said["toy.mood"][0].labels == ("down",)


def test_changed_examples_and_a_changed_recipe_train_again(
    tasks: list[Task], files: tuple[Path, ...], tiny_settings: Settings, versions: Versions
) -> None:
    both = ["toy.mood", "toy.topics"]
    ensure(tasks, tiny_settings, versions, toy.silent)
    before = versions.production(SHARED, "toy.mood")

    files[0].write_text(files[0].read_text() + "Zephyr says all is well and good,up,,en\n")
    assert ensure(tasks, tiny_settings, versions, toy.silent) == both
    after = versions.production(SHARED, "toy.mood")
    assert before is not None
    assert after is not None
    assert after.id != before.id
    assert ensure(tasks, tiny_settings, versions, toy.silent) == []

    other = [
        Task(t.name, t.kind, t.labels, t.label_column, t.starter, Recipe(method="head", seed=2))
        for t in tasks
    ]
    assert ensure(other, tiny_settings, versions, toy.silent) == both


def test_a_tenants_own_model_stands_before_the_starter_and_outlives_it(
    tasks: list[Task], files: tuple[Path, ...], tiny_settings: Settings, versions: Versions
) -> None:
    ensure(tasks, tiny_settings, versions, toy.silent)
    request = TrainingRequest(Task("toy.mood", recipe=HEAD), files[0], mapping={"label": "mood"}, force=True)
    own = run_training(request, "demo", tiny_settings, versions, toy.silent, actor="test")
    files[1].write_text(files[1].read_text() + "Zephyr says all is well and good,up,,en\n")
    ensure(tasks, tiny_settings, versions, toy.silent)
    predictor = LocalPredictor(versions, EncoderPool(tiny_settings))

    (said,) = predictor.predict("demo", ["toy.mood"], [Example("profit rose")])["toy.mood"]
    (theirs,) = predictor.predict("other", ["toy.mood"], [Example("profit rose")])["toy.mood"]

    assert said.model == own.model
    shared = versions.production(SHARED, "toy.mood")
    assert shared is not None
    assert theirs.model == shared.id != own.model


def test_a_wrong_starter_file_names_itself(
    tasks: list[Task], files: tuple[Path, ...], tiny_settings: Settings, versions: Versions
) -> None:
    files[1].write_text(files[1].read_text() + ",up,,en\n")

    with pytest.raises(InvalidInput, match=r"b\.csv: 1 cells are wrong"):
        ensure(tasks, tiny_settings, versions, toy.silent)
    assert versions.list(SHARED) == ()
