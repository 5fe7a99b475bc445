"""Bodies of `POST /v1/chat/completions`, as OpenAI's clients send and read them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.text.types import SafeText
from verticals.service.schemas.closed import MAX_CHARS, Closed
from verticals.service.schemas.conversations import Action, CitationOut

MODEL = "colonnade-service"
"""What the answer names as its model; the `model` that was asked for changes nothing."""


class _Lenient(BaseModel):
    """Accepts and ignores what it does not know: clients send many parameters that mean nothing here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class PartIn(_Lenient):
    """A piece of a message; only text is read."""

    type: Annotated[SafeText, Field(max_length=40)] = "text"
    text: Annotated[SafeText | None, Field(max_length=MAX_CHARS)] = None


class ChatMessageIn(_Lenient):
    """One message; only those of the role `user` are read."""

    role: Annotated[SafeText, Field(min_length=1, max_length=40)]
    content: (
        Annotated[SafeText, Field(max_length=MAX_CHARS)]
        | Annotated[list[PartIn], Field(max_length=100)]
        | None
    ) = None

    @property
    def text(self) -> str:
        """What it says, its text parts joined by line ends."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.text)


class StreamOptions(_Lenient):
    """How a stream ends."""

    include_usage: bool = False


class CompletionIn(_Lenient):
    """A chat so far. The last message of the user is answered.

    Attributes:
        conversation_id: Goes on with a conversation; without one a new one begins.
    """

    messages: Annotated[list[ChatMessageIn], Field(min_length=1, max_length=1000)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    conversation_id: Annotated[SafeText | None, Field(max_length=120)] = None
    user: Annotated[SafeText | None, Field(max_length=400)] = None


class ChatMessageOut(Closed):
    """The reply."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChoiceOut(Closed):
    """The one choice there is."""

    index: Literal[0] = 0
    message: ChatMessageOut
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class UsageOut(Closed):
    """Words that were read and said; no tokens are bought here, but clients add them up."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Extras(Closed):
    """What an answer here has beside OpenAI's fields; in a stream it stands in the chunk that ends it."""

    conversation_id: str
    message_id: str
    action: Action
    citations: list[CitationOut]
    intent: str
    out_of_scope: bool
    confidence: float


class CompletionOut(Extras):
    """An answer as OpenAI's, with extras."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[ChoiceOut]
    usage: UsageOut


def chunk(
    identity: dict[str, Any],
    delta: dict[str, Any] | None,
    finish: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return one event of a stream; without a delta it has no choices.

    Args:
        identity: id and created, the same in all events.
        delta: What is added to the message.
        finish: Why it ends; None while it goes on.
        more: Further fields of the event.
    """
    choices = (
        [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    )
    return {**identity, "object": "chat.completion.chunk", "model": MODEL, "choices": choices, **more}
