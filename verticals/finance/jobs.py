"""Background work of finance, and the starter content it begins with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.ports import Progress
from core.records import Record
from core.vertical import Services
from verticals.finance.intake import document
from verticals.finance.recipe import DATA
from verticals.finance.service import build


def read(services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Read the documents that wait: the job `finance.read`; `payload` names the tenant."""
    return {"read": build(services).documents.read(str(payload["tenant"]), progress)}


def seed(services: Services, tenant: str, progress: Progress) -> None:
    """Take in a few weeks' news of invented companies; what is there already is left alone."""
    rows = [json.loads(line) for line in (DATA / "stream.jsonl").read_text("utf-8").splitlines()]
    records = [Record("starter", row["id"], row, datetime.fromisoformat(row["published_at"])) for row in rows]
    build(services).documents.take(tenant, [document(record) for record in records], actor="seed")
    progress(1.0, f"{len(records)} documents of invented companies")
