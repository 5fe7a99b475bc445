"""Why an item is on a list, for people: which source, at what place, because of what."""

from __future__ import annotations

from verticals.recommend.schemas.lists import ReasonOut
from verticals.recommend.service.candidates import Candidate
from verticals.recommend.service.snapshot import Snapshot

_DETAILS = {
    "query": "Its text is near to what was searched for.",
    "model": "Goes with what the person took, by the fitted model.",
    "live": "Others who took the same lately took it too.",
    "text": "Its text is near to that of what the person took.",
    "again": "The person bought it, and it may be used up by now.",
    "trending": "Many people take it lately.",
    "newest": "It is new; nothing better may be shown.",
    "category": "It is of the same category.",
    "pin": "It was pinned.",
    "as_given": "Nothing is known of it; it keeps its place behind the others.",
}
_ABOUT = {
    "model": "Goes with the item, by the fitted model.",
    "live": "Others who took the item lately took it too.",
    "text": "Its text is near to that of the item.",
}
_MOST = 3


def reasons(snapshot: Snapshot, candidate: Candidate, about: str | None = None) -> list[ReasonOut]:
    """Return the sources that spoke for a candidate, the one that added most first.

    Args:
        snapshot: What the list was made from.
        candidate: The item.
        about: The item that a list of similar ones is about; None for a person's list.
    """
    details = _DETAILS | _ABOUT if about is not None else _DETAILS
    return [
        ReasonOut(
            source=source,
            rank=rank,
            because=[about]
            if about is not None and source in _ABOUT
            else _because(snapshot, candidate.item, source),
            detail=details[source],
        )
        for source, rank in candidate.ranks.items()
    ]


def _because(snapshot: Snapshot, item: str, source: str) -> list[str]:
    history, model, text = snapshot.person.history, snapshot.serving.model, snapshot.catalogue.text
    if source == "model" and model is not None:
        return [each for each, _ in model.reasons(history, item, _MOST)]
    if source == "live":
        return snapshot.recent.because(history, item, snapshot.person.actors)[:_MOST]
    if source == "text" and item in text:
        rows = snapshot.catalogue.rows([item, *(each for each, _ in history)])
        near = rows[1:] @ rows[0]
        best = sorted(range(len(history)), key=lambda index: -float(near[index]))
        return [history[index][0] for index in best[:_MOST] if near[index] > 0]
    return []
