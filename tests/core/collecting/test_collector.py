"""Reading connections: in batches, once each, with what was refused kept and failures waited out."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from os import environ
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.collecting.collector import Limits
from core.collecting.connections import ConnectionView
from core.collecting.tables import Connection
from core.errors import InvalidInput, PluginError, Unavailable
from core.jobs.clock import SystemClock
from core.jobs.queue import Jobs
from core.records import Refused
from core.security.tenants import Tenants
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from core.testing.clock import StandingClock
from core.testing.storage import open_storage
from tests.core.collecting.sources import House, house, record

ROUNDS = int(environ.get("COLONNADE_TORTURE_ROUNDS", "20"))
ROOT = Path(__file__).parents[3]
SECRET = "p4ssw0rd-of-the-feed"


def _quiet(_share: float, _line: str) -> None:
    return None


def _connect(parts: House, name: str = "x", **options: Any) -> ConnectionView:
    return parts.connections.create("demo", name=name, kind="outside", vertical="toy", config={}, **options)


def _collect(parts: House, connection: ConnectionView) -> dict[str, Any]:
    return parts.collector.collect("demo", connection.id, _quiet)


def test_records_are_taken_once_and_the_first_reading_is_a_backfill(
    storage: Storage, settings: Settings, clock: StandingClock
) -> None:
    parts = house(storage, settings, clock)
    connection = _connect(parts)
    parts.outside.items = [record(n) for n in range(3)]
    assert _collect(parts, connection) == {"records": 3, "refused": 0, "more": False}
    parts.outside.items.append(record(3))
    assert _collect(parts, connection) == {"records": 1, "refused": 0, "more": False}
    assert _collect(parts, connection)["records"] == 0

    assert parts.ids() == [("r0", True), ("r1", True), ("r2", True), ("r3", False)]
    seen = parts.connections.get("demo", connection.id)
    assert (seen.taken, seen.state, seen.caught_up) == (4, "active", True)
    assert seen.last_record_at == seen.last_read_at == clock.now()


def test_a_live_connection_has_no_backfill(parts: House) -> None:
    connection = _connect(parts, live=True)
    parts.outside.items = [record(0)]
    _collect(parts, connection)

    assert parts.ids() == [("r0", False)]


def test_what_is_refused_is_kept_with_its_reason_and_reading_goes_on(
    storage: Storage, settings: Settings, clock: StandingClock
) -> None:
    parts = house(storage, settings, clock)
    connection = _connect(parts)
    parts.outside.items = [
        record(0),
        Refused("feed:7", "has no title\x00", "<entry/>\ud800"),
        record(1, refuse="has no text"),
        record(2),
        Refused("p" * 1000, "r" * 5000, "x" * 50_000),
    ]
    assert _collect(parts, connection) == {"records": 2, "refused": 3, "more": False}

    letters = {each.place: each for each in parts.connections.dead_letters("demo", connection.id)}
    assert letters["feed:7"].reason == "has no title\ufffd"
    assert letters["r1"].reason == "has no text"
    assert "row 1" in letters["r1"].raw
    assert max(map(len, letters)) == 400
    assert [each[0] for each in parts.ids()] == ["r0", "r2"]


def test_a_letter_that_comes_again_is_one_letter(parts: House) -> None:
    connection = _connect(parts)
    parts.outside.items = [Refused("7", "first", ""), Refused("8", "other", ""), Refused("7", "second", "")]
    _collect(parts, connection)

    found = {each.place: each.reason for each in parts.connections.dead_letters("demo", connection.id)}
    assert found == {"7": "second", "8": "other"}


def test_each_connection_has_a_back_off_of_its_own(parts: House, clock: StandingClock) -> None:
    silent, well = _connect(parts, "silent", every=timedelta(seconds=60)), _connect(parts, "well")
    waits = []
    for _ in range(5):
        parts.outside.items, parts.outside.error = [record(0)], Unavailable("The feed does not answer.")
        assert _collect(parts, silent)["error"] == "The feed does not answer."
        seen = parts.connections.get("demo", silent.id)
        waits.append((seen.next_at - clock.now()).total_seconds())
        parts.outside.error = None
        assert "error" not in _collect(parts, well)

    assert (seen.failures, seen.state, seen.taken) == (5, "failing", 1)  # what came before the error is taken
    assert waits[-1] > 4 * waits[0]
    assert parts.connections.get("demo", well.id).state == "active"
    assert _collect(parts, silent)["records"] == 0
    healed = parts.connections.get("demo", silent.id)
    assert (healed.failures, healed.state, healed.error) == (0, "active", None)
    with parts.storage.read("demo") as session:
        topics = list(
            session.scalars(select(OutboxEvent.topic).where(OutboxEvent.topic.like("connection.%")))
        )
    assert topics.count("connection.failing") == topics.count("connection.recovered") == 1


def test_a_wait_that_was_asked_for_is_kept_and_a_wrong_answer_waits_longest(
    parts: House, clock: StandingClock
) -> None:
    asked, wrong = _connect(parts, "asked"), _connect(parts, "wrong")
    parts.outside.error = Unavailable("Slow down.", retry_after=1800)
    _collect(parts, asked)
    parts.outside.error = InvalidInput("That is no feed.")
    _collect(parts, wrong)

    soon, late = (parts.connections.get("demo", each.id).next_at - clock.now() for each in (asked, wrong))
    assert soon == timedelta(seconds=1800)
    assert timedelta(seconds=150) <= late <= timedelta(seconds=300)


def test_a_secret_reaches_the_connector_and_nothing_else(parts: House) -> None:
    connection = _connect(parts, secret=SECRET)
    parts.outside.items = [
        Refused(f"url?token={SECRET}", f"bad {SECRET}", SECRET),
        record(1, refuse=f"no {SECRET}"),
    ]
    parts.outside.error = InvalidInput(f"GET ?token={SECRET} failed.", remedy=f"Not {SECRET}.")
    told = _collect(parts, connection)
    assert parts.outside.secrets[-1] == SECRET
    parts.outside.error = ValueError(SECRET)
    with pytest.raises(PluginError) as broken:
        _collect(parts, connection)

    assert broken.value.__cause__ is None
    assert broken.value.__suppress_context__
    shown = [told, broken.value, parts.connections.get("demo", connection.id), parts.connections.list("demo")]
    assert SECRET not in str(shown) + str(parts.connections.dead_letters("demo", connection.id))
    with parts.storage.read("demo") as session:
        kept = session.get(Connection, ("demo", connection.id))
        assert kept is not None
        assert SECRET not in str({name: getattr(kept, name) for name in Connection.__mapper__.columns.keys()})  # noqa: SIM118


def test_a_long_source_makes_room_for_others_and_goes_on(
    sqlite_storage: Storage, settings: Settings, clock: StandingClock
) -> None:
    parts = house(sqlite_storage, settings, clock, limits=Limits(batch=2, slice=0.0))
    connection = _connect(parts)
    parts.outside.items = [record(n) for n in range(5)]
    counts = []
    while (told := _collect(parts, connection))["more"]:
        counts.append(told["records"])
        assert [job.kind for job in Jobs(sqlite_storage, clock).list("demo", state="queued")] == ["collect"]

    assert [each for each, _ in parts.ids()] == [f"r{n}" for n in range(5)]
    assert len(counts) >= 2
    assert {backfill for _, backfill in parts.ids()} == {True}


def test_of_two_readings_at_once_one_steps_back(
    sqlite_storage: Storage, settings: Settings, clock: StandingClock
) -> None:
    inner = house(sqlite_storage, settings, clock)

    def sink(services, tenant, records, backfill):
        if records[0].external_id == "r0" and not inner.ids():
            from tests.core.collecting.sources import sink as take

            inner.outside.items = parts.outside.items
            inner.collector.collect("demo", connection.id, _quiet)
            return take(services, tenant, records, backfill)
        raise AssertionError("the slower reading went on")

    parts = house(sqlite_storage, settings, clock, sink=sink, limits=Limits(batch=1))
    connection = _connect(parts)
    parts.outside.items = [record(0), record(1)]
    assert _collect(parts, connection) == {"overtaken": True}
    assert [each for each, _ in parts.ids()] == ["r0", "r1"]


def test_ticks_submit_what_is_due_once_and_leave_the_rest(
    parts: House, clock: StandingClock, sqlite_storage: Storage
) -> None:
    jobs = Jobs(sqlite_storage, clock)
    connection = _connect(parts, every=timedelta(minutes=5))
    assert [parts.due.tick(), parts.due.tick()] == [1, 0]
    clock.move(7 * 86_400)
    assert [parts.due.tick(), parts.due.tick()] == [1, 0]
    clock.move(-2 * 86_400)
    assert [parts.due.tick(), parts.due.tick()] == [1, 0]
    assert len(jobs.list("demo", state="queued")) == 1
    Tenants(sqlite_storage).suspend("demo")
    clock.move(86_400)
    assert parts.due.tick() == 0
    parts.connections.delete("demo", connection.id)
    assert _collect(parts, connection) == {"gone": True}


@pytest.mark.slow
@pytest.mark.torture
def test_kill_9_while_collecting_a_file_loses_and_repeats_nothing(settings: Settings) -> None:
    rows = 100 * ROUNDS
    folder = settings.data / "inbox" / "demo"
    folder.mkdir(parents=True)
    lines = "".join(f"{n},row {n}\n" for n in range(rows))
    (folder / "news.csv").write_text("id,title\n" + lines, encoding="utf-8")
    chance = random.Random(9)
    with open_storage(settings.resolved_database_url, "demo") as storage:
        parts = house(storage, settings, SystemClock())
        connection = parts.connections.create(
            "demo",
            name="news",
            kind="file",
            vertical="toy",
            config={"path": "news.csv"},
            every=timedelta(seconds=5),
        )

        def taken() -> int:
            return parts.connections.get("demo", connection.id).taken

        broken_off = 0
        for _ in range(ROUNDS):
            before, process = taken(), _start(settings)
            _until(lambda before=before: taken() > before, "a batch")
            time.sleep(chance.uniform(0.0, 0.1))
            _end(process)
            broken_off += not parts.connections.get("demo", connection.id).caught_up
        process = _start(settings)
        _until(lambda: parts.connections.get("demo", connection.id).caught_up, "the end of the file")
        _end(process)

        assert broken_off > ROUNDS / 2
        assert [each for each, _ in parts.ids()] == [str(n) for n in range(rows)]
        assert taken() == rows


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.core.collecting.sources", str(settings.data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
