"""/v1/finance/alerts: what the rules raised, on what ground, and what people did about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from core.errors import FieldError, InvalidInput
from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.text.types import SafeText
from core.vertical import Access
from verticals.finance.routes.scopes import READ, WRITE
from verticals.finance.schemas.alerts import AlertOut, StateAsked, WholeAlertOut
from verticals.finance.schemas.closed import Moment
from verticals.finance.schemas.rules import Severity
from verticals.finance.service import Finance, alert_out, whole_alert


class SilenceIn(BaseModel):
    """How long to be quiet: either `until` a moment, or for some `minutes`."""

    model_config = ConfigDict(extra="forbid")

    until: Moment | None = None
    minutes: Annotated[int, Field(ge=1, le=129_600)] | None = None


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    @routes.get("/alerts", summary="Alerts")
    def list_alerts(
        state: Annotated[StateAsked | None, Query(description="`open`: not resolved.")] = None,
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
