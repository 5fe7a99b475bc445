"""Points a model at one thing in a text: its name first, then the text around its mentions, each marked.

    focused("Ford gains as Fisker stalls.", [Span(14, 20)])  ->  "Fisker: Ford gains as « Fisker » stalls."

One text says good things of one company and bad things of another; whoever asks about one has to say which.
The same form is used in training and in serving. A long text is cut to windows around the mentions, so that
what is said of the thing stands within the tokens a model reads.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.records import Span
from core.text.normalise import fold

OPEN, CLOSE = "« ", " »"
WIDTH = 110
"""Code points of Chinese that are kept of a text; of other scripts three times as many."""
_WINDOWS = 3
"""Mentions with a window of their own in a text too long to keep; in news the first ones count most."""
_GAP = " … "
_NAME = 80


def spans_of(text: str, name: str) -> list[Span]:
    """Return where `name` stands in `text`, without overlap; full and half width are one."""
    folded, wanted = fold(text), fold(name).text.strip()
    spans, place = [], folded.text.find(wanted) if wanted else -1
    while place >= 0:
        spans.append(folded.span(place, place + len(wanted)))
        place = folded.text.find(wanted, place + len(wanted))
    return spans


def focused(text: str, spans: Sequence[Span], name: str | None = None) -> str:
    """Return what a model reads of `text` when it is asked about the thing that is mentioned at `spans`.

    Args:
        text: The whole text.
        spans: Its mentions, sorted, without overlap; none where the text does not name it.
        name: How it is called; default: as the first mention has it.
    """
    called = name if name is not None else text[spans[0].start : spans[0].end] if spans else ""
    ranges = _ranges(len(text), spans, _width(text))
    return f"{called[:_NAME]}: {_GAP.join(_marked(text, spans, low, high) for low, high in ranges)}"


def _width(text: str) -> int:
    sample = text[:400]
    wide = sum("\u2e80" <= character <= "\uffef" for character in sample)
    return WIDTH if wide * 4 > len(sample) else 3 * WIDTH


def _ranges(length: int, spans: Sequence[Span], width: int) -> list[tuple[int, int]]:
    """Return the parts of a text to keep, sorted and apart: whole, its beginning, or around mentions."""
    if length <= width or not spans:
        return [(0, min(length, width))]
    chosen = spans[:_WINDOWS]
    half = width // (2 * len(chosen))
    parts: list[tuple[int, int]] = []
    for span in chosen:
        low, high = max(0, span.start - half), min(length, span.end + half)
        if parts and low <= parts[-1][1]:
            parts[-1] = parts[-1][0], high
        else:
            parts.append((low, high))
    if len(parts) > 1:
        return parts
    low, high = parts[0]
    low = max(0, low - max(0, width - (high - low)) // 2)
    return [(max(0, min(low, length - width)), min(length, max(high, low + width)))]


def _marked(text: str, spans: Sequence[Span], low: int, high: int) -> str:
    pieces, place = [], low
    for span in spans:
        if span.start >= place and span.end <= high:
            pieces += [text[place : span.start], OPEN, text[span.start : span.end], CLOSE]
            place = span.end
    return "".join([*pieces, text[place:high]])
