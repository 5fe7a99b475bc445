"""Rows in and out of files: the same rows, in the same order, whatever is in them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import InvalidInput, NotFound
from core.inference.row_writer import open_writer
from core.inference.rows import CHUNK, format_of, read_chunks

ROWS: list[dict[str, Any]] = [
    {"id": 1, "text": "plain", "note": None},
    {"id": 2, "text": 'commas, "quotes"\nand a line', "note": "😀"},
    {"id": 3, "text": "", "note": "שלום"},
    {"id": 4, "text": "利润１２３", "note": None},
]


def _read(path: Path | str, stdin: str = "") -> list[dict[str, Any]]:
    return [row for chunk in read_chunks(str(path), io.StringIO(stdin)) for row in chunk]


def _write(path: Path | str, rows: list[dict[str, Any]], size: int = CHUNK) -> str:
    out = io.StringIO()
    with open_writer(str(path), out) as write:
        for start in range(0, len(rows), size):
            write(rows[start : start + size])
    return out.getvalue()


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
@pytest.mark.parametrize("size", [1, 3, CHUNK])
def test_what_is_written_is_read_back(name: str, size: int, tmp_path: Path) -> None:
    _write(tmp_path / name, ROWS, size)

    assert _read(tmp_path / name) == ROWS


@pytest.mark.parametrize("size", [1, CHUNK])
def test_csv_has_cells_of_text(size: int, tmp_path: Path) -> None:
    _write(tmp_path / "rows.csv", ROWS, size)

    cells = [{key: "" if value is None else str(value) for key, value in row.items()} for row in ROWS]
    assert _read(tmp_path / "rows.csv") == cells


def test_minus_is_json_lines() -> None:
    lines = _write("-", ROWS)

    assert [json.loads(line) for line in lines.splitlines()] == ROWS
    assert "😀" in lines
    assert _read("-", "\ufeff" + lines.replace("\n", "\n\n")) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_encodings(encoding: str, name: str, tmp_path: Path) -> None:
    rows = [{"text": f"公司第{n}季度净利润同比增长，股价上涨"} for n in range(40)]
    lines = [rows[0].keys(), *(row.values() for row in rows)]
    text = (
        "".join(",".join(cells) + "\r\n" for cells in lines)
        if name.endswith("csv")
        else "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    )
    (tmp_path / name).write_bytes(text.encode(encoding))

    assert _read(tmp_path / name) == rows


def test_a_large_file_comes_in_chunks(tmp_path: Path) -> None:
    (tmp_path / "big.csv").write_text("text\n" + "".join(f"row {n}\n" for n in range(3 * CHUNK + 1)))

    sizes = [len(chunk) for chunk in read_chunks(str(tmp_path / "big.csv"), io.StringIO())]

    assert sizes == [CHUNK, CHUNK, CHUNK, 1]


def test_standard_input_is_read_as_it_comes() -> None:
    class Endless(io.StringIO):
        read_lines = 0

        def __next__(self) -> str:
            self.read_lines += 1
            return '{"text": "x"}\n'

    source = Endless()

    assert len(next(iter(read_chunks("-", source)))) == CHUNK
    assert source.read_lines == CHUNK


def test_rows_without_text_stay(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("text\nfirst\n\nthird\n")
    (tmp_path / "two.csv").write_text("text,id\nfirst,1\n,2\nthird,3\n")

    assert [row["text"] for row in _read(tmp_path / "one.csv")] == ["first", "", "third"]
    assert [row["text"] for row in _read(tmp_path / "two.csv")] == ["first", "", "third"]


def test_words_for_nothing_are_text(tmp_path: Path) -> None:
    words = ["NA", "null", "None", "nan", "N/A", "-"]
    (tmp_path / "words.csv").write_text("text\n" + "\n".join(words) + "\n")

    assert [row["text"] for row in _read(tmp_path / "words.csv")] == words


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.jsonl", b"", "a.jsonl is empty"),
        ("a.jsonl", b'{"text": "x"}\n{"text": \n', "a.jsonl, line 2 is no JSON object"),
        ("a.jsonl", b'["text"]\n', "line 1 is no JSON object"),
        ("a.jsonl", b"[" * 100_000, "line 1 is no JSON object"),
        ("a.jsonl", b'{"n": ' + b"9" * 5000 + b"}", "line 1 is no JSON object"),
        ("a.csv", b"text,label\na,b\nc,d,e\n", "no readable CSV"),
        ("a.csv", b"text,label\na,b,c\nd,e,f\n", "more cells than the header"),
        ("a.csv", b'text,label\n"open,b\nc,d\n', "no readable CSV"),
        ("a.csv", b"text\n" + b"fine\n" * 300_000 + b"\xff\xfe\xff\n", "no readable CSV"),
        ("a.jsonl", b'{"text": "fine"}\n' * 100_000 + b'{"text": "\xff\xfe"}\n', "not all of it is utf-8"),
        ("a.parquet", b"PAR1 but not really PAR1", "no readable Parquet"),
        ("a.xlsx", b"PK", "none of .csv, .jsonl, .parquet"),
    ],
)
def test_broken_files_are_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InvalidInput, match=message):
        _read(tmp_path / name)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        _read(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(NotFound, match="no file"):
        _read(tmp_path / "folder.csv")


def test_bytes_on_standard_input_that_are_no_text() -> None:
    broken = io.TextIOWrapper(io.BytesIO(b'{"text": "\xff"}\n'), encoding="utf-8")

    with pytest.raises(InvalidInput, match="standard input: not all of it is utf-8"):
        list(read_chunks("-", broken))


def test_json_that_every_reader_takes() -> None:
    lines = _write("-", [{"text": "half \ud83d", "value": float("nan"), "time": pd.Timestamp("2026-01-02")}])

    lines.encode("utf-8")
    assert json.loads(lines, parse_constant=pytest.fail) == {
        "text": "half \ud83d",
        "value": None,
        "time": "2026-01-02 00:00:00",
    }


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.jsonl"])
def test_half_characters_do_not_stop_a_file(name: str, tmp_path: Path) -> None:
    _write(tmp_path / name, [{"text": "half \ud83d"}, {"text": "whole"}])

    assert [row["text"][:5] for row in _read(tmp_path / name)] == ["half ", "whole"]


def test_nested_values_in_flat_files(tmp_path: Path) -> None:
    rows = [{"probabilities": {"增长": 0.9, "b": 0.1}, "tags": ["x", "y"]}]

    for name in ("out.csv", "out.parquet"):
        _write(tmp_path / name, rows)
        (read,) = _read(tmp_path / name)
        assert {key: json.loads(value) for key, value in read.items()} == rows[0]


def test_a_parquet_column_that_begins_empty(tmp_path: Path) -> None:
    rows = [
        {"text": "", "prediction": None, "probability": None, "probabilities": None},
        {"text": "x", "prediction": "a", "probability": 0.5, "probabilities": {"a": 0.5}},
    ]

    _write(tmp_path / "out.parquet", rows, size=1)

    assert [row["probability"] for row in _read(tmp_path / "out.parquet")] == [None, 0.5]


def test_rows_that_fit_no_table_are_refused_with_a_mend(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="do not fit one table") as caught:
        _write(tmp_path / "out.parquet", [{"a": 1}, {"a": "x"}], size=1)

    assert "jsonl" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_no_rows_make_a_readable_file(name: str, tmp_path: Path) -> None:
    with open_writer(str(tmp_path / name), io.StringIO()) as write:
        write([])

    assert (tmp_path / name).exists()
    if name.endswith("parquet"):
        assert _read(tmp_path / name) == []


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old\n")

    def stumble() -> None:
        with open_writer(str(out), io.StringIO()) as write:
            write(ROWS)
            raise InvalidInput("a later row is broken")

    with pytest.raises(InvalidInput):
        stumble()

    assert out.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_may_be_written_back_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "both.csv"
    path.write_text("text\n" + "".join(f"row {n}\n" for n in range(2000)))

    with open_writer(str(path), io.StringIO()) as write:
        for chunk in read_chunks(str(path), io.StringIO()):
            write([{**row, "n": "1"} for row in chunk])

    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2000
    assert rows[-1] == {"text": "row 1999", "n": "1"}


def test_formats_by_name_or_ending() -> None:
    assert format_of("-") == "jsonl"
    assert format_of("A.CSV") == "csv"
    assert format_of("x", "parquet") == "parquet"
    with pytest.raises(InvalidInput, match="none of"):
        format_of("x")
