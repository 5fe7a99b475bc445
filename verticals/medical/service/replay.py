"""Decides again: one review on its own rules and models, or all of them on those that serve now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from core.errors import Conflict
from core.ports import Progress
from core.storage.engine import Storage
from verticals.medical.service.judging import Judged, judge, pack_of
from verticals.medical.service.opinion import Opinions
from verticals.medical.service.reviews import Content, Reviews, ReviewView
from verticals.medical.service.seal import Seal
from verticals.medical.service.stored import complaint_of, decision_json, differences
from verticals.medical.tables import Review, ReviewContent

_PAGE = 50
_SHOWN = 100
"""Ids of changed reviews that a report names; the figures count all."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of deciding again.

    Attributes:
        intact: Whether the stored content is still what the audit chain has the keyed hash of.
        same_basis: Whether the rules and models of then could be asked again.
        differences: Field, then, now: first of the basis, then of the decision.
        decision: The decision of now, as `decision_json` writes it.
    """

    review_id: str
    intact: bool
    same_basis: bool
    differences: Sequence[Mapping[str, Any]]
    decision: Mapping[str, Any]

    @property
    def identical(self) -> bool:
        """Whether nothing differs at all."""
        return self.intact and not self.differences


class Replay:
    """Decides again on what is stored.

    Args:
        storage: Where reviews are.
        reviews: Reads one.
        opinions: Asks the models.
        seal: Tells whether a content was changed.
    """

    def __init__(self, storage: Storage, reviews: Reviews, opinions: Opinions, seal: Seal) -> None:
        self._storage = storage
        self._reviews = reviews
        self._opinions = opinions
        self._seal = seal

    def one(self, tenant: str, review_id: str) -> Replayed:
        """Decide again on a review's own rules and models; a fault of then is a fault again.

        Raises:
            NotFound: this tenant has no such review.
            Conflict: what was said has been erased.
        """
        review, content = self._reviews.get(tenant, review_id)
        if content is None:
            raise Conflict(
                f"What review {review_id} is about was erased.",
                remedy="Only its figures and hashes are left.",
            )
        judged = judge(
            tenant,
            complaint_of(content.input),
            pack_of(review.pack),
            self._opinions,
            models=review.models,
            fault=next(iter(review.faults), None),
        )
        basis = differences(_basis(review), _basis_now(judged))
        now = decision_json(judged.decision)
        digest = self._seal(tenant, "content", [content.input, content.decision])
        return Replayed(
            review_id=review_id,
            intact=digest == review.content_hash,
            same_basis=not basis,
            differences=(*basis, *differences(content.decision, now)),
            decision=now,
        )

    def all(self, tenant: str, since: datetime, progress: Progress) -> dict[str, Any]:
        """Decide again, on the rules and models that serve now, all reviews since a moment.

        Returns:
            Counts of the same, raised, lowered and otherwise changed decisions, of models that failed, and
            the ids of the first that were raised or lowered.
        """
        total = self._count(tenant, since)
        counts: Counter[str] = Counter()
        moved: dict[str, list[str]] = {"raised": [], "lowered": []}
        for number, (review_id, review, content) in enumerate(self._stored(tenant, since), 1):
            judged = judge(tenant, complaint_of(content.input), pack_of(review), self._opinions)
            kind = _compared(content.decision, decision_json(judged.decision))
            counts[kind] += 1
            counts["model_failed"] += judged.fault is not None
            if kind in moved and len(moved[kind]) < _SHOWN:
                moved[kind].append(review_id)
            progress(min(0.99, number / max(total, 1)), f"{number} of {total} reviews decided again")
        kinds = ("same", "raised", "lowered", "otherwise", "model_failed")
        done = sum(counts[kind] for kind in kinds[:-1])
        return {"reviews": done, **{kind: counts[kind] for kind in kinds}, "ids": moved}

    def _count(self, tenant: str, since: datetime) -> int:
        query = select(func.count(Review.id)).where(Review.created_at >= since)
        with self._storage.read(tenant) as session:
            return int(session.scalar(query) or 0)

    def _stored(self, tenant: str, since: datetime) -> Iterator[tuple[str, str, Content]]:
        """Yield id, pack and content of each review; erased ones are passed over."""
        last = ""
        while True:
            query = (
                select(Review.id, Review.pack)
                .where(Review.created_at >= since, Review.id > last)
                .order_by(Review.id)
                .limit(_PAGE)
            )
            with self._storage.read(tenant) as session:
                page = [(row.id, row.pack) for row in session.execute(query)]
                rows = [session.get(ReviewContent, (tenant, each)) for each, _ in page]
                found = [None if row is None else Content(row.input, row.decision, None) for row in rows]
            if not page:
                return
            for (review_id, pack), content in zip(page, found, strict=True):
                if content is not None:
                    yield review_id, pack, content
            last = page[-1][0]


def _basis(review: ReviewView) -> dict[str, Any]:
    return {
        "pack": f"{review.pack}@{review.pack_version}",
        "pack_sha256": review.pack_sha256,
        "models": dict(review.models),
    }


def _basis_now(judged: Judged) -> dict[str, Any]:
    return {
        "pack": f"{judged.pack.id}@{judged.pack.version}",
        "pack_sha256": judged.pack.sha256,
        "models": dict(judged.models),
    }


def _compared(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Tell what became of a decision: a smaller number is a more urgent level, so it was raised."""
    if now["urgency"] != then["urgency"]:
        return "raised" if now["urgency"] < then["urgency"] else "lowered"
    return "otherwise" if differences(then, now) else "same"
