"""The use case: lists for a person, similar items, what is trending, the order of items found elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import NotFound
from core.ports import Encoder
from core.storage.ids import new_id
from core.text.mask import mask
from core.text.normalise import for_model
from verticals.recommend.schemas.lists import (
    FiltersIn,
    ListedOut,
    ListOut,
    RecommendIn,
    RecommendOut,
    RemovedOut,
    RerankIn,
    RerankOut,
)
from verticals.recommend.service.candidates import Candidate, personal, popular, similar
from verticals.recommend.service.choose import Chosen, Order, choose
from verticals.recommend.service.impressions import Impressions
from verticals.recommend.service.reasons import reasons
from verticals.recommend.service.snapshot import Snapshot, Snapshots


class Lists:
    """Makes lists.

    Args:
        snapshots: What they are made from.
        impressions: Where personal ones are written down.
        encoder: Reads what a person searches for; not loaded for anything else.
    """

    def __init__(self, snapshots: Snapshots, impressions: Impressions, encoder: Encoder) -> None:
        self._snapshots = snapshots
        self._impressions = impressions
        self._encoder = encoder

    def recommend(self, tenant: str, asked: RecommendIn) -> RecommendOut:
        """Return what a person might like; for a stranger what is trending, else what is new."""
        query = self._query(asked.context.query)
        snapshot = self._snapshots.take(tenant, asked.user_id, asked.session_id, asked.context.item_ids)
        wishes = self._snapshots.wishes(snapshot, asked.filters, asked.exclude)
        list_id = new_id()
        order = Order(asked.k, asked.diversity, asked.explore, tuple(asked.pins), list_id)
        ranking = personal(snapshot, wishes.now, query=query, deep=wishes.filters.any)
        chosen = choose(ranking, fillers(snapshot), snapshot.catalogue, wishes, order)
        logged = self._impressions.log(tenant, list_id, asked, chosen.places, _model(snapshot))
        fields = _fields(snapshot, chosen, asked.k)
        return RecommendOut(recommendation_id=list_id, logged=logged, **fields)

    def similar(
        self,
        tenant: str,
        item_id: str,
        order: Order,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        filters: FiltersIn | None = None,
    ) -> ListOut:
        """Return what goes with an item; with a person nothing that the person has.

        Raises:
            NotFound: this tenant has no such item.
        """
        snapshot = self._snapshots.take(tenant, user_id, session_id)
        item = snapshot.catalogue.items.get(item_id)
        if item is None or item.deleted:
            raise NotFound(f"There is no item {item_id!r}.", remedy="Send it with POST /v1/recommend/items.")
        wishes = self._snapshots.wishes(snapshot, filters, (item_id,))
        near = Order(order.k, order.diversity, taken=frozenset({item.group}))
        alike = [
            i for i in snapshot.catalogue.newest if snapshot.catalogue.items[i].category == item.category
        ]
        fill = {"category": alike, **fillers(snapshot)}
        chosen = choose(similar(snapshot, item_id), fill, snapshot.catalogue, wishes, near)
        return ListOut(**_fields(snapshot, chosen, order.k, about=item_id))

    def trending(
        self,
        tenant: str,
        order: Order,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        filters: FiltersIn | None = None,
    ) -> ListOut:
        """Return what more and more people take, filled up with what is new."""
        snapshot = self._snapshots.take(tenant, user_id, session_id)
        wishes = self._snapshots.wishes(snapshot, filters)
        fill = {"newest": snapshot.catalogue.newest}
        chosen = choose(popular(snapshot), fill, snapshot.catalogue, wishes, order)
        return ListOut(**_fields(snapshot, chosen, order.k))

    def rerank(self, tenant: str, asked: RerankIn) -> RerankOut:
        """Put items into a person's order; those that no source knows stay behind, in the order given."""
        query = self._query(asked.context.query)
        snapshot = self._snapshots.take(tenant, asked.user_id, asked.session_id, asked.context.item_ids)
        wishes = self._snapshots.wishes(snapshot, asked.filters, asked.exclude)
        given = list(dict.fromkeys(asked.items))
        wanted = set(given)
        ranking = [
            each for each in personal(snapshot, wishes.now, query=query, deep=True) if each.item in wanted
        ]
        k = asked.k or len(given)
        chosen = choose(ranking, {"as_given": given}, snapshot.catalogue, wishes, Order(k, asked.diversity))
        fields = _fields(snapshot, chosen, min(k, len(given)))
        left = [
            RemovedOut(item_id=item, rule=why.rule, detail=why.detail)
            for item, why in chosen.removed.items()
            if item in wanted
        ]
        return RerankOut(left_out=left, **fields)

    def _query(self, text: str | None) -> NDArray[np.float32] | None:
        reading = mask(for_model(text)) if text else ""
        return self._encoder.encode([reading], role="query")[0] if reading else None


def fillers(snapshot: Snapshot) -> dict[str, Sequence[str]]:
    """Return what fills a list that is short: what is trending, then what is new."""
    return {
        "trending": [item for item, _ in snapshot.recent.trending()],
        "newest": snapshot.catalogue.newest,
    }


def _model(snapshot: Snapshot) -> str | None:
    return snapshot.serving.id if snapshot.serving.model is not None else None


def _fields(snapshot: Snapshot, chosen: Chosen, k: int, about: str | None = None) -> dict[str, Any]:
    data = [
        ListedOut(
            item_id=place.candidate.item,
            title=snapshot.catalogue.items[place.candidate.item].title,
            score=round(place.candidate.score, 6),
            reasons=reasons(snapshot, place.candidate, about),
            propensity=place.propensity,
        )
        for place in chosen.places
    ]
    return {
        "data": data,
        "filled_by": dict(Counter(_source(place.candidate) for place in chosen.places)),
        "explanation": _short(snapshot, chosen, k),
        "removed": dict(Counter(why.rule for why in chosen.removed.values())),
        "model": _model(snapshot),
        "degraded": snapshot.serving.degraded,
    }


def _source(candidate: Candidate) -> str:
    return next(iter(candidate.ranks), "as_given")


def _short(snapshot: Snapshot, chosen: Chosen, k: int) -> str | None:
    """Return why a list is shorter than asked for."""
    if len(chosen.places) >= k:
        return None
    if not snapshot.catalogue.newest:
        return "The shop has no items yet."
    counts = Counter(why.rule for why in chosen.removed.values())
    told = ", ".join(f"{rule} {count}" for rule, count in counts.most_common()) or "none"
    return f"{len(chosen.places)} of {k}: nothing else may be shown. Kept out by rule: {told}."
