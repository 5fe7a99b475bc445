"""The smallest set of stories without which an alert would not be.

For limits on sums (bad news, stories, documents) the largest contributions first are the smallest set; of a
share it is bad news only; a limit on the fewest stories may be cheaper still. The chance that `count` surges
are told by depends on the sum alone, so it is the same with the detector asked again. The e-detector weighs
each story by its source and its hour: there the set is found by asking it again, and is one from which no
story can be left out (which is tried for up to 60 stories), though another set may be smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from verticals.finance.policy.rules import Rule

_TRIES = 60
"""So often the e-detector is asked while stories are put back."""

Holds = Callable[[Sequence["Told"]], bool]


@dataclass(frozen=True, slots=True)
class Told:
    """A story of an alert's window, as it is counted there.

    Attributes:
        count: 1 where the story itself lies in the window, 0 where only documents of it do.
        negative: 1 where it is bad news.
        reach: Documents in the window.
    """

    id: str
    source: str
    at: datetime
    count: int
    negative: int
    reach: int


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Stories without which the alert would not be.

    Attributes:
        stories: Their ids.
        exact: Whether no smaller set does it; otherwise none of them can be left out.
    """

    stories: tuple[str, ...]
    exact: bool


def reached(rule: Rule, stories: Sequence[Told]) -> bool:
    """Tell whether a threshold is reached by these stories."""
    count, negative = sum(one.count for one in stories), sum(one.negative for one in stories)
    if count < rule.min_stories:
        return False
    return measured(rule, count, negative, sum(one.reach for one in stories)) >= rule.at_least


def measured(rule: Rule, count: int, negative: int, reach: int) -> float:
    """Return what a rule measures; a share of nothing is 0."""
    match rule.measure:
        case "negative":
            return float(negative)
        case "count":
            return float(count)
        case "reach":
            return float(reach)
        case "negative_share":
            return negative / count if count else 0.0


def of_threshold(rule: Rule, stories: Sequence[Told]) -> Cancelling:
    """Return the smallest set for a threshold."""
    ways = [_fewest(stories, _heaviest(rule, stories), lambda rest: reached(rule, rest))]
    if rule.min_stories > 0:
        counted = sorted((one for one in stories if one.count), key=_order)
        ways.append(_fewest(stories, counted, lambda rest: reached(rule, rest)))
    found = min((way for way in ways if way is not None), key=len, default=[])
    return Cancelling(tuple(one.id for one in found), exact=True)


def of_count(rule: Rule, stories: Sequence[Told], holds: Holds) -> Cancelling:
    """Return the smallest set for a surge of a count; `holds` asks the detector about what is left."""
    ways = [_bisected(stories, _heaviest(rule, stories), holds)]
    if rule.min_stories > 0:
        counted = sorted((one for one in stories if one.count), key=_order)
        ways.append(_bisected(stories, counted, holds))
    return Cancelling(tuple(one.id for one in min(ways, key=len)), exact=True)


def of_share(stories: Sequence[Told], holds: Holds) -> Cancelling:
    """Return a set for a surge of the share from which no story can be left out."""
    order = sorted((one for one in stories if one.negative), key=lambda one: (one.at, one.source, one.id))
    found = _bisected(stories, order, holds)
    for one in list(reversed(found))[:_TRIES]:
        fewer = [other for other in found if other is not one]
        gone = {other.id for other in fewer}
        if not holds([other for other in stories if other.id not in gone]):
            found = fewer
    return Cancelling(tuple(one.id for one in found), exact=len(found) <= 1)


def _order(one: Told) -> tuple[int, int, datetime, str]:
    return (-one.reach, -one.negative, one.at, one.id)


def _heaviest(rule: Rule, stories: Sequence[Told]) -> list[Told]:
    """Return the stories that carry the measure, the heaviest first."""
    if rule.measure == "reach":
        return sorted((one for one in stories if one.reach), key=_order)
    if rule.measure == "count":
        return sorted((one for one in stories if one.count), key=_order)
    return sorted((one for one in stories if one.negative), key=_order)


def _fewest(stories: Sequence[Told], order: Sequence[Told], holds: Holds) -> list[Told] | None:
    """Return as few of `order`, from its beginning, as end it; None where even all do not."""
    gone: set[str] = set()
    for number, one in enumerate(order, 1):
        gone.add(one.id)
        if not holds([other for other in stories if other.id not in gone]):
            return list(order[:number])
    return None


def _bisected(stories: Sequence[Told], order: Sequence[Told], holds: Holds) -> list[Told]:
    """Return as few of `order`, from its beginning, as end it, for a `holds` that is slow to ask."""
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        gone = {one.id for one in order[:middle]}
        if holds([other for other in stories if other.id not in gone]):
            low = middle + 1
        else:
            high = middle
    return list(order[:low])
