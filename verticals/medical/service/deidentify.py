"""Takes out of a description what names a person, and keeps the way back to the text as it was sent.

Rules and models read, and the database holds, the de-identified text only, so that a decision can be replayed
from what is stored. Evidence is shown in the text as it was sent: `Deidentified.span` leads back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.records import Span
from core.text.mask import find
from core.text.normalise import fold_same_length
from verticals.medical.service.identifiers import FINDERS

_HIDDEN = "\ue000"
"""Stands for each character of what is found while the rest is searched again."""
_PASSES = 4


@dataclass(frozen=True, slots=True)
class Deidentified:
    """A text with what names a person replaced by its kind in brackets.

    Attributes:
        text: The de-identified text.
        kinds: What was taken out, from left to right.
        places: Of each replacement (start, end) here and (start, end) in the original.
    """

    text: str
    kinds: tuple[str, ...]
    places: tuple[tuple[int, int, int, int], ...]

    def span(self, start: int, end: int) -> Span:
        """Return the range of the original that [start, end) of `text` came from."""
        return Span(self._origin(start, ends=False), self._origin(end, ends=True))

    def _origin(self, offset: int, *, ends: bool) -> int:
        index = bisect_right(self.places, offset, key=lambda place: place[0]) - 1
        if index < 0:
            return offset
        start, end, original_start, original_end = self.places[index]
        if offset >= end:
            return original_end + offset - end
        if offset == start:
            return original_start
        return original_end if ends else original_start


def deidentify(text: str) -> Deidentified:
    """Replace what names a person by its kind; symptoms, drugs and figures of vital signs stay."""
    taken: list[tuple[int, int, str]] = []
    hidden = bytearray(len(text))
    searched = fold_same_length(text)
    for _ in range(_PASSES):
        fresh = _fresh(searched, hidden)
        if not fresh:
            break
        taken += fresh
        searched = "".join(_HIDDEN if gone else sign for sign, gone in zip(searched, hidden, strict=True))
    return _replaced(text, sorted(taken))


def _fresh(text: str, hidden: bytearray) -> list[tuple[int, int, str]]:
    """Return what this pass finds, none of it overlapping, the earlier kinds first; mark it as hidden."""
    found: list[tuple[int, int, str]] = []
    candidates = [(kind, span) for kind, finder in FINDERS for span in finder(text)]
    candidates += [(each.kind, (each.span.start, each.span.end)) for each in find(text)]
    for kind, (start, end) in candidates:
        if end > start and 1 not in hidden[start:end]:
            hidden[start:end] = b"\x01" * (end - start)
            found.append((start, end, kind))
    return found


def _replaced(text: str, taken: list[tuple[int, int, str]]) -> Deidentified:
    pieces: list[str] = []
    places: list[tuple[int, int, int, int]] = []
    behind = length = 0
    for start, end, kind in taken:
        shown = f"<{kind}>"
        length += start - behind
        pieces += (text[behind:start], shown)
        places.append((length, length + len(shown), start, end))
        behind, length = end, length + len(shown)
    pieces.append(text[behind:])
    return Deidentified("".join(pieces), tuple(kind for _, _, kind in taken), tuple(places))


def without_identifiers(value: Any) -> Any:
    """Return a JSON value with every string in it de-identified, the keys of objects too."""
    if isinstance(value, str):
        return deidentify(value).text
    if isinstance(value, Mapping):
        return {deidentify(str(key)).text: without_identifiers(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_identifiers(inner) for inner in value]
    return value
