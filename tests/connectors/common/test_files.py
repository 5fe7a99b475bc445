from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest

from connectors.common.files import FileConnector
from connectors.common.times import moment, zone_of
from core.errors import ConfigurationError, InvalidInput, NotFound
from core.ports import Connector
from core.records import Record
from core.testing.connector_contract import ConnectorContract

CSV = (
    "id,title,published_at\n"
    "a,净利润大增,2026-11-20 09:30\n"
    'b,"two\nlines, one cell",2026-11-20T09:31:00Z\n'
    "c,no time,\n"
    "d,a bare date,2026-11-20\n"
)
SHANGHAI = timezone(timedelta(hours=8))


def write(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


class TestCsvContract(ConnectorContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connector]:
        file = write(tmp_path / "news.csv", CSV)
        return lambda: FileConnector(file, zone="Asia/Shanghai")


class TestJsonlContract(ConnectorContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connector]:
        lines = [json.dumps({"text": f"text {n}", "extra": {"n": n}}) for n in range(4)]
        file = write(tmp_path / "news.jsonl", "\n\n".join(lines))
        return lambda: FileConnector(file)


class TestParquetContract(ConnectorContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connector]:
        file = tmp_path / "news.parquet"
        times = [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3)]
        pd.DataFrame({"text": ["a", "净利润", "c"], "published_at": times, "n": [1, 2, 3]}).to_parquet(file)
        return lambda: FileConnector(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk"])
def test_csv_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    file = write(tmp_path / "news.csv", CSV.encode(encoding))
    records = [record for record, _ in FileConnector(file, source="wire", zone="Asia/Shanghai").read(None)]
    assert [(r.source, r.external_id) for r in records] == [("wire", i) for i in "abcd"]
    assert records[0].payload["title"] == "净利润大增"
    assert records[0].published_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert records[1].payload["title"] == "two\nlines, one cell"
    assert records[1].published_at == datetime(2026, 11, 20, 9, 31, tzinfo=UTC)
    assert records[2].published_at is None
    assert (records[3].published_at, records[3].payload["published_at"]) == (None, "2026-11-20")


@pytest.mark.parametrize(
    ("cell", "hour"),
    [
        ("2026-11-20 11:30", 3),
        ("2026-11-20T11:30:00Z", 11),
        ("2026-11-20", None),
        ("lately", None),
        ("", None),
        ("true", None),
    ],
)
def test_the_time_of_a_change_has_the_zone_of_the_source(tmp_path: Path, cell: str, hour: int | None) -> None:
    file = write(tmp_path / "news.csv", f"id,title,updated_at\na,Orvane cuts outlook,{cell}\n")
    [record] = [record for record, _ in FileConnector(file, zone="Asia/Shanghai").read(None)]
    assert isinstance(record, Record)
    expected = None if hour is None else datetime(2026, 11, 20, hour, 30, tzinfo=UTC)
    assert (record.revised_at, record.published_at) == (expected, None)


def test_a_repeated_row_without_id_is_the_same_thing(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "text\none\ntwo\none\n")
    ids = [record.external_id for record, _ in FileConnector(file).read(None)]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("a.csv", 'text\n"open', "does not parse"),
        ("a.csv", "text\na,b\n", "a.csv:2 has more cells"),
        ("a.csv", "text,time\na,25:99 o'clock\n", "a.csv:2 is wrong"),
        ("a.jsonl", '{"text": 1}\n{"text"', "a.jsonl:2 does not parse"),
        ("a.jsonl", "[1]", "is no JSON object"),
        ("a.jsonl", '{"text": "\\ud800"}', "lone surrogate"),
        ("a.parquet", b"PAR1 and nothing", "does not parse"),
        ("a.csv", bytes(range(256)) * 9, "Save it as UTF-8"),
    ],
)
def test_faulty_files_name_the_place(tmp_path: Path, name: str, data: str | bytes, fault: str) -> None:
    file = write(tmp_path / name, data)
    with pytest.raises(InvalidInput, match=fault):
        list(FileConnector(file).read(None))


def test_deep_json_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", '{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(InvalidInput, match=r"a\.jsonl:1 does not parse"):
        list(FileConnector(file).read(None))


def test_empty_file_has_no_records(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl"):
        assert list(FileConnector(write(tmp_path / name, b"")).read(None)) == []


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="Check the path"):
        list(FileConnector(tmp_path / "none.csv").read(None))
    with pytest.raises(InvalidInput, match=r"\.xlsx"):
        FileConnector(tmp_path / "a.xlsx")
    with pytest.raises(ConfigurationError, match="Asia/Shanghai"):
        FileConnector(tmp_path / "a.csv", zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T09:30:00+08:00", datetime(2026, 11, 20, 9, 30, tzinfo=SHANGHAI)),
        ("2026/1/2 9:30", datetime(2026, 1, 2, 9, 30, tzinfo=SHANGHAI)),
        ("2026年1月2日 9:30", datetime(2026, 1, 2, 9, 30, tzinfo=SHANGHAI)),
        ("Fri, 20 Nov 2026 09:30:00 +0000", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("2026-01-02", None),
        ("2026年1月2日", None),
        ("２０２６－０１－０２　０９：３０", datetime(2026, 1, 2, 9, 30, tzinfo=SHANGHAI)),
        ("2026年1月2日 下午3时30分", datetime(2026, 1, 2, 15, 30, tzinfo=SHANGHAI)),
        ("2026年1月2日下午3點半", datetime(2026, 1, 2, 15, 30, tzinfo=SHANGHAI)),
        ("2026年1月2日 下午3:30:05", datetime(2026, 1, 2, 15, 30, 5, tzinfo=SHANGHAI)),
        ("2026年1月2日 下午15:30", datetime(2026, 1, 2, 15, 30, tzinfo=SHANGHAI)),
        ("2026-01-02 上午9时5分", datetime(2026, 1, 2, 9, 5, tzinfo=SHANGHAI)),
        ("2026年1月2日 中午12点", datetime(2026, 1, 2, 12, 0, tzinfo=SHANGHAI)),
        ("2026年1月2日 凌晨12点30分", datetime(2026, 1, 2, 0, 30, tzinfo=SHANGHAI)),
        ("2026年1月2日晚上8点", datetime(2026, 1, 2, 20, 0, tzinfo=SHANGHAI)),
        ("2026年1月2日15时", datetime(2026, 1, 2, 15, 0, tzinfo=SHANGHAI)),
        ("2026-01-02 09:30 ET", datetime(2026, 1, 2, 14, 30, tzinfo=UTC)),
        ("2026-07-02 09:30 ET", datetime(2026, 7, 2, 13, 30, tzinfo=UTC)),
        ("Jan 2, 2026 9:30 a.m. PT", datetime(2026, 1, 2, 17, 30, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 09:30:00 -0600 (CST)", datetime(2026, 1, 2, 15, 30, tzinfo=UTC)),
        (
            "Fri, 02 Jan 2026 09:30:00 +0800 (China Standard Time)",
            datetime(2026, 1, 2, 9, 30, tzinfo=SHANGHAI),
        ),
    ],
)
def test_moments(text: str, expected: datetime | None) -> None:
    assert moment(text, zone_of("Asia/Shanghai")) == expected


WAYS_OF_CST = ["2026-11-20 09:30 CST", "Fri, 20 Nov 2026 09:30:00 CST", "Fri Nov 20 09:30:00 CST 2026"]


@pytest.mark.parametrize("text", [*WAYS_OF_CST, "2026-11-20 09:30 (CST)", "20 Nov 2026 09:30 CST (local)"])
@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Asia/Shanghai", 1.5),
        ("Asia/Hong_Kong", 1.5),
        ("Asia/Singapore", 1.5),
        ("America/Chicago", 15.5),
        ("America/New_York", 15.5),
        (None, None),
        ("UTC", None),
        ("Europe/Berlin", None),
    ],
)
def test_cst_is_the_time_of_where_its_source_is(text: str, zone: str | None, hours: float | None) -> None:
    if hours is None:
        with pytest.raises(InvalidInput, match="CST, which is China's time and US Central's"):
            moment(text, zone_of(zone))
    else:
        expected = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=hours)
        assert moment(text, zone_of(zone)) == expected


NO_TIMES = ["", "soon", "2026-13-40", "12:30", "2026-02-30 10:00", "下午3时30分", "09:30 ET"]
NO_TIMES += ["2026-11-20 09:30 (纽约时间)"]
DOUBTFUL = ["晚上12点", "晚上2点", "上午12点", "上午15:30", "中午5点", "凌晨9点", "下午0点"]


@pytest.mark.parametrize("text", [*NO_TIMES, *(f"2026年1月2日 {clock}" for clock in DOUBTFUL)])
def test_no_moments(text: str) -> None:
    with pytest.raises(InvalidInput, match="no time"):
        moment(text, UTC)
