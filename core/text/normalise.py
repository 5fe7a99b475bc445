"""Folding of text for models, with the way back to the offsets of the original.

What a person typed and what a model should read differ in ways that carry no meaning: full-width digits
(１２．５％), exotic blanks, zero-width and bidirectional control characters (also a way to hide words from a
filter). `fold` removes these differences character by character, so that every place in the folded text knows
its place in the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.records import Span

_LONGEST = 4
"""A character whose NFKC form is longer (U+FDFA has 18 letters) stays as it is: text must not explode."""

_PLAIN = re.compile(r"[ -~]*")
_BLANKS = re.compile(r"\s+")
_VARIATION = range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and the origin of each of its code points.

    Attributes:
        text: The folded text.
        origin: For each code point of `text` its offset in the original, and one more entry for the end.
    """

    text: str
    origin: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """Return the range of the original that [start, end) of the folded text came from.

        Raises:
            ValueError: the range is not inside the folded text.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is not inside a text of {len(self.text)} code points")
        if start == end:
            return Span(self.origin[start], self.origin[start])
        return Span(self.origin[start], self.origin[end - 1] + 1)


def invisible(character: str) -> bool:
    """Tell whether a character shows nothing: zero-width, bidi control, variation selector, tag."""
    return unicodedata.category(character) == "Cf" or any(ord(character) in block for block in _VARIATION)


@lru_cache(maxsize=16_384)
def _fold_character(character: str) -> str:
    if invisible(character):
        return ""
    if character.isspace() or unicodedata.category(character) == "Cc":
        return "\n" if character in "\n\r\u2028\u2029" else " "
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.decimal(character))
    folded = unicodedata.normalize("NFKC", character)
    # Some signs (´, ¨) unfold to a blank and a combining mark, which would break words.
    return folded if len(folded) <= _LONGEST and not folded[:1].isspace() else character


def fold(text: str) -> Folded:
    """Fold `text` for a model: NFKC of each character, invisible ones dropped, blanks made plain.

    Line ends stay line ends; other control characters become blanks. Nothing is trimmed or joined, so offsets
    map back exactly. Linear in the length; at most four times as long.
    """
    if _PLAIN.fullmatch(text):
        return Folded(text, range(len(text) + 1))
    known: dict[str, str] = {}
    pieces: list[str] = []
    origin: list[int] = []
    for offset, character in enumerate(text):
        piece = known.get(character)
        if piece is None:
            piece = known[character] = _fold_character(character)
        pieces.append(piece)
        origin.extend([offset] * len(piece))
    origin.append(len(text))
    return Folded("".join(pieces), origin)


def folded(text: str) -> str:
    """Return `fold(text).text` for those who need no way back; many times faster."""
    if _PLAIN.fullmatch(text):
        return text
    odd = (character for character in set(text) if not " " <= character <= "~")
    return text.translate({ord(character): _fold_character(character) for character in odd})


def fold_same_length(text: str) -> str:
    """Fold only what keeps the length, so that offsets stay as they are: for pattern search in the original.

    Invisible characters stay, because dropping one would move everything behind it.
    """
    if text.isascii():
        return text
    table = {ord(c): f for c in set(text) if not c.isascii() and len(f := _fold_character(c)) == 1}
    return text.translate(table)


def fold_whitespace(text: str) -> str:
    """Return `text` with each run of blanks and line ends as one blank, none at the ends."""
    return _BLANKS.sub(" ", text).strip()


def for_model(text: str) -> str:
    """Return what an encoder reads of `text`: folded, and with one blank between words."""
    return fold_whitespace(folded(text))
