"""`colonnade finance alerts`: look at alerts and rules, acknowledge, silence, resolve."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number
from pydantic import BaseModel
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from core.vertical import Services
from verticals.finance.schemas.alerts import StateAsked
from verticals.finance.schemas.rules import Severity
from verticals.finance.service import AlertView, Finance, alert_out, build, rule_out, whole_alert

_ACTOR = "cli"
_Rows = Annotated[int, Parameter(validator=Number(gte=1))]
_Minutes = Annotated[int, Parameter(validator=Number(gte=1, lte=129_600))]


def add(app: App, services: Callable[[], Services]) -> None:
    """Add the commands."""
    group = App(name="alerts", help="Alerts that the rules raised, and the rules.")
    app.command(group)
    _look(group, services)
    _act(group, services)


def _look(group: App, services: Callable[[], Services]) -> None:
    @group.default
    @group.command(name="list")
    def list_(
        *,
        state: StateAsked | None = None,
        severity: Severity | None = None,
        rule: str | None = None,
        entity: str | None = None,
        limit: _Rows = 50,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """List alerts, the newest first.

        Args:
            state: pending, firing, acknowledged, silenced, resolved, or open for all but the last.
            severity: low, medium or high.
            rule: Id of a rule.
            entity: Company id or ticker.
            limit: At most so many.
            tenant: Whose alerts.
            json: One JSON object an alert instead of a table.
        """
        finance = build(services())
        company = finance.entity(tenant, entity) if entity else None
        rows = finance.alerts.list(
            tenant,
            state=state,
            severity=severity,
            rule=finance.rules.check(tenant, rule) if rule else None,
            entity=company,
            limit=limit,
        )
        _lines(map(alert_out, rows)) if json else _table(rows)

    @group.command
    def show(id_: str, /, *, tenant: str = "demo", json: bool = False) -> None:
        """Show one alert, the stories it stands on, and what befell it.

        Args:
            id_: The alert's id.
            tenant: Whose alert.
            json: One JSON object instead of text.
        """
        _one(build(services()).alerts.get(tenant, id_), json)

    @group.command
    def rules(*, tenant: str = "demo", json: bool = False) -> None:
        """List the rules.

        Args:
            tenant: Whose rules.
            json: One JSON object a rule instead of a table.
        """
        rows = build(services()).rules.list(tenant)
        if json:
            _lines(map(rule_out, rows))
            return
        table = Table(
            Column("id", no_wrap=True), "name", "kind", "watches", "window", "budget a year", "severity", "on"
        )
        for row in rows:
            rule = row.rule
            watches = (rule.each and f"each {rule.each}") or rule.entity or rule.topic or rule.source or "all"
            budget = f"{rule.false_alarms_per_year:g}" if rule.kind == "surge" else ""
            cells = (rule.id, rule.name, rule.kind, watches, rule.window, budget, rule.severity)
            table.add_row(*map(Text, cells), Text("yes" if rule.enabled else "no"))
        Console().print(table)


def _act(group: App, services: Callable[[], Services]) -> None:
    @group.command
    def ack(id_: str, /, *, tenant: str = "demo", json: bool = False) -> None:
        """Note that somebody has seen it.

        Args:
            id_: The alert's id.
            tenant: Whose alert.
            json: One JSON object instead of text.
        """
        _one(_alerts(services).acknowledge(tenant, id_, actor=_ACTOR), json)

    @group.command
    def silence(id_: str, /, *, minutes: _Minutes = 60, tenant: str = "demo", json: bool = False) -> None:
        """Be quiet about it for a while; if it still fires then, people are told again.

        Args:
            id_: The alert's id.
            minutes: How long.
            tenant: Whose alert.
            json: One JSON object instead of text.
        """
        _one(_alerts(services).silence_for(tenant, id_, minutes, actor=_ACTOR), json)

    @group.command
    def resolve(id_: str, /, *, tenant: str = "demo", json: bool = False) -> None:
        """End it by hand.

        Args:
            id_: The alert's id.
            tenant: Whose alert.
            json: One JSON object instead of text.
        """
        _one(_alerts(services).resolve(tenant, id_, actor=_ACTOR), json)


def _alerts(services: Callable[[], Services]) -> Any:
    finance: Finance = build(services())
    return finance.alerts


def _lines(rows: Iterable[BaseModel]) -> None:
    console = Console()
    for row in rows:
        console.out(row.model_dump_json(by_alias=True), highlight=False)


def _table(rows: Sequence[AlertView]) -> None:
    table = Table(
        Column("id", no_wrap=True), "state", "severity", "rule", "about", "observed", "usual", "since"
    )
    for row in rows:
        about = row.entity_name or row.entity or row.topic or row.source or "all"
        usual = "" if row.expected is None else f"{row.expected:g}"
        since = row.since.strftime("%Y-%m-%d %H:%M") if row.since else ""
        cells = (row.id, row.state, row.severity, row.rule, about, f"{row.observed:g}", usual, since)
        table.add_row(*map(Text, cells))
    Console().print(table)


def _one(row: AlertView, as_json: bool) -> None:
    if as_json:
        _lines([whole_alert(row)])
        return
    _table([row])
    console = Console()
    stories = Table("story", "reach", "source", "title")
    for story in row.evidence["stories"]:
        cells = (story["id"], str(story["reach"]), story["source"], story["title"])
        stories.add_row(*map(Text, cells))
    console.print(stories)
    console.print(f"Without {row.cancelling['size']} of these stories there would be no alert.")
    for one in row.log:
        console.print(Text(f"{one.at:%Y-%m-%d %H:%M:%S} {one.became} ({one.reason}, {one.actor})"))
