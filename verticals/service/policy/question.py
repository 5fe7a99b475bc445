"""What is asked of the documents: the message itself, or a follow-up together with what it follows."""

from __future__ import annotations

import re

from core.text.normalise import for_model

LONGEST = 2_000
"""Code points of a question; of a longer message the beginning and the end are asked."""

_FOLLOWS = re.compile(
    r"(?:and|also|what about|how about|same for|and what about)\b.{0,60}"
    r"|(?:那么?|还有|换成|如果是)?.{1,12}呢",
    re.IGNORECASE,
)


def question_of(message: str, previous: str | None = None) -> str:
    """Return the question behind a message.

    Args:
        message: The customer's last message, masked.
        previous: The one before it, if there is one.
    """
    text = for_model(message)
    if previous and follows(text):
        text = f"{for_model(previous)} {text}"
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} {text[-LONGEST // 2 :]}"


def follows(text: str) -> bool:
    """Tell whether a message says nothing without the one before it, e.g. "and for shoes?" or 鞋子呢."""
    return _FOLLOWS.fullmatch(text.rstrip(" ?？!！.。")) is not None
