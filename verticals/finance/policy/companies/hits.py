"""Possible mentions, and which of those that overlap hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from verticals.finance.policy.companies.unknown import form_only

_HAN = re.compile(r"[\u3400-\u9fff]+")
_AROUND = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """A possible mention at [start, end) of the folded text.

    Attributes:
        ids: Whom it may mean; none for a company by its legal form alone.
        doubtful: Those of `ids` for which it needs a cue.
        confidence: Where no cue is needed.
        only_own: Only a cue of the company's own counts, not one of the market.
        by_name: It is a name, not a symbol.
    """

    start: int
    end: int
    ids: tuple[str, ...]
    doubtful: frozenset[str]
    confidence: float
    only_own: bool = False
    by_name: bool = False


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
    around = text[low : end + _AROUND]
    first, last = start - low, end - low
    return any(
        word.start <= first < word.end
        and (word.start < first or (word.end > last and word.end - word.start > last - first))
        for word in words(around)
    ) or any(word.start < last < word.end for word in words(around))
