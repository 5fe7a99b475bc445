from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cyclopts import App

from core.collecting.connections import Connections
from core.collecting.factories import Factories
from core.errors import InvalidInput
from core.jobs.clock import SystemClock
from core.jobs.queue import Jobs
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM
from core.testing.encoder import FixedEncoder
from core.testing.predictor import FixedPredictor
from core.vertical import Services
from tests.verticals.finance.alert_desk import story
from tests.verticals.finance.desk import Desk
from verticals.finance import vertical
from verticals.finance.commands import commands
from verticals.finance.recipe import TASKS


@pytest.fixture
def app(tmp_path: Path) -> App:
    settings = Settings(data=tmp_path, cache=tmp_path, max_batch=2)

    def services() -> Services:
        assert vertical.migrations is not None
        storage = Storage.open(f"sqlite:///{tmp_path / 'colonnade.db'}", migrations=[vertical.migrations])
        storage.migrate()
        storage.write(SYSTEM, lambda session: session.merge(Tenant(id="demo", name="demo")) and None)
        clock = SystemClock()
        predictor = FixedPredictor(TASKS)
        return Services(settings, storage, predictor, FixedEncoder(), Jobs(storage, clock), clock)

    return commands(services)


def run(app: App, *tokens: str) -> None:
    app(list(tokens), result_action="return_value", exit_on_error=False)


def test_a_text_as_json(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    run(app, "analyze", "Orvane cuts its outlook", "--json")
    out = json.loads(capsys.readouterr().out)
    assert out["lang"] == "en"
    assert out["sentiment"]["label"] in {"negative", "neutral", "positive"}


def test_every_row_of_a_file_in_batches(app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "news.csv"
    file.write_bytes("title,published_at\n净利润大增,2026-11-20 09:30\n[b]亏损,\nthird,\n".encode("gbk"))
    run(app, "analyze", "--in", str(file), "--zone", "Asia/Shanghai", "--json")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["published_at"] for row in rows] == ["2026-11-20T09:30:00+08:00", None, None]
    run(app, "analyze", "--in", str(file))
    assert "[b]亏损" in capsys.readouterr().out


@pytest.mark.parametrize("tokens", [[], ["text", "--in", "file.csv"]])
def test_one_source_is_needed(app: App, tokens: list[str]) -> None:
    with pytest.raises(InvalidInput, match="either a text or a file"):
        run(app, "analyze", *tokens)


def test_companies_of_a_file(app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,name,ticker,exchange\nhalsted,Halsted Robotics,HLS,NYSE\n", "utf-8")
    run(app, "companies", "import", str(path), "--json")
    assert json.loads(capsys.readouterr().out) == {"stored": 1}
    run(app, "companies", "list", "--json")
    assert json.loads(capsys.readouterr().out)["ticker"] == "HLS"


def connections_of(desk: Desk) -> Connections:
    services = desk.services
    return Connections(services.storage, services.settings, services.clock, Factories({}, Path()), [vertical])


def archive(file: Path, *rows: str) -> Path:
    file.write_text("\n".join(("id,published_at,title,language", *rows)) + "\n", "utf-8")
    return file


def ingested(app: App, capsys: pytest.CaptureFixture[str], *tokens: str) -> tuple[dict[str, int], str]:
    run(app, "ingest", *tokens, "--json")
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_bad_rows_of_a_file_do_not_hold_up_the_others(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = commands(lambda: desk.services)
    rows = [f"{n},2026-11-20 09:30,Orvane opens mill {n},en" for n in range(600)]
    bad = [f"b{n},the day before,Tarn wins a deal,en" for n in range(7)]
    rows[300:300] = ["a,2026-11-20 09:30 CST,Brackwell is sued bad,en", "c,,too,many,cells", "d,,,en"]
    file = archive(tmp_path / "news.csv", *rows, *bad)
    counts, err = ingested(app, capsys, str(file))
    assert counts == {"accepted": 600, "duplicate": 0, "rejected": 10, "read": 600}
    assert "news.csv:302 is left out: " in err
    assert "China's time and US Central's" in err
    assert err.count("is left out") == 5, "the first few are shown"
    assert "/v1/connections/file:news.csv/dead-letters" in err
    assert desk.balance().right

    connections = connections_of(desk)
    letters = connections.dead_letters("demo", "file:news.csv")
    assert len(letters) == 10
    assert "news.csv:row 303" in {each.place for each in letters}, "what the intake refuses has no line"
    assert connections.dead_letters("other", "file:news.csv") == []
    archive(file, *rows[:300], "a,2026-11-20 09:30,Brackwell is sued bad,en", bad[0])
    counts, err = ingested(app, capsys, str(file))
    assert counts == {"accepted": 1, "duplicate": 300, "rejected": 1, "read": 1}
    assert [each.place for each in connections.dead_letters("demo", "file:news.csv")] == ["news.csv:303"]


def test_a_file_without_one_good_row_fails(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = commands(lambda: desk.services)
    with pytest.raises(InvalidInput, match=r"news\.csv has no row that can be taken"):
        run(app, "ingest", str(archive(tmp_path / "news.csv", "1,soon,Orvane opens a mill,en")))
    assert "is left out" in capsys.readouterr().err
    assert len(connections_of(desk).dead_letters("demo", "file:news.csv")) == 1
    run(app, "ingest", str(archive(tmp_path / "empty.csv")))


def test_a_file_that_words_a_document_anew_revises_it(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app, file = commands(lambda: desk.services), tmp_path / "news.csv"
    for title, accepted in (("Orvane files bad", 1), ("Orvane does not file good", 1)):
        counts, _ = ingested(app, capsys, str(archive(file, f"1,2026-11-20T09:30Z,{title},en-us")))
        assert counts["accepted"] == accepted
    [row] = desk.finance.documents.list("demo")
    assert (row.text, row.sentiment, row.lang) == ("Orvane does not file good", "positive", "en")


def old_news(file: Path, desk: Desk) -> Path:
    """Return an archive of sixty days up to now, of which the last five are bad."""
    stories = [
        story(number, desk.clock.now() - timedelta(days=60) + timedelta(hours=4 * number), bad=number > 330)
        for number in range(361)
    ]
    rows = [f"{n},{each.story.published_at},{each.story.text},en" for n, each in enumerate(stories)]
    return archive(file, *rows)


def test_a_backfill_counts_and_alerts_nobody(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app, file = commands(lambda: desk.services), old_news(tmp_path / "archive.csv", desk)
    counts, _ = ingested(app, capsys, str(file), "--backfill")
    assert counts["accepted"] == counts["read"] == 361
    assert not any(row.live for row in desk.finance.documents.list("demo", limit=1000))
    desk.finance.monitor.evaluate("demo", desk.clock.now())
    assert desk.finance.alerts.list("demo") == []
    week = desk.finance.trends.windows(
        "demo",
        width="1d",
        from_=desk.clock.now() - timedelta(days=61),
        to=desk.clock.now() + timedelta(days=1),
    )
    assert sum(day.count for day in week) == 361


def test_what_is_old_in_a_file_is_history_by_itself(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app, file = commands(lambda: desk.services), old_news(tmp_path / "archive.csv", desk)
    with file.open("a") as more:
        more.write(f"day,{desk.clock.now() - timedelta(days=9):%Y-%m-%d},Tarn wins a deal,en\n")
        more.write("none,,Brackwell opens a mill,en\n")
    ingested(app, capsys, str(file))
    rows = desk.finance.documents.list("demo", limit=1000)
    live = {row.external_id for row in rows if row.live}
    assert live == {"none", *(str(n) for n in range(348, 361))}, (
        "of the last two days, and those without a date"
    )
