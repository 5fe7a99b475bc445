"""Background work of recommend, and the starter shop it begins with."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from core.errors import InvalidInput
from core.models.versions import Versions
from core.ports import Progress
from core.records import Record
from core.vertical import Services
from verticals.recommend.intake import event, item
from verticals.recommend.recipe import DATA, TASK
from verticals.recommend.schemas.events import EventRow
from verticals.recommend.schemas.items import ItemRow
from verticals.recommend.service import FitRequest, build, take_events, take_items
from verticals.recommend.tables import RecommendItem, RecommendState

_ACTOR = "seed"
_BATCH = 500


def fit(services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Fit a model: the job `recommend.fit`; `payload` has tenant, perhaps force, method, actor, job_id."""
    request = FitRequest(
        method=str(payload.get("method") or "auto"),
        force=bool(payload.get("force")),
        actor=str(payload.get("actor") or "job"),
        job_id=None if payload.get("job_id") is None else str(payload["job_id"]),
    )
    return build(services).fit(str(payload["tenant"]), request, progress)


def seed(services: Services, tenant: str, progress: Progress) -> None:
    """Give a tenant without items an invented shop with events, and fit; a shop of its own stays as it is.

    The events are moved so that the last of them was an hour ago: what is trending has to be of these days.
    """
    if _has_items(services, tenant) and not _has_items_of_ours(services, tenant):
        progress(1.0, "there is a shop already")
        return
    service = build(services)
    rows = list(starter_items())
    _sound(take_items(service, tenant, rows, actor=_ACTOR).data)
    progress(0.3, f"{len(rows)} items of an invented shop")
    events = starter_events(services.clock.now() - timedelta(hours=1))
    for start in range(0, len(events), _BATCH):
        _sound(take_events(service, tenant, events[start : start + _BATCH]).data)
    progress(0.6, f"{len(events)} events of invented people")
    if Versions(services.storage, services.settings.data).production(tenant, TASK) is None:
        service.fit(tenant, FitRequest(actor=_ACTOR), lambda share, line: progress(0.6 + 0.4 * share, line))
    progress(1.0, f"{len(rows)} items and {len(events)} events of an invented shop")


def _sound(rows: Sequence[ItemRow] | Sequence[EventRow]) -> None:
    wrong = next((row for row in rows if row.status == "rejected"), None)
    if wrong is not None:
        raise InvalidInput(
            f"The starter shop: {wrong.pointer}: {wrong.reason}.", remedy="Mend its data files."
        )


def starter_items() -> Iterator[dict[str, Any]]:
    """Yield the items of the starter shop."""
    for line in (DATA / "items.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield item(Record("starter", row["id"], row))


def starter_events(last: datetime) -> list[dict[str, Any]]:
    """Return its events, moved in time so that the last one is at `last`."""
    with (DATA / "events.csv").open(encoding="utf-8", newline="") as file:
        rows = [{key: value for key, value in row.items() if value} for row in csv.DictReader(file)]
    times = [datetime.fromisoformat(row["timestamp"]).astimezone(UTC) for row in rows]
    shift = last - max(times)
    pairs = zip(rows, times, strict=True)
    return [event(Record("starter", row["event_id"], row, at + shift)) for row, at in pairs]


def _has_items(services: Services, tenant: str) -> bool:
    with services.storage.read(tenant) as session:
        state = session.get(RecommendState, tenant)
        return state is not None and state.generation > 0


def _has_items_of_ours(services: Services, tenant: str) -> bool:
    first = next(starter_items())["id"]
    with services.storage.read(tenant) as session:
        query = select(RecommendItem.id).where(RecommendItem.tenant_id == tenant, RecommendItem.id == first)
        return session.scalar(query) is not None
