"""The use case: conversations with customers and what was said in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ports import Clock
from core.settings import Settings
from core.storage import audit, outbox
from core.storage.engine import Storage
from core.storage.ids import new_id
from verticals.service.service.quotes import Quote, recalled
from verticals.service.service.seal import seal
from verticals.service.tables import Conversation, Feedback, Message

State = Literal["open", "handed_over", "closed"]


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation as it stood when it was read."""

    id: str
    state: State
    channel: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as it stood when it was read; see `tables.Message`."""

    id: str
    role: str
    text: str
    lang: str
    action: str | None
    intent: str | None
    out_of_scope: bool | None
    confidence: float | None
    citations: tuple[Quote, ...]
    rating: str | None
    created_at: datetime


class Conversations:
    """A tenant's conversations.

    Args:
        storage: Where they are kept.
        clock: Tells when.
        settings: For the secret that customers' ids are hashed with.
    """

    def __init__(self, storage: Storage, clock: Clock, settings: Settings) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings

    def start(
        self, tenant: str, *, channel: str = "api", external_user: str | None = None
    ) -> ConversationView:
        """Begin a conversation."""
        user = seal(self._settings, tenant, channel, external_user)
        moment = self._clock.now()
        return self._storage.write(tenant, lambda session: view(begun(session, channel, user, moment)))

    def get(self, tenant: str, conversation_id: str) -> ConversationView:
        """Return one.

        Raises:
            NotFound: this tenant has none of this id.
        """
        with self._storage.read(tenant) as session:
            return view(found(session, tenant, conversation_id))

    def list(
        self, tenant: str, *, state: State | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[ConversationView]:
        """Return conversations, the last begun first."""
        query = select(Conversation).order_by(Conversation.id.desc()).limit(limit)
        if state is not None:
            query = query.where(Conversation.state == state)
        if before is not None:
            query = query.where(Conversation.id < before)
        with self._storage.read(tenant) as session:
            return [view(row) for row in session.scalars(query)]

    def change(self, tenant: str, conversation_id: str, state: State, *, actor: str) -> ConversationView:
        """Give a conversation another state; opened again, it begins without earlier failures.

        Raises:
            NotFound: this tenant has none of this id.
        """

        def write(session: Session) -> ConversationView:
            row = found(session, tenant, conversation_id)
            if row.state != state:
                enter(session, row, state, self._clock.now(), actor)
            return view(row)

        return self._storage.write(tenant, write)

    def messages(
        self, tenant: str, conversation_id: str, *, after: str | None = None, limit: int = 50
    ) -> Sequence[MessageView]:
        """Return what was said, in its order; quotes of documents that are gone have no words.

        Raises:
            NotFound: this tenant has no such conversation.
        """
        query = (
            select(Message, Feedback.rating)
            .outerjoin(Feedback, Feedback.message_id == Message.id)
            .where(Message.conversation_id == conversation_id)
            .order_by(Message.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(Message.id > after)
        with self._storage.read(tenant) as session:
            found(session, tenant, conversation_id)
            return [_message(session, row, rating) for row, rating in session.execute(query)]


def found(session: Session, tenant: str, conversation_id: str) -> Conversation:
    """Return a conversation's row.

    Raises:
        NotFound: this tenant has none of this id.
    """
    row = session.get(Conversation, (tenant, conversation_id))
    if row is None:
        raise NotFound(
            f"No conversation {conversation_id[:80]!r}.", remedy="Begin one: POST /v1/service/conversations."
        )
    return row


def begun(session: Session, channel: str, user_key: str | None, moment: datetime) -> Conversation:
    """Write a new conversation with its event."""
    row = Conversation(
        id=new_id(),
        state="open",
        channel=channel,
        user_key=user_key,
        failures=0,
        created_at=moment,
        updated_at=moment,
    )
    session.add(row)
    session.flush()
    outbox.emit(session, "service.conversation.started", {"id": row.id, "channel": channel})
    return row


def enter(session: Session, row: Conversation, state: State, moment: datetime, actor: str) -> None:
    """Write a change of state with its event and its audit entry."""
    row.state, row.failures, row.updated_at = state, 0, moment
    session.flush()
    outbox.emit(session, f"service.conversation.{state}", {"id": row.id})
    audit.record(session, actor=actor, action=f"conversation.{state}", subject=row.id)


def view(row: Conversation) -> ConversationView:
    """Return the frozen picture of a row."""
    return ConversationView(row.id, cast(State, row.state), row.channel, row.created_at, row.updated_at)


def _message(session: Session, row: Message, rating: str | None) -> MessageView:
    quotes = tuple(recalled(session, row.collection, row.citations)) if row.collection else ()
    text = row.text or "\n".join(quote.quote for quote in quotes if quote.quote)
    return MessageView(
        id=row.id,
        role=row.role,
        text=text,
        lang=row.lang,
        action=row.action,
        intent=row.intent,
        out_of_scope=row.out_of_scope,
        confidence=row.confidence,
        citations=quotes,
        rating=rating,
        created_at=row.created_at,
    )
