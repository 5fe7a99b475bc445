"""Cuts texts to what a channel can carry: by bytes, at the borders of characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_MARK = "…"
_JOINERS = "\u200d\ufe0e\ufe0f"


def cut(text: str, limit: int, mark: str = _MARK) -> str:
    """Return a text of at most `limit` bytes in UTF-8, with a mark where something was left out.

    Args:
        text: Any text; a lone surrogate becomes `?`.
        limit: Bytes.
        mark: Stands at the end of a text that was cut; counts too.
    """
    whole = text.encode("utf-8", "replace")
    if len(whole) <= limit:
        return whole.decode("utf-8")
    room = limit - len(mark.encode())
    if room < 0:
        return ""
    kept = whole[:room].decode("utf-8", "ignore")
    return _back_to_border(whole.decode("utf-8"), len(kept)) + mark


def _back_to_border(text: str, end: int) -> str:
    # An accent without its letter, or half a family of emoji, is no character either.
    while 0 < end < len(text) and (_continues(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end]


def _continues(character: str) -> bool:
    return character in _JOINERS or unicodedata.combining(character) != 0


def fitted(build: Callable[[str], bytes], text: str, limit: int) -> bytes:
    """Return the longest body that fits, made from a text that is cut as far as it takes.

    Args:
        build: Makes the body; JSON escapes make it longer than the text, by how much is not foreseen.
        text: What may be cut.
        limit: Bytes of the whole body.
    """
    body = build(text)
    while len(body) > limit and text:
        text = cut(
            text.removesuffix(_MARK), max(len(text.encode("utf-8", "replace")) - (len(body) - limit), 0)
        )
        body = build(text)
    return body
