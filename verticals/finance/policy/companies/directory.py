"""The directory of companies, and who of it a text mentions: one walk over the text, whatever its size.

All names stand in one automaton (Aho & Corasick 1975, doi:10.1145/360825.360855). Where names overlap, the
longer one wins, so that a subsidiary is not taken for its parent; a name with a legal form that nobody knows
wins over a known name inside it. A name or symbol that means something else as well needs a cue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verticals.finance.policy.companies.company import Company
from verticals.finance.policy.companies.cues import Beside, Cue, Cues, bordered
from verticals.finance.policy.companies.folding import Key, key
from verticals.finance.policy.companies.hits import Hit, longest, within_a_word
from verticals.finance.policy.companies.symbols import Symbol, market, normal, symbols
from verticals.finance.policy.companies.unknown import legal_names, other_name


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
        names: dict[str, list[str]] = defaultdict(list)
        self._listings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for each in companies.values():
            for name in dict.fromkeys(filter(None, map(key, each.names))):
                names[name].append(each.id)
            for symbol, exchange in each.listings:
                self._listings[normal(symbol)].append((each.id, market(exchange)))
        self._names: Any = ahocorasick.Automaton()
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

    def find(self, text: str, lang: str | None = None) -> list[Mention]:
        """Return the mentions in a text, from left to right, none overlapping.

        Args:
            text: As it came; places are given in its code points.
            lang: Its language. Names of all languages are looked for in every text, whatever it is.
        """
        del lang
        folded = Key(text)
        hits = longest([*self._named(folded), *self._symbols(folded), *self._legal(folded)], folded.plain)
        said = {hit: folded.text[hit.start : hit.end] for hit in hits}
        around = self._around(folded, hits)
        return [
            self._mention(hit, id_, sure, folded, text)
            for hit in hits
            for id_, sure in self._decided(hit, around, said[hit])
        ]

    def _around(self, folded: Key, hits: Sequence[Hit]) -> Mapping[str, Beside]:
        """Return company id to what in the text speaks for it: its cues, and its other names and symbols."""
        cues: dict[str, list[Cue]] = defaultdict(list, self._cues.found(folded))
        for hit in hits:
            for id_ in () if hit.only_own else hit.ids:  # what is hardly a name bears nothing out
                cues[id_].append(Cue(hit.start, hit.end, True, id_ in hit.doubtful, hit.by_name))
        return {id_: Beside(found) for id_, found in cues.items()}

    def _named(self, folded: Key) -> Iterator[Hit]:
        if not self._has_names:
            return
        for last, (length, ids) in self._names.iter(folded.text):
            start, end = last + 1 - length, last + 1
            name = folded.text[start:end]
            if not bordered(folded.text, start, end):
                continue
            if name.isascii() and " " not in name and other_name(folded.plain, end):
                continue
            doubtful = frozenset(id_ for id_ in ids if name in self._ambiguous[id_])
            if doubtful and within_a_word(folded.text, start, end):
                continue
            # An apple is no Apple, unless a cue of the company's own says so.
            small = bool(doubtful) and name.isascii() and folded.plain[start] == name[0] and name[0].isalpha()
            yield Hit(start, end, ids, doubtful, 0.95, only_own=small, by_name=True)

    def _symbols(self, folded: Key) -> Iterator[Hit]:
        for symbol in symbols(folded.plain):
            listed = self._listings.get(symbol.symbol, ())
            here = [id_ for id_, place in listed if not symbol.market or place in ("", symbol.market)]
            if here:
                doubtful = self._doubtful(symbol, here)
                only_own = bool(doubtful) and len(symbol.symbol) == 1
                sure = 1.0 if symbol.sure else 0.9
                yield Hit(
                    symbol.start, symbol.end, tuple(dict.fromkeys(here)), doubtful, sure, only_own=only_own
                )

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
