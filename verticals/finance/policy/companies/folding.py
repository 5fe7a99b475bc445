"""One form for names and texts: plain width, simplified Chinese, lower case; with the way back."""

from __future__ import annotations

from core.records import Span
from core.text.normalise import Folded, fold
from core.text.script import simplified


class Key:
    """A text as names are looked up in it.

    Attributes:
        plain: Folded, but with its upper case and its own Chinese characters.
        text: The same length, lower case and simplified.
    """

    def __init__(self, text: str) -> None:
        self._folded: Folded = fold(text)
        self.plain = self._folded.text
        self.text = simplified("".join(map(_lower, self.plain)))

    def span(self, start: int, end: int) -> Span:
        """Return the range of the original text that [start, end) of `text` came from."""
        return self._folded.span(start, end)


def key(name: str) -> str:
    """Return a name as it is looked up."""
    return Key(name.strip()).text


def _lower(character: str) -> str:
    # One character for one, so that offsets stay: names and texts go through the same table.
    found = character.lower()
    return found if len(found) == 1 else character
