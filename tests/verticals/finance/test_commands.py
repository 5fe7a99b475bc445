from __future__ import annotations

import json
from pathlib import Path

import pytest
from cyclopts import App

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
