"""From a ranking to a list: pins, rules, one of each group of variants, filling up, diversity."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from verticals.recommend.policy.diversity import diversify
from verticals.recommend.policy.rules import Removal, Wishes, removal
from verticals.recommend.recipe import POOL
from verticals.recommend.service.candidates import Candidate
from verticals.recommend.service.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a list.

    Attributes:
        taken: Groups of variants that may not come any more.
    """

    k: int
    diversity: float = 0.0
    explore: float = 0.0
    pins: tuple[str, ...] = ()
    seed: str = ""
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a list, and how likely its item was to stand there."""

    candidate: Candidate
    propensity: float = 1.0


@dataclass(slots=True)
class Chosen:
    """A list, and what the rules kept out while it was made."""

    places: list[Place] = field(default_factory=list)
    removed: dict[str, Removal] = field(default_factory=dict)


class _Sieve:
    """Lets an item through once, if no rule removes it and no variant of it came before."""

    def __init__(self, catalogue: Catalogue, wishes: Wishes, taken: Iterable[str]) -> None:
        self._catalogue = catalogue
        self._wishes = wishes
        self._groups: dict[str, str] = dict.fromkeys(taken, "the item asked about")
        self._asked: set[str] = set()
        self.removed: dict[str, Removal] = {}

    def passed(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        for candidate in candidates:
            if candidate.item in self._asked:
                continue
            self._asked.add(candidate.item)
            reason = self._reason(candidate.item)
            if reason is None:
                yield candidate
            else:
                self.removed[candidate.item] = reason

    def _reason(self, item_id: str) -> Removal | None:
        item = self._catalogue.items.get(item_id)
        found = removal(item, self._wishes)
        if found is not None or item is None:
            return found
        first = self._groups.setdefault(item.group, item_id)
        if first != item_id:
            return Removal("variant", f"It is a variant of {first}, which stands before it.")
        return None


def choose(
    ranking: Sequence[Candidate],
    fillers: Mapping[str, Sequence[str]],
    catalogue: Catalogue,
    wishes: Wishes,
    order: Order,
) -> Chosen:
    """Make the list.

    Args:
        ranking: Candidates, best first.
        fillers: By name, items that fill a list which the ranking leaves short; in this order.
        catalogue: All items.
        wishes: What the rules are asked with.
        order: Length, pins, diversity, exploration.
    """
    sieve = _Sieve(catalogue, wishes, order.taken)
    pinned = list(
        sieve.passed(Candidate(item, 0.0, {"pin": rank}) for rank, item in enumerate(order.pins, 1))
    )
    pinned = pinned[: order.k]
    room = order.k - len(pinned)
    pool = _first(sieve.passed(ranking), room if order.diversity == 0 and order.explore == 0 else room * POOL)
    if len(pool) < room:
        pool += _first(sieve.passed(_filling(fillers)), room - len(pool))
    by_item = {each.item: each for each in pool}
    scored = [(each.item, each.score) for each in pool]
    best = [by_item[item] for item, _ in diversify(scored, room, order.diversity, catalogue.rows)]
    places = [Place(each) for each in (*pinned, *best)]
    if order.explore and best:
        chosen = {each.item for each in best}
        places[-1] = _drawn(best[-1], [each for each in pool if each.item not in chosen], order)
    return Chosen(places, sieve.removed)


def _first(candidates: Iterator[Candidate], count: int) -> list[Candidate]:
    return list(islice(candidates, max(count, 0)))


def _filling(fillers: Mapping[str, Sequence[str]]) -> Iterator[Candidate]:
    return chain.from_iterable(
        (Candidate(item, 0.0, {name: rank}) for rank, item in enumerate(items, 1))
        for name, items in fillers.items()
    )


def _drawn(greedy: Candidate, behind: Sequence[Candidate], order: Order) -> Place:
    """Draw the last place: `explore` of the time from the best and the POOL behind it, all alike."""
    options = [greedy, *behind[:POOL]]
    even = order.explore / len(options)
    chance = random.Random(order.seed)  # the list's id decides, so that it can be told again
    drawn = chance.choice(options) if chance.random() < order.explore else greedy
    return Place(drawn, even + (1.0 - order.explore if drawn is greedy else 0.0))
