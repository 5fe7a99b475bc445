"""What a sender is given and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from core.delivery.message import Message
from core.net.client import SafeClient


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way.

    Attributes:
        id: The same in every try.
        created_at: When it was queued.
        config: Of the channel, by kind.
        secrets: The newest first; two while they rotate.
        now: The moment of this try.
    """

    id: str
    message: Message
    created_at: datetime
    config: Mapping[str, Any]
    secrets: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try.

    Attributes:
        kind: `delivered`; `retry`; `refused`: this message will never be taken; `gone`: nor any other.
        status: HTTP or SMTP status, or the error code in the body.
        error: Without secrets, for the receipt.
        retry_after: Seconds that the receiver asked to be left alone for.
    """

    kind: Literal["delivered", "retry", "refused", "gone"]
    status: int | None = None
    error: str = ""
    retry_after: float | None = None


class Send(Protocol):
    """Sends a parcel to one kind of channel."""

    def __call__(self, parcel: Parcel, client: SafeClient) -> Outcome:
        """Send it once.

        Raises:
            InvalidInput: the address is refused.
            Unavailable: nobody answers.
        """
        ...


def encoded(body: Any) -> bytes:
    """Return a JSON body as it is sent; lone surrogates, which no receiver could read, become `?`."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
