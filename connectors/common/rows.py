"""Reads the rows of CSV, JSONL and Parquet files; a faulty row is told and the next one is read."""

from __future__ import annotations

import csv
import json
import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TextIO

from core.text.decode import SAMPLE, encoding_of

FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_ROW_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that does not parse.

    Attributes:
        line: Where it begins, from 1; 0 is the file as a whole.
        reason: What is wrong, as the rest of a sentence.
        raw: The row as it stands there.
        open: It ends with the file and would go on: somebody may still be writing it.
    """

    line: int
    reason: str
    raw: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row that parses.

    Attributes:
        line: Where it begins, from 1; of Parquet, the number of the row.
        fields: Its cells by name.
        open: It is the last one and no line break ends it: somebody may still be writing it.
    """

    line: int
    fields: Mapping[str, Any]
    open: bool = False


def rows_of(path: Path, *, bad_bytes: Literal["strict", "keep"] = "strict") -> Iterator[Row | Fault]:
    """Yield the rows of a file in order, in constant memory.

    Args:
        path: Its ending, one of FORMATS, tells its format.
        bad_bytes: Whether bytes of another encoding end the reading, or are kept as lone surrogates, which
            no Record may hold, so that only their row is refused.

    Raises:
        InvalidInput: the file is in no encoding of text.
        UnicodeDecodeError: bytes of another encoding, where they are not kept.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        yield from _parquet(path)
        return
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    encoding = "utf-8" if bad_bytes == "keep" and _nearly_utf8(sample) else encoding_of(sample)
    kept = "replace" if encoding.startswith("utf-16") or encoding == "utf-32" else "surrogateescape"
    with path.open(encoding=encoding, errors=kept if bad_bytes == "keep" else "strict", newline="") as file:
        if suffix in {".jsonl", ".ndjson"}:
            yield from _jsonl(file)
        else:
            yield from _Csv(file, "\t" if suffix == ".tsv" else ",").rows()


def _nearly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", "replace")
    foreign = sum(not character.isascii() for character in text)
    return not text.startswith("\ufeff") and text.count("\ufffd") <= foreign // 100


def _jsonl(file: TextIO) -> Iterator[Row | Fault]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        is_open = not line.endswith("\n")
        try:
            row = json_of(line)
        except (ValueError, RecursionError) as error:
            yield Fault(number, f"does not parse ({error})", line, is_open)
            continue
        if isinstance(row, dict):
            yield Row(number, row, is_open)
        else:
            yield Fault(number, "is no JSON object", line, is_open)


def json_of(text: str) -> Any:
    """Return what JSON tells; NaN and infinite numbers are no JSON.

    Raises:
        ValueError: it does not parse.
        RecursionError: it is too deep.
    """
    return json.loads(text, parse_constant=_no_number, parse_float=_float)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text[:20])


class _Csv:
    """Parses CSV; a faulty row costs its first line only, then parsing starts anew on the next."""

    def __init__(self, file: TextIO, delimiter: str) -> None:
        self._file = file
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0
        self._line = 0

    def _lines(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else self._file.readline()
            if not line:
                return
            self._taken.append(line)
            self._size += len(line)
            if self._size > _ROW_LIMIT:
                raise csv.Error(f"longer than {_ROW_LIMIT:,} characters")
            yield line

    def _next(self) -> list[str] | Fault | None:
        """Return the next row; its lines are counted."""
        csv.field_size_limit(_ROW_LIMIT)
        self._taken, self._size = [], 0
        try:
            cells = next(csv.reader(self._lines(), delimiter=self._delimiter, strict=True), None)
        except csv.Error as error:
            first, *rest = self._taken
            ended = "unexpected end of data" in str(error)
            self._again = deque(chain(rest, self._again))
            self._line += 1
            return Fault(self._line, f"does not parse ({error})", first, ended)
        self._line += len(self._taken)
        return cells

    def rows(self) -> Iterator[Row | Fault]:
        """Yield the rows; a faulty header is the only one."""
        header: list[str] | None = None
        while (found := self._next()) is not None:
            if isinstance(found, Fault):
                yield found
                if header is None:
                    return
            elif header is None:
                header = found or None
            elif found:
                yield self._row(header, found)

    def _row(self, header: list[str], cells: list[str]) -> Row | Fault:
        line = self._line - len(self._taken) + 1
        is_open = not self._taken[-1].endswith(("\n", "\r"))
        if len(cells) > len(header):
            return Fault(line, "has more cells than the header", "".join(self._taken), is_open)
        return Row(line, dict(zip(header, cells, strict=False)), is_open)


def _parquet(path: Path) -> Iterator[Row | Fault]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                for fields in batch.to_pylist():
                    number += 1
                    yield Row(number, fields)
    except (ArrowException, OSError) as error:
        yield Fault(number, f"does not parse ({error})", "", open=True)
