"""Background work of service, and the starter content it begins with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.ports import Progress
from core.vertical import Services
from verticals.service.intake import Upload
from verticals.service.recipe import DATA
from verticals.service.service import build


def ingest(services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Read a large document that waits: the job `service.ingest`; `payload` names tenant and document."""
    progress(0.05, "reading the document")
    info = build(services).knowledge.read_waiting(str(payload["tenant"]), str(payload["waiting"]))
    if info is None:
        return {"document": None}  # deleted or replaced meanwhile
    return {"document": info.id, "version": info.version, "passages": info.passages}


def seed(services: Services, tenant: str, progress: Progress) -> None:
    """Give a tenant the help centre and the approved answers of two invented companies.

    What is there already in the same words is left alone.
    """
    desk = build(services)
    answers = json.loads((DATA / "templates.json").read_text("utf-8"))
    desk.templates.put_all(tenant, answers, actor="seed")
    rows = json.loads((DATA / "help" / "index.json").read_text("utf-8"))
    for number, row in enumerate(rows, start=1):
        file = DATA / "help" / row["file"]
        meta = {"company": row["company"]}
        upload = Upload(row["id"], file.read_bytes(), file.name, title=row["title"], meta=meta)
        desk.knowledge.put(tenant, upload, actor="seed", now=True)
        progress(number / len(rows), f"{number} of {len(rows)} help pages of invented companies")
