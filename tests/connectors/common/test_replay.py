from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.common.replay import ReplayConnector
from core.errors import InvalidInput, NotFound
from core.ports import Connector
from core.records import Record, Refused
from core.testing.connector_contract import ConnectorContract

ROWS = """id,wire,time,title
a,cnbc,2020-03-03T10:00:00,third
b,cnbc,2020-03-01 09:00,first
c,guardian,2020-03-02,a day
d,cnbc,2020-03-02 00:00 EST,second
e,cnbc,2020-03-01 09:00,first too
f,cnbc,,when?
g,cnbc,noon,when?
"""


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    (tmp_path / "stream.csv").write_text(ROWS)
    return tmp_path / "stream.csv"


class TestContract(ConnectorContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connector]:
        (tmp_path / "a.jsonl").write_text(
            "".join(f'{{"id": {n}, "time": "2026-01-0{9 - n} 1:00"}}\n' for n in range(9))
        )
        return lambda: ReplayConnector(tmp_path / "a.jsonl")


def test_rows_come_in_the_order_of_their_times(stream: Path) -> None:
    found = [record for record, _ in ReplayConnector(stream, source_field="wire").read(None)]
    refused = [record.place for record in found if isinstance(record, Refused)]
    records = [record for record in found if isinstance(record, Record)]
    assert refused == ["stream.csv:row 6", "stream.csv:8"]
    assert [record.external_id for record in records] == ["b", "e", "c", "d", "a"]
    assert [record.source for record in records] == ["cnbc", "cnbc", "guardian", "cnbc", "cnbc"]
    assert records[2].published_at is None
    assert records[3].published_at == datetime(2020, 3, 2, 5, tzinfo=UTC)


def test_a_cursor_goes_on_where_it_stands(stream: Path) -> None:
    everything = list(ReplayConnector(stream).read(None))
    assert list(ReplayConnector(stream).read(everything[3][1])) == everything[4:]


def test_what_cannot_be_replayed(tmp_path: Path, stream: Path) -> None:
    with pytest.raises(NotFound):
        list(ReplayConnector(tmp_path / "none.csv").read(None))
    with pytest.raises(InvalidInput):
        list(ReplayConnector(stream).read("-1"))
