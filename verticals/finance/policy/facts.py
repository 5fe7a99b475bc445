"""What must agree before two texts tell one thing: figures with their direction, dates and directions.

A fact is a short string: `n:5%:+` (a figure, its unit and whether it is a rise), `d:11-17`, `w:2` (Tuesday),
`y:2026`, `m:10`, `q:3`, `h:1`; of the headline `v:+-` (a rise and then a fall), `o:win:-` (the sides that it
names of an axis, see `policy.opposites`) and `p:-` (it denies something; else `p:+`). Figures are compared by
value, not as written: 1.2亿, 120 million, a hundred and twenty million and 120,000,000 are one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from core.text.normalise import for_model
from verticals.finance.policy.numerals import as_figures
from verticals.finance.policy.opposites import MOVE
from verticals.finance.policy.outcomes import movements, outcomes

_READ = 800
"""Code points in which facts are looked for; reposts differ further down (notes, disclaimers)."""

_MULTIPLIERS = {
    **{"万亿": 12, "亿": 8, "千万": 7, "百万": 6, "万": 4, "千": 3, "百": 2},
    **{"thousand": 3, "k": 3, "million": 6, "mln": 6, "mn": 6, "m": 6},
    **{"billion": 9, "bln": 9, "bn": 9, "b": 9, "trillion": 12, "trln": 12, "tn": 12},
}
_UNITS = (
    (r"个百分点|百分点|percentage points?|pp\b", "pp"),
    (r"个基点|基点|basis points?|bps?\b", "bp"),
    (r"%|percent\b|per cent\b|pct\b", "%"),
)
_FIGURE = re.compile(
    r"(?<![\w.,])(?P<sign>[+-])?(?:[$€£¥]|us\$|hk\$)? ?(?P<digits>\d{1,15}(?:,\d{3}){0,6}(?:\.\d{1,8})?)"
    r"(?: ?(?P<times>万亿|亿|千万|百万|万|千|百"
    r"|(?:thousand|million|mln|mn|billion|bln|bn|trillion|trln|tn|[kmb])\b))?"
    r"(?: ?(?P<unit>" + "|".join(pattern for pattern, _ in _UNITS) + r"))?"
    r"(?![\d])",
)
_DIGIT = re.compile(r"[0-9]")
_HAN_FIGURE = re.compile(r"(?<=[\u3400-\u9fff])(?=[+-]?\d)|(?<=\d)(?=[\u3400-\u9fff])")
_SPOKEN = re.compile(r"百分之(?P<spoken>[零一二三四五六七八九十]{1,3}|\d{1,3}(?:\.\d{1,4})?)")
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")}
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-", "﹣": "-"})

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAYS = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "一": 1, "二": 2, "三": 3, "四": 4}

_CLAUSE = re.compile(r"[,;!?，；。！？、：:]|\.(?=\s|$)| and | but | while | as |而|但")
_BEFORE, _AFTER = 40, 16
"""How far from a figure, in code points, the word stands that says whether it is a rise or a fall."""

_WRONG = re.compile(r"(?:\b(?:not|instead of|rather than)(?: by)?|而非|而不是|不是|并非|并不是)\s*[\"“”']?$")
_MENDED = re.compile(r"^[\"“”'\s]*(?:应为|更正为|改为|修正为|(?:was |is |has been )?corrected to)")

Relation = Literal["same", "compatible", "different"]


def facts(text: str) -> frozenset[str]:
    """Return the facts of a text; those of its first line count with their directions."""
    return _read(text)[0]


def denied_figures(text: str) -> frozenset[str]:
    """Return the figures that a correction calls wrong ("5 %, not 50 %", 50%应为5%)."""
    return _read(text)[1]


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[frozenset[str], frozenset[str]]:
    line = _plain(text.partition("\n")[0])
    plain = _plain(text)
    found = _outcomes(line)
    plain = _SPOKEN.sub(lambda match: f"{_spoken(match['spoken'])}%", plain)
    for pattern, tell in _DATES:
        plain = pattern.sub(_noting(found, tell), plain)
    # A figure may touch Chinese characters (增长5%) but not letters (iphone15).
    plain = _HAN_FIGURE.sub(" ", plain)
    wrong = _figures(plain, found)
    return frozenset(found), frozenset(wrong)


def _plain(text: str) -> str:
    return as_figures(for_model(text[:_READ])).lower().translate(_MINUS)


def _outcomes(line: str) -> set[str]:
    """Return what a headline says of rises and falls, of outcomes, and whether it denies something."""
    told = outcomes(line)
    signs = [(match.start(), match["sign"]) for match in _FIGURE.finditer(line) if match["sign"]]
    moves = "".join(sign for _, sign in sorted([*told.sides.pop(MOVE, []), *signs]))
    found = {f"o:{axis}:{''.join(sign for _, sign in named)}" for axis, named in told.sides.items()}
    if told.denies is not None:
        found.add("p:-" if told.denies else "p:+")
    return found | ({f"{MOVE}:{moves}"} if moves else set())


def _noting(found: set[str], tell: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    def note(match: re.Match[str]) -> str:
        fact = tell(match)
        found.update([fact] if fact else [])
        return " "

    return note


def _figures(plain: str, found: set[str]) -> set[str]:
    if not _DIGIT.search(plain):
        return set()
    directions = movements(plain)
    breaks = [match.start() for match in _CLAUSE.finditer(plain)]
    wrong: set[str] = set()
    for match in _FIGURE.finditer(plain):
        value = _value(match)
        if _WRONG.search(plain[max(0, match.start() - 24) : match.start()]) or _MENDED.match(
            plain[match.end() : match.end() + 24]
        ):
            said = [direction for place, direction in directions if place < match.start()]
            wrong.add(f"n:{value}:{said[-1] if said else ''}")
            continue
        sign = match["sign"] or _direction(match.start(), match.end(), directions, breaks)
        found.add(f"y:{value}" if _is_year(match) else f"n:{value}:{sign}")
    return wrong


def _is_year(match: re.Match[str]) -> bool:
    bare = not (match["times"] or match["unit"] or match["sign"])
    return bare and re.fullmatch(r"(?:19|20)\d\d", match["digits"]) is not None


def _direction(start: int, end: int, directions: list[tuple[int, str]], breaks: list[int]) -> str:
    """Return the direction said nearest before a figure in its clause, else shortly behind it."""
    opened = max((place for place in breaks if place < start), default=-1)
    closed = min((place for place in breaks if place >= end), default=end + _AFTER)
    before = [sign for place, sign in directions if max(opened, start - _BEFORE) <= place < start]
    behind = [sign for place, sign in directions if end <= place < min(closed, end + _AFTER)]
    return before[-1] if before else behind[0] if behind else ""


def _value(match: re.Match[str]) -> str:
    number = Decimal(match["digits"].replace(",", "")).scaleb(_MULTIPLIERS.get(match["times"] or "", 0))
    written = f"{number:f}"
    written = written.rstrip("0").rstrip(".") if "." in written else written
    unit = match["unit"] or ""
    return written + next((name for pattern, name in _UNITS if re.fullmatch(pattern, unit)), "")


def _spoken(text: str) -> str:
    if text[0].isdigit():
        return text
    tens, ten, ones = text.rpartition("十")
    return str((_DIGITS.get(tens, 1) * 10 if ten else 0) + (_DIGITS.get(ones[-1:], 0)))


def _month_day(match: re.Match[str]) -> str:
    return f"d:{_MONTHS.index(match['name']) + 1}-{int(match['day'])}"


def _numbered(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{kind}:{_ORDINALS.get(match['value']) or int(match['value'])}"


_CODE = re.compile(r"\b\d{4,6}\.(?:sh|sz|hk|bj|ss)\b|[(]\d{5,6}[)]|https?://\S+|\b\d{1,2}:\d{2}(?::\d{2})?\b")
_DATES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_CODE, lambda _: ""),
    (
        re.compile(r"(?<!\d)(?:19|20)\d\d[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)"),
        lambda match: f"d:{int(match['month'])}-{int(match['day'])}",
    ),
    (
        re.compile(r"(?<!\d)(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]?"),
        lambda match: f"d:{int(match['month'])}-{int(match['day'])}",
    ),
    (
        re.compile(
            rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![.,]\d|%| ?(?:percent|million|billion))"
        ),
        _month_day,
    ),
    (re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? {_MONTH}(?![a-z])"), _month_day),
    (re.compile(r"(?<!\d)(?P<value>(?:19|20)\d\d)年"), _numbered("y")),
    (re.compile(r"(?<!\d)(?P<value>\d{1,2})月(?:份)?"), _numbered("m")),
    (
        re.compile(r"第?(?P<value>[一二三四1-4])季度?|\bq(?P<q>[1-4])\b"),
        lambda m: f"q:{_ORDINALS.get(m['value']) or m['value'] or m['q']}",
    ),
    (re.compile(r"\b(?P<value>first|second|third|fourth)[- ]quarter\b"), _numbered("q")),
    (
        re.compile(r"(?P<first>上半年|\bfirst[- ]half\b)|下半年|\bsecond[- ]half\b"),
        lambda match: "h:1" if match["first"] else "h:2",
    ),
    (
        re.compile(rf"\b(?P<name>{'|'.join(_DAYS)})day\b"),
        lambda match: f"w:{_DAYS.index(match['name']) + 1}",
    ),
    (
        re.compile(r"(?:周|星期)(?P<name>[一二三四五六日天])(?![\u3400-\u9fff]{0,1}[刊报])"),
        lambda match: f"w:{min('一二三四五六日天'.index(match['name']) + 1, 7)}",
    ),
)


def relation(one: Iterable[str], other: Iterable[str]) -> Relation:
    """Tell whether two texts may tell one thing by their facts.

    Returns:
        `same`; `compatible` where one of them only says less of a kind of fact; `different` where each says
        what the other does not.
    """
    left, right = frozenset(one), frozenset(other)
    if left == right:
        return "same"
    for kind in {_kind(fact) for fact in left | right}:
        ours = {fact for fact in left if _kind(fact) == kind}
        theirs = {fact for fact in right if _kind(fact) == kind}
        if not (_within(ours, theirs) or _within(theirs, ours)):
            return "different"
    return "compatible"


def _kind(fact: str) -> str:
    return fact.rpartition(":")[0] if fact[0] == "o" else fact[0]


def _within(few: set[str], many: set[str]) -> bool:
    """Tell whether each of the few stands among the many, or a part of it does."""
    return all(any(_fits(one, other) for other in many) for one in few)


def _fits(one: str, other: str) -> bool:
    """Tell whether a fact says no more than another; a figure without direction fits any."""
    if one[0] not in "vo" or one == other:
        return _agree(one, other)
    said = iter(other.rpartition(":")[2])
    return _kind(one) == _kind(other) and all(sign in said for sign in one.rpartition(":")[2])


def _agree(one: str, other: str) -> bool:
    if one == other:
        return True
    (value, _, sign), (value2, _, sign2) = one.rpartition(":"), other.rpartition(":")
    return one[0] == "n" and value == value2 and not (sign and sign2)


def share_a_figure(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell whether a figure stands among both facts, with a direction that fits."""
    theirs = list(other)
    return any(fact[0] == "n" and _agree(fact, each) for fact in one for each in theirs)
