"""The hard rules, applied after ranking and before filling up; the first that removes an item is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

RULES = (
    "unknown",
    "deleted",
    "hidden",
    "out_of_stock",
    "bought",
    "disliked",
    "excluded",
    "filtered",
    "variant",
)
"""In the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Item:
    """What the rules look at.

    Attributes:
        attributes: By name a text, number, truth value, or list of texts.
        group: Equal for variants of one thing.
    """

    id: str
    title: Any
    category: str | None = None
    price: float | None = None
    stock: int | None = None
    hidden: bool = False
    deleted: bool = False
    repurchase_days: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    group: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What an item must be; an item that does not say its price or attribute is not what was asked for."""

    categories: frozenset[str] = frozenset()
    min_price: float | None = None
    max_price: float | None = None
    attributes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether there is something to filter by."""
        return bool(self.categories or self.attributes) or (self.min_price, self.max_price) != (None, None)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Whose list it is and what was asked for.

    Attributes:
        now: For windows of repurchase.
        bought: Item to the time of its last purchase that was not refunded.
    """

    now: datetime
    bought: Mapping[str, datetime] = field(default_factory=dict)
    disliked: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Removal:
    """The first rule that removes an item, and what it says."""

    rule: str
    detail: str


def removal(item: Item | None, wishes: Wishes) -> Removal | None:
    """Return why an item must not be shown; None where it may be."""
    if item is None:
        return Removal("unknown", "The catalogue has no such item.")
    return _gone(item) or _personal(item, wishes) or _filtered(item, wishes.filters)


def _gone(item: Item) -> Removal | None:
    if item.deleted:
        return Removal("deleted", "The item was deleted.")
    if item.hidden:
        return Removal("hidden", "The item is hidden.")
    if item.stock == 0:
        return Removal("out_of_stock", "The item is out of stock.")
    return None


def _personal(item: Item, wishes: Wishes) -> Removal | None:
    at = wishes.bought.get(item.id)
    if at is not None and not _again(item, at, wishes.now):
        window = f"; it may come back {item.repurchase_days} days later" if item.repurchase_days else ""
        return Removal("bought", f"The person bought it on {at.date().isoformat()}{window}.")
    if item.id in wishes.disliked:
        return Removal("disliked", "The person does not like it.")
    if item.id in wishes.exclude:
        return Removal("excluded", "The request excludes it.")
    return None


def _again(item: Item, at: datetime, now: datetime) -> bool:
    return item.repurchase_days is not None and now - at >= timedelta(days=item.repurchase_days)


def _filtered(item: Item, filters: Filters) -> Removal | None:
    if filters.categories and item.category not in filters.categories:
        return Removal("filtered", f"Its category is {item.category or 'not given'}.")
    low, high = filters.min_price, filters.max_price
    if (low, high) != (None, None) and (
        item.price is None
        or (low is not None and item.price < low)
        or (high is not None and item.price > high)
    ):
        return Removal("filtered", f"Its price is {'not given' if item.price is None else item.price}.")
    for name, wanted in filters.attributes.items():
        if not _has(item.attributes.get(name), wanted):
            return Removal("filtered", f"Its {name} is {item.attributes.get(name, 'not given')}.")
    return None


def _has(value: Any, wanted: Sequence[Any]) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(type(one) is type(other) and one == other for one in map(_number, values) for other in wanted)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
