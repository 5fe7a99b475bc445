"""Rows out of CSV, TSV, JSONL and Parquet files, whatever their encoding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FieldError, InvalidInput, NotFound
from core.inference.rows import rows_of
from core.text.decode import encoding_of

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class Table:
    """A file's rows as mappings from column to cell."""

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    warnings: tuple[str, ...] = ()


def read_rows(path: Path) -> Table:
    """Read a whole file.

    Raises:
        NotFound: no such file.
        InvalidInput: another kind of file, bytes in no known encoding, or broken syntax.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", remedy="Give the path of a CSV, JSONL or Parquet file.")
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(
            f"{path.name} is none of {', '.join(SUFFIXES)}.", remedy="Convert it, or rename it."
        )
    if path.stat().st_size == 0:
        raise InvalidInput(f"{path.name} is empty.", remedy="Give a file with a header and rows.")
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    text, warnings = _decoded(path)
    return _jsonl(path, text, warnings) if path.suffix.lower() == ".jsonl" else _csv(path, text, warnings)


def _decoded(path: Path) -> tuple[str, tuple[str, ...]]:
    raw = path.read_bytes()
    try:
        encoding = encoding_of(raw)
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error.detail}", remedy=error.remedy) from error
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path.name}: byte {error.start} is not {encoding}.", remedy="Save it as UTF-8."
        ) from error
    return text, () if encoding.startswith("utf-8") else (f"read as {encoding}",)


def _csv(path: Path, text: str, warnings: tuple[str, ...]) -> Table:
    import io

    import pandas as pd

    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        frame = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise InvalidInput(
            f"{path.name} is no readable CSV: {error}.", remedy="Quote cells with commas."
        ) from error
    return Table(tuple(map(str, frame.columns)), rows_of(frame, path.name), warnings)


def _jsonl(path: Path, text: str, warnings: tuple[str, ...]) -> Table:
    rows = list(_json_lines(path, text))
    columns = dict.fromkeys(key for row in rows for key in row)
    return Table(tuple(columns), rows, warnings)


def _json_lines(path: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _bad_line(path, number, str(error)) from error
        if not isinstance(row, dict):
            raise _bad_line(path, number, "is no JSON object")
        yield row


def _bad_line(path: Path, number: int, detail: str) -> InvalidInput:
    return InvalidInput(
        f"{path.name}, line {number}: {detail}.",
        remedy="Write one JSON object a line.",
        errors=[FieldError(f"/{number}", detail)],
    )


def _parquet(path: Path) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise InvalidInput(
            f"{path.name} is no readable Parquet file: {error}.", remedy="Write it again."
        ) from error
    return Table(tuple(table.column_names), table.to_pylist())
