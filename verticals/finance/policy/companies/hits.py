"""Possible mentions, and which of those that overlap hold."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from verticals.finance.policy.companies.unknown import form_only
from verticals.finance.policy.companies.wording import joined

_HAN = re.compile(r"[\u3400-\u9fff]+")
_AROUND = 6
_LOOKED_AT = 8
BY_WORDING = 0.8
"""How sure the words around make a doubtful name."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A possible mention at [start, end) of the folded text.

    Attributes:
        ids: Whom it may mean; none for a company by its legal form alone.
        doubtful: Those of `ids` for which it needs a cue.
        confidence: Where no cue is needed.
        only_own: Only a cue of the company's own counts, not one of the market.
        by_name: It is a name, not a symbol.
        likely: Those of `doubtful` whom a list of companies that it stands in bears out.
    """

    start: int
    end: int
    ids: tuple[str, ...]
    doubtful: frozenset[str]
    confidence: float
    only_own: bool = False
    by_name: bool = False
    likely: frozenset[str] = frozenset()


def outside(hits: Iterable[Hit], phrases: Sequence[tuple[int, int]]) -> Iterator[Hit]:
    """Yield the hits that lie in none of these ranges, which are sorted by their ends."""
    ends = [end for _, end in phrases]
    for hit in hits:
        place = bisect_left(ends, hit.end)
        if not any(start <= hit.start for start, _ in phrases[place : place + _LOOKED_AT]):
            yield hit


def in_lists(hits: Sequence[Hit], text: str) -> list[Hit]:
    """Return the hits, and of a list of names all as companies if one surely is: "Walmart and Target"."""
    found: list[Hit] = []
    group: list[Hit] = []
    for hit in hits:
        if group and not joined(text[group[-1].end : hit.start]):
            found += _borne_out(group)
            group = []
        group.append(hit)
    return found + _borne_out(group)


def _borne_out(group: Sequence[Hit]) -> list[Hit]:
    if not any(hit.by_name and set(hit.ids) - hit.doubtful for hit in group):
        return list(group)
    return [
        replace(hit, doubtful=hit.doubtful - hit.likely, confidence=BY_WORDING) if hit.likely else hit
        for hit in group
    ]


def longest(hits: Sequence[Hit], text: str) -> list[Hit]:
    """Return hits that do not overlap: the earlier before the later, of those the longer.

    A known name with its legal form behind it is that company, in full length and beyond doubt.
    """
    known: dict[int, Hit] = {}
    for hit in hits:
        if hit.ids and (hit.start not in known or hit.end > known[hit.start].end):
            known[hit.start] = hit
    whole = [_with_form(hit, known.get(hit.start), text) for hit in hits]
    kept: list[Hit] = []
    for hit in sorted(whole, key=lambda hit: (hit.start, -hit.end, not hit.ids, bool(hit.doubtful))):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _with_form(hit: Hit, known: Hit | None, text: str) -> Hit:
    if hit.ids or known is None or known.end > hit.end or not form_only(text[known.end : hit.end]):
        return hit
    return replace(known, end=hit.end, doubtful=frozenset(), confidence=1.0)


def within_a_word(text: str, start: int, end: int) -> bool:
    """Whether a Chinese name is part of a longer word of the dictionary, as 苹果 is of 苹果园."""
    if _HAN.fullmatch(text[start:end]) is None:
        return False
    from core.text.segment import words

    low = max(0, start - _AROUND)
    around = words(text[low : end + _AROUND])
    first, last = start - low, end - low
    return any(
        word.start <= first < word.end
        and (word.start < first or (word.end > last and word.end - word.start > last - first))
        for word in around
    ) or any(word.start < last < word.end for word in around)
