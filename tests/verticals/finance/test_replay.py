from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from core.errors import InvalidInput
from tests.verticals.finance.alert_desk import Alerting
from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance.commands import commands
from verticals.finance.commands.replay import paced
from verticals.finance.policy.rules import TICK, Rule
from verticals.finance.service.replay import Player, SimulatedClock, moment_of

HOUR = timedelta(hours=1)


def file_of(folder: Path) -> Path:
    file = folder / "stream.csv"
    file.write_text(
        "time,source,headline,description\n"
        "2020-03-03T17:00:00,cnbc,Orvane Foods cuts its outlook bad,Sales of chilled meals were weak.\n"
        "2020-03-02T09:30:00,cnbc,Tarn Lithium wins a supply deal good,The contract runs for five years.\n"
        "2020-03-04,guardian,Brackwell Steel is sued by its pension fund bad,It was late with payments.\n"
        ",guardian,Nobody knows when this was,At all.\n",
        "utf-8",
    )
    return file


def never(_tenant: str) -> None:
    """The rules were not judged before."""


@pytest.fixture
def app(desk: Desk) -> App:
    return commands(lambda: desk.services)


def run(app: App, *tokens: str) -> None:
    app(list(tokens), result_action="return_value", exit_on_error=False)


def _played(app: App, tenant: str, file: Path) -> list[tuple[str, str]]:
    with redirect_stdout(StringIO()) as out:
        run(app, "replay", "--in", str(file), "--tenant", tenant, "--json")
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    return [(row["at"], row["event"]) for row in rows if "event" in row]


def test_a_file_is_played_by_its_own_times(
    app: App, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = (
        "replay",
        "--in",
        str(file_of(tmp_path)),
        "--zone",
        "America/New_York",
        "--step",
        "1d",
        "--json",
    )
    run(app, *tokens)
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1]) == {"accepted": 3, "alerts": 0, "duplicate": 0, "rejected": 1}
    assert "bears no time" in err
    start = datetime(2020, 3, 1, tzinfo=UTC)
    asked: dict[str, Any] = {"from_": start, "to": start + timedelta(days=5)}
    days = desk.finance.trends.windows("demo", width="1d", **asked)
    assert [(day.count, day.negative) for day in days] == [(0, 0), (1, 0), (1, 1), (1, 1), (0, 0)]
    hours = desk.finance.trends.windows("demo", width="1h", source="cnbc", **asked)
    assert [hour.start for hour in hours if hour.count] == [
        datetime(2020, 3, 2, 14, tzinfo=UTC),
        datetime(2020, 3, 3, 22, tzinfo=UTC),
    ]
    assert not any(
        h.count for h in desk.finance.trends.windows("demo", width="1h", source="guardian", **asked)
    )
    assert desk.balance().right
    run(app, *tokens)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["duplicate"] == 3


def test_a_row_that_corrects_an_earlier_one_revises_it(
    app: App, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "stream.csv"
    file.write_text(
        "id,time,headline\n"
        "a,2020-03-02T09:30:00,Orvane Foods files for bankruptcy bad\n"
        "a,2020-03-02T11:30:00,CORRECTED: Orvane Foods does not file for bankruptcy good\n",
        "utf-8",
    )
    run(app, "replay", "--in", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["accepted"] == 2
    [row] = desk.finance.documents.list("demo")
    day = datetime(2020, 3, 2, tzinfo=UTC)
    assert (row.sentiment, row.published_at) == ("positive", day + 9.5 * HOUR)
    assert row.revised_at == day + 11.5 * HOUR
    assert desk.balance().right


def test_a_bad_row_does_not_hold_up_the_others(
    app: App, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path)
    file.write_text(file.read_text("utf-8") + "some day,cnbc,Tarn opens a mill,\n" * 7, "utf-8")
    run(app, "replay", "--in", str(file), "--step", "1d", "--json")
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["accepted"] == 3
    assert json.loads(out.splitlines()[-1])["rejected"] == 8
    assert "stream.csv:6 is left out: 'some day' is no time." in err
    assert err.count("is left out") == 5


def test_nothing_is_left_for_the_worker(app: App, desk: Desk, tmp_path: Path) -> None:
    run(app, "replay", "--in", str(file_of(tmp_path)), "--step", "1d")
    assert desk.services.jobs.list("demo") == []


@pytest.mark.parametrize("speed", ["0", "-1"])
def test_a_speed_that_is_none(app: App, tmp_path: Path, speed: str) -> None:
    with pytest.raises(InvalidInput, match="--speed"):
        run(app, "replay", "--in", str(file_of(tmp_path)), "--speed", speed)


def test_a_file_without_anything_to_play(app: App, tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("headline\nNobody knows when\n", "utf-8")
    with pytest.raises(InvalidInput, match="no document that can be played"):
        run(app, "replay", "--in", str(file))


@pytest.mark.parametrize("speed", [None, 3_600_000.0])
def test_at_any_speed_the_same_looks_come_in_the_same_order(desk: Desk, speed: float | None) -> None:
    steps: list[tuple[str, datetime]] = []
    clock, wait = SimulatedClock(DAY), paced(speed)

    def waiting(time: timedelta) -> None:
        wait(time)
        steps.append(("waited", clock.now()))

    def evaluate(tenant: str, now: datetime) -> None:
        steps.append((f"{len(desk.finance.documents.list(tenant))} known", now))

    player = Player(desk.finance.documents, desk.finance.stream, evaluate, never, clock)
    hours = (0.5, 2.5, 2.6, 5.5)
    documents = [doc(n, f"Company {n} opens a mill", DAY + hour * HOUR) for n, hour in enumerate(hours)]
    timed = [(at, each) for each in documents if (at := moment_of(each)) is not None]
    assert list(player.play("demo", timed, wait=waiting)) == []
    known = [1, 1, 3, 3, 3, 4]
    looks = [(f"{count} known", DAY + n * HOUR - TICK) for n, count in enumerate(known, 1)]
    waits = [("waited", DAY), *(("waited", DAY + n * HOUR - TICK) for n in range(1, 6))]
    assert steps == [step for both in zip(waits, looks, strict=True) for step in both]


def test_a_speed_changes_nothing_of_what_is_raised(
    app: App, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Alerting(desk).rule(measure="count", at_least=1, window="1d")
    at_once, slowly = "other", desk.tenant
    Alerting(replace(desk, tenant=at_once)).rule(measure="count", at_least=1, window="1d")
    told = []
    for tenant, tokens in ((at_once, []), (slowly, ["--speed", "3600000"])):
        run(app, "replay", "--in", str(file_of(tmp_path)), "--tenant", tenant, "--json", *tokens)
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        told.append([(row.get("at"), row.get("event"), row.get("alerts")) for row in rows])
    assert told[0] == told[1]
    assert len(told[0]) > 2, "alerts came and went"


def test_a_look_at_the_end_of_a_day_sees_that_day(desk: Desk) -> None:
    weekly, spans = Rule("", "weekly", way="count", window="7d"), []
    player = Player(
        desk.finance.documents,
        desk.finance.stream,
        lambda _, now: spans.append(weekly.span(now)),
        never,
        SimulatedClock(DAY),
        step="1d",
    )
    timed = [(at, each) for n in (1, 30) if (at := moment_of(each := doc(n, f"Mill {n}", DAY + n * HOUR)))]
    assert list(player.play("demo", timed)) == []
    days = [DAY + timedelta(days=n) for n in (1, 2)]
    assert spans == [(end - timedelta(days=7), end) for end in days]


def test_a_file_played_again_raises_nothing(app: App, desk: Desk, tmp_path: Path) -> None:
    Alerting(desk).rule(measure="count", at_least=2, window="7d")
    looks = [_played(app, desk.tenant, file_of(tmp_path)) for _ in range(2)]
    assert [event for _, event in looks[0]][:1] == ["alert.fired"]
    assert looks[1] == []


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_replay_that_was_cut_off_goes_on_where_it_stopped(
    app: App, desk: Desk, tmp_path: Path, rows: int
) -> None:
    """Whatever stretch of silence it was cut off in: alerts end in those, too."""
    lines = ["time,headline", *(f"2020-03-{day:02}T12:00:00Z,Mill {day} opens" for day in (2, 9, 20))]
    file = tmp_path / "stream.csv"  # its name is the source

    def played(tenant: str, count: int) -> list[tuple[str, str]]:
        file.write_text("\n".join(lines[: count + 1]) + "\n", "utf-8")
        return _played(app, tenant, file)

    for tenant in ("once", "twice"):
        Alerting(replace(desk, tenant=tenant)).rule(measure="count", at_least=1, window="1h")

    once = played("once", 3)

    assert len({event for _, event in once}) > 1, "alerts came and went"
    assert played("twice", rows) + played("twice", 3) == once


@pytest.mark.parametrize("hours", [(1,), (1, 5)])
def test_a_replay_that_was_killed_before_its_last_look_looks_again(desk: Desk, hours: list[int]) -> None:
    Alerting(desk).rule(measure="count", at_least=1, window="1h")
    clock, monitor = SimulatedClock(DAY), desk.finance.monitor
    timed = [(at, each) for n in hours if (at := moment_of(each := doc(n, f"Mill {n}", DAY + n * HOUR)))]

    def killed(tenant: str, now: datetime) -> None:
        if now > DAY + hours[-1] * HOUR:
            raise KeyboardInterrupt
        monitor.evaluate(tenant, now)

    def play(evaluate: Callable[[str, datetime], Any]) -> list[str]:
        player = Player(
            desk.finance.documents, desk.finance.stream, evaluate, monitor.judged_at, clock, step="1h"
        )
        return [each.name for each in player.play(desk.tenant, timed)]

    with pytest.raises(KeyboardInterrupt):
        play(killed)
    assert play(monitor.evaluate) == ["alert.fired"]
    assert play(monitor.evaluate) == []


def test_times_without_a_zone_are_told_of(
    app: App, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path)
    zoned = tmp_path / "zoned.csv"
    zoned.write_text(
        "time,headline\n2020-03-03T17:00:00Z,Orvane Foods cuts its outlook\n"
        "2020-03-03 17:00 UTC,Tarn Lithium wins a supply deal\n",
        "utf-8",
    )
    told = "times without a zone, taken for UTC: 2;"
    run(app, "ingest", str(file))
    assert told in capsys.readouterr().err
    run(app, "replay", "--in", str(file), "--tenant", "other")
    assert told in capsys.readouterr().err
    run(app, "ingest", str(file), "--zone", "Asia/Shanghai")
    run(app, "ingest", str(zoned))
    assert "zone" not in capsys.readouterr().err


def test_rules_are_judged_after_every_step_even_an_empty_one(desk: Desk) -> None:
    judged: list[tuple[datetime, int]] = []
    clock = SimulatedClock(DAY)

    def evaluate(tenant: str, now: datetime) -> None:
        assert clock.now() == now
        judged.append((now, len(desk.finance.documents.list(tenant))))

    waited: list[timedelta] = []
    player = Player(desk.finance.documents, desk.finance.stream, evaluate, never, clock)
    documents = [
        doc(n, f"Company {n} opens a mill", DAY + hours * HOUR) for n, hours in enumerate((0.1, 0.2, 3))
    ]
    timed = [(at, each) for each in documents if (at := moment_of(each)) is not None]
    assert list(player.play("demo", timed, wait=waited.append)) == []
    assert judged == [(DAY + n * HOUR - TICK, known) for n, known in enumerate((2, 2, 2, 3), 1)]
    assert waited == [HOUR] * 4
