"""Views in the form in which they leave the house, over REST and on the command line."""

from __future__ import annotations

from core.streams.windows import Width
from verticals.finance.schemas.alerts import AlertOut, ChangeOut, WholeAlertOut
from verticals.finance.schemas.rules import RuleOut, written
from verticals.finance.schemas.trends import TrendOut, WindowOut
from verticals.finance.service.alerts import AlertView
from verticals.finance.service.rules import RuleView
from verticals.finance.service.trends import Trend

_DOCUMENTS = "/v1/finance/documents"
_ALERTS = "false_alarms_per_year"


def trend_out(trend: Trend, width: Width) -> TrendOut:
    """Return a trend as clients see it."""
    rows = [{name: getattr(each, name) for name in WindowOut.model_fields} for each in trend.windows]
    return TrendOut.model_validate({"data": rows, "window": width, "as_of": trend.as_of})


def rule_out(view: RuleView) -> RuleOut:
    """Return a rule as clients see it."""
    rule = view.rule
    same = ("id", "name", "kind", "way", "each", "window", "measure", "at_least", "min_stories", _ALERTS)
    values = {name: getattr(rule, name) for name in (*same, "severity", "enabled", "lang", "zone")}
    return RuleOut(
        **values,
        topic=rule.topic or None,
        entity=rule.entity or None,
        source=rule.source or None,
        for_=written(rule.hold),
        calm_for=written(rule.calm),
        channels=list(rule.channels),
        quiet_days=list(rule.quiet_days),
        created_at=view.created_at,
        updated_at=view.updated_at,
    )


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
