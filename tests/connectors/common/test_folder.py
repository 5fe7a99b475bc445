from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from connectors.common.folder import FolderConnector
from core.errors import InvalidInput, NotFound
from core.ports import Connector
from core.records import Record, Refused
from core.testing.clock import StandingClock
from core.testing.connector_contract import ConnectorContract

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def write(path: Path, data: str | bytes, *, rested: bool = False, more: bool = False) -> None:
    with path.open("ab" if more else "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
    at = NOW.timestamp() - (3_600 if rested else 1)
    os.utime(path, (at, at))


def opened(folder: Path, **given: object) -> FolderConnector:
    return FolderConnector(folder, clock=StandingClock(NOW), **given)  # type: ignore[arg-type]


class Reader:
    """Reads the folder again and again, as a collector does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cursor: str | None = None

    def again(self) -> list[str]:
        found = []
        for record, cursor in opened(self.folder).read(self.cursor):
            self.cursor = cursor
            found.append(record.external_id if isinstance(record, Record) else f"! {record.place}")
        return found


class TestContract(ConnectorContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connector]:
        write(tmp_path / "b.csv", "id,title\nb1,x\nb2,y\n")
        write(tmp_path / "a.jsonl", '{"id": "a1"}\n{"id": "a2"}\n')
        write(tmp_path / "c.tsv", "id\ttitle\nc1\tz", rested=True)
        pd.DataFrame({"id": ["d1", "d2"]}).to_parquet(tmp_path / "d.parquet")
        return lambda: opened(tmp_path)


def test_new_files_and_new_rows_are_picked_up(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    assert reader.again() == []
    write(tmp_path / "b.csv", "id\n1\n2\n")
    assert reader.again() == ["1", "2"]
    assert reader.again() == []
    write(tmp_path / "b.csv", "3\n", more=True)
    write(tmp_path / "a.jsonl", '{"id": "x"}\n')
    assert reader.again() == ["x", "3"]
    (tmp_path / "b.csv").unlink()
    write(tmp_path / "a.jsonl", '{"id": "y"}\n', more=True)
    assert reader.again() == ["y"]
    assert reader.cursor is not None
    assert "b.csv" not in reader.cursor


@pytest.mark.parametrize(
    ("name", "start", "half", "rest"),
    [
        ("a.csv", "id,t\n1,x\n", '2,"half', ' a cell,\nover lines"\n'),
        ("a.csv", "id,t\n1,x\n", "2,hal", "f\n"),
        ("a.jsonl", '{"id": "1"}\n', '{"id": ', '"2"}\n'),
        ("a.jsonl", '{"id": "1"}\n', '{"id": "2"}', "\n"),
    ],
)
def test_a_half_written_row_is_left_for_the_next_time(
    tmp_path: Path, name: str, start: str, half: str, rest: str
) -> None:
    reader = Reader(tmp_path)
    write(tmp_path / name, start + half)
    assert reader.again() == ["1"]
    assert reader.again() == []
    write(tmp_path / name, rest, more=True)
    assert reader.again() == ["2"]
    assert reader.again() == []


def test_the_last_row_of_a_file_at_rest_counts(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    write(tmp_path / "a.csv", "id,t\n1,x\n2,y")
    assert reader.again() == ["1"]
    write(tmp_path / "a.csv", "", more=True, rested=True)
    assert reader.again() == ["2"]
    assert reader.again() == []


def test_an_open_quote_costs_one_row_and_not_the_rest(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    write(tmp_path / "a.csv", 'id,t\n1,x\n2,"open\n3,y\n4,z\n')
    assert reader.again() == ["1"]
    write(tmp_path / "a.csv", "", more=True, rested=True)
    assert reader.again() == ["! a.csv:3", "3", "4"]


def test_a_file_that_became_shorter_is_a_new_one(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    write(tmp_path / "a.csv", "id\n1\n2\n3\n")
    assert len(reader.again()) == 3
    write(tmp_path / "a.csv", "id\n4\n")
    assert reader.again() == ["4"]


def test_faulty_rows_and_files_are_refused_and_the_others_read(tmp_path: Path) -> None:
    write(
        tmp_path / "a.jsonl",
        '{"id": "1", "n": NaN}\n[1]\n{"id": "2", "n": 1e999}\n{"id": "3"}\n{"id": "\\ud800"}\n',
    )
    write(tmp_path / "b.csv", b"id,t\n1," + "净".encode() * 300 + b"\n2,\xff\xfe\n3,time\n", rested=True)
    write(tmp_path / "c.csv", bytes(range(256)) * 9, rested=True)
    write(tmp_path / "d.parquet", b"PAR1 half", rested=True)
    write(tmp_path / "e.csv", "id,time\n1,noon\n2,2026-11-20 09:30\n3,x,y\n")
    reader = Reader(tmp_path)
    assert reader.again() == [
        *("! a.jsonl:1", "! a.jsonl:2", "! a.jsonl:3", "3", "! a.jsonl:5"),
        *("1", "! b.csv:3", "3", "! c.csv:0", "! d.parquet:0"),
        *("! e.csv:2", "2", "! e.csv:4"),
    ]
    assert reader.again() == []
    found = [record for record, _ in opened(tmp_path).read(None) if isinstance(record, Refused)]
    assert all(refused.raw.encode() is not None and refused.reason for refused in found)


def test_a_parquet_file_that_is_being_written_is_left_for_the_next_time(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    write(tmp_path / "d.parquet", b"PAR1 half")
    assert reader.again() == []
    pd.DataFrame({"id": ["1", "2"], "n": [1.5, None]}).to_parquet(tmp_path / "d.parquet")
    assert reader.again() == ["1", "2"]


def test_only_files_of_the_folder_itself_are_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    write(outside, "id\nsecret\n")
    folder = tmp_path / "in"
    (folder / "deep.csv").mkdir(parents=True)
    (folder / "link.csv").symlink_to(outside)
    for name in ("hidden/.a.csv", "a.csv.part", "a.txt", "news.csv", "other.csv"):
        write(folder / Path(name).name, f"id\n{name}\n")
    records = [record for record, _ in opened(folder, pattern="n*").read(None)]
    assert [record.external_id for record in records if isinstance(record, Record)] == ["news.csv"]


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(opened(tmp_path / "none").read(None))
    for cursor in ("[]", "3", '{"a": 1}', '{"a": ["x", 1]}'):
        with pytest.raises(InvalidInput, match="no cursor"):
            list(opened(tmp_path).read(cursor))
