"""`colonnade predict`: the same rows in the same order and three columns more, whatever the format."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.inference.predictor import LocalPredictor
from core.inference.rows import CHUNK
from core.records import Example
from tests.api.commands.conftest import Cli
from tests.core.training import toy

ADDED = ["prediction", "probability", "probabilities"]
NEW = [
    {"id": 1, "text": "Zephyr says record revenue in spring", "note": None},
    {"id": 2, "text": "", "note": "empty"},
    {"id": 3, "text": 'Zephyr says heavy losses, "again"\nin winter', "note": "😀 שלום"},
    {"id": 4, "text": "  ", "note": "blank"},
    {"id": 5, "text": "Zephyr 公司 says dividend cut", "note": None},
]
SAID = ["up", None, "down", None, "down"]


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, keep_default_na=False)
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_json(path, lines=True, dtype=False)


def _write(path: Path, rows: Sequence[dict[str, Any]] = NEW) -> Path:
    frame = pd.DataFrame(list(rows))
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    return path


@pytest.mark.parametrize("source", ["in.csv", "in.jsonl", "in.parquet"])
@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
def test_the_same_rows_and_three_columns(
    source: str, target: str, cli: Cli, model: dict[str, Any], tmp_path: Path
) -> None:
    done = cli("predict", "my.mood", "--in", _write(tmp_path / source), "--out", tmp_path / target)

    assert (done.code, done.out) == (0, "")
    assert "5 rows, 2 of them without text" in done.err
    found = _table(tmp_path / target)
    assert list(found.columns) == ["id", "text", "note", *ADDED]
    assert found["id"].astype(int).tolist() == [1, 2, 3, 4, 5]
    assert found["text"].tolist() == [row["text"] for row in NEW]
    assert [said if isinstance(said, str) and said else None for said in found["prediction"]] == SAID
    for said, cell in zip(found["prediction"], found["probabilities"], strict=True):
        if said in ("up", "down"):
            every = json.loads(cell) if isinstance(cell, str) else cell
            assert sum(every.values()) == pytest.approx(1.0, abs=1e-4)
            assert max(every, key=every.__getitem__) == said


def test_lines_in_and_lines_out(cli: Cli, model: dict[str, Any]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in NEW)

    done = cli("predict", "my.mood", "--json", stdin=lines)

    assert (done.code, done.err) == (0, "")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [{key: row[key] for key in NEW[0]} for row in found] == NEW
    assert [row["prediction"] for row in found] == SAID
    assert found[0]["probability"] == found[0]["probabilities"]["up"]
    assert found[1]["probabilities"] is None


def test_many_labels_are_joined(cli: Cli, tmp_path: Path) -> None:
    toy.frame(toy.multi()).to_csv(tmp_path / "tags.csv", index=False)
    train = cli("train", "my.tags", "--data", tmp_path / "tags.csv", "--multi", "--method", "head", "--json")
    assert train.json()["labels"] == ["money", "up"]

    texts = ["Orvane says dividend raised in spring", "Orvane says shares slid in spring"]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    both, none = (json.loads(line) for line in cli("predict", "my.tags", stdin=lines).out.splitlines())

    assert sorted(both["prediction"].split(";")) == ["money", "up"]
    assert none["prediction"] == ""
    assert none["probability"] > 0.5


def test_pairs_and_named_columns(cli: Cli, tmp_path: Path) -> None:
    toy.frame(toy.pairs()).to_csv(tmp_path / "pairs.csv", index=False)
    cli("train", "my.pairs", "--data", tmp_path / "pairs.csv", "--method", "head", "--json").json()
    lines = "".join(
        json.dumps({"first": "News Orvane", "second": second}) + "\n"
        for second in ("record revenue", "shares slid")
    )

    done = cli("predict", "my.pairs", "--map", "text=first", "text_pair=second", stdin=lines)

    assert [json.loads(line)["prediction"] for line in done.out.splitlines()] == ["up", "down"]


def test_a_model_by_id_or_folder(cli: Cli, model: dict[str, Any], tmp_path: Path) -> None:
    lines = '{"text": "heavy losses"}\n'
    serving = cli("predict", "my.mood", stdin=lines).out

    for name in (model["model"], tmp_path / "model"):
        assert cli("predict", "my.mood", "--model", name, stdin=lines).out == serving
    absent = cli("predict", "my.mood", "--model", "m-000000000000000000000000", "--tenant", "other")
    theirs = cli("predict", "my.mood", "--model", model["model"], "--tenant", "other")
    assert theirs.complaint().replace(model["model"], "") == absent.complaint().replace("m-" + "0" * 24, "")


def test_a_large_file_goes_through_in_chunks(
    cli: Cli, model: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    predict = LocalPredictor.predict

    def counted(
        self: LocalPredictor, tenant: str, tasks: Any, items: Sequence[Example], **options: Any
    ) -> Any:
        sizes.append(len(items))
        return predict(self, tenant, tasks, items, **options)

    monkeypatch.setattr(LocalPredictor, "predict", counted)
    path = tmp_path / "big.csv"
    path.write_text("text,n\n" + "".join(f"text {'x' * (n % 97)},{n}\n" for n in range(20_000)))

    done = cli("predict", "my.mood", "--in", path, "--out", tmp_path / "out.csv", "--json")

    assert done.json() == {"rows": 20_000, "without_text": 0, "out": str(tmp_path / "out.csv")}
    assert max(sizes) <= CHUNK
    assert sum(sizes) == 20_000
    assert _table(tmp_path / "out.csv")["n"].tolist() == list(range(20_000))


def test_rows_that_lack_the_text_stay(cli: Cli, model: dict[str, Any]) -> None:
    lines = '{"id": 1}\n{"id": 2, "text": "heavy losses"}\n{"id": 3, "text": null}\n'

    found = [json.loads(line) for line in cli("predict", "my.mood", stdin=lines).out.splitlines()]

    assert [row["prediction"] for row in found] == [None, "down", None]


def test_odd_texts_are_answered(cli: Cli, model: dict[str, Any]) -> None:
    odd = ["half \ud83d", "nul \0", "\u202eשלום", "１２３", "x" * 200_000, "[SEP] [CLS]", "a\u2028b"]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in odd)

    found = [json.loads(line) for line in cli("predict", "my.mood", stdin=lines).out.splitlines()]

    assert [row["text"] for row in found] == odd
    assert all(row["prediction"] in ("up", "down") for row in found)


def test_a_file_may_be_written_over_itself(cli: Cli, model: dict[str, Any], tmp_path: Path) -> None:
    path = _write(tmp_path / "both.csv")

    assert cli("predict", "my.mood", "--in", path, "--out", path).code == 0

    assert [said or None for said in _table(path)["prediction"]] == SAID


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "in.csv is empty"),
        (b"body\nx\n", "has no column 'text'; it has: body."),
        (b"text,n\nx,1\nx,1,2\n", "no readable CSV"),
        (b"text,n\nx,1,2\n", "more cells than the header"),
    ],
)
def test_a_failure_is_one_line_and_the_old_output_stays(
    content: bytes, told: str, cli: Cli, model: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    (tmp_path / "out.csv").write_text("old")

    done = cli("predict", "my.mood", "--in", tmp_path / "in.csv", "--out", tmp_path / "out.csv")

    assert done.code == 1
    assert told in done.complaint()
    assert (tmp_path / "out.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--in", "in.txt"), "none of .csv, .jsonl, .parquet"),
        (("--out", "out.txt"), "none of .csv, .jsonl, .parquet"),
        (("--in", "none.csv"), "There is no file none.csv"),
        (("--map", "txt=a"), "knows no field 'txt'"),
        (("--model", "./none"), "There is no model './none'"),
    ],
)
def test_wrong_options_say_what_to_mend(
    options: tuple[str, ...], told: str, cli: Cli, model: dict[str, Any]
) -> None:
    assert told in cli("predict", "my.mood", *options, stdin='{"text": "x"}\n').complaint()


def test_a_header_alone_gives_no_rows(cli: Cli, model: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n")

    done = cli("predict", "my.mood", "--in", tmp_path / "in.csv", "--out", tmp_path / "out.jsonl", "--json")

    assert done.json()["rows"] == 0
    assert (tmp_path / "out.jsonl").read_text() == ""


def test_a_broken_line_has_its_number(cli: Cli, model: dict[str, Any]) -> None:
    done = cli("predict", "my.mood", stdin='{"text": "x"}\n{"text": \n')

    assert (done.code, done.out) == (1, "")
    assert "standard input, line 2 is no JSON object" in done.complaint()


@pytest.mark.slow
def test_a_process_writes_results_to_stdout_and_nothing_of_libraries_to_stderr(
    environment: dict[str, str], cli: Cli, rows: Path, root: Path
) -> None:
    train = subprocess.run(
        [
            *(sys.executable, "-m", "api.cli", "train", "my.mood", "--json"),
            *("--data", str(rows), "--recipe", str(_fast(rows.parent))),
        ],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, **environment},
        check=False,
    )

    assert (train.returncode, train.stderr) == (0, "")
    assert json.loads(train.stdout)["promoted"]
    said = cli("predict", "my.mood", stdin='{"text": "Orvane 公司 says heavy losses"}\n')
    assert said.err == "1 rows, 0 of them without text and left unpredicted\n"
    assert json.loads(said.out)["text"] == "Orvane 公司 says heavy losses"


def _fast(folder: Path) -> Path:
    (folder / "fast.json").write_text(
        '{"method": "auto", "epochs": 2, "learning_rate": 5e-4, "frozen_layers": 1}'
    )
    return folder / "fast.json"
