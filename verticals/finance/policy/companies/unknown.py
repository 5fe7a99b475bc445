"""Names that are companies by their legal form, whether or not any table knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FORM = (
    r"(?:Inc|Corp|Corporation|Incorporated|Ltd|Limited|PLC|plc|LLC|LLP|L\.P|LP|Holdings?|Bancorp|Bancshares"
    r"|REIT|AG|GmbH|N\.V|NV|S\.A|SE|S\.p\.A|SpA|AB|ASA|Oyj|Co|Company|Pty|Sdn|Bhd)"
)
_WORD = r"[A-Z0-9][A-Za-z0-9'\u2019&-]{0,30}"
_ENGLISH = re.compile(
    rf"(?<![A-Za-z0-9&$.])(?P<name>{_WORD}(?: (?:(?:of|de|&) )?(?!{_FORM}\b){_WORD}){{0,5}})"
    rf",?(?: {_FORM}\b\.?,?){{1,3}}(?<!,)"
)
_LISTED = re.compile(
    rf"(?<![A-Za-z0-9&$.])(?P<name>{_WORD}(?: (?:(?:of|de|&) )?{_WORD}){{0,5}}) ?"
    r"\([A-Za-z]{2,8}: ?[A-Z0-9.]{1,6}\)"
)
_HAN = r"\u3400-\u9fff"
_RUN = re.compile(
    rf"[{_HAN}A-Za-z0-9·()&]{{2,60}}?(?:股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司|集团公司)"
)
_BEFORE = re.compile(
    r"公司|(?:今日|昨日|日前|近日|当日|旗下|子公司|孙公司|关联方|控股股东|股东|收购|出售|起诉|告|控告|投资|入股|持有|显示|称|表示|指出|公告|宣布"
    r"|[与和及对因向由被将让把据从在于、:为是给到为的了])"
)
_GENERIC = ("本", "该", "贵", "我", "某", "这家", "一家", "上市", "全资", "控股", "合资")
_FORM_ONLY = re.compile(
    r"[((]?(?:集团|控股|中国|国际)?[))]?(?:集团|控股|科技|股份|有限|责任)*公司"
    rf"|(?:,? ?(?:{_FORM}|Group|& Co)\b\.?)+"
)
_FIRST = frozenset(
    {
        "the", "a", "an", "in", "on", "at", "of", "for", "and", "but", "as", "by", "with", "from", "after",
        "before", "since", "its", "this", "that", "these", "when", "while", "if", "shares", "stock", "why",
        "how", "what", "is", "are", "was", "not", "new",
    }
)  # fmt: skip
_SECTOR = re.compile(
    r" (?:Hospitality|Bancorp|Bancshares|REIT|Trust|Orchards?|Growers|Juice|Valley|Tree|Bank|Insurance"
    r"|Pharma|Pharmaceuticals|Therapeutics|Biosciences|Partners|Realty|Properties|Farms|Foundation|University"
    r"|River|County|City|State|Museum|Street|Park|Lake|Island|Mountain|Records|Foods|Brands)\b"
)


def legal_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of names with a legal form, or with an exchange and a symbol behind them.

    The text is a folded one; linear in its length.
    """
    for match in (*_ENGLISH.finditer(text), *_LISTED.finditer(text)):
        start, end = match.start(), match.end("name") if match.re is _LISTED else match.end()
        first = match["name"].split(" ")[0]
        if first.lower() in _FIRST:  # a sentence begins with a capital, too
            if " " not in match["name"]:
                continue
            start += len(first) + 1
            start += 3 * text.startswith(("of ", "de "), start)
        yield start, end
    for match in _RUN.finditer(text):
        head = match.group()
        form = re.search(r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司|集团公司)$", head)
        assert form is not None
        before = [found.end() for found in _BEFORE.finditer(head, 0, max(0, form.start()))]
        start = match.start() + (before[-1] if before else 0)
        name = text[start : match.start() + form.start()]
        if len(name) >= 2 and len(name) <= 24 and not name.endswith(_GENERIC):
            yield start, match.end()


def other_name(text: str, end: int) -> bool:
    """Whether a one-word name that ends at `end` goes on as another company's, e.g. "Apple Hospitality"."""
    return _SECTOR.match(text, end) is not None


def form_only(rest: str) -> bool:
    """Whether what follows a name is only the legal form of the same company."""
    return _FORM_ONLY.fullmatch(rest) is not None
