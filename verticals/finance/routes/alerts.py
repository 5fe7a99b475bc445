"""/v1/finance/alerts: what the rules raised, on what ground, and what people did about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from core.errors import FieldError, InvalidInput
from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.text.types import SafeText
from core.vertical import Access
from verticals.finance.policy.rules import Severity
from verticals.finance.routes.scopes import READ, WRITE
from verticals.finance.service import AlertView, Finance

State = Literal["pending", "firing", "acknowledged", "silenced", "resolved"]
_DOCUMENTS = "/v1/finance/documents"


def _written_time(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a time is a string in RFC 3339 with a zone, e.g. 2026-11-21T09:30:00+08:00")
    return value


class SilenceIn(BaseModel):
    """How long to be quiet: either `until` a moment, or for some `minutes`."""

    model_config = ConfigDict(extra="forbid")

    until: Annotated[
        AwareDatetime | None, BeforeValidator(_written_time, json_schema_input_type=str | None)
    ] = None
    minutes: Annotated[int, Field(ge=1, le=129_600)] | None = None


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


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    @routes.get("/alerts", summary="Alerts")
    def list_alerts(
        state: Annotated[State | Literal["open"] | None, Query(description="`open`: not resolved.")] = None,
        severity: Severity | None = None,
        rule: Annotated[SafeText | None, Query(max_length=40, description="Id of a rule.")] = None,
        entity: Annotated[SafeText | None, Query(max_length=120, description="Company id or ticker.")] = None,
        cursor: Cursor = None,
        limit: Limit = 50,
        caller: Caller = reader,
    ) -> Page[AlertOut]:
        """List alerts, the newest first."""
        rows = service.alerts.list(
            caller.tenant,
            state=state,
            severity=severity,
            rule=service.rules.check(caller.tenant, rule) if rule else None,
            entity=service.entity(caller.tenant, entity) if entity else None,
            before=after(cursor),
            limit=limit + 1,
        )
        return page(rows, limit, alert_out, lambda row: row.id)

    @routes.get("/alerts/{alert_id}", summary="One alert with its evidence")
    def get_alert(alert_id: str, caller: Caller = reader) -> WholeAlertOut:
        """Return one alert, the stories it stands on, and what befell it."""
        return whole_alert(service.alerts.get(caller.tenant, alert_id))

    @routes.post("/alerts/{alert_id}/ack", summary="Acknowledge")
    def acknowledge(alert_id: str, caller: Caller = writer) -> WholeAlertOut:
        """Note that somebody has seen it; it stays so until it is over, and is not escalated."""
        return whole_alert(service.alerts.acknowledge(caller.tenant, alert_id, actor=caller.key_id))

    @routes.post("/alerts/{alert_id}/silence", summary="Silence for a while")
    def silence(alert_id: str, body: SilenceIn, caller: Caller = writer) -> WholeAlertOut:
        """Be quiet about it until then; if it still fires, people are told again."""
        if (body.until is None) == (body.minutes is None):
            fault = FieldError("/until", "either this or `minutes`")
            raise InvalidInput("A silence has either `until` or `minutes`.", errors=[fault])
        who, tenant = caller.key_id, caller.tenant
        if body.until is not None:
            return whole_alert(service.alerts.silence(tenant, alert_id, body.until, actor=who))
        return whole_alert(service.alerts.silence_for(tenant, alert_id, body.minutes or 1, actor=who))

    @routes.post("/alerts/{alert_id}/resolve", summary="Resolve by hand")
    def resolve(alert_id: str, caller: Caller = writer) -> WholeAlertOut:
        """End it; it is not raised anew before its rule did not hold once."""
        return whole_alert(service.alerts.resolve(caller.tenant, alert_id, actor=caller.key_id))


def _fields(view: AlertView) -> dict[str, object]:
    named = {"topic", "entity", "entity_name", "source"}
    derived = {"count", "negative", "reach", "window_start", "window_end", "stories_total", "cancelling"}
    values = {name: getattr(view, name) for name in AlertOut.model_fields.keys() - named - derived}
    values |= {name: getattr(view, name) or None for name in named}
    counts = view.counts
    values |= {name: counts[name] for name in ("count", "negative", "reach")}
    values |= {"window_start": counts["start"], "window_end": counts["end"]}
    return {**values, "stories_total": view.evidence["total"], "cancelling": view.cancelling}


def alert_out(view: AlertView) -> AlertOut:
    """Return an alert as clients see it in lists."""
    return AlertOut.model_validate(_fields(view))


def whole_alert(view: AlertView) -> WholeAlertOut:
    """Return an alert as clients see it by itself."""
    cancels = set(view.cancelling["stories"])
    stories = [
        {
            **story,
            "url": f"{_DOCUMENTS}/{story['document_id']}" if story["document_id"] else None,
            "cancels": story["id"] in cancels,
        }
        for story in view.evidence["stories"]
    ]
    log = [{name: getattr(one, name) for name in ChangeOut.model_fields} for one in view.log]
    return WholeAlertOut.model_validate({**_fields(view), "stories": stories, "log": log})
