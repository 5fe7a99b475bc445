"""Reads rows of CSV, JSONL and Parquet some hundreds at a time, for files of any size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core.errors import FieldError, InvalidInput, NotFound
from core.text.decode import SAMPLE, encoding_of

if TYPE_CHECKING:
    import pandas as pd

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
    encoding = _encoding(file)
    if kind == "csv":
        yield from _csv_chunks(file, encoding)
    else:
        with file.open(encoding=encoding) as lines:
            yield from _chunks(_json_rows(lines, file.name))


def _encoding(file: Path) -> str:
    with file.open("rb") as raw:
        sample = raw.read(SAMPLE)
    try:
        return encoding_of(sample)
    except InvalidInput as error:
        raise InvalidInput(f"{file.name}: {error.detail}", remedy=error.remedy) from error


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
    for number, line in enumerate(_decoded(lines, name), 1):
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


def _decoded(lines: Iterable[str], name: str) -> Iterator[str]:
    """Yield the lines without the mark that some editors put before the first."""
    try:
        for number, line in enumerate(lines):
            yield line if number else line.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{name}: not all of it is {error.encoding}.", remedy="Save it as UTF-8."
        ) from error


def _csv_chunks(file: Path, encoding: str) -> Iterator[list[Row]]:
    import pandas as pd

    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding": encoding}
    try:
        # In a file with one column a blank line is a row without text; elsewhere it is no row.
        blank_is_no_row = len(pd.read_csv(file, nrows=0, **options).columns) > 1
        with pd.read_csv(file, chunksize=CHUNK, skip_blank_lines=blank_is_no_row, **options) as frames:
            for frame in frames:
                if len(frame):  # a header alone is read as a frame without rows
                    yield rows_of(frame, file.name)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{file.name} is no readable CSV: {error}.", remedy="Quote cells with commas."
        ) from error


def rows_of(frame: pd.DataFrame, name: str) -> list[Row]:
    """Return a frame that was read from a CSV as rows.

    Raises:
        InvalidInput: the rows have more cells than the header names; pandas would shift them in silence.
    """
    import pandas as pd

    if not isinstance(frame.index, pd.RangeIndex):
        raise InvalidInput(
            f"{name}: the rows have more cells than the header has columns.",
            remedy="Quote cells with commas, or name every column.",
        )
    return [{str(column): cell for column, cell in row.items()} for row in frame.to_dict("records")]


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
