"""Which two texts tell one story, and which speaks of which.

Nothing here depends on the order in which texts came: every test looks at two texts only, and `link` answers
alike for (a, b) and (b, a); `policy.grouping` makes stories of the answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from core.storage.types import canonical_json
from core.text import near
from core.text.normalise import for_model
from core.text.script import simplified
from verticals.finance.policy.denials import answers
from verticals.finance.policy.facts import denied_figures, facts, relation, share_a_figure
from verticals.finance.policy.numerals import as_figures
from verticals.finance.policy.openings import parts
from verticals.finance.policy.outcomes import is_outcome
from verticals.finance.policy.remarks import Kind, claim, kind, speaks_of, voids

DAYS = 3
"""Texts are joined when their days (UTC) are at most so many apart: 72 hours and the rest of a day.

That bounds pairs, not stories: one that is told anew every few days goes on as long as that lasts. Parting it
at fixed borders would tear apart what appears around midnight of one of them, and parting it by its first day
would make its stories depend on the order of arrival.
"""
REMARK_DAYS = 7
"""A correction or denial speaks of reports of so many days before it."""
_SLACK = timedelta(hours=1)
"""Clocks of two sources differ: a report so much later than its denial may still be the one denied."""
_ALIKE = 0.7
"""Least similarity of texts that tell one story."""
_HEADLINE = 0.6
"""Least share of the shorter headline in the other: a body that a programme prints under all its pieces must
not join them. The whole is compared first, so texts without a body are not affected."""
_FEWEST = 5
"""A text of fewer shingles is joined with its own repetitions only."""
_TELLING, _LEAD = 3, 99
"""A headline of fewer telling words gets so many code points of the body behind it."""
_CLAIM_BANDS, _CLAIM_ROWS = 12, 2

_WORD = re.compile(r"[^\W\d_]{2,}(?:['\u2019][^\W\d_]+)*")
_HAN = re.compile(r"[\u3400-\u9fff]{2,}")

Link = Literal["same", "near"]


@dataclass(frozen=True, slots=True)
class Text:
    """What joining looks at of a text.

    Attributes:
        id: Hash of everything below and of the text itself: documents of one id need no comparison.
        day: Whole days since 1970 in UTC.
        kind: See `policy.remarks`.
        headline: Its first line without agency tags.
        signature: Of headline and body (`core.text.near`).
        facts: See `policy.facts`.
        denied: Figures that it calls wrong.
        companies: Ids.
    """

    id: int
    day: int
    kind: Kind
    headline: str
    signature: bytes
    facts: frozenset[str]
    denied: frozenset[str]
    companies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of a text for looking up others.

    Attributes:
        alike: Texts that share one may tell the same.
        said: Of what it tells; a correction or denial looks for reports under them.
        asked: The same in another space; a report looks for corrections and denials under them.
    """

    alike: tuple[int, ...]
    said: tuple[int, ...]
    asked: tuple[int, ...]


def read(text: str, at: datetime, companies: Iterable[str]) -> Text:
    """Return what joining looks at of a document.

    Args:
        text: Headline and body as they came.
        at: Its event time.
        companies: Ids of the companies that it names.
    """
    told, known = prepare(text), sorted(set(companies))
    day = int(at.timestamp() // 86_400)
    named = canonical_json([day, known]).encode()
    return Text(
        id=near.key(told.digest + named),
        day=day,
        kind=told.kind,
        headline=told.headline,
        signature=told.signature,
        facts=told.facts,
        denied=told.denied,
        companies=frozenset(known),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What a text has by itself: a hash of it, and the fields of `Text` that need no more than it."""

    digest: bytes
    kind: Kind
    headline: str
    signature: bytes
    facts: frozenset[str]
    denied: frozenset[str]


@lru_cache(maxsize=512)
def prepare(text: str) -> Told:
    """Return what a text has by itself: the costly part of `read`, remembered for a while."""
    # Patterns below are in simplified Chinese, and a story has one sketch in either script.
    headline, body = parts(simplified(text))
    whole = f"{headline}\n{body}" if body else headline
    named = headline if len(claim(headline)) >= _TELLING else f"{headline} {body[:_LEAD]}".strip()
    sketch = near.sketch(as_figures(whole))
    content = for_model(whole).lower().encode()
    _words(named)
    return Told(
        digest=blake2b(content).digest(),
        kind=kind(headline, body),
        headline=named,
        # A text too short to be like another is told by itself.
        signature=sketch.signature if sketch.size >= _FEWEST else blake2b(content, digest_size=16).digest(),
        facts=facts(whole),
        denied=denied_figures(whole),
    )


@lru_cache(maxsize=1_024)
def _words(headline: str) -> bytes:
    """Return the signature of what a headline claims."""
    return near.sketch_of(claim(headline)).signature


@lru_cache(maxsize=1_024)
def keys(text: Text) -> Keys:
    """Return the keys of a text."""
    short = len(text.signature) != 4 * near.PERMUTATIONS
    alike = (near.key(text.signature),) if short else near.bands(text.signature)
    words = _words(text.headline)

    def of(space: str) -> tuple[int, ...]:
        names = (near.key(f"{space}:company:{name}".encode()) for name in sorted(text.companies))
        return (*near.bands(words, count=_CLAIM_BANDS, rows=_CLAIM_ROWS, space=space), *names)

    return Keys(alike, of("said"), of("asked"))


def link(one: Text, other: Text, alike: float) -> Link | None:
    """Tell whether two texts tell one thing; the same for (other, one).

    Args:
        one: A text.
        other: Another one, found under one of its keys.
        alike: Estimated similarity of their signatures.

    Returns:
        `same` where their facts and companies agree, `near` where one of them only says less, and None where
        they differ: in figures, dates, directions, companies, in their headlines, or because one denies.
    """
    if one.id == other.id:
        return None
    identical = one.signature == other.signature
    if abs(one.day - other.day) > DAYS or not (identical or alike >= _ALIKE):
        return None
    if one.kind != other.kind and (voids(one.kind) or voids(other.kind)):
        return None
    if not agree(one, other) or not (identical or _headlines_agree(one.headline, other.headline)):
        return None
    if (one.facts, one.companies) == (other.facts, other.companies):
        return "same"
    return "near" if one.kind == other.kind else None


def agree(one: Text, other: Text) -> bool:
    """Tell whether facts and companies of two texts allow one story; one may say less than the other."""
    ours, theirs = one.companies, other.companies
    return (ours <= theirs or theirs <= ours) and relation(one.facts, other.facts) != "different"


def _headlines_agree(one: str, other: str) -> bool:
    """Tell whether two headlines share most of the shorter one, and no name is against it."""
    ours, theirs = _shingles(one), _shingles(other)
    common = len(ours & theirs) >= _HEADLINE * min(len(ours), len(theirs))
    return common and _names_agree(one, other)


@lru_cache(maxsize=1_024)
def _shingles(headline: str) -> frozenset[str]:
    return near.shingles(as_figures(headline))


def _names_agree(one: str, other: str) -> bool:
    """Tell whether neither headline has a name where the other has another name."""
    return not (_strange(one, other) and _strange(other, one))


def _strange(one: str, other: str) -> bool:
    """Tell whether a headline begins with, or capitalises, words that stand nowhere in the other."""
    plain = as_figures(for_model(one))
    # Some print every word of a headline with a capital: those that tell the outcome are no names.
    capital = [word for word in _WORD.findall(plain) if word[0].isupper() and not is_outcome(word.lower())]
    there = as_figures(for_model(other)).lower()
    if capital and not _HAN.search(plain):
        known = set(_WORD.findall(there))
        return any(word.lower() not in known for word in capital)
    begins = _HAN.search(plain)
    return begins is not None and not any(pair in there for pair in (begins[0][:2], begins[0][1:3]) if pair)


def speaks(remark: Text, report: Text) -> bool:
    """Tell whether a correction, denial or retraction speaks of a report, and takes it back.

    A correction takes back what has other facts than itself, or a figure that it calls wrong.
    """
    if remark.kind == "report" or voids(report.kind) or remark.id == report.id:
        return False
    if not -1 <= remark.day - report.day <= REMARK_DAYS:
        return False
    known = bool(remark.companies & report.companies) if remark.companies and report.companies else None
    if not speaks_of(claim(remark.headline), claim(report.headline), companies=known):
        return False
    return _contradicts(remark, report)


def _contradicts(remark: Text, report: Text) -> bool:
    if remark.kind == "denial" and answers(remark.headline, report.headline):
        return False
    if voids(remark.kind):
        figures = any(fact[0] == "n" for fact in report.facts) and any(f[0] == "n" for f in remark.facts)
        return not figures or share_a_figure(remark.facts, report.facts)
    if remark.denied:
        return share_a_figure(remark.denied, report.facts)
    return relation(remark.facts, report.facts) == "different"


def in_time(remark: tuple[datetime, str, str], report: tuple[datetime, str, str], *, denial: bool) -> bool:
    """Tell whether a remark came after what it speaks of.

    Args:
        remark: Event time, source and external id of its earliest document.
        report: The same of the report; for a correction of a correction the order is strict.
        denial: Whether the remark denies; a denial is never taken back, so clocks may differ a little.
    """
    return report[0] <= remark[0] + _SLACK if denial else report < remark
