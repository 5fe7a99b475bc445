"""The `file` connector: rows of a CSV, JSONL or Parquet file as Records."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.common.times import moment, zone_of
from core.errors import FieldError, InvalidInput, NotFound
from core.records import Record
from core.text.decode import SAMPLE, encoding_of
from core.text.types import safe

_IDS = ("external_id", "id", "guid", "url", "link")
_TIMES = ("published_at", "time", "datetime", "published", "date", "timestamp")
_FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_FIELD_LIMIT = 10_000_000


class FileConnector:
    """Reads one file, row after row, in constant memory.

    The cursor is the number of rows read. CSV and JSONL may be in UTF-8 (with or without a mark), UTF-16 with
    a mark, or GBK. A row without an id is known by the hash of its content: a repeated row is the same thing.

    Args:
        path: The file; its ending tells its format.
        source: Name of this connection; default: the file's name.
        zone: IANA zone of times that have none; default UTC.
    """

    def __init__(self, path: str | Path, *, source: str | None = None, zone: str | None = None) -> None:
        self._path = Path(path)
        self._source = source or self._path.name
        self._zone = zone_of(zone)
        if self._path.suffix.lower() not in _FORMATS:
            raise InvalidInput(
                f"{self._path.name}: cannot read {self._path.suffix or 'a file without ending'}.",
                remedy=f"Give one of {', '.join(_FORMATS)}.",
            )

    def read(self, cursor: str | None) -> Iterator[tuple[Record, str]]:
        """Yield the records after `cursor`, each with the cursor behind it.

        Raises:
            NotFound: the file is not there.
            InvalidInput: a row does not parse, a time is none, or the cursor is not this connector's.
        """
        if not self._path.is_file():
            raise NotFound(f"There is no file {self._path}.", remedy="Check the path.")
        start = _position(cursor)
        for number, row in enumerate(islice(self._rows(), start, None), start + 1):
            yield self._record(row, number), str(number)

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        suffix = self._path.suffix.lower()
        if suffix == ".parquet":
            return self._parquet()
        return (
            self._jsonl() if suffix in {".jsonl", ".ndjson"} else self._csv("\t" if suffix == ".tsv" else ",")
        )

    def _encoding(self) -> str:
        with self._path.open("rb") as file:
            return encoding_of(file.read(SAMPLE))

    def _csv(self, delimiter: str) -> Iterator[Mapping[str, Any]]:
        csv.field_size_limit(_FIELD_LIMIT)
        with self._path.open(encoding=self._encoding(), newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, restkey="", strict=True)
            try:
                for row in reader:
                    if row.pop("", None):
                        raise self._faulty(reader.line_num, "has more cells than the header")
                    yield row
            except (csv.Error, UnicodeDecodeError) as error:
                raise self._faulty(reader.line_num + 1, f"does not parse ({error})") from error

    def _jsonl(self) -> Iterator[Mapping[str, Any]]:
        with self._path.open(encoding=self._encoding()) as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise self._faulty(number, f"does not parse ({error})") from error
                if not isinstance(row, dict):
                    raise self._faulty(number, "is no JSON object")
                yield row

    def _parquet(self) -> Iterator[Mapping[str, Any]]:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        try:
            with ParquetFile(self._path) as file:
                for batch in file.iter_batches(batch_size=1024):
                    yield from batch.to_pylist()
        except ArrowException as error:
            raise self._faulty(0, f"does not parse ({error})") from error

    def _record(self, row: Mapping[str, Any], number: int) -> Record:
        try:
            payload = {str(key): _plain(value) for key, value in row.items() if value not in (None, "")}
            times = [row[name] for name in _TIMES if row.get(name)]
            published = moment(times[0], self._zone) if times else None
        except InvalidInput as error:
            raise self._faulty(number, f"is wrong: {error.detail}") from error
        given = next((str(payload[name]) for name in _IDS if payload.get(name)), None)
        return Record(self._source, given or _digest(payload), payload, published)

    def _faulty(self, row: int, fault: str) -> InvalidInput:
        where = f"{self._path.name}:{row}"
        return InvalidInput(f"{where} {fault}.", remedy="Mend the file.", errors=[FieldError(where, fault)])


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise InvalidInput(
            f"{cursor[:40]!r} is no cursor of a file.", remedy="Use one that this connector gave."
        )
    return int(cursor)


def _plain(value: Any) -> Any:
    """Return a cell as a JSON value."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, bool | int | float | list | dict) else str(value)


def _digest(payload: Mapping[str, Any]) -> str:
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
