from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cyclopts import App
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import IntegrityFailure, InvalidInput
from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance.commands import commands
from verticals.finance.tables import FinanceCell

HOUR = timedelta(hours=1)


@pytest.fixture
def app(desk: Desk) -> App:
    desk.send(
        doc(1, "Orvane Foods cuts its full-year outlook after weak sales bad #guidance", DAY + HOUR),
        doc(2, "Tarn Lithium wins a five-year supply deal with a maker of buses", DAY + HOUR, source="[b]"),
    )
    return commands(lambda: desk.services)


def run(app: App, *tokens: str) -> None:
    app(list(tokens), result_action="return_value", exit_on_error=False)


def test_a_table_with_bars(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    run(app, "trends", "--window", "1h", "--from", "2026-11-20", "--to", "2026-11-20T03:00:00+00:00")
    out = capsys.readouterr().out
    [row] = [line for line in out.splitlines() if "01:00" in line]
    assert "50%" in row
    assert row.count("█") == row.count("░") == 8


def test_as_json(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    run(app, "trends", "--window", "1d", "--from", "2026-11-20", "--to", "2026-11-21", "--json")
    said = json.loads(capsys.readouterr().out)
    [day] = said["data"]
    assert (said["window"], day["start"], day["end"]) == (
        "1d",
        "2026-11-20T00:00:00Z",
        "2026-11-21T00:00:00Z",
    )
    assert (day["count"], day["negative"], day["negative_share"], day["reach"]) == (2, 1, 0.5, 2)
    run(app, "trends", "--topic", "guidance", "--from", "2026-11-20", "--to", "2026-11-21", "--json")
    assert json.loads(capsys.readouterr().out)["data"][0]["count"] == 1


@pytest.mark.parametrize(
    ("ending", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("html", b"<!DOCTYPE html>")]
)
def test_a_plot_holds_counts_only(app: App, tmp_path: Path, ending: str, begins: bytes) -> None:
    file = tmp_path / f"trend.{ending}"
    run(app, "trends", "--from", "2026-11-19", "--to", "2026-11-21", "--plot", str(file))
    content = file.read_bytes()
    assert content.lstrip().startswith(begins)
    assert b"Orvane" not in content


@pytest.mark.parametrize(
    ("tokens", "match"),
    [
        (("--plot", "trend.gif"), "cannot draw"),
        (("--from", "yesterday"), "no time"),
        (("--from", "2026-11-21", "--to", "2026-11-20"), "not before"),
        (("--entity", "no such company"), "No company"),
    ],
)
def test_what_cannot_be_shown(app: App, tokens: tuple[str, ...], match: str) -> None:
    with pytest.raises(InvalidInput, match=match):
        run(app, "trends", *tokens)


def test_the_books_are_checked(app: App, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    run(app, "check", "--json")
    assert json.loads(capsys.readouterr().out)["differing"] == {"ledger": 0, "recount": 0}

    def spoil(session: Session) -> None:
        session.execute(update(FinanceCell).values(count=FinanceCell.count + 1))

    desk.services.storage.write("demo", spoil)
    with pytest.raises(IntegrityFailure, match="wrong"):
        run(app, "check")
