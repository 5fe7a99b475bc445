"""The `folder` connector: a folder into which files of rows are put, and in which they grow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path

from connectors.common.payloads import refused, shown, to_record
from connectors.common.rows import FORMATS, Fault, Row, rows_of
from connectors.common.times import zone_of
from core.errors import InvalidInput, NotFound
from core.jobs.clock import SystemClock
from core.ports import Clock
from core.records import Record, Refused

_MOST_FILES = 10_000


class FolderConnector:
    """Reads all files of a folder, then what is put into it or added to them.

    The cursor holds, for each file, the rows read and the size at which it was read to its end. A last row
    that nothing ends is left for the next time, unless the file has rested: somebody may be in the midst of
    writing it. A file that became shorter is a new one and is read from its beginning.

    Args:
        path: The folder; folders inside it and hidden files are not read.
        pattern: Names of the files to read, e.g. `news-*.csv`.
        source: Name of this connection; default: the folder's name.
        zone: IANA zone of times that have none; default UTC.
        settle_seconds: A file that was not written for so long is whole.
        clock: Tells how long a file has rested.
    """

    local = True

    def __init__(
        self,
        path: str | Path,
        *,
        pattern: str = "*",
        source: str | None = None,
        zone: str | None = None,
        settle_seconds: float = 300,
        clock: Clock | None = None,
    ) -> None:
        self._path = Path(path)
        self._pattern = pattern
        self._source = source or self._path.name
        self._zone = zone_of(zone)
        self._settle = timedelta(seconds=settle_seconds)
        self._clock = clock or SystemClock()

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the records after `cursor`, file by file in the order of their names.

        Raises:
            NotFound: the folder is not there.
            InvalidInput: the cursor is not this connector's, or the folder holds too many files.
        """
        before = _decoded(cursor)
        names = self._names()
        places = _Places({name: before[name] for name in names if name in before})
        for name in names:
            rows, size = before.get(name, (0, 0))
            yield from self._file(self._path / name, rows, size, places)

    def _names(self) -> list[str]:
        if not self._path.is_dir():
            raise NotFound(f"There is no folder {self._path}.", remedy="Check the path.")
        names = [file.name for file in self._path.iterdir() if self._wanted(file)]
        if len(names) > _MOST_FILES:
            raise InvalidInput(
                f"{self._path} holds more than {_MOST_FILES:,} files.",
                remedy="Take away those that are read.",
            )
        return sorted(names)

    def _wanted(self, file: Path) -> bool:
        # A link could lead out of the folder, to a file that nobody meant to be read.
        plain = not file.name.startswith(".") and not file.is_symlink() and file.is_file()
        return plain and file.suffix.lower() in FORMATS and fnmatch(file.name, self._pattern)

    def _file(
        self, file: Path, done: int, size: int, places: _Places
    ) -> Iterator[tuple[Record | Refused, str]]:
        try:
            now = file.stat()
        except FileNotFoundError:
            return
        if now.st_size == size:
            return
        done = done if now.st_size > size else 0
        rested = self._clock.now().timestamp() - now.st_mtime >= self._settle.total_seconds()
        waiting: Record | Refused | None = None
        for row in self._rows(file, done):
            if row.open and not rested:
                size = 0
                break
            if waiting is not None:
                yield waiting, places.at(file.name, done, 0)
            waiting, done = self._made(file, row), done + 1
        else:
            size = now.st_size
        if waiting is not None:
            yield waiting, places.at(file.name, done, size)

    def _rows(self, file: Path, done: int) -> Iterator[Row | Fault]:
        try:
            yield from islice(rows_of(file, bad_bytes="keep"), done, None)
        except FileNotFoundError:
            return
        except (InvalidInput, OSError) as error:
            reason = error.detail if isinstance(error, InvalidInput) else f"cannot be read ({error.strerror})"
            yield Fault(0, reason, "", open=True)

    def _made(self, file: Path, row: Row | Fault) -> Record | Refused:
        place = f"{file.name}:{row.line}"
        if isinstance(row, Fault):
            return Refused(place, row.reason, shown(row.raw))
        try:
            return to_record(row.fields, self._source, self._zone)
        except InvalidInput as error:
            return refused(place, error, row.fields)


class _Places:
    """Writes cursors: where every file stands; only one changes at a time, so the others are written once."""

    def __init__(self, places: dict[str, tuple[int, int]]) -> None:
        self._places = places
        self._name = ""
        self._others = ""

    def at(self, name: str, rows: int, size: int) -> str:
        """Return the cursor once `rows` of a file are read."""
        if name != self._name:
            others = {other: place for other, place in self._places.items() if other != name}
            self._name, self._others = name, json.dumps(others, separators=(",", ":"))[1:-1]
        self._places[name] = (rows, size)
        here = f"{json.dumps(name)}:[{rows},{size}]"
        return f"{{{self._others},{here}}}" if self._others else f"{{{here}}}"


def _decoded(cursor: str | None) -> dict[str, tuple[int, int]]:
    if cursor is None:
        return {}
    try:
        return {str(name): (int(rows), int(size)) for name, (rows, size) in json.loads(cursor).items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            f"{cursor[:40]!r} is no cursor of a folder.", remedy="Use one that this connector gave."
        ) from error
