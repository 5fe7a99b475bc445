"""`colonnade finance ingest`: the documents of a file, once each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from cyclopts import App
from rich.console import Console
from sqlalchemy.orm import Session

from core.collecting.letters import Letter, forget, keep, of_file
from core.errors import InvalidInput, PayloadTooLarge
from core.records import Refused
from core.registry import find_connectors
from core.security.tenants import Tenants
from core.vertical import Services
from verticals.finance.commands.rows import LeftOut, Zoneless, batches
from verticals.finance.intake import Document, document
from verticals.finance.service import Finance, build
from verticals.finance.service.replay import moment_of

NEWS = timedelta(days=2)
"""What says that it is older than this is history when a file brings it: nobody is alerted of it."""


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the command."""

    @app.command
    def ingest(
        file: Path,
        /,
        *,
        zone: str | None = None,
        backfill: bool = False,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Take in the documents of a file, each once, and read them.

        Args:
            file: A CSV, JSONL or Parquet file with columns such as id, title, content, published_at.
            zone: Zone of the times in the file that have none, e.g. Asia/Shanghai.
            backfill: All of it is history: it counts in trends and alerts nobody. Without this, that is so
                for what appeared more than two days ago.
            tenant: Whose documents they become.
            json: One JSON object instead of a line.
        """
        ready, console = services(), Console()
        Tenants(ready.storage).ensure(tenant, actor="cli")
        finance, counts = build(ready), {"accepted": 0, "duplicate": 0}
        ready.storage.write(tenant, partial(forget, tenant=tenant, connection_id=of_file(file)))
        left_out, zoneless = LeftOut(file, partial(_keep, ready, tenant, of_file(file))), Zoneless()
        with Console(stderr=True).status("reading", spinner="line") as status:
            for batch in batches(
                _documents(finance, file, zone, left_out, zoneless), ready.settings.max_batch
            ):
                for live, part in _parted(batch, ready.clock.now(), backfill=backfill):
                    taken, _ = finance.documents.take(tenant, part, actor="cli", live=live, observed=True)
                    for became in taken:
                        counts[became.status] += 1
            read = finance.documents.read(tenant, lambda _, line: status.update(line))
        left_out.end()
        zoneless.end()
        _end(console, {**counts, "rejected": left_out.count, "read": read}, file, as_json=json)


def _documents(
    finance: Finance, file: Path, zone: str | None, left_out: LeftOut, zoneless: Zoneless
) -> Iterator[Document]:
    """Yield the documents of a file that can be taken."""
    for row, number in find_connectors()["file"](file, zone=zone, strict=False).read(None):
        if isinstance(row, Refused):
            left_out.add(row, number)
            continue
        try:
            found = document(row)
            finance.analyze.check([found.story])
        except (InvalidInput, PayloadTooLarge) as error:
            left_out.add(row, number, error.detail)
        else:
            zoneless.watch(row)
            yield found


def _parted(
    batch: Sequence[Document], now: datetime, *, backfill: bool
) -> Iterator[tuple[bool, list[Document]]]:
    """Yield what is history and what is news, each with whether it is news."""
    parts: dict[bool, list[Document]] = {False: [], True: []}
    for each in batch:
        at = moment_of(each)
        parts[not backfill and (at is None or now - at <= NEWS)].append(each)
    yield from ((live, part) for live, part in parts.items() if part)


def _keep(ready: Services, tenant: str, place: str, letters: Sequence[Letter]) -> None:
    def change(session: Session) -> None:
        keep(session, tenant, place, letters, ready.clock.now())

    ready.storage.write(tenant, change)


def _end(console: Console, counts: dict[str, int], file: Path, *, as_json: bool) -> None:
    if as_json:
        console.print_json(data=counts)
    else:
        console.print(", ".join(f"{count} {word}" for word, count in counts.items()))
    if not counts["rejected"]:
        return
    where = f"GET /v1/connections/{of_file(file)}/dead-letters"
    if not counts["accepted"] + counts["duplicate"]:
        raise InvalidInput(f"{file.name} has no row that can be taken.", remedy=f"See why: {where}.")
    told = f"{counts['rejected']} rows were left out; all of them: {where}"
    Console(stderr=True).print(told, markup=False, highlight=False, soft_wrap=True)
