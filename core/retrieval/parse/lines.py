"""Joins lines that were broken only because a page or screen ended there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

_WIDE = re.compile("[\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60]")
_ENDS = re.compile(r"[.!?:;。！？：；…][\"'”’)）」』】]*$")
_ITEM = re.compile(
    r"(?:[-*•·▪●○◦–—]\s|\d{1,3}[.)、．]\s?\D|[(（][\d一二三四五六七八九十]{1,3}[)）]|第[^ ]{1,5}[章节条])"
)
_HYPHENED = re.compile(r"[^\W\d_]-$")


def width(line: str) -> int:
    """Return how wide a line shows: Chinese characters are two columns."""
    return len(line) + len(_WIDE.findall(line))


def joined(lines: Iterable[str]) -> str:
    """Return lines as one: no blank between Chinese characters, a hyphenated word made whole."""
    pieces: list[str] = []
    last = ""
    for line in filter(None, lines):
        if _HYPHENED.search(last) and line[0].islower():
            pieces[-1] = last[:-1]
        elif last and not (_WIDE.match(last[-1]) and _WIDE.match(line[0])):
            pieces.append(" ")
        pieces.append(line)
        last = line
    return "".join(pieces)


def wrapped(lines: Sequence[str]) -> bool:
    """Tell whether the lines of a paragraph look broken at a margin: all but the last about equally wide."""
    widths = [width(line) for line in lines[:-1]]
    return len(widths) >= 2 and max(widths) >= 40 and min(widths) >= 0.7 * max(widths)


def paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Yield the paragraphs of a page that has line breaks at its margin and may have no blank lines.

    A line goes on in the next one where it is nearly as wide as the widest, or where it ends within a
    sentence that the next line continues in lower case.
    """
    full = max((width(line) for line in lines), default=0)
    current: list[str] = []
    for line, following in pairwise((*lines, "")):
        current.append(line.strip())
        if not _goes_on(line.strip(), following.strip(), full):
            paragraph = joined(current)
            current = []
            if paragraph:
                yield paragraph


def _goes_on(line: str, following: str, full: int) -> bool:
    if not line or not following or _ITEM.match(following):
        return False
    share = width(line) / full
    if _ENDS.search(line):
        return share >= 0.85
    return share >= 0.6 or following[0].islower()
