"""Background work of finance, what connections hand over, and the starter content it begins with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import InvalidInput, PayloadTooLarge
from core.ports import Progress
from core.records import Record
from core.vertical import Services
from verticals.finance.intake import Document, document
from verticals.finance.recipe import DATA
from verticals.finance.service import Finance, build, read_companies


def read(services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Read the documents that wait: the job `finance.read`; `payload` names the tenant."""
    return {"read": build(services).documents.read(str(payload["tenant"]), progress)}


def watch(services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Judge the rules, let silences and quiet hours end, and escalate: the job `finance.watch`."""
    changes = build(services).monitor.evaluate(str(payload["tenant"]), services.clock.now())
    progress(1.0, f"{len(changes)} changes of alerts")
    return {"changes": len(changes)}


def prune(services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Forget by what old stories are found: the job `finance.prune`."""
    forgotten = build(services).stories.prune(str(payload["tenant"]))
    progress(1.0, f"{forgotten} keys of old stories forgotten")
    return {"forgotten": forgotten}


def sink(services: Services, tenant: str, records: Sequence[Record], backfill: bool) -> Sequence[str | None]:
    """Take the records of a connection; return, in their order, why each was refused, or None.

    What is known already is not refused: a connection that was cut off hands its last records over again.
    Another text under a known id is a revision.
    """
    finance = build(services)
    checked = [_checked(finance, record) for record in records]
    good = [each for each in checked if isinstance(each, Document)]
    if good:
        finance.documents.take(tenant, good, actor="connection", live=not backfill, observed=True)
    return [None if isinstance(each, Document) else each for each in checked]


def _checked(finance: Finance, record: Record) -> Document | str:
    try:
        found = document(record)
        finance.analyze.check([found.story])
    except (InvalidInput, PayloadTooLarge) as error:
        return error.detail
    return found


def seed(services: Services, tenant: str, progress: Progress) -> None:
    """Take in some weeks' news of invented companies, as history; what is there already is left alone."""
    rows = [json.loads(line) for line in (DATA / "stream.jsonl").read_text("utf-8").splitlines()]
    records = [
        Record(row["source"], row["id"], row, datetime.fromisoformat(row["published_at"])) for row in rows
    ]
    finance = build(services)
    finance.companies.put(tenant, read_companies(DATA / "stream_companies.csv"), actor="seed")
    finance.documents.take(tenant, [document(record) for record in records], actor="seed", live=False)
    progress(1.0, f"{len(records)} documents of invented companies")
