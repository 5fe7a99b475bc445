"""`colonnade train`: from a file to a version that serves, or one line that says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.models.artefacts import load_manifest
from tests.api.commands.conftest import Cli
from tests.core.training import toy


def _models(cli: Cli, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cli("models", "list", "--json", *options).out.splitlines()]


def test_a_table_for_people(cli: Cli, rows: Path) -> None:
    done = cli("train", "my.mood", "--data", rows, "--method", "head")

    assert done.code == 0, done.err
    for part in ("this one (head)", "TF-IDF + linear", "frozen + linear", "macro_f1", "serves my.mood now"):
        assert part in done.out
    assert "Traceback" not in done.err
    assert "Warning" not in done.err


def test_one_json_object_for_programs(cli: Cli, rows: Path, tmp_path: Path) -> None:
    done = cli("train", "my.mood", "--data", rows, "--method", "head", "--out", tmp_path / "copy", "--json")
    report = done.json()

    assert done.err == ""
    assert (report["task"], report["method"], report["promoted"]) == ("my.mood", "head", True)
    assert report["labels"] == ["down", "up"]
    assert {"value", "low", "high"} == set(report["metrics"]["macro_f1"])
    assert load_manifest(tmp_path / "copy").id == report["model"]


def test_columns_separators_and_recipes(cli: Cli, tmp_path: Path) -> None:
    table = toy.frame(toy.multi())
    table["label"] = table["label"].str.replace(";", " ")
    table.rename(columns={"text": "head line", "label": "tags"}).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "recipe.yaml").write_text("method: head\nseed: 4\n")
    options = ("--label-separator", " ", "--recipe", tmp_path / "recipe.yaml", "--out", tmp_path / "copy")

    done = cli(
        "train",
        "my.tags",
        "--data",
        tmp_path / "a.csv",
        "--map",
        "text=head line",
        "label=tags",
        *options,
        "--json",
    )

    assert done.json()["labels"] == ["money", "up"]
    manifest = load_manifest(tmp_path / "copy")
    assert (manifest.kind, manifest.recipe["seed"], manifest.method) == ("multi", 4, "head")


def test_a_model_that_a_baseline_beats_is_kept_aside_until_forced(
    cli: Cli, model: dict[str, Any], rows: Path, tmp_path: Path
) -> None:
    (tmp_path / "poor.json").write_text('{"method": "full", "epochs": 1, "learning_rate": 1e-9}')
    again = ("train", "my.mood", "--data", rows, "--recipe", tmp_path / "poor.json")

    told = cli(*again)
    assert told.code == 0
    assert "was not promoted: " in told.out
    assert "TF-IDF + linear" in told.out
    assert "--force" in told.out
    assert {each["id"]: each["stage"] for each in _models(cli)}[model["model"]] == "production"

    forced = cli(*again, "--force", "--json").json()
    assert forced["promoted"]
    assert forced["beaten_by"]
    assert {each["id"]: each["stage"] for each in _models(cli)}[forced["model"]] == "production"


def test_tenants_have_models_of_their_own(cli: Cli, model: dict[str, Any], rows: Path) -> None:
    theirs = cli("train", "my.mood", "--data", rows, "--method", "head", "--tenant", "other", "--json").json()

    assert [each["id"] for each in _models(cli)] == [model["model"]]
    assert [each["id"] for each in _models(cli, "--tenant", "other")] == [theirs["model"]]
    assert '"id": "other"' in cli("tenants", "list", "--json").out


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (b"", (), "mood.csv is empty"),
        (b"text,label\n", (), "mood.csv has no rows"),
        (b"text,label\nx,a\n", (), "1 usable rows"),
        (b"text,label\n" + b"".join(b"row %s,a\n" % (b"x" * n) for n in range(20)), (), "1 class"),
        (
            b"body,label\nx,a\n",
            (),
            "no column 'text'; it has: body, label. [/0/text: no such column] Name it with --map",
        ),
        (b"text,label\nx,\n,b\n", (), "2 cells are wrong, the first at row 1, column 'label': is empty"),
        (b"text,label\n" + b"x" * 10_000_000 + b",a\n", (), "10,000,000 characters"),
        (b"text,label\nx,a,b\n", (), "more cells than the header"),
        (b"x", ("--method", "magic"), "There is no method 'magic'. Methods: auto, full, head"),
        (b"x", ("--map", "text"), "--map 'text' is not of the form a=b"),
    ],
)
def test_a_failure_is_one_line_with_its_mend(
    content: bytes, options: tuple[str, ...], told: str, cli: Cli, tmp_path: Path
) -> None:
    if content == b"x":
        toy.frame(toy.single(40)).to_csv(tmp_path / "mood.csv", index=False)
    else:
        (tmp_path / "mood.csv").write_bytes(content)

    done = cli("train", "my.mood", "--data", tmp_path / "mood.csv", *options, "--json")

    assert done.code == 1
    assert told in done.complaint()
    assert _models(cli) == []


def test_a_recipe_key_that_there_is_not(cli: Cli, rows: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("epoch: 3\n")

    told = cli("train", "my.mood", "--data", rows, "--recipe", tmp_path / "recipe.yaml").complaint()

    assert "/epoch" in told
    assert "Keys: method, encoder" in told


def test_a_folder_that_is_taken_is_refused_before_any_work(cli: Cli, rows: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "x").write_text("x")

    for out in (tmp_path / "taken", rows):
        assert "is there already" in cli("train", "my.mood", "--data", rows, "--out", out).complaint()
    assert _models(cli) == []


@pytest.mark.parametrize(
    "argv",
    [
        ("train", "my.mood"),
        ("train",),
        ("train", "my.mood", "--data"),
        ("train", "x", "--data", "y", "--epochs", "3"),
    ],
)
def test_bad_usage_is_told_apart(argv: tuple[str, ...], cli: Cli) -> None:
    done = cli(*argv)

    assert done.code == 2
    assert "colonnade train --help" in done.complaint()
