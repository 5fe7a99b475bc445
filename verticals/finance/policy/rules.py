"""What a rule says, and the rules that everybody begins with.

Each series of a rule is judged by itself: with `each` it is every topic or every company that has news. A
budget of false alarms holds for one series; over many series they add up, and no more is claimed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.streams.surge import SurgeRule
from core.streams.windows import WIDTHS, ceiling
from verticals.finance.schemas.rules import Each, Kind, Lang, Measure, RuleWindow, Severity, Way

SEVERITIES: Mapping[str, int] = {"low": 0, "medium": 1, "high": 2}
HISTORY = timedelta(days=14)
"""How long a source must have been heard before its surges or its silence say something."""
TICK = timedelta(microseconds=1)
_QUARTER = timedelta(minutes=15)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Watched(NamedTuple):
    """What a rule is judged on; each field is empty for any."""

    topic: str = ""
    entity: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        kind: `threshold`: the measure reaches `at_least`. `surge`: more than what is usual, see core.streams.
            `silence`: a source brings nothing though it should have brought `at_least` documents.
        way: Of a surge: `share` for streams of a few stories an hour, `count` for a few a day.
        each: Every topic, or every company, by itself.
        topic: Only this topic.
        entity: Only this company, by id.
        source: Only this source.
        window: Over which is measured; it slides by a quarter of an hour, that of a surge by a quarter of an
            hour, an hour or a day, for windows of an hour, a day or a week.
        measure: Bad news, their share, stories, or documents.
        at_least: Limit of a threshold; of a surge the fewest bad news that can be one; of a silence how many
            documents must be missing.
        min_stories: With fewer stories in the window nothing is raised.
        false_alarms_per_year: Of a surge: the budget for one series.
        hold: How long it must hold before it fires.
        calm: How long it must not hold before an alert is resolved.
        channels: Ids of channels that are told, whoever subscribed.
        lang: In which these are told.
        quiet_days: Of a silence: days on which nothing is missed, such as holidays.
        zone: In which these are days.
    """

    id: str
    name: str
    kind: Kind = "surge"
    way: Way = "share"
    each: Each | None = None
    topic: str = ""
    entity: str = ""
    source: str = ""
    window: RuleWindow = "1d"
    measure: Measure = "negative"
    at_least: float = 5
    min_stories: int = 0
    false_alarms_per_year: float = 1.0
    severity: Severity = "medium"
    hold: timedelta = timedelta(0)
    calm: timedelta = timedelta(0)
    enabled: bool = True
    channels: tuple[str, ...] = field(default_factory=tuple)
    lang: Lang = "en"
    quiet_days: tuple[date, ...] = ()
    zone: str = "UTC"

    @property
    def length(self) -> timedelta:
        """Of the window."""
        return WIDTHS[self.window]

    @property
    def step(self) -> timedelta:
        """Width of the bins that are looked at; stories of which only the day is known need bins of days."""
        if self.kind == "threshold" or self.window == "1h":
            return _QUARTER
        return _DAY if self.window == "7d" else _HOUR

    @property
    def rises_alone(self) -> bool:
        """Whether it may begin to hold though nothing comes: a share rises as good news leaves its window."""
        return self.kind == "threshold" and self.measure == "negative_share"

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the window at a moment, end exclusive; what happens at that very moment is in it."""
        end = ceiling(now + TICK, self.step)
        return end - self.length, end

    def watches(self, topic: str, entity: str) -> Watched | None:
        """Return which series of the rule something of a topic and a company belongs to, if any."""
        if self.kind == "silence":
            return None
        wanted_topic = bool(topic) if self.each == "topic" else topic == self.topic
        wanted_entity = bool(entity) if self.each == "entity" else entity == self.entity
        return Watched(topic, entity, self.source) if wanted_topic and wanted_entity else None

    @property
    def only(self) -> Watched | None:
        """The one series of a rule without `each`."""
        if self.each is not None or self.kind == "silence":
            return None
        return Watched(self.topic, self.entity, self.source)

    @property
    def spared(self) -> tuple[tuple[datetime, datetime], ...]:
        """The quiet days, each from midnight to midnight; in UTC."""
        midnights = [
            [
                datetime.combine(each, time(), ZoneInfo(self.zone)).astimezone(UTC)
                for each in (day, day + _DAY)
            ]
            for day in sorted(set(self.quiet_days))
        ]
        return tuple((begin, end) for begin, end in midnights)

    def surge(self) -> SurgeRule:
        """Return what the detector is told."""
        lag = max(_DAY, self.length) if self.way == "count" else _DAY
        return SurgeRule(
            way=self.way,
            measure="count" if self.measure == "count" else "negative",
            window=self.length,
            step=self.step,
            lag=lag,
            # A baseline of windows needs several of them.
            history=max(HISTORY, 4 * self.length),
            false_alarms_per_year=self.false_alarms_per_year,
            at_least=math.ceil(self.at_least),
        )


def faults(rule: Rule) -> list[tuple[str, str]]:
    """Return what does not fit together, as (field, what is wrong)."""
    found: list[tuple[str, str]] = []
    if rule.each == "topic" and rule.topic:
        found.append(("topic", "each topic by itself, or one of them: not both"))
    if rule.each == "entity" and rule.entity:
        found.append(("entity", "each company by itself, or one of them: not both"))
    if rule.kind == "silence" and (rule.each or rule.topic or rule.entity):
        found.append(("kind", "the silence of a source is judged over all its documents"))
    if rule.kind != "silence" and rule.quiet_days:
        found.append(("quiet_days", "are days without a silence: of a rule of that kind only"))
    if not _is_zone(rule.zone):
        found.append(("zone", "nobody knows it; write a name such as Asia/Shanghai"))
    if rule.kind == "surge" and rule.measure not in ("negative", "count"):
        found.append(("measure", "a surge is one of bad news or of stories"))
    if rule.kind == "surge" and rule.way == "share" and rule.measure != "negative":
        found.append(("way", "a surge of all stories is told by their count"))
    if rule.measure == "negative_share" and not 0 < rule.at_least <= 1:
        found.append(("at_least", "a share lies above 0 and is 1 at most"))
    if rule.measure != "negative_share" and rule.at_least < 1:
        found.append(("at_least", "is below 1"))
    return found


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


_CALM = timedelta(hours=1)


def _weekly(name: str, measure: Measure, *, at_least: int, budget: float) -> Rule:
    return Rule(
        "",
        name,
        way="count",
        each="topic",
        window="7d",
        measure=measure,
        at_least=at_least,
        severity="low",
        false_alarms_per_year=budget,
        calm=_CALM,
    )


DEFAULTS: tuple[Rule, ...] = (
    Rule("", "Surge of bad news", severity="high", calm=_CALM),
    Rule(
        "",
        "Surge of bad news in a week",
        way="count",
        window="7d",
        at_least=8,
        severity="high",
        calm=_CALM,
    ),
    Rule("", "Surge of bad news on a topic", each="topic", false_alarms_per_year=0.5, calm=_CALM),
    _weekly("Bad news on a topic above its usual week", "negative", at_least=6, budget=3.0),
    _weekly("Unusually many stories on a topic in a week", "count", at_least=8, budget=2.0),
    Rule(
        "",
        "Surge of bad news on a company",
        way="count",
        each="entity",
        false_alarms_per_year=0.1,
        calm=_CALM,
    ),
    Rule("", "A source is silent", kind="silence", at_least=12),
)
"""False alarms a year and series: overall one each; a topic by the hour one half, by the week, at the lowest
severity, two or three; a company a tenth."""


def named(rule: Rule, id_: str) -> Rule:
    """Return a rule under an id."""
    return replace(rule, id=id_)
