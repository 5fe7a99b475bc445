"""The `replay` connector: the rows of a file in the order of their times, as they once came in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.common.files import FileConnector, position_of
from connectors.common.payloads import TIMES, shown
from connectors.common.times import day, zone_of
from core.records import Record, Refused

_TABLE = "CREATE TABLE kept (at REAL, n INTEGER, content TEXT)"
_INDEX = "CREATE INDEX in_order ON kept (at, n)"
# NULL, which is what refused rows have, is the least.
_ORDERED = "SELECT content FROM kept ORDER BY at, n LIMIT -1 OFFSET ?"


class ReplayConnector:
    """Reads a file that need not be sorted; rows of one moment keep their order.

    Rows are sorted in a temporary file, not in memory. The cursor is the number of rows passed on. A row that
    tells only its day stands at the beginning of that day and still has no moment; a row that tells no day
    cannot be replayed and is refused.

    Args:
        path: A CSV, JSONL or Parquet file.
        source: Name of this connection; default: the file's name.
        source_field: The field that names the source of each row, where a file holds several.
        zone: IANA zone of times that have none; default UTC.
    """

    local = True

    def __init__(
        self,
        path: str | Path,
        *,
        source: str | None = None,
        source_field: str | None = None,
        zone: str | None = None,
    ) -> None:
        self._file = FileConnector(path, source=source, zone=zone, strict=False)
        self._name = Path(path).name
        self._source_field = source_field
        self._zone = zone_of(zone)

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the records after `cursor`, the oldest first; what is refused comes before them.

        Raises:
            NotFound: the file is not there.
            InvalidInput: the cursor is not this connector's, or the file is in no encoding of text.
        """
        start = position_of(cursor)
        with closing(sqlite3.connect("")) as sorting:
            sorting.execute(_TABLE)
            sorting.executemany("INSERT INTO kept VALUES (?, ?, ?)", self._keyed())
            sorting.execute(_INDEX)
            for place, (content,) in enumerate(sorting.execute(_ORDERED, (start,)), start + 1):
                yield _revived(content), str(place)

    def _keyed(self) -> Iterator[tuple[float | None, int, str]]:
        for number, (found, _) in enumerate(self._file.read(None), 1):
            made = self._placed(found, number) if isinstance(found, Record) else (None, found)
            yield made[0], number, _kept(made[1])

    def _placed(self, record: Record, number: int) -> tuple[float | None, Record | Refused]:
        told = next((record.payload[name] for name in TIMES if record.payload.get(name)), None)
        at = record.published_at or (None if told is None else day(told, self._zone))
        if at is None:
            raw = json.dumps(dict(record.payload), ensure_ascii=False)
            return None, Refused(f"{self._name}:row {number}", "tells no time", shown(raw))
        named = record.payload.get(self._source_field) if self._source_field else None
        return at.timestamp(), replace(record, source=str(named)) if named else record


def _kept(made: Record | Refused) -> str:
    if isinstance(made, Refused):
        return json.dumps([made.place, made.reason, made.raw])
    times = [at.isoformat() if at else None for at in (made.published_at, made.revised_at)]
    return json.dumps([made.source, made.external_id, made.payload, *times])


def _revived(content: str) -> Record | Refused:
    fields = json.loads(content)
    if len(fields) == 3:
        return Refused(*fields)
    source, external_id, payload, *times = fields
    published, revised = (datetime.fromisoformat(at) if at else None for at in times)
    return Record(source, external_id, payload, published, revised)
