"""The use case: why an item is on a person's list, or which rule or rank kept it off."""

from __future__ import annotations

from collections.abc import Sequence

from verticals.recommend.policy.rules import removal
from verticals.recommend.schemas.lists import ExplainOut, FiltersIn, RemovedOut
from verticals.recommend.service.candidates import personal
from verticals.recommend.service.choose import Order, choose
from verticals.recommend.service.lists import fillers
from verticals.recommend.service.reasons import reasons
from verticals.recommend.service.snapshot import Snapshots


class Explain:
    """Explains lists as they would be made now, without diversity and exploration."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def __call__(
        self,
        tenant: str,
        item_id: str,
        k: int,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        filters: FiltersIn | None = None,
        exclude: Sequence[str] = (),
    ) -> ExplainOut:
        """Say why or why not; an item that nobody knows is removed by the rule `unknown`."""
        snapshot = self._snapshots.take(tenant, user_id, session_id)
        wishes = self._snapshots.wishes(snapshot, filters, exclude)
        ranking = personal(snapshot, wishes.now, deep=True)
        whole = Order(len(snapshot.catalogue.items))
        chosen = choose(ranking, fillers(snapshot), snapshot.catalogue, wishes, whole)
        at = {place.candidate.item: rank for rank, place in enumerate(chosen.places, 1)}
        rank = at.get(item_id)
        why = chosen.removed.get(item_id) or removal(snapshot.catalogue.items.get(item_id), wishes)
        candidate = next((p.candidate for p in chosen.places if p.candidate.item == item_id), None) or next(
            (each for each in ranking if each.item == item_id), None
        )
        shown = why is None and rank is not None and rank <= k
        return ExplainOut(
            item_id=item_id,
            shown=shown,
            rank=rank,
            k=k,
            removed_by=None if why is None else RemovedOut(item_id=item_id, rule=why.rule, detail=why.detail),
            sources=reasons(snapshot, candidate) if candidate is not None else [],
            detail=why.detail if why is not None else _detail(rank, k, len(at)),
            model=snapshot.serving.id if snapshot.serving.model is not None else None,
        )


def _detail(rank: int | None, k: int, of: int) -> str:
    if rank is None:
        return "No source speaks for it."
    where = "on the list" if rank <= k else f"behind the list of {k}"
    return f"It ranks {rank} of {of} that may be shown: {where}."
