"""/v1/finance/subscribers: who is told of which alerts, where, and when not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.text.types import Name, SafeText
from core.vertical import Access
from verticals.finance.routes.scopes import READ, WRITE
from verticals.finance.schemas.rules import Severity
from verticals.finance.service import Finance, SubscriberView

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Channel = Annotated[SafeText, Field(min_length=1, max_length=40)]
WallTime = Annotated[SafeText, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:30"])]
_Named = Annotated[SafeText, Field(min_length=1, max_length=120)]
SubscriberName = Annotated[Name, Field(min_length=1, max_length=120, examples=["Risk desk"])]
_Names = Annotated[list[_Named], Field(max_length=200)]


class MatchIn(BaseModel):
    """Of which alerts; what is left out, or empty, matches all.

    Attributes:
        entities: Company ids or tickers.
        rules: Ids of rules.
    """

    model_config = ConfigDict(extra="forbid")

    severity_at_least: Severity | None = None
    topics: _Names = Field(default_factory=list)
    entities: _Names = Field(default_factory=list)
    rules: _Names = Field(default_factory=list)


class QuietIn(BaseModel):
    """Hours in which nobody is disturbed; what is held is told once when they end, if it fires then.

    Attributes:
        to: On the clock of the zone; not after `from`: on the day after.
        zone: E.g. `Asia/Shanghai`.
        days: On which they begin; all, where none is named.
        except_severity: Alerts of this severity or a higher one disturb all the same.
    """

    model_config = ConfigDict(extra="forbid")

    from_: Annotated[WallTime, Field(alias="from")]
    to: WallTime
    zone: Annotated[SafeText, Field(min_length=1, max_length=60, examples=["Asia/Shanghai"])]
    days: Annotated[list[Day], Field(max_length=7)] = Field(default_factory=list)
    except_severity: Severity | None = None


class EscalateIn(BaseModel):
    """Where an alert goes, once, that nobody has answered after so many minutes."""

    model_config = ConfigDict(extra="forbid")

    after_minutes: Annotated[int, Field(ge=1, le=10_080)]
    channel_id: Channel


class SubscriberPatch(BaseModel):
    """What is to be changed; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: SubscriberName = "subscriber"
    channel_id: Channel = "channel"
    lang: Literal["en", "zh"] = "en"
    enabled: bool = True
    match: MatchIn = Field(default_factory=MatchIn)
    quiet_hours: QuietIn | None = None
    escalate: EscalateIn | None = None


class SubscriberIn(SubscriberPatch):
    """A subscriber to make."""

    name: SubscriberName
    channel_id: Channel


class SubscriberOut(BaseModel):
    """A subscriber."""

    id: str
    name: str
    channel_id: str
    lang: Literal["en", "zh"]
    enabled: bool
    match: MatchIn
    quiet_hours: QuietIn | None
    escalate: EscalateIn | None
    created_at: datetime
    updated_at: datetime


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    def values(tenant: str, body: SubscriberPatch) -> dict[str, Any]:
        given = body.model_dump(exclude_unset=True, by_alias=True)
        if "quiet_hours" in given:
            given["quiet"] = given.pop("quiet_hours")
        if "match" in given:
            given["match"] = _known(service, tenant, given["match"])
        return given

    @routes.post("/subscribers", status_code=201, summary="Add a subscriber")
    def create_subscriber(body: SubscriberIn, caller: Caller = writer) -> SubscriberOut:
        """Tell a channel of alerts from now on."""
        given = values(caller.tenant, body)
        return _shown(service.subscribers.create(caller.tenant, given, actor=caller.key_id))

    @routes.get("/subscribers", summary="Subscribers")
    def list_subscribers(
        cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[SubscriberOut]:
        """List subscribers, oldest first."""
        rows = service.subscribers.list(caller.tenant, behind=after(cursor), limit=limit + 1)
        return page(rows, limit, _shown, lambda row: row.id)

    @routes.get("/subscribers/{subscriber_id}", summary="One subscriber")
    def get_subscriber(subscriber_id: str, caller: Caller = reader) -> SubscriberOut:
        """Return one subscriber."""
        return _shown(service.subscribers.get(caller.tenant, subscriber_id))

    @routes.patch("/subscribers/{subscriber_id}", summary="Change a subscriber")
    def change_subscriber(
        subscriber_id: str, body: SubscriberPatch, caller: Caller = writer
    ) -> SubscriberOut:
        """Change what is given; `quiet_hours` and `escalate` are taken away by null."""
        given = values(caller.tenant, body)
        return _shown(service.subscribers.change(caller.tenant, subscriber_id, given, actor=caller.key_id))

    @routes.delete(
        "/subscribers/{subscriber_id}",
        status_code=204,
        response_class=Response,
        summary="Remove a subscriber",
    )
    def delete_subscriber(subscriber_id: str, caller: Caller = writer) -> None:
        """Tell it nothing more, not even what was held for its quiet hours."""
        service.subscribers.delete(caller.tenant, subscriber_id, actor=caller.key_id)


def _known(service: Finance, tenant: str, match: dict[str, Any]) -> dict[str, Any]:
    """Return what is matched, companies by their ids; what nobody knows would match nothing for ever."""

    def each(name: str, check: Callable[[str, str, str], str]) -> list[str]:
        named = match.get(name, [])
        return [check(tenant, text, f"/match/{name}/{place}") for place, text in enumerate(named)]

    found = {"topics": each("topics", service.topics.check), "entities": each("entities", service.entity)}
    return {**match, **found, "rules": each("rules", service.rules.check)}


def _shown(view: SubscriberView) -> SubscriberOut:
    return SubscriberOut.model_validate(
        {
            **{name: getattr(view, name) for name in SubscriberOut.model_fields.keys() - {"quiet_hours"}},
            "quiet_hours": view.quiet,
        }
    )
