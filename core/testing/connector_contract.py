"""The contract that every connector keeps, as a test class to inherit."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from core.errors import InvalidInput
from core.ports import Connector
from core.records import Record


def _records(connector: Connector) -> list[Record]:
    return [each for each, _ in connector.read(None) if isinstance(each, Record)]


class ConnectorContract:
    """Give the fixture `connect`: a function that opens the same system anew, with three records at least."""

    @pytest.fixture
    def connect(self) -> Callable[[], Connector]:
        """Return a function that opens the system; every subclass gives its own."""
        raise NotImplementedError("give the fixture `connect`")

    def test_records_are_whole(self, connect: Callable[[], Connector]) -> None:
        """Source and id are set, the payload is JSON, times have a zone."""
        records = _records(connect())
        assert len(records) >= 3
        for record in records:
            assert record.source
            assert record.external_id
            json.dumps(dict(record.payload), allow_nan=False)
            assert record.published_at is None or record.published_at.utcoffset() is not None

    def test_reading_twice_gives_the_same(self, connect: Callable[[], Connector]) -> None:
        """Records and cursors depend on the system, not on the moment."""
        assert list(connect().read(None)) == list(connect().read(None))

    def test_identity_is_unique(self, connect: Callable[[], Connector]) -> None:
        """No two different things share (source, external_id)."""
        seen: dict[tuple[str, str], object] = {}
        for record in _records(connect()):
            assert seen.setdefault((record.source, record.external_id), record.payload) == record.payload

    def test_each_cursor_resumes_behind_its_record(self, connect: Callable[[], Connector]) -> None:
        """Whoever stops anywhere misses nothing and sees nothing twice."""
        everything = list(connect().read(None))
        for position, (_, cursor) in enumerate(everything, 1):
            assert list(connect().read(cursor)) == everything[position:]

    def test_a_foreign_cursor_is_refused(self, connect: Callable[[], Connector]) -> None:
        """A cursor of another connector is wrong input, not the beginning."""
        with pytest.raises(InvalidInput):
            list(connect().read("cursor of something else"))
