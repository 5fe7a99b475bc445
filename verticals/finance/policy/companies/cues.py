"""What beside a doubtful name says that the company is meant."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verticals.finance.policy.companies.company import Company
from verticals.finance.policy.companies.folding import Key, key

MARKET = frozenset(
    {
        "shares", "share", "stock", "stocks", "earnings", "revenue", "profit", "ceo", "ticker", "股价",
        "股票", "财报", "股份", "涨停", "跌停", "市值", "美股", "港股",
    }
)  # fmt: skip
"""Cues that many companies have: they count only close by. A company's own cues count anywhere around."""
_NEAR_MARKET, _NEAR_OWN = 30, 240
_LOOKED_AT = 8


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue word at [start, end) of the folded text.

    Attributes:
        own: Of one company, not of the market.
        doubtful: It is a doubtful name or symbol itself: it bears out the other kind only, as in "Ford (F)".
        by_name: It is a name, not a symbol.
    """

    start: int
    end: int
    own: bool
    doubtful: bool = False
    by_name: bool = False

    def backs(self, start: int, end: int) -> bool:
        """Whether it stands close enough to a name at [start, end), and is not that name itself."""
        if self.start < end and start < self.end:
            return False
        return self.distance(start, end) <= (_NEAR_OWN if self.own else _NEAR_MARKET)

    def distance(self, start: int, end: int) -> int:
        """Return the code points between it and a name at [start, end)."""
        return max(self.start - end, start - self.end, 0)


class Beside:
    """Cues for one company, in the order of the text; the nearest is found without looking at all."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._cues = sorted(cues, key=lambda cue: (cue.start, cue.end))
        self._starts = [cue.start for cue in self._cues]

    def nearest(self, start: int, end: int, *, only_own: bool, by_name: bool) -> int | None:
        """Return how far the nearest cue is that backs a name or symbol at [start, end); None: none does."""
        place = bisect(self._starts, start)
        some = self._cues[max(0, place - _LOOKED_AT) : place + _LOOKED_AT]
        near = (
            cue.distance(start, end)
            for cue in some
            if cue.backs(start, end)
            and (cue.own or not only_own)
            and not (cue.doubtful and cue.by_name == by_name)
        )
        return min(near, default=None)


class Cues:
    """The cue words of all companies in one automaton."""

    def __init__(self, companies: Iterable[Company]) -> None:
        import ahocorasick

        owners: dict[str, list[str]] = defaultdict(list)
        for each in companies:
            for word in dict.fromkeys(filter(None, map(key, each.cues))):
                owners[word].append(each.id)
        for word in MARKET:
            owners[word].append("")
        self._words: Any = ahocorasick.Automaton()
        for word, ids in owners.items():
            self._words.add_word(word, (word, frozenset(ids)))
        self._words.make_automaton()

    def found(self, folded: Key, wanted: frozenset[str]) -> Mapping[str, list[Cue]]:
        """Return company id to the cues for it in a text, of those wanted; under "" those of the market."""
        out: dict[str, list[Cue]] = defaultdict(list)
        for last, (word, ids) in self._words.iter(folded.text):
            start, end = last + 1 - len(word), last + 1
            backed = ids & wanted
            if backed and bordered(folded.text, start, end):
                for id_ in backed:
                    out[id_].append(Cue(start, end, word not in MARKET))
        return out


def latin(character: str) -> bool:
    """Whether a character belongs to a Latin word or a number."""
    return (character.isascii() and character.isalnum()) or "\u00c0" <= character <= "\u024f"


def bordered(text: str, start: int, end: int) -> bool:
    """Whether a word does not begin or end within a Latin word or a number; Chinese has no such borders."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return not (before and latin(before) and latin(text[start])) and not (
        after and latin(after) and latin(text[end - 1])
    )
