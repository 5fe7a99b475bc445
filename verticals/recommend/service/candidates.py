"""Who speaks for which item: fitted model, live neighbours, texts and trending, joined into one ranking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from core.ranking.neighbours import TextNeighbours
from verticals.recommend.recipe import (
    COLD_FACTOR,
    DEPTH,
    FUSION_K,
    SEEN_FACTOR,
    SHARES,
    SIMILAR_SHARES,
    SMALL_SHOP,
    TEXT_HISTORY,
)
from verticals.recommend.service.recent import Ranking
from verticals.recommend.service.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item with its joined score.

    Attributes:
        ranks: By source its place in that source's list, from 1; the one that adds most first.
    """

    item: str
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)


def personal(
    snapshot: Snapshot,
    now: datetime,
    *,
    query: NDArray[np.float32] | None = None,
    deep: bool = False,
) -> list[Candidate]:
    """Return what a person might like, best first; before any rule.

    Args:
        snapshot: What is known.
        now: For consumables that are due.
        query: Vector of what the person searches for.
        deep: Whether every item is wanted that any source knows.
    """
    depth = _depth(snapshot, deep)
    text, history = snapshot.catalogue.text, snapshot.person.history
    lists: dict[str, Ranking] = {}
    if query is not None and text.vectors.shape[1] == len(query):
        lists["query"] = nearest(text, query, depth)
    if history:
        taken = {item for item, _ in history}
        if snapshot.serving.model is not None:
            lists["model"] = snapshot.serving.model.top(history, depth)
        lists["live"] = snapshot.recent.neighbours(history, snapshot.person.actors)
        lists["text"] = text.top(history[:TEXT_HISTORY], depth, exclude=taken)
    lists["again"] = _due(snapshot, now)
    lists["trending"] = snapshot.recent.trending()[:depth]
    seen = {item for item, _ in history} - snapshot.person.bought.keys()
    return fuse(lists, SHARES, snapshot, seen)


def _due(snapshot: Snapshot, now: datetime) -> Ranking:
    """Return consumables whose window has passed since they were bought, the one that is due latest first."""
    found = []
    for item_id, at in snapshot.person.bought.items():
        item = snapshot.catalogue.items.get(item_id)
        if item is not None and item.repurchase_days is not None:
            over = (now - at).total_seconds() / 86_400 - item.repurchase_days
            found += [(item_id, -over)] if over >= 0 else []
    return sorted(found, key=lambda each: (-each[1], each[0]))


def similar(snapshot: Snapshot, item: str) -> list[Candidate]:
    """Return what goes with one item, best first; before any rule."""
    depth = _depth(snapshot, deep=False)
    lists: dict[str, Ranking] = {}
    if snapshot.serving.model is not None and item in snapshot.serving.model:
        lists["model"] = snapshot.serving.model.similar(item, depth)
    lists["live"] = snapshot.recent.neighbours([(item, 1.0)], frozenset())
    if item in snapshot.catalogue.text:
        lists["text"] = snapshot.catalogue.text.similar(item, depth)
    return [each for each in fuse(lists, SIMILAR_SHARES, snapshot, ()) if each.item != item]


def popular(snapshot: Snapshot) -> list[Candidate]:
    """Return what is trending, with the scores of event time."""
    ranked = enumerate(snapshot.recent.trending(), 1)
    return [Candidate(item, score, {"trending": rank}) for rank, (item, score) in ranked]


def nearest(text: TextNeighbours, vector: NDArray[np.float32], depth: int) -> Ranking:
    """Return the items whose texts are nearest to a vector."""
    cosines = text.near(vector)
    order = np.lexsort((np.arange(len(cosines)), -cosines))[:depth]
    return [(text.items[index], float(cosines[index])) for index in order if cosines[index] > 0]


def fuse(
    lists: Mapping[str, Ranking], shares: Mapping[str, float], snapshot: Snapshot, seen: Iterable[str]
) -> list[Candidate]:
    """Join lists by weighted reciprocal rank (Cormack et al. 2009).

    An item without any interaction cannot be in the lists that are made of interactions: what its text says
    counts for them too, so that new items have a chance.
    """
    added: dict[str, dict[str, float]] = {}
    ranks: dict[str, dict[str, int]] = {}
    for source, ranking in lists.items():
        for rank, (item, _) in enumerate(ranking, 1):
            added.setdefault(item, {})[source] = shares[source] / (FUSION_K + rank)
            ranks.setdefault(item, {})[source] = rank
    looked_at, behavioural = set(seen), sum(shares[name] for name in ("model", "live") if lists.get(name))
    found = []
    for item, parts in added.items():
        score = sum(parts.values())
        if "text" in parts and not _taken(snapshot, item):
            score += COLD_FACTOR * behavioural / (FUSION_K + ranks[item]["text"])
        score *= SEEN_FACTOR if item in looked_at else 1.0
        strongest = sorted(parts, key=lambda name: (-parts[name], name))
        found.append(Candidate(item, score, {name: ranks[item][name] for name in strongest}))
    return sorted(found, key=lambda each: (-each.score, each.item))


def _taken(snapshot: Snapshot, item: str) -> bool:
    model = snapshot.serving.model
    return (model is not None and item in model) or snapshot.recent.taken(item)


def _depth(snapshot: Snapshot, deep: bool) -> int:
    size = len(snapshot.catalogue.items)
    return max(size, 1) if deep or size <= SMALL_SHOP else DEPTH
