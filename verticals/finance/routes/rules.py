"""/v1/finance/rules: what is watched, as data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.text.types import Name, SafeText
from core.vertical import Access
from verticals.finance.routes.scopes import READ, WRITE
from verticals.finance.schemas.closed import EARLIEST, LATEST
from verticals.finance.schemas.rules import (
    Each,
    Kind,
    Lang,
    Measure,
    RuleOut,
    RuleWindow,
    Severity,
    Way,
    period,
    written,
)
from verticals.finance.service import Finance, rule_out

_PERIOD = r"^(0|[1-9][0-9]{0,3}[smhd])$"
_LONGEST = timedelta(days=30)
_LONGEST_SILENCE = 12.0


def _bounded(text: str) -> str:
    if period(text) > _LONGEST:
        raise ValueError(f"is longer than {written(_LONGEST)}")
    return text


Period = Annotated[SafeText, Field(pattern=_PERIOD, max_length=5, examples=["15m"]), AfterValidator(_bounded)]
RuleName = Annotated[Name, Field(min_length=1, max_length=120, examples=["Bad news on guidance"])]
Channel = Annotated[SafeText, Field(min_length=1, max_length=40)]
QuietDay = Annotated[date, Field(ge=EARLIEST.date(), le=LATEST.date(), examples=["2026-11-26"])]


class RulePatch(BaseModel):
    """What is to be changed; what is left out stays as it is.

    Attributes:
        kind: `threshold`: `measure` reaches `at_least`. `surge`: more than is usual. `silence`: a source
            brings nothing though `at_least` documents should have come.
        way: Of a surge: `share` for streams of a few stories an hour, `count` for a few a day.
        each: Judge every company, or every topic, by itself.
        topic: Only this topic; `*` for each by itself.
        entity: Only this company, by id or ticker; `*` for each by itself.
        window: Over which is measured; it slides by a quarter of an hour, that of a surge by a quarter of an
            hour, an hour or a day, for windows of an hour, a day or a week.
        false_alarms_per_year: Of a surge: the budget for one series.
        for: How long it must hold before it fires, e.g. `15m`; 30 days at most.
        calm_for: How long it must not hold before its alert is resolved.
        channels: Ids of channels that are told, whoever subscribed.
        lang: In which these are told; subscribers have a language of their own.
        quiet_days: Of a silence: days on which nothing is missed, such as holidays, or a day of a typhoon.
        zone: In which these are days, e.g. `Asia/Hong_Kong`.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    name: RuleName = "rule"
    kind: Kind = "surge"
    way: Way = "share"
    each: Each | None = None
    topic: Annotated[SafeText, Field(max_length=60)] | None = None
    entity: Annotated[SafeText, Field(max_length=120)] | None = None
    source: Annotated[SafeText, Field(max_length=120)] | None = None
    window: RuleWindow = "1d"
    measure: Measure = "negative"
    at_least: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] = 5
    min_stories: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    false_alarms_per_year: Annotated[float, Field(ge=0.001, le=1000, allow_inf_nan=False)] = 1.0
    severity: Severity = "medium"
    for_: Annotated[Period, Field(alias="for")] = "0"
    calm_for: Period = "0"
    enabled: bool = True
    channels: Annotated[list[Channel], Field(max_length=20)] = Field(default_factory=list)
    lang: Lang = "en"
    quiet_days: Annotated[list[QuietDay], Field(max_length=400)] = Field(default_factory=list)
    zone: Annotated[SafeText, Field(min_length=1, max_length=60, examples=["Asia/Hong_Kong"])] = "UTC"


class RuleIn(RulePatch):
    """A rule to make."""


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))

    def given(tenant: str, body: RulePatch) -> dict[str, Any]:
        values = _values(body)
        if values.get("entity", "*") not in ("", "*"):
            values["entity"] = service.entity(tenant, values["entity"], "/entity")
        if values.get("topic", "*") not in ("", "*"):
            service.topics.check(tenant, values["topic"], "/topic")
        return values

    @routes.post("/rules", status_code=201, summary="Make a rule")
    def create_rule(body: RuleIn, caller: Caller = writer) -> RuleOut:
        """Make a rule; it is judged at the next look, a minute from now at most."""
        values = given(caller.tenant, body)
        if body.kind == "silence":
            values.setdefault("at_least", _LONGEST_SILENCE)
        return rule_out(service.rules.create(caller.tenant, values, actor=caller.key_id))

    @routes.get("/rules", summary="Rules")
    def list_rules(cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader) -> Page[RuleOut]:
        """List the rules, oldest first; the first ones are there from the beginning."""
        rows = service.rules.list(caller.tenant, behind=after(cursor), limit=limit + 1)
        return page(rows, limit, rule_out, lambda row: row.rule.id)

    @routes.get("/rules/{rule_id}", summary="One rule")
    def get_rule(rule_id: str, caller: Caller = reader) -> RuleOut:
        """Return one rule."""
        return rule_out(service.rules.get(caller.tenant, rule_id))

    @routes.patch("/rules/{rule_id}", summary="Change a rule")
    def change_rule(rule_id: str, body: RulePatch, caller: Caller = writer) -> RuleOut:
        """Change what is given; alerts of a rule that is disabled, or watches else now, are resolved."""
        values = given(caller.tenant, body)
        return rule_out(service.rules.change(caller.tenant, rule_id, values, actor=caller.key_id))

    @routes.delete("/rules/{rule_id}", status_code=204, response_class=Response, summary="Remove a rule")
    def delete_rule(rule_id: str, caller: Caller = writer) -> None:
        """Remove a rule; its alerts are resolved and stay to be looked at."""
        service.rules.delete(caller.tenant, rule_id, actor=caller.key_id)


def _values(body: RulePatch) -> dict[str, Any]:
    values = body.model_dump(exclude_unset=True)
    for name in ("topic", "entity", "source"):
        if name in values and values[name] is None:
            values[name] = ""
    for given, name in (("for_", "hold"), ("calm_for", "calm")):
        if given in values:
            values[name] = period(values.pop(given))
    if "channels" in values:
        values["channels"] = tuple(dict.fromkeys(values["channels"]))
    if "quiet_days" in values:
        values["quiet_days"] = tuple(sorted(set(values["quiet_days"])))
    return values
