"""Reads and writes rows of CSV, JSONL and Parquet some hundreds at a time, for files of any size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import FieldError, InvalidInput, NotFound
from core.text.decode import SAMPLE, encoding_of

Row = dict[str, Any]
CHUNK = 512
FORMATS = ("csv", "jsonl", "parquet")


def format_of(path: str, given: str | None = None) -> str:
    """Return csv, jsonl or parquet, by the given name or the path's ending; `-` is JSONL.

    Raises:
        InvalidInput: none of them.
    """
    name = given or ("jsonl" if path == "-" else Path(path).suffix.lstrip(".").lower())
    if name not in FORMATS:
        raise InvalidInput(f"{path!r} is none of .csv, .jsonl, .parquet.", remedy="Rename or convert it.")
    return name


def read_chunks(path: str, stdin: IO[str]) -> Iterator[list[Row]]:
    """Yield the rows of a file, or of `stdin` (JSONL) for `-`, some hundreds at a time.

    Raises:
        NotFound: no such file.
        InvalidInput: it is empty or broken, with the line.
    """
    kind = format_of(path)
    if path == "-":
        yield from _chunks(_json_rows(stdin, "standard input"))
        return
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"There is no file {path}.", remedy="Give the path of a CSV, JSONL or Parquet file.")
    if file.stat().st_size == 0:
        raise InvalidInput(f"{file.name} is empty.", remedy="Give a file with a header and rows.")
    if kind == "parquet":
        yield from _parquet_chunks(file)
        return
    with file.open("rb") as raw:
        encoding = encoding_of(raw.read(SAMPLE))
    if kind == "csv":
        yield from _csv_chunks(file, encoding)
    else:
        with file.open(encoding=encoding) as lines:
            yield from _chunks(_json_rows(lines, file.name))


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _json_rows(lines: Iterable[str], name: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise InvalidInput(
                f"{name}, line {number} is no JSON object.",
                remedy="Write one JSON object a line.",
                errors=[FieldError(f"/{number}", "is no JSON object")],
            )
        yield row


def _csv_chunks(file: Path, encoding: str) -> Iterator[list[Row]]:
    import pandas as pd

    try:
        with pd.read_csv(
            file, dtype=str, keep_default_na=False, chunksize=CHUNK, encoding=encoding
        ) as frames:
            for frame in frames:
                yield [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{file.name} is no readable CSV: {error}.", remedy="Quote cells with commas."
        ) from error


def _parquet_chunks(file: Path) -> Iterator[list[Row]]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(file) as source:
            for batch in source.iter_batches(batch_size=CHUNK):
                yield batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise InvalidInput(
            f"{file.name} is no readable Parquet: {error}.", remedy="Write it again."
        ) from error


Writer = Callable[[Sequence[Mapping[str, Any]]], None]


@contextmanager
def open_writer(path: str, stdout: IO[str], kind: str | None = None) -> Iterator[Writer]:
    """Open a file, or `stdout` (JSONL) for `-`, to write rows to; all rows have the first one's columns."""
    chosen = format_of(path, kind)
    if chosen == "parquet":
        with _parquet_writer(path) as write:
            yield write
    elif path == "-":
        yield _json_writer(stdout)
    else:
        with Path(path).open("w", encoding="utf-8", newline="") as stream:
            yield _csv_writer(stream) if chosen == "csv" else _json_writer(stream)


def _json_writer(stream: IO[str]) -> Writer:
    def write(rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
        stream.flush()

    return write


def _csv_writer(stream: IO[str]) -> Writer:
    import csv

    state: list[csv.DictWriter[str]] = []

    def write(rows: Sequence[Mapping[str, Any]]) -> None:
        if not state:
            state.append(csv.DictWriter(stream, fieldnames=list(rows[0]), extrasaction="ignore"))
            state[0].writeheader()
        for row in rows:
            state[0].writerow({key: _cell(value) for key, value in row.items()})

    return write


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


@contextmanager
def _parquet_writer(path: str) -> Iterator[Writer]:
    import pyarrow
    import pyarrow.parquet

    state: list[pyarrow.parquet.ParquetWriter] = []

    def write(rows: Sequence[Mapping[str, Any]]) -> None:
        plain = [{key: _cell(value) for key, value in row.items()} for row in rows]
        table = pyarrow.Table.from_pylist(plain, schema=state[0].schema if state else None)
        if not state:
            state.append(pyarrow.parquet.ParquetWriter(path, table.schema))
        state[0].write_table(table)

    try:
        yield write
    finally:
        for writer in state:
            writer.close()
