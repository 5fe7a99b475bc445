from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from connectors.common import sql_engine
from connectors.common.sql import SqlConnector
from connectors.common.sql_cursor import Place, decoded, encoded
from core.errors import InvalidInput, MissingExtra, NotFound, Unavailable
from core.ports import Connector
from core.records import Record, Refused
from core.testing.connector_contract import ConnectorContract

# Seven rows, of which five share a moment: a page of two ends among them.
ROWS = [(f"k{n}", "2026-11-20 09:30:00" if 0 < n < 6 else f"2026-11-2{n // 6} 0{n}:00:00") for n in range(7)]
TABLE = 'CREATE TABLE "odd ""news" ("the key" TEXT, changed {time}, title TEXT)'


def sqlite_news(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(TABLE.format(time="TEXT"))
        database.executemany('INSERT INTO "odd ""news" VALUES (?, ?, ?)', [(*row, "净利润") for row in ROWS])
    return f"sqlite:///{path}"


def postgres_news(url: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        database.execute(TABLE.format(time="TIMESTAMP").encode())
        for row in ROWS:
            database.execute('INSERT INTO "odd ""news" VALUES (%s, %s, %s)', (*row, "净利润"))
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def news(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_news(tmp_path / "news.db")
    return postgres_news(request.getfixturevalue("postgres_url"))


def opened(url: str, **given: object) -> SqlConnector:
    whole: dict[str, object] = {"table": 'odd "news', "order_by": "changed", "key": "the key"}
    return SqlConnector(url, **{**whole, "zone": "Asia/Shanghai", "time": "changed", **given})  # type: ignore[arg-type]


class TestContract(ConnectorContract):
    @pytest.fixture
    def connect(self, news: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Connector]:
        monkeypatch.setattr("connectors.common.sql._PAGE", 2)
        return lambda: opened(news)


def test_rows_become_records(news: str) -> None:
    records = [record for record, _ in opened(news, source="wire").read(None)]

    assert [record.external_id for record in records if isinstance(record, Record)] == [
        "k0",
        *(f"k{n}" for n in range(1, 6)),
        "k6",
    ]
    first = records[1]
    assert isinstance(first, Record)
    assert (first.source, first.payload["title"]) == ("wire", "净利润")
    assert first.published_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def test_the_time_of_a_change_has_the_zone_of_the_connection(news: str) -> None:
    query = 'SELECT "the key", changed, changed AS updated_at, title FROM "odd ""news"'
    records = [record for record, _ in opened(news, table=None, query=query, time=None).read(None)]
    first = records[1]
    assert isinstance(first, Record)
    assert (first.revised_at, first.published_at) == (datetime(2026, 11, 20, 1, 30, tzinfo=UTC), None)


def test_a_pass_ends_at_its_limit_and_the_next_goes_on(news: str) -> None:
    cursor, ids = None, []
    for _ in range(4):
        for record, after in opened(news, limit=2).read(cursor):
            assert isinstance(record, Record)
            ids.append(record.external_id)
            cursor = after
    assert ids == [f"k{n}" for n in range(7)]
    assert list(opened(news).read(cursor)) == []


def test_a_select_is_read_like_a_table(news: str) -> None:
    query = (
        """SELECT "the key", changed, title || ' 10:30 %' AS text FROM "odd ""news" WHERE title = '净利润';"""
    )
    records = [record for record, _ in opened(news, table=None, query=query).read(None)]

    assert len(records) == 7
    assert isinstance(records[0], Record)
    assert records[0].payload["text"] == "净利润 10:30 %"


@pytest.mark.parametrize(
    "given",
    [
        {"table": "news; DROP TABLE x"},
        {"order_by": "changed; --"},
        {"order_by": "nothing"},
        {"key": 'x" OR 1=1'},
        {"table": None, "query": "SELECT 1; SELECT 2"},
        {"table": None, "query": 'DELETE FROM "odd ""news" RETURNING *'},
        {"table": None, "query": 'WITH d AS (DELETE FROM "odd ""news" RETURNING *) SELECT * FROM d'},
        {"table": None, "query": "SELECT * FROM nowhere"},
        {"table": None, "query": None},
        {"query": "SELECT 1"},
    ],
)
def test_what_is_no_query_is_refused_and_changes_nothing(news: str, given: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        list(opened(news, **given).read(None))
    assert len(list(opened(news).read(None))) == 7


def test_the_database_is_opened_for_reading_only(postgres_url: str) -> None:
    url = postgres_news(postgres_url)
    with psycopg.connect(url.replace("+psycopg", "")) as database:
        database.execute(
            "CREATE FUNCTION wipe() RETURNS INT LANGUAGE sql AS "
            """'DELETE FROM "odd ""news" WHERE 1 = 1; SELECT 1'"""
        )
    with pytest.raises(InvalidInput, match="read-only"):
        list(opened(url, table=None, query='SELECT *, wipe() FROM "odd ""news"').read(None))
    assert len(list(opened(url).read(None))) == 7


def test_a_faulty_row_is_refused_and_reading_goes_on(tmp_path: Path) -> None:
    url = sqlite_news(tmp_path / "news.db")
    with closing(sqlite3.connect(tmp_path / "news.db")) as database, database:
        database.execute('UPDATE "odd ""news" SET title = \'a\' || char(0) WHERE "the key" = \'k2\'')
        database.execute('UPDATE "odd ""news" SET changed = NULL WHERE "the key" = \'k6\'')
    found = [record for record, _ in opened(url).read(None)]

    assert len(found) == 6
    assert isinstance(found[2], Refused)
    assert "NUL" in found[2].reason
    assert found[2].place.endswith(":k2")


def test_a_server_that_is_away_is_asked_again(postgres_url: str) -> None:
    host, _, _ = postgres_url.rpartition("/")
    with pytest.raises(Unavailable) as caught:
        list(opened(f"{host}/nowhere", secret="hunter2").read(None))
    assert "hunter2" not in str(caught.value)


def test_a_busy_database_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sql_engine._ARGUMENTS, "sqlite", {"timeout": 0})
    url = sqlite_news(tmp_path / "news.db")
    with closing(sqlite3.connect(tmp_path / "news.db", isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="locked"):
            list(opened(url).read(None))


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql+psycopg://u:p@127.0.0.1/d", InvalidInput),
        ("no url", InvalidInput),
        ("nosuch://h/d", InvalidInput),
        ("sqlite:////nowhere/none.db", NotFound),
        ("sqlite://", NotFound),
        ("mysql+pymysql://u@h/d", MissingExtra),
    ],
)
def test_urls_that_are_not_opened(url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        opened(url)


@pytest.mark.parametrize("order", [7, "七", 0.1, datetime(2026, 1, 2, tzinfo=UTC), b"\x00\xff"])
def test_places_come_back_from_their_cursor(order: object) -> None:
    assert decoded(encoded(Place(order, "k"))) == Place(order, "k")


def test_a_column_that_cannot_order_is_refused() -> None:
    with pytest.raises(InvalidInput, match="dict"):
        encoded(Place({}, 1))
