"""Background work of medical."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.ports import Progress
from core.vertical import Services
from verticals.medical.service import build


def replay(services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Decide again all reviews since `payload["since"]`: the job `medical.replay`."""
    since = datetime.fromisoformat(str(payload["since"]))
    return build(services).replay.all(str(payload["tenant"]), since, progress)
