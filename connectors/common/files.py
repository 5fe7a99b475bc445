"""The `file` connector: rows of a CSV, JSONL or Parquet file as Records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from connectors.common.payloads import refused, shown, to_record
from connectors.common.rows import FORMATS, Fault, Row, rows_of
from connectors.common.times import zone_of
from core.errors import FieldError, InvalidInput, NotFound
from core.records import Record, Refused


class FileConnector:
    """Reads one file, row after row, in constant memory.

    The cursor is the number of rows read. CSV and JSONL may be in UTF-8 (with or without a mark), UTF-16 with
    a mark, or GBK. A row without an id is known by the hash of its content: a repeated row is the same thing.

    Args:
        path: The file; its ending tells its format.
        source: Name of this connection; default: the file's name.
        zone: IANA zone of times that have none; default UTC.
        strict: Whether a faulty row ends the reading, as in training and in commands that somebody watches;
            otherwise it is refused and the next one is read.
    """

    local = True

    def __init__(
        self, path: str | Path, *, source: str | None = None, zone: str | None = None, strict: bool = True
    ) -> None:
        self._path = Path(path)
        self._source = source or self._path.name
        self._zone = zone_of(zone)
        self._strict = strict
        if self._path.suffix.lower() not in FORMATS:
            raise InvalidInput(
                f"{self._path.name}: cannot read {self._path.suffix or 'a file without ending'}.",
                remedy=f"Give one of {', '.join(FORMATS)}.",
            )

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the records after `cursor`, each with the cursor behind it.

        Raises:
            NotFound: the file is not there.
            InvalidInput: the cursor is not this connector's, or the file is in no encoding of text; in strict
                mode also where a row does not parse or a time is none.
        """
        if not self._path.is_file():
            raise NotFound(f"There is no file {self._path}.", remedy="Check the path.")
        start, line = position_of(cursor), 0
        rows = rows_of(self._path, bad_bytes="strict" if self._strict else "keep")
        try:
            for number, row in enumerate(islice(rows, start, None), start + 1):
                line = row.line
                yield self._made(row), str(number)
        except UnicodeDecodeError as error:
            raise self._faulty(line + 1, f"does not parse ({error})") from error

    def _made(self, row: Row | Fault) -> Record | Refused:
        if isinstance(row, Fault):
            if self._strict:
                raise self._faulty(row.line, row.reason)
            return Refused(f"{self._path.name}:{row.line}", row.reason, shown(row.raw))
        try:
            return to_record(row.fields, self._source, self._zone)
        except InvalidInput as error:
            if self._strict:
                raise self._faulty(row.line, f"is wrong: {error.detail}") from error
            return refused(f"{self._path.name}:{row.line}", error, row.fields)

    def _faulty(self, line: int, fault: str) -> InvalidInput:
        where = f"{self._path.name}:{line}"
        return InvalidInput(f"{where} {fault}.", remedy="Mend the file.", errors=[FieldError(where, fault)])


def position_of(cursor: str | None) -> int:
    """Return the number of rows that a cursor stands behind.

    Raises:
        InvalidInput: it is no such cursor.
    """
    if cursor is None:
        return 0
    # Longer digits than any file has rows are refused by int() itself, with an error of its own.
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
        raise InvalidInput(
            f"{cursor[:40]!r} is no cursor of a file.", remedy="Use one that this connector gave."
        )
    return int(cursor)
