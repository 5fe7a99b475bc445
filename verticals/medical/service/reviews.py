"""The review queue: what waits for a person, what a person decided, and forgetting what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.ports import Clock
from core.storage import audit, outbox
from core.storage.engine import Storage
from verticals.medical.service.deidentify import deidentify
from verticals.medical.service.seal import Seal
from verticals.medical.tables import Review, ReviewContent

State = Literal["open", "confirmed", "changed"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a case; a department of None keeps the one that was advised."""

    urgency: int
    department: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review as it stood when it was read; the attributes are those of `tables.Review`."""

    id: str
    state: State
    needed: bool
    urgency: int
    department: str
    lang: str
    reasons: Sequence[str]
    red_flags: Sequence[str]
    level_set: Sequence[int]
    abstained: bool
    faults: Sequence[str]
    pack: str
    pack_version: str
    pack_sha256: str
    models: Mapping[str, str]
    content_hash: str
    created_at: datetime
    decided_urgency: int | None
    decided_department: str | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Content:
    """What a review is about; the attributes are those of `tables.ReviewContent`."""

    input: Mapping[str, Any]
    decision: Mapping[str, Any]
    comment: str | None


class Reviews:
    """A tenant's reviews.

    Args:
        storage: Where they are kept.
        clock: Tells when a person decided.
        seal: Makes keyed hashes.
    """

    def __init__(self, storage: Storage, clock: Clock, seal: Seal) -> None:
        self._storage = storage
        self._clock = clock
        self._seal = seal

    def list(
        self,
        tenant: str,
        *,
        state: State | None = None,
        needed: bool | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Sequence[ReviewView]:
        """Return reviews, the most urgent first and of those the oldest.

        Args:
            tenant: Whose reviews.
            state: Only those in this state.
            needed: Only those that ask for a person, or only the others.
            after: `place` of the last one of the page before.
            limit: At most so many.

        Raises:
            InvalidInput: `after` is no place in this list.
        """
        query = select(Review).order_by(Review.urgency, Review.id).limit(limit)
        if state is not None:
            query = query.where(Review.state == state)
        if needed is not None:
            query = query.where(Review.needed == needed)
        if after is not None:
            query = _behind(query, after)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]

    def get(self, tenant: str, review_id: str) -> tuple[ReviewView, Content | None]:
        """Return a review and its content; None where that was erased.

        Raises:
            NotFound: this tenant has no such review.
        """
        with self._storage.read(tenant) as session:
            row = _find(session, tenant, review_id)
            content = session.get(ReviewContent, (tenant, review_id))
            kept = None if content is None else Content(content.input, content.decision, content.comment)
            return _view(row), kept

    def decide(self, tenant: str, review_id: str, verdict: Verdict, *, actor: str) -> ReviewView:
        """Write down what a person decided; it is final.

        Raises:
            NotFound: this tenant has no such review.
            Conflict: it is decided already.
        """
        moment = self._clock.now()
        comment = None if verdict.comment is None else deidentify(verdict.comment).text

        def change(session: Session) -> ReviewView:
            row = _find(session, tenant, review_id)
            if row.state != "open":
                raise Conflict(f"Review {review_id} is {row.state} already.", remedy="A decision is final.")
            _enter(row, verdict, actor, moment)
            content = session.get(ReviewContent, (tenant, review_id))
            if content is not None:
                content.comment = comment
            session.flush()
            told = {"id": row.id, "state": row.state, "advised": row.urgency, "decided": verdict.urgency}
            outbox.emit(session, "medical.review.decided", told)
            audit.record(session, actor=actor, action="medical.reviewed", subject=row.id, detail=told)
            return _view(row)

        return self._storage.write(tenant, change)

    def erase(self, tenant: str, encounter_id: str, *, actor: str) -> int:
        """Delete what was said in an encounter; codes, levels and keyed hashes stay.

        Returns:
            How many contents were deleted.
        """
        encounter = self._seal(tenant, "encounter", encounter_id)

        def delete(session: Session) -> int:
            ids = session.scalars(select(Review.id).where(Review.encounter == encounter)).all()
            found = [row for each in ids if (row := session.get(ReviewContent, (tenant, each))) is not None]
            for row in found:
                session.delete(row)
            session.flush()
            if found:
                told = {"encounter": encounter, "contents": len(found)}
                outbox.emit(session, "medical.encounter.erased", told)
                audit.record(session, actor=actor, action="medical.erased", subject=encounter, detail=told)
            return len(found)

        return self._storage.write(tenant, delete)


def place(review: ReviewView) -> str:
    """Return where a review stands in the list: its urgency and its id."""
    return f"{review.urgency}:{review.id}"


def _behind(query: Select[Review], after: str) -> Select[Review]:
    urgency, _, last = after.partition(":")
    if not (urgency.isascii() and urgency.isdigit() and len(urgency) < 4):
        raise InvalidInput(
            "The cursor is none of this list.",
            remedy="Take `next_cursor` of the page before, unchanged.",
            errors=[FieldError("query:cursor", "not a cursor of this list")],
        )
    level = int(urgency)
    return query.where(or_(Review.urgency > level, and_(Review.urgency == level, Review.id > last)))


def _find(session: Session, tenant: str, review_id: str) -> Review:
    row = session.get(Review, (tenant, review_id))
    if row is None:
        raise NotFound(f"No review {review_id!r}.", remedy="List them: GET /v1/medical/reviews.")
    return row


def _enter(row: Review, verdict: Verdict, actor: str, moment: datetime) -> None:
    department = verdict.department or row.department
    same = verdict.urgency == row.urgency and department == row.department
    row.state = "confirmed" if same else "changed"
    row.decided_urgency, row.decided_department = verdict.urgency, department
    row.decided_by, row.decided_at = actor, moment


def _view(row: Review) -> ReviewView:
    values: dict[str, Any] = {each.name: getattr(row, each.name) for each in fields(ReviewView)}
    return ReviewView(**values)
