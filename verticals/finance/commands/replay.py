"""`colonnade finance replay`: a file played in the order of its times, by a clock that it moves itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.errors import InvalidInput, PayloadTooLarge
from core.jobs.queue import Jobs
from core.records import Record, Refused
from core.registry import find_connectors
from core.security.tenants import Tenants
from core.storage.types import canonical_json
from core.streams.windows import Width
from core.text.shorten import shortened
from core.vertical import Services
from verticals.finance.commands.rows import LeftOut, Zoneless
from verticals.finance.intake import Document, document
from verticals.finance.schemas.closed import MAX_SOURCE
from verticals.finance.service import Finance, build
from verticals.finance.service.replay import Alerted, Player, SimulatedClock, moment_of

Timed = tuple[datetime, Document]


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the command."""

    @app.command
    def replay(
        *,
        in_: Annotated[Path, Parameter(name="--in")],
        speed: float | None = None,
        zone: str | None = None,
        source_column: str = "source",
        step: Width = "1h",
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Play a file of old news as if it came now, and list every alert that it raises.

        Args:
            in_: A CSV, JSONL or Parquet file with columns such as time, source, headline, description.
            speed: So many times as fast as it happened; default: as fast as it goes.
            zone: Zone of its times that have none, e.g. America/New_York.
            source_column: Its column that names the source; where there is none, the file is the source.
            step: Simulated time between two looks at the rules.
            tenant: Whose documents they become.
            json: One JSON object an alert, and one at the end, instead of a table.
        """
        if speed is not None and speed <= 0:
            raise InvalidInput("--speed has to be more than 0.", remedy="Say --speed 3600, or leave it out.")
        ready, console, counts = services(), Console(), Counter[str]()
        Tenants(ready.storage).ensure(tenant, actor="cli")
        timed = _timed(build(ready), in_, zone, source_column, counts)
        raised: list[Alerted] = []
        with Console(stderr=True).status("playing", spinner="line") as status:
            for alert in _player(ready, timed[0][0], step).play(
                tenant, timed, taken=lambda word: counts.update([word]), wait=paced(speed)
            ):
                raised.append(alert)
                status.update(f"{alert.at:%Y-%m-%d %H:%M} {alert.name}")
                if json:
                    console.out(_line(alert), highlight=False)
        _end(console, counts, raised, as_json=json)


def _timed(
    finance: Finance, file: Path, zone: str | None, source_column: str, counts: Counter[str]
) -> list[Timed]:
    """Return the documents of a file that can be played, in the order of their times."""
    found: list[Timed] = []
    left_out, zoneless = LeftOut(file), Zoneless()
    for row, number in find_connectors()["file"](file, zone=zone, strict=False).read(None):
        if isinstance(row, Refused):
            left_out.add(row, number)
            continue
        try:
            made = document(_sourced(row, source_column))
            finance.analyze.check([made.story])
            at = moment_of(made)
            if at is None:
                raise InvalidInput("It bears no time.")
        except (InvalidInput, PayloadTooLarge) as error:
            left_out.add(row, number, error.detail)
        else:
            zoneless.watch(row)
            found.append((at, made))
    zoneless.end()
    counts["rejected"] = left_out.count
    if not found:
        raise InvalidInput(
            f"{file.name} has no document that can be played.",
            remedy="Give it a text, and a column time, date or published_at.",
        )
    return sorted(found, key=lambda each: (each[0], each[1].source, each[1].external_id))


def _sourced(record: Record, column: str) -> Record:
    named = record.payload.get(column)
    return (
        replace(record, source=shortened(named.strip(), MAX_SOURCE))
        if isinstance(named, str) and named.strip()
        else record
    )


def _player(ready: Services, start: datetime, step: Width) -> Player:
    """Return a player whose every part tells the time by the clock that it moves."""
    clock = SimulatedClock(start)
    finance = build(replace(ready, clock=clock, jobs=Jobs(ready.storage, clock)))
    monitor = finance.monitor
    return Player(finance.documents, finance.stream, monitor.evaluate, monitor.judged_at, clock, step=step)


def paced(speed: float | None) -> Callable[[timedelta], None]:
    """Return what waits for so much simulated time, `speed` times as fast; without a speed not at all."""
    if speed is None:
        return lambda _step: None
    return lambda step: time.sleep(step.total_seconds() / speed)


def _line(alert: Alerted) -> str:
    return canonical_json({"at": alert.at.isoformat(), "event": alert.name, **alert.data})


def _end(console: Console, counts: Counter[str], raised: Sequence[Alerted], *, as_json: bool) -> None:
    total = {word: counts[word] for word in ("accepted", "duplicate", "rejected")}
    if as_json:
        console.out(canonical_json({**total, "alerts": len(raised)}), highlight=False)
        return
    if raised:
        console.print(_table(raised))
    console.print(
        ", ".join(f"{count} {word}" for word, count in {**total, "alert events": len(raised)}.items())
    )


def _table(raised: Sequence[Alerted]) -> Table:
    table = Table("time (UTC)", "what", "alert", "details")
    for alert in raised:
        details = {key: value for key, value in alert.data.items() if key != "id"}
        cells = (
            f"{alert.at:%Y-%m-%d %H:%M}",
            alert.name,
            str(alert.data.get("id", "")),
            canonical_json(details),
        )
        # As Text, so that brackets in a name are not taken for markup.
        table.add_row(*map(Text, cells))
    return table
