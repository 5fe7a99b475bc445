"""`colonnade evaluate`: a report on labelled rows, by whichever model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.api.commands.conftest import Cli
from tests.core.training import toy


@pytest.fixture
def test_rows(tmp_path: Path) -> Path:
    table = toy.frame(toy.single(60, seed=5))
    table.assign(lang=["en", "zh"] * 30).to_csv(tmp_path / "test.csv", index=False)
    return tmp_path / "test.csv"


def test_a_report_for_programs(cli: Cli, model: dict[str, Any], test_rows: Path) -> None:
    found = cli("evaluate", "my.mood", "--data", test_rows, "--json").json()

    assert (found["rows"], found["model"]) == (60, model["model"])
    assert found["metrics"]["accuracy"]["value"] > 0.8
    assert set(found["classes"]) == {"down", "up"}
    assert set(found["slices"]["lang"]) == {"en", "zh"}
    assert 0 <= found["calibration"]["expected_calibration_error"] <= 1
    assert (found["labels_unknown_to_the_model"], found["notes"]) == ([], [])


def test_tables_for_people(cli: Cli, model: dict[str, Any], test_rows: Path) -> None:
    done = cli("evaluate", "my.mood", "--data", test_rows)

    assert done.code == 0
    for part in ("60 rows", model["model"], "by class", "by lang", "expected_calibration_error", "precision"):
        assert part in done.out


def test_a_model_by_id_or_folder(cli: Cli, model: dict[str, Any], test_rows: Path, tmp_path: Path) -> None:
    serving = cli("evaluate", "my.mood", "--data", test_rows, "--json").json()

    for name in (model["model"], tmp_path / "model"):
        assert cli("evaluate", "my.mood", "--data", test_rows, "--model", name, "--json").json() == serving


def test_labels_are_renamed_and_unknown_ones_told(
    cli: Cli, model: dict[str, Any], test_rows: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(test_rows)
    table["label"] = table["label"].map({"up": "bullish", "down": "bearish"})
    table.loc[0, "label"] = "neutral"
    table.to_csv(tmp_path / "theirs.csv", index=False)
    command = ("evaluate", "my.mood", "--data", tmp_path / "theirs.csv")

    told = cli(*command).complaint()
    assert "knows none of the labels" in told
    assert "--label-map" in told
    found = cli(*command, "--label-map", "bullish=up", "bearish=down", "--json").json()
    assert found["labels_unknown_to_the_model"] == ["neutral"]
    assert found["metrics"]["accuracy"]["value"] > 0.8
    assert cli(*command, "--label-map", "bullish=up,bearish=down", "--json").json() == found


def test_a_file_with_test_rows_is_measured_on_those(cli: Cli, model: dict[str, Any], tmp_path: Path) -> None:
    table = toy.frame(toy.single(60, seed=5)).assign(split=["train"] * 40 + ["test"] * 20)
    table.to_csv(tmp_path / "split.csv", index=False)

    found = cli("evaluate", "my.mood", "--data", tmp_path / "split.csv", "--json").json()

    assert found["rows"] == 20
    assert any("'test'" in note for note in found["notes"])


def test_many_labels(cli: Cli, tmp_path: Path) -> None:
    table = toy.frame(toy.multi())
    table["label"] = table["label"].str.replace(";", " ")
    table.to_csv(tmp_path / "tags.csv", index=False)
    options = ("--data", tmp_path / "tags.csv", "--label-separator", " ", "--json")
    cli("train", "my.tags", "--method", "head", *options).json()

    found = cli("evaluate", "my.tags", *options).json()

    assert set(found["classes"]) == {"money", "up"}
    assert found["metrics"]["micro_f1"]["value"] > 0.8


def test_another_tenants_model_fails_as_an_absent_one(
    cli: Cli, model: dict[str, Any], test_rows: Path
) -> None:
    def told(name: str) -> str:
        done = cli("evaluate", "my.mood", "--data", test_rows, "--model", name, "--tenant", "other")
        return done.complaint().replace(name, "ID")

    assert told(model["model"]) == told("m-000000000000000000000000")


def test_a_task_without_a_model(cli: Cli, test_rows: Path) -> None:
    told = cli("evaluate", "no.task", "--data", test_rows).complaint()

    assert "colonnade train no.task" in told
