from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cyclopts import App
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import IntegrityFailure, InvalidInput
from tests.verticals.finance.desk import DAY, Desk, doc
from tests.verticals.finance.live import ROOT, until
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


class Terminal:
    """`colonnade …` in a pseudo-terminal, and all that it has written there."""

    def __init__(self, tokens: tuple[str, ...], variables: dict[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLONNADE_")}
        ours = {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "110", "LINES": "50"}
        self.said = ""
        self._master, inside = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", "from api.cli import main; main()", *tokens],
            cwd=ROOT,
            env={**kept, **ours, **variables},
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._master, 65_536)
            except OSError:  # the other side is closed
                return
            if not part:
                return
            self.said += part.decode(errors="replace")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._master)


@contextmanager
def terminal(*tokens: str, **variables: str) -> Iterator[Terminal]:
    opened = Terminal(tokens, variables)
    try:
        yield opened
    finally:
        opened.close()


def test_watching_shows_what_comes_meanwhile(app: App, desk: Desk, sqlite_url: str, tmp_path: Path) -> None:
    tokens = ("finance", "trends", "--watch", "--from", "2026-11-20", "--to", "2026-11-21")
    with terminal(*tokens, COLONNADE_DATABASE_URL=sqlite_url, COLONNADE_DATA=str(tmp_path)) as watching:

        def shown(stories: int) -> bool:
            assert watching.process.poll() is None, watching.said
            return re.search(rf"2026-11-20 00:00 +│ +{stories} ", watching.said) is not None

        until(lambda: shown(2), "the table")
        desk.send(doc(3, "Brackwell Steel is sued by its pension fund over late payments bad", DAY + HOUR))
        until(lambda: shown(3), "the new document")
        watching.process.send_signal(signal.SIGINT)
        assert watching.process.wait(60) == 0
        assert "Traceback" not in watching.said
