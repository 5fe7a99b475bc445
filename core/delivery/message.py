"""What is to be told, whatever the channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import PayloadTooLarge
from core.storage.types import canonical_json

_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """One notice.

    Attributes:
        title: One line; empty for events, which only have `data`.
        body: Plain text, as long as it likes: each channel cuts it to what it can carry.
        severity: E.g. `high`; shown as it is.
        url: Where to read on.
        data: JSON values for programs, those of the event that `topic` names; web hooks carry it, chats and
            mails do not.
        topic: The `type` that web hooks see.
    """

    title: str
    body: str
    severity: str | None = None
    url: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    topic: str = "message"

    def payload(self) -> dict[str, Any]:
        """Return what a program is told: the data, as of an event of the same topic, and the words beside it.

        Where the data has a field of the same name as the words, the program gets the data's.
        """
        words = {"title": self.title, "body": self.body, "severity": self.severity, "url": self.url}
        return {**{name: text for name, text in words.items() if text}, **self.data}

    def heading(self) -> str:
        """Return the title on one line, the severity before it."""
        title = " ".join((self.title or self.topic).split())
        return f"[{self.severity}] {title}" if self.severity else title

    def text(self) -> str:
        """Return the body; of an event its data as JSON."""
        return self.body if self.title else canonical_json(dict(self.data))


def packed(message: Message) -> dict[str, Any]:
    """Return the message as it is stored.

    Raises:
        InvalidInput: its data has no JSON form.
        PayloadTooLarge: it is over the cap.
    """
    values = {**asdict(message), "data": dict(message.data)}
    size = len(canonical_json(values).encode("utf-8", "replace"))
    if size > _LARGEST:
        raise PayloadTooLarge(
            f"A message of {size} bytes is over the cap of {_LARGEST}.", remedy="Send a link instead."
        )
    return values


def unpacked(values: Mapping[str, Any]) -> Message:
    """Return a stored message."""
    return Message(**values)
