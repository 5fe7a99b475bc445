"""Alerts as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from verticals.finance.schemas.rules import Severity

State = Literal["pending", "firing", "acknowledged", "silenced", "resolved"]
StateAsked = State | Literal["open"]
"""`open`: not resolved."""


class StoryOut(BaseModel):
    """A story that an alert stands on.

    Attributes:
        reach: Documents that tell it, within the window.
        document_id: Of the document that stands for it; see `url`.
        cancels: Whether it is one of the smallest set without which there would be no alert.
    """

    id: str
    title: str
    source: str
    event_at: datetime
    negative: bool
    reach: int
    document_id: str | None
    url: str | None
    cancels: bool


class CancellingOut(BaseModel):
    """The smallest set of stories without which there would be no alert.

    Attributes:
        size: How many.
        exact: Whether no smaller set does it; otherwise it is one of which none can be left out.
        stories: Their ids, 500 at most.
    """

    size: int
    exact: bool
    stories: list[str]


class ChangeOut(BaseModel):
    """One change of state: `holds`, `again` (after a silence), `calm`, `hand`, `rule` or `escalated`."""

    at: datetime
    was: State | None
    became: State
    actor: str
    reason: str
    observed: float


class AlertOut(BaseModel):
    """An alert.

    Attributes:
        group_id: Alerts over the same stories share it.
        observed: What was measured; of a silence how many documents are missing.
        limit: What it had to reach (of a surge what `statistic` had to).
        expected: What is usual at most.
        since: Where in event time it began; of a silence when the source was last heard.
        no_data: Sources are silent: nobody knows whether it is calm.
        count, negative, reach: Of the window.
        reason: Why it was resolved: `calm`, `hand` or `rule`.
    """

    id: str
    group_id: str
    rule_id: str
    rule: str
    kind: str
    state: State
    severity: Severity
    topic: str | None
    entity: str | None
    entity_name: str | None
    source: str | None
    measure: str
    observed: float
    limit: float
    expected: float | None
    statistic: float | None
    since: datetime | None
    no_data: bool
    count: int
    negative: int
    reach: int
    window_start: datetime
    window_end: datetime
    pending_at: datetime
    fired_at: datetime | None
    acknowledged_at: datetime | None
    silenced_until: datetime | None
    resolved_at: datetime | None
    reason: str | None
    updated_at: datetime
    stories_total: int
    cancelling: CancellingOut


class WholeAlertOut(AlertOut):
    """An alert with its evidence (50 stories at most, the furthest reaching first) and its log."""

    stories: list[StoryOut]
    log: list[ChangeOut]
