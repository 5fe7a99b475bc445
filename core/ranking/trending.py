"""What is taken more and more, in event time: decayed counts in which one user, or bot, weighs little."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from core.ranking.interactions import DAY, Row
from core.ranking.weights import check

HALF_LIFE_DAYS = 3.0
BUDGET = 20.0
"""The most that one user adds to all items together, in takes of weight 1 that happen now."""


def trending(
    rows: Iterable[Row],
    now: float | datetime,
    *,
    half_life_days: float = HALF_LIFE_DAYS,
    budget: float = BUDGET,
) -> list[tuple[str, float]]:
    """Score the items by who took them lately.

    A user counts once an item, by the take that weighs most after decay; a user of very many items is scaled
    down to `budget`. Late and shuffled events give the same result; events after `now` are passed over. A bot
    under ever new user ids is not found here: that is for limits on ingest.

    Args:
        rows: User, item, weight, time.
        now: Seconds since 1970, or a datetime with a zone.
        half_life_days: After how many days a take counts half.
        budget: The most that one user adds to all items together.

    Returns:
        (item, score), best first; ties in the order of their ids.

    Raises:
        InvalidInput: the half-life or the budget is not above 0.
    """
    check(half_life_days=half_life_days, budget=budget)
    end = _seconds(now)
    by_user: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for user, item, weight, time in rows:
        age = end - _seconds(time)
        if age >= 0:
            value = weight * 0.5 ** (age / (half_life_days * DAY))
            by_user[user][item] = max(value, by_user[user].get(item, 0.0))
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for takes in by_user.values():
        scale = min(1.0, budget / (math.fsum(takes.values()) or 1.0))
        for item, value in takes.items():
            shares[item].append(value * scale)
    totals = [(item, math.fsum(values)) for item, values in shares.items()]
    return sorted(totals, key=lambda each: (-each[1], each[0]))


def _seconds(time: float | datetime) -> float:
    return time.timestamp() if isinstance(time, datetime) else float(time)
