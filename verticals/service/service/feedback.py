"""The use case: what somebody thinks of a reply is kept with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ports import Clock
from core.storage import outbox
from core.storage.engine import Storage
from core.text.mask import mask
from verticals.service.tables import Feedback, Message

Rating = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """The feedback that is kept."""

    message_id: str
    rating: Rating
    comment: str | None


class Rate:
    """Keeps feedback.

    Args:
        storage: Where.
        clock: Tells when.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def __call__(
        self, tenant: str, message_id: str, rating: Rating, comment: str | None = None
    ) -> FeedbackView:
        """Keep what somebody thinks of a reply; the last word counts.

        Raises:
            NotFound: this tenant has no such reply.
        """
        masked = mask(comment) if comment and comment.strip() else None

        def write(session: Session) -> FeedbackView:
            reply = session.get(Message, (tenant, message_id))
            if reply is None or reply.role != "assistant":
                raise NotFound(f"No reply {message_id[:80]!r}.", remedy="Use the message_id of a reply.")
            row = session.get(Feedback, (tenant, message_id)) or Feedback(message_id=message_id)
            row.rating, row.comment, row.created_at = rating, masked, self._clock.now()
            session.add(row)
            session.flush()
            outbox.emit(session, "service.feedback.given", {"message_id": message_id, "rating": rating})
            return FeedbackView(message_id, rating, masked)

        return self._storage.write(tenant, write)
