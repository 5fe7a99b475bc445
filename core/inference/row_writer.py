"""Writes rows as CSV, JSONL or Parquet while they come; a file appears whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import InvalidInput
from core.inference.rows import format_of

_RISKY = re.compile("[\ud800-\udfff\u0085\u2028\u2029]")
"""Lone surrogates, and what some readers take for the end of a line."""

Writer = Callable[[Sequence[Mapping[str, Any]]], None]


@contextmanager
def open_writer(path: str, stdout: IO[str], kind: str | None = None) -> Iterator[Writer]:
    """Open a file, or `stdout` (JSONL) for `-`, to write rows to; all rows have the first one's columns.

    The file appears when all is written: an error leaves what was there before, and it may be the file that
    the rows are read from.
    """
    chosen = format_of(path, kind)
    if path == "-":
        yield _json_writer(stdout)
        return
    target = Path(path).resolve()
    part = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        if chosen == "parquet":
            with _parquet_writer(part) as write:
                yield write
        else:
            with part.open("w", encoding="utf-8", errors="replace", newline="") as stream:
                yield _csv_writer(stream) if chosen == "csv" else _json_writer(stream)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _json_writer(stream: IO[str]) -> Writer:
    def write(rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            stream.write(_json_line(row))
        stream.flush()

    return write


def _json_line(row: Mapping[str, Any]) -> str:
    """Return a row as JSON that every reader takes: null for NaN, escapes for what some end a line at."""
    plain = {key: None if value != value else value for key, value in row.items()}
    line = json.dumps(plain, ensure_ascii=False, default=str)
    if _RISKY.search(line):
        line = json.dumps(plain, default=str)
    return line + "\n"


def _csv_writer(stream: IO[str]) -> Writer:
    import csv

    state: list[csv.DictWriter[str]] = []

    def write(rows: Sequence[Mapping[str, Any]]) -> None:
        if rows and not state:
            state.append(csv.DictWriter(stream, fieldnames=list(rows[0]), extrasaction="ignore"))
            state[0].writeheader()
        for row in rows:
            state[0].writerow({key: _cell(value) for key, value in row.items()})

    return write


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value


_PREDICTED = {"prediction": "string", "probability": "float64", "probabilities": "string"}


@contextmanager
def _parquet_writer(path: Path) -> Iterator[Writer]:
    import pyarrow
    import pyarrow.parquet

    state: list[pyarrow.parquet.ParquetWriter] = []

    def write(rows: Sequence[Mapping[str, Any]]) -> None:
        plain = [{key: _sound(_cell(value)) for key, value in row.items()} for row in rows]
        if not state:
            state.append(pyarrow.parquet.ParquetWriter(path, _schema(plain)))
        try:
            state[0].write_table(pyarrow.Table.from_pylist(plain, schema=state[0].schema))
        except pyarrow.ArrowException as error:
            raise InvalidInput(
                f"The rows do not fit one table: {error}.", remedy="Write JSONL (--out NAME.jsonl) instead."
            ) from error

    try:
        yield write
        if not state:
            write([])
    finally:
        for writer in state:
            writer.close()


def _sound(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _schema(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return the Arrow schema of the first rows; a column that is empty so far holds text later."""
    import pyarrow

    try:
        found = pyarrow.Table.from_pylist(rows).schema if rows else pyarrow.schema([])
    except pyarrow.ArrowException as error:
        raise InvalidInput(
            f"The rows do not fit one table: {error}.", remedy="Write JSONL (--out NAME.jsonl) instead."
        ) from error
    types = {field.name: field.type for field in found} or dict.fromkeys(_PREDICTED, pyarrow.null())
    text = {name for name, kind in types.items() if pyarrow.types.is_null(kind)}
    return pyarrow.schema(
        [(name, _PREDICTED.get(name, "string") if name in text else kind) for name, kind in types.items()]
    )
