"""Bodies of the conversation, message and feedback routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from core.text.types import SafeText
from verticals.service.schemas.closed import Closed, Message

State = Literal["open", "handed_over", "closed"]
Action = Literal["answer", "clarify", "abstain", "handoff"]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class ConversationIn(Closed):
    """A new conversation.

    Attributes:
        channel: Where it takes place.
        external_user: Who the customer is in your system; only a keyed hash of it is kept.
    """

    channel: Channel = "api"
    external_user: Annotated[SafeText | None, Field(min_length=1, max_length=400)] = None


class ConversationPatch(Closed):
    """Another state: `open` lets the assistant speak again, `handed_over` silences it, `closed` ends it."""

    state: State


class ConversationOut(Closed):
    """A conversation."""

    id: str
    state: State
    channel: str
    created_at: datetime
    updated_at: datetime


class MessageIn(Closed):
    """What the customer says."""

    text: Message


class CitationOut(Closed):
    """A verbatim quote: the document's text from `start` to `end`, in code points, end exclusive.

    `quote` is null where this version of the document is gone.
    """

    document_id: str
    version: int
    start: int
    end: int
    quote: str | None
    page: int | None
    title: str | None


class ReplyOut(Closed):
    """What the assistant says.

    Attributes:
        action: What it did; a conversation that was handed over stays silent: `handoff` with an empty text.
        confidence: That the answer is right, or that there is none; calibrated where a model says so.
        source: Where the text comes from: `template` (approved, word by word), `documents`, `fixed`, `none`.
        suspicious: Whether a cited document holds hidden text or instructions to a machine.
    """

    conversation_id: str
    message_id: str
    action: Action
    text: str
    citations: list[CitationOut]
    intent: str
    out_of_scope: bool
    confidence: float
    lang: str
    source: Literal["template", "documents", "fixed", "none"]
    suspicious: bool


class StoredMessageOut(Closed):
    """A message of a conversation; personal data in what the customer wrote is masked."""

    id: str
    role: Literal["user", "assistant"]
    text: str
    lang: str
    action: Action | None
    intent: str | None
    out_of_scope: bool | None
    confidence: float | None
    citations: list[CitationOut]
    rating: Literal["up", "down"] | None
    created_at: datetime


class FeedbackIn(Closed):
    """What somebody thinks of a reply; a second one takes the place of the first."""

    rating: Literal["up", "down"]
    comment: Annotated[SafeText | None, Field(max_length=4_000)] = None


class FeedbackOut(Closed):
    """The feedback that is kept; personal data in the comment is masked."""

    message_id: str
    rating: Literal["up", "down"]
    comment: str | None
