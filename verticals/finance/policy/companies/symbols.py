"""Ticker symbols in a text, each with how sure its form makes us that it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKETS = {
    "US": "NYSE NASDAQ NASDAQGS AMEX US N O OQ",
    "HK": "HKEX SEHK HKSE HKG HK",
    "SH": "SSE SHSE SHA SH SS",
    "SZ": "SZSE SHE SZ",
    "BJ": "BSE BJ",
    "L": "LSE LON L",
    "T": "TSE TYO T",
    "DE": "XETRA ETR FRA DE",
    "EN": "EURONEXT EPA AMS PA AS",
    "KS": "KRX KS",
    "SW": "SIX SWX SW",
    "TW": "TWSE TPE TW",
    "AX": "ASX AX",
    "TO": "TSX TO",
    "SI": "SGX SI",
}
EXCHANGES = {name: market for market, names in _MARKETS.items() for name in names.split()}
"""What exchanges and their suffixes are called, to one name of the market."""

_CHINESE = {"纽交所": "US", "纳斯达克": "US", "美股": "US", "港交所": "HK", "港股": "HK"}
_CHINESE |= {"上交所": "SH", "深交所": "SZ"}
_CHINESE["A股"] = ""  # of either mainland exchange
_LONG = sorted((name for name in EXCHANGES if len(name) > 2), key=len, reverse=True)
_NAMED = "|".join([*_LONG, "Nasdaq", *_CHINESE])
_SYMBOL = r"[A-Za-z0-9]{1,6}(?:[.\-][A-Z]{1,2})?"
_SUFFIX = "OQ|US|HK|SH|SS|SZ|BJ|DE|PA|AS|SW|TW|KS|AX|TO|SI|N|O|L|T"
_PATTERN = re.compile(
    rf"(?P<cash>(?<![A-Za-z0-9$])\$(?P<c>[A-Za-z]{{1,5}}(?:[.\-][A-Za-z])?)(?![A-Za-z0-9]))"
    rf"|(?P<listed>(?<![A-Za-z])(?P<le>{_NAMED})\s?[::]\s?(?P<l>{_SYMBOL})(?![A-Za-z0-9]))"
    rf"|(?P<suffix>(?<![A-Za-z0-9.])(?P<s>[A-Z]{{1,5}}|[0-9]{{3,6}}|[0-9]{{1,2}}(?=\.HK))"
    rf"\.(?P<se>{_SUFFIX})(?![A-Za-z0-9]))"
    r"|(?P<prefix>(?<![A-Za-z0-9])(?P<pe>SH|SZ|BJ|HK|sh|sz|bj|hk)[.:]?(?P<p>[0-9]{5,6})(?![A-Za-z0-9]))"
    r"|(?P<code>(?<![A-Za-z0-9.,%$¥-])(?P<d>[0-9]{4,6})(?![A-Za-z0-9%,-]|\.[0-9]))"
    r"|(?P<bare>(?<![A-Za-z0-9$@#&.'\u2019-])(?P<b>[A-Z]{1,5}(?:[.\-][A-Z])?)(?![A-Za-z0-9&]|[.'\u2019\-][A-Za-z]))"
)
_MEASURE = re.compile(
    r"\s?(?:[元股万亿人辆台吨户套件个名家点年月日股份块美港]|yuan|shares|people|units|jobs|dollars|tons)"
)
_INDEX = re.compile(r"(?:指数|综指|成指|成份指|[沪深创恒板]指|上证|深证)\s?[(\[:]?\s?\Z")
_INDEX_BEHIND = re.compile(r"[)\]]?\s?(?:上证|深证|创业板|科创)?(?:指数|综指|成指)")
"""A number beside the name of an index is the index's."""
_NO_COMPANY = frozenset(
    {
        "USD", "EUR", "GBP", "JPY", "CNY", "CNH", "RMB", "HKD", "TWD", "SGD", "AUD", "CAD", "NZD", "CHF",
        "KRW", "INR", "BRL", "MXN", "ZAR", "US", "BTC", "ETH", "XRP", "SOL", "DOGE", "LTC", "BNB",
    }
)  # fmt: skip
"""What stands behind a `$` and is money."""
_BRACKETS = {"(": ")", "[": "]", "（": "）"}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A possible ticker at [start, end).

    Attributes:
        symbol: In upper case.
        market: See EXCHANGES; empty where the text does not say.
        sure: Its form says that it is a ticker: a `$`, an exchange.
        bracketed: It stands alone in brackets.
        cashtag: It has a `$` and is no money, so that whoever it is it is a security.
    """

    symbol: str
    market: str
    start: int
    end: int
    sure: bool
    bracketed: bool
    cashtag: bool


def symbols(text: str) -> Iterator[Symbol]:
    """Yield what may be a ticker in a folded text with its own upper case; linear in its length."""
    for match in _PATTERN.finditer(text):
        kind = str(match.lastgroup)
        kind = next(name for name in ("cash", "listed", "suffix", "prefix", "code", "bare") if match[name])
        if kind == "code" and _no_code(text, match.start(), match.end()):
            continue
        raw = {"cash": "c", "listed": "l", "suffix": "s", "prefix": "p", "code": "d", "bare": "b"}[kind]
        exchange = {"listed": "le", "suffix": "se", "prefix": "pe"}.get(kind)
        start, end = match.span() if kind in ("cash", "suffix", "prefix") else match.span(raw)
        yield Symbol(
            symbol=normal(match[raw]),
            market=market(match[exchange]) if exchange else "US" if kind == "cash" else "",
            start=start,
            end=end,
            sure=kind not in ("code", "bare"),
            bracketed=_BRACKETS.get(text[start - 1 : start]) == text[end : end + 1] != "",
            cashtag=kind == "cash" and match["c"].isupper() and match["c"] not in _NO_COMPANY,
        )


def _no_code(text: str, start: int, end: int) -> bool:
    """Whether a number is a count of something or the code of an index."""
    return bool(
        _MEASURE.match(text, end)
        or _INDEX.search(text, max(0, start - 8), start)
        or _INDEX_BEHIND.match(text, end)
    )


def market(exchange: str) -> str:
    """Return the market of an exchange's name or suffix; empty where it is not known."""
    return _CHINESE.get(exchange, EXCHANGES.get(exchange.upper(), ""))


def normal(symbol: str) -> str:
    """Return a symbol in one form: upper case, a dot before a share class, no zeros before a number."""
    upper = symbol.upper().replace("-", ".")
    return upper.lstrip("0") if upper.isdigit() and len(upper) < 6 else upper
