"""The directory of companies, and who of it a text mentions: one walk over the text, whatever its size.

All names stand in one automaton (Aho & Corasick 1975, doi:10.1145/360825.360855). Where names overlap, the
longer one wins, so that a subsidiary is not taken for its parent; a name with a legal form that nobody knows
wins over a known name inside it. A name or symbol that means something else as well needs a cue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Any

from verticals.finance.policy.companies.company import Company, Listing
from verticals.finance.policy.companies.cues import Beside, Cue, Cues, bordered
from verticals.finance.policy.companies.folding import Key, key
from verticals.finance.policy.companies.hits import BY_WORDING, Hit, in_lists, longest, outside, within_a_word
from verticals.finance.policy.companies.symbols import Symbol, market, normal, symbols
from verticals.finance.policy.companies.unknown import legal_names, other_name
from verticals.finance.policy.companies.wording import acts, named_otherwise, proper


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a text names a company.

    Attributes:
        company_id: Id in the directory; None for a company that it does not know.
        name: The company's name in the directory, else as the text has it.
        ticker: Its symbol at its first exchange.
        start: In code points of the text as it was given.
        end: One past the last.
        confidence: In (0, 1]: 1 for a marked symbol, less where a cue decided.
    """

    company_id: str | None
    name: str
    ticker: str | None
    start: int
    end: int
    confidence: float


class Directory:
    """Companies by all their names; made by `load`.

    Args:
        companies: By id.
        unknown: Whether companies that it does not know are found by their legal form.
    """

    def __init__(self, companies: Mapping[str, Company], *, unknown: bool = True) -> None:
        import ahocorasick

        self._companies = dict(companies)
        self._unknown = unknown
        self._ambiguous = {each.id: frozenset(map(key, each.ambiguous)) for each in companies.values()}
        self._written = {each.id: _written(each.ambiguous) for each in companies.values()}
        self._lookalikes = {each.id: frozenset(map(key, each.lookalikes)) for each in companies.values()}
        names: dict[str, list[str]] = defaultdict(list)
        self._listings: dict[str, list[tuple[str, Listing]]] = defaultdict(list)
        for each in companies.values():
            for name in dict.fromkeys(filter(None, map(key, each.names))):
                names[name].append(each.id)
            for listing in each.listings:
                self._listings[normal(listing.symbol)].append((each.id, listing))
        self._names: Any = ahocorasick.Automaton()
        for phrase in frozenset(filter(None, chain.from_iterable(self._lookalikes.values()))):
            self._names.add_word(phrase, (len(phrase), ()))
        for name, ids in names.items():
            self._names.add_word(name, (len(name), tuple(ids)))
        self._names.make_automaton()
        self._has_names = bool(names)
        self._cues = Cues(companies.values())

    @classmethod
    def load(cls, rows: Iterable[Company], *, unknown: bool = True) -> Directory:
        """Return a directory; of several rows with one id the last one holds."""
        return cls({row.id: row for row in rows}, unknown=unknown)

    def __len__(self) -> int:
        """Return how many companies it knows."""
        return len(self._companies)

    def get(self, company_id: str) -> Company | None:
        """Return a company, or None."""
        return self._companies.get(company_id)

    def find(self, text: str, lang: str | None = None, on: date | None = None) -> list[Mention]:
        """Return the mentions in a text, from left to right, none overlapping.

        Args:
            text: As it came; places are given in its code points.
            lang: Its language. Names of all languages are looked for in every text, whatever it is.
            on: The day it appeared, for symbols that changed hands; None: whoever ever had a symbol.
        """
        del lang
        folded = Key(text)
        phrases: list[tuple[int, int]] = []
        named = list(self._named(folded, phrases))
        possible = outside([*named, *self._symbols(folded, on)], phrases)
        hits = in_lists(longest([*possible, *self._legal(folded)], folded.plain), folded.plain)
        said = {hit: folded.text[hit.start : hit.end] for hit in hits}
        around = self._around(folded, hits)
        return [
            self._mention(hit, id_, sure, folded, text)
            for hit in hits
            for id_, sure in self._decided(hit, around, said[hit])
        ]

    def _around(self, folded: Key, hits: Sequence[Hit]) -> Mapping[str, Beside]:
        """Return company id to what in the text speaks for it: its cues, and its other names and symbols."""
        wanted = frozenset(("", *(id_ for hit in hits for id_ in hit.ids)))
        cues: dict[str, list[Cue]] = defaultdict(list, self._cues.found(folded, wanted) if hits else {})
        for hit in hits:
            for id_ in () if hit.only_own else hit.ids:  # what is hardly a name bears nothing out
                cues[id_].append(Cue(hit.start, hit.end, True, id_ in hit.doubtful, hit.by_name))
        return {id_: Beside(found) for id_, found in cues.items()}

    def _named(self, folded: Key, phrases: list[tuple[int, int]]) -> Iterator[Hit]:
        """Yield the names in a text; what means something else is put into `phrases`."""
        if not self._has_names:
            return
        for last, (length, ids) in self._names.iter(folded.text):
            start, end = last + 1 - length, last + 1
            if not bordered(folded.text, start, end):
                continue
            if not ids:
                phrases.append((start, end))
                continue
            name = folded.text[start:end]
            if name.isascii() and " " not in name and other_name(folded.plain, end):
                continue
            doubtful = frozenset(id_ for id_ in ids if name in self._ambiguous[id_])
            if doubtful and within_a_word(folded.text, start, end):
                continue
            hit = Hit(start, end, ids, doubtful, 0.95, by_name=True)
            yield self._judged(hit, folded) if doubtful else hit

    def _judged(self, hit: Hit, folded: Key) -> Hit:
        """Return a doubtful name without doubt where the wording says who is meant."""
        name, written = folded.text[hit.start : hit.end], folded.plain[hit.start : hit.end]
        # An apple is no Apple, unless a cue of the company's own says so.
        if name.isascii() and name[0].isalpha() and written[0] == name[0]:
            return replace(hit, only_own=True)
        likely = frozenset(id_ for id_ in hit.doubtful if name not in self._lookalikes[id_])
        if len(hit.ids) > 1:
            likely = frozenset(id_ for id_ in likely if written not in self._written[id_])
        if len(likely) != 1:
            return hit
        person = any(written in self._written[id_] for id_ in likely)
        if acts(folded, hit.start, hit.end, person=person) or (
            not person and proper(folded.plain, hit.start, hit.end)
        ):
            return replace(hit, doubtful=hit.doubtful - likely, confidence=BY_WORDING)
        return hit if named_otherwise(folded.plain, hit.start) else replace(hit, likely=likely)

    def _symbols(self, folded: Key, on: date | None) -> Iterator[Hit]:
        for symbol in symbols(folded.plain):
            here = [
                id_
                for id_, listing in self._listings.get(symbol.symbol, ())
                if (not symbol.market or market(listing.exchange) in ("", symbol.market))
                and (on is None or listing.since <= on <= listing.until)
            ]
            if here:
                doubtful = self._doubtful(symbol, here)
                only_own = bool(doubtful) and len(symbol.symbol) == 1
                sure = 1.0 if symbol.sure else 0.9
                yield Hit(
                    symbol.start, symbol.end, tuple(dict.fromkeys(here)), doubtful, sure, only_own=only_own
                )
            elif symbol.cashtag and self._unknown:
                yield Hit(symbol.start, symbol.end, (), frozenset(), 0.5)

    def _doubtful(self, symbol: Symbol, ids: Sequence[str]) -> frozenset[str]:
        """Return for which companies the symbol is no evidence by itself."""
        if symbol.sure:
            return frozenset()
        raw = symbol.symbol
        # Numbers of up to five digits are years and counts first, and round ones of six are amounts.
        short = len(raw) <= (5 if raw.isdigit() else 3) or raw.endswith("000")
        return frozenset(id_ for id_ in ids if short or raw.lower() in self._ambiguous[id_])

    def _legal(self, folded: Key) -> Iterator[Hit]:
        if self._unknown:
            for start, end in legal_names(folded.plain):
                yield Hit(start, end, (), frozenset(), 0.5)

    def _decided(
        self, hit: Hit, around: Mapping[str, Beside], said: str
    ) -> Iterator[tuple[str | None, float]]:
        """Yield the one company that is meant and how sure that is; nothing where nothing says so."""
        if not hit.ids:
            yield None, hit.confidence
            return
        backed = {id_: near for id_ in hit.ids if (near := self._nearest(hit, id_, around, said)) is not None}
        if backed and (hit.doubtful or len(hit.ids) > 1):
            yield min(backed, key=lambda id_: backed[id_]), 0.8
            return
        free = [id_ for id_ in hit.ids if id_ not in hit.doubtful]
        if free:
            yield free[0], hit.confidence if len(free) == 1 else 0.6

    def _nearest(self, hit: Hit, id_: str, around: Mapping[str, Beside], said: str) -> int | None:
        """Return how far off the nearest word is that says this company is meant; None where none does."""

        def beside(key: str) -> int | None:
            if key not in around:
                return None
            return around[key].nearest(hit.start, hit.end, only_own=hit.only_own, by_name=hit.by_name)

        own, market = beside(id_), beside("")
        if market is not None and said in self._ambiguous[id_]:
            # "平安股价": right behind a name the market's word counts; beside "IT" it does not ("IT stocks").
            market = market if hit.by_name and market <= 1 else None
        return min((each for each in (own, market) if each is not None), default=None)

    def _mention(self, hit: Hit, id_: str | None, sure: float, folded: Key, text: str) -> Mention:
        span = folded.span(hit.start, hit.end)
        if id_ is None:
            return Mention(None, text[span.start : span.end], None, span.start, span.end, sure)
        company = self._companies[id_]
        return Mention(id_, company.name, company.ticker or None, span.start, span.end, sure)


def _written(names: Iterable[str]) -> frozenset[str]:
    """Return ambiguous names as they are written, and in capitals as well where they have a capital."""
    return frozenset(form for name in names for form in (name, name if name.islower() else name.upper()))
