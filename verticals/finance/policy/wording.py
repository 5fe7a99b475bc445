"""What people are told of an alert, in English and Chinese: counts and reasons, no texts, no names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Lang = Literal["en", "zh"]

_SPANS = {"en": {"1h": "the last hour", "1d": "the last day", "7d": "the last 7 days"}}
_SPANS["zh"] = {"1h": "最近一小时", "1d": "最近一天", "7d": "最近七天"}
_SEVERITY = {"zh": {"low": "低", "medium": "中", "high": "高"}, "en": {}}


@dataclass(frozen=True, slots=True)
class Told:
    """What a notice is made from.

    Attributes:
        step: `fired`, `again` (after a silence), `resolved` or `escalated`.
        subject: Company, topic or source; empty for all news.
        counts: `count`, `negative` and `reach` of the window.
        others: Further alerts over the same stories.
        reason: Why it was resolved: `calm`, `hand` or `rule`.
        fired_at: When it first fired: of what is over, the only notice that arrived may be that it is.
        resolved_at: When it was over; the notice may come much later.
    """

    step: str
    kind: str
    subject: str
    rule: str
    window: str
    measure: str
    observed: float
    limit: float
    expected: float | None
    since: datetime | None
    counts: Mapping[str, Any]
    cancelling: int
    others: int = 0
    reason: str = "calm"
    fired_at: datetime | None = None
    resolved_at: datetime | None = None


def title(told: Told, lang: str) -> str:
    """Return one line."""
    return _title_zh(told) if lang == "zh" else _title_en(told)


def body(told: Told, lang: str) -> str:
    """Return some lines of plain text."""
    lines = _body_zh(told) if lang == "zh" else _body_en(told)
    return "\n".join(line for line in lines if line)


def _title_en(told: Told) -> str:
    what = {"surge": "Bad news surges", "threshold": "A limit is reached", "silence": "No news comes in"}
    if told.kind == "surge" and told.measure == "count":
        what["surge"] = "News surges"
    place = f": {told.subject}" if told.subject else ""
    said = f"{what.get(told.kind, told.rule)}{place}"
    lead = {"resolved": "Over: ", "again": "Still: ", "escalated": "Nobody has answered: "}
    return f"{lead.get(told.step, '')}{said}"


def _title_zh(told: Told) -> str:
    what = {"surge": "负面消息激增", "threshold": "达到警戒线", "silence": "没有收到新消息"}
    if told.kind == "surge" and told.measure == "count":
        what["surge"] = "消息量激增"
    place = f"：{told.subject}" if told.subject else ""
    lead = {"resolved": "已结束：", "again": "仍在持续：", "escalated": "无人处理："}
    return f"{lead.get(told.step, '')}{what.get(told.kind, told.rule)}{place}"


def _body_en(told: Told) -> list[str]:
    if told.step == "resolved":
        why = {"hand": "Somebody closed it.", "rule": "Its rule was changed or removed."}
        when = f"It fired at {_time(told.fired_at)} and was over at {_time(told.resolved_at)}."
        return [why.get(told.reason, "The rule no longer holds."), when, f"Rule: {told.rule}."]
    if told.kind == "silence":
        missing = f"About {told.observed:.0f} documents are missing by what usually comes at these hours."
        since = f"Last heard {_time(told.since)}." if told.since else ""
        return [
            missing,
            since,
            "Whether it is calm cannot be told until the source is heard again.",
            _rule_en(told),
        ]
    counts = told.counts
    many = (
        f"{counts.get('negative', 0)} of {counts.get('count', 0)} stories in {_span(told, 'en')} are "
        f"bad news, told in {counts.get('reach', 0)} documents."
    )
    return [many, _limit_en(told), _others_en(told), _rule_en(told)]


def _limit_en(told: Told) -> str:
    if told.kind == "threshold":
        return (
            f"The limit on {told.measure.replace('_', ' ')} is {told.limit:g}; it is {told.observed:g} now."
        )
    since = f" It began about {_time(told.since)}." if told.since else ""
    return f"Usual are at most about {told.expected or 0:.1f}.{since}"


def _others_en(told: Told) -> str:
    without = (
        f"Without {told.cancelling} of these stories there would be no alert." if told.cancelling else ""
    )
    others = f" {told.others} more alerts are about the same stories." if told.others else ""
    return f"{without}{others}".strip()


def _rule_en(told: Told) -> str:
    return f"Rule: {told.rule}."


def _body_zh(told: Told) -> list[str]:
    if told.step == "resolved":
        why = {"hand": "已由人工关闭。", "rule": "规则已更改或删除。"}
        when = f"触发于 {_time(told.fired_at)}，结束于 {_time(told.resolved_at)}。"
        return [why.get(told.reason, "规则条件已不再满足。"), when, f"规则：{told.rule}。"]
    if told.kind == "silence":
        since = f"最后一次收到消息的时间：{_time(told.since)}。" if told.since else ""
        missing = f"按这一时段的惯例,约缺少 {told.observed:.0f} 篇文档。"
        return [missing, since, "在消息源恢复之前,无法判断是否平静。", f"规则：{told.rule}。"]
    counts = told.counts
    many = (
        f"{_span(told, 'zh')}的 {counts.get('count', 0)} 个事件中有 {counts.get('negative', 0)} 个为负面,"
        f"共 {counts.get('reach', 0)} 篇文档。"
    )
    return [many, _limit_zh(told), _others_zh(told), f"规则：{told.rule}。"]


def _limit_zh(told: Told) -> str:
    if told.kind == "threshold":
        return f"警戒线为 {told.limit:g},当前为 {told.observed:g}。"
    since = f"大约始于 {_time(told.since)}。" if told.since else ""
    return f"平常最多约 {told.expected or 0:.1f} 个。{since}"


def _others_zh(told: Told) -> str:
    without = f"若没有其中 {told.cancelling} 个事件,就不会有此警报。" if told.cancelling else ""
    others = f"另有 {told.others} 个警报涉及相同的事件。" if told.others else ""
    return f"{without}{others}"


def _span(told: Told, lang: str) -> str:
    return _SPANS[lang].get(told.window, told.window)


def _time(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else ""


def severity(level: str, lang: str) -> str:
    """Return a severity in words."""
    return _SEVERITY.get(lang, {}).get(level, level)
