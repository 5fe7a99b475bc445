"""Patterns of personal data that is told by its own shape or check digit. Phones are in `phones`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from core.text.checksums import iban, luhn, resident_id

Finder = Callable[[str], Iterator[tuple[int, int]]]
"""Takes a text and yields the ranges of what it finds, from left to right."""

# Two habits keep the patterns fast in CPython: they start with a character class (the engine skips to it), so
# the look-behind comes after the first character and has it as its last place; and \d and \b mean ASCII only.
_FLAGS = re.ASCII | re.IGNORECASE
_KEY = re.compile(r"col_(?:live|pub)_[A-Za-z0-9_\-]{4,}+")
# A local part starts only where a run of its characters starts, so a long run without @ is read once.
_LOCAL = r"A-Za-z0-9\u00c0-\u024f._%+\-"
_EMAIL = re.compile(
    rf"[{_LOCAL}](?<![{_LOCAL}].)[{_LOCAL}]*+@([A-Za-z0-9\u00c0-\u024f\-]++(?:\.[A-Za-z0-9\u00c0-\u024f\-]++)++)"
)
_RESIDENT = re.compile(
    r"[1-9](?<![0-9A-Za-z].)\d{5}[ -]?(?:18|19|20)\d{6}[ -]?\d{3}[\dX](?![0-9A-Za-z])", _FLAGS
)
_RESIDENT_CUE = re.compile(
    r"(?:身份证|居民证|resident id|id card|identity card)\D{0,12}(\d{15,17}[\dX]?)(?!\d)", _FLAGS
)
_SSN = re.compile(r"\d(?<![\d-].)\d\d-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])", _FLAGS)
_CARD = re.compile(
    r"\d(?<!\d[.,].)(?<![0-9A-Za-z/].)"
    r"(?:\d{12,18}|\d{3}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{3}([ -])\d{6}\2\d{4,5})(?!\d|[.,]\d)",
    re.ASCII,
)
_CARD_START = re.compile(r"4|5[0-8]|6|3[04-9]|2[2-7]|1800|2131")
_CARD_CUE = re.compile(
    r"(?:卡号|银行卡|信用卡|储蓄卡|card)(?: (?:number|no\.?|is)){0,2}"
    r"[^0-9A-Za-z<]{0,8}+(\d(?:[ -]?\d){11,18})(?!\d)",
    _FLAGS,
)
_IBAN = re.compile(
    r"[A-Z](?<![0-9A-Za-z].)[A-Z]\d{2}"
    r"(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)(?![0-9A-Za-z])",
    _FLAGS,
)
_PASSPORT = re.compile(
    r"(?:护照|通行证|passport)(?: (?:number|no\.?|is)){0,2}"
    r"[^0-9A-Za-z<]{0,8}+([A-Z]{0,2}\d{6,9})(?![0-9A-Za-z])",
    _FLAGS,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·\- ]?"
    r"(?:(?=[A-HJ-NP-Z]{0,5}\d)|(?<=车牌..)|(?<=车牌号..)|(?<=车牌号码..))[A-HJ-NP-Z0-9]{5,6}(?![0-9A-Za-z])",
    re.ASCII,
)
_IPV4 = re.compile(r"\d(?<![\d.].)\d{0,2}(?:\.\d{1,3}){3}(?!\d|\.\d)", re.ASCII)
_IPV6 = re.compile(
    r"[0-9A-F](?<![0-9A-Za-z:.].)[0-9A-F]{0,3}(?:::?[0-9A-F]{1,4}){2,7}(?:::)?(?![0-9A-Za-z:])", _FLAGS
)


def _keys(text: str) -> Iterator[tuple[int, int]]:
    if "col_" in text:
        yield from (match.span() for match in _KEY.finditer(text))


def _emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" not in text:
        return
    for match in _EMAIL.finditer(text):
        # "AAPL@187.35" is a price: the last part of a domain is no number.
        if not match[1].rpartition(".")[2].isdigit():
            yield match.span()


def _ids(text: str) -> Iterator[tuple[int, int]]:
    spans = [m.span() for m in _RESIDENT.finditer(text) if resident_id(re.sub("[ -]", "", m.group()))]
    spans += [m.span(1) for m in _RESIDENT_CUE.finditer(text)]
    spans += [m.span() for m in _SSN.finditer(text)]
    yield from _disjoint(spans)


def _cards(text: str) -> Iterator[tuple[int, int]]:
    spans = [m.span() for m in _CARD.finditer(text) if _is_card(m.group())]
    spans += [m.span(1) for m in _CARD_CUE.finditer(text)]
    yield from _disjoint(spans)


def _is_card(number: str) -> bool:
    return bool(_CARD_START.match(number)) and luhn(number.replace(" ", "").replace("-", ""))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        candidate = match.group()
        # A number in groups may have swallowed a short word behind it: give back one group at a time.
        while candidate and not iban(candidate.replace(" ", "")):
            candidate = candidate.rpartition(" ")[0]
        if candidate:
            yield match.start(), match.start() + len(candidate)


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    spans = [m.span() for m in _IPV4.finditer(text) if _is_address(m.group())]
    if "::" in text or text.count(":") > 5:
        spans += [m.span() for m in _IPV6.finditer(text) if _is_address(m.group())]
    yield from _disjoint(spans)


def _is_address(candidate: str) -> bool:
    try:
        ip_address(candidate)
    except ValueError:
        return False
    return True


def _disjoint(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    end = 0
    for span in sorted(spans):
        if span[0] >= end:
            yield span
            end = span[1]


def _matches(pattern: re.Pattern[str], group: int = 0) -> Finder:
    return lambda text: (match.span(group) for match in pattern.finditer(text))


FINDERS: tuple[tuple[str, Finder], ...] = (
    ("KEY", _keys),
    ("EMAIL", _emails),
    ("IBAN", _ibans),
    ("ID", _ids),
    ("CARD", _cards),
    ("PASSPORT", _matches(_PASSPORT, 1)),
    ("PLATE", _matches(_PLATE)),
    ("IP", _addresses),
)
"""Kinds in the order in which they may claim a place; a later kind never takes what an earlier one has."""
