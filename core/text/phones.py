"""Finds phone numbers: by their shape where it is a phone's only, by the words around them elsewhere.

`+41 (0)69 979 80 58`, `(579) 888-3058x12`, `138 1234 5678`, `021-36435733`, `07700 063 966` are phones
wherever they stand. `699 956 915`, `467 3395` or `9498777106` may as well be amounts or codes: these need a
word for it just before ("phone", "call me at", 电话) or behind ("office", "fax"), and no currency or unit
beside them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_EXTENSION = r"(?:(?: ?x| ?ext\.? ?|转)\d{1,6})?"
_FLAGS = re.ASCII | re.IGNORECASE
# The first character of a number, seen from behind: see the note on speed in `patterns`.
_ALONE = r"(?<!\d[.,:\-].)(?<![\dA-Za-z_/#$¥￥€£+\-(].)"
_AFTER = r"(?![\dA-Za-z]|[.,/:\-]\d| ?%)"

_MAINLAND = re.compile(
    r"[(+01](?<!\d[.,].)(?<![\d$¥￥€£+(].)"
    r"(?:(?<=1)|(?:(?<=\()\+?|(?<=\+)|(?<=0)0)86\)?[ -]?1)[3-9]\d([ -]?)\d{4}\1\d{4}" + _AFTER,
    re.ASCII,
)
_SHAPES = tuple(
    re.compile(shape + _EXTENSION + _AFTER, re.ASCII)
    for shape in (
        # International: + or 00, country, then groups or one run.
        r"[+0](?<!\d[.,].)(?<![\dA-Za-z+].)(?:(?<=\+)|0)[1-9]\d{0,2}[ .-]?"
        r"(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}",
        # Area code in brackets.
        r"\((?<!\d[.,].)(?<![\dA-Za-z(].)(?!19|20)\d{2,4}\)[ -]?\d{3,4}[ .-]?\d{3,4}",
        # North America.
        rf"\d{_ALONE}(?:(?<=1)[-.]\d)?\d\d([-.])\d{{3}}\1\d{{4}}",
        # A trunk zero and at least one further group.
        rf"0{_ALONE}\d{{1,4}}[ .-]\d{{2,8}}(?:[ .-]\d{{2,4}}){{0,3}}",
    )
)
_CANDIDATE = re.compile(
    rf"[(\d]{_ALONE}\d{{1,11}}\)?(?:[ .-]\d{{2,8}}){{0,5}}" + _EXTENSION + _AFTER, re.ASCII
)

_CUE_BEFORE = re.compile(
    r"\b(?:(?:tele)?phones?|tel|mobiles?|cell|fax|desk|dial(?:l?ed|l?ing)?|whatsapp|sms|registered"
    r"|(?:registered|contact) number|(?:ring|reach|contact|text) (?:me|us|him|her|them)"
    r"|messages? (?:to|from|on)|answer(?:ing)? at)\b"
    r"|手机|电话|座机|联系方式|联系我|致电|拨打|传真|短信|来电|回电|微信|号码",
    _FLAGS,
)
_CUE_REACH = 16
_CALL_BEFORE = re.compile(r"\bcall(?:ed|ing|s)?(?: (?:me|us|him|her|them|back|at|on)){0,3}:? ?$", _FLAGS)
_CUE_BEHIND = re.compile(r"[\s,\\-]{0,3}(?:office|fax|mobile|home|cell|phone|desk)\b", _FLAGS)
_MONEY_BEFORE = re.compile(r"(?:[$¥￥€£]|\b(?:USD|EUR|GBP|CNY|RMB|HKD|JPY|Rs\.?|US\$))\s?$", _FLAGS)
_UNIT_BEHIND = re.compile(
    r"\s?(?:(?:USD|EUR|GBP|CNY|RMB|dollars?|euros?|yuan|shares?|units?|million|billion|tonnes|barrels|people)\b"
    r"|美元|港元|人民币|[元股万亿份吨件人户台辆枚桶手张笔点个家只%％$€£¥])",
    _FLAGS,
)
_HOTLINE = re.compile(r"(?:400|800|95)\d?[-. ]")
_DATES = [4, 2, 2], [2, 2, 4]
_BARRIER = re.compile(r"<|\n[^\n]*\n")
"""A cue does not reach over two line ends, nor over something that is masked already."""


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of phone numbers in `text`, from left to right."""
    spans = [m.span() for m in _MAINLAND.finditer(text) if not _is_amount(text, *m.span())]
    for shape in _SHAPES:
        spans += [m.span() for m in shape.finditer(text) if _shaped_like_phone(text, *m.span())]
    spans += _called_phones(text)
    end = 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            yield start, stop
            end = stop


def _called_phones(text: str) -> Iterator[tuple[int, int]]:
    cues = [match.end() for match in _CUE_BEFORE.finditer(text)]
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        if _could_be_phone(text, start, end) and _is_called(text, start, end, cues):
            yield start, end


def _is_called(text: str, start: int, end: int, cues: list[int]) -> bool:
    index = bisect_right(cues, start) - 1
    if index >= 0 and start - cues[index] <= _CUE_REACH and not _BARRIER.search(text, cues[index], start):
        return not (_HOTLINE.match(text, start) and "热线" in text[max(0, start - 8) : start])
    if _CUE_BEHIND.match(text, end):
        return True
    # Searched last and only behind these, because it looks backwards from each number.
    before = text[max(0, start - 40) : start]
    return before.endswith((" ", ":", "l")) and bool(_CALL_BEFORE.search(before))


def _could_be_phone(text: str, start: int, end: int) -> bool:
    groups = _groups(text[start:end])
    return 6 <= sum(map(len, groups)) <= 20 and not _is_date(groups) and not _is_amount(text, start, end)


def _shaped_like_phone(text: str, start: int, end: int) -> bool:
    groups = _groups(text[start:end])
    return (
        7 <= sum(map(len, groups)) <= 20
        and not _is_date(groups)
        and not _are_codes(groups)
        and not _are_thousands(text[start:end], groups)
        and not _is_amount(text, start, end)
        and not _HOTLINE.match(text, start)
    )


def _groups(number: str) -> list[str]:
    return re.findall(r"\d+", number)


def _is_date(groups: list[str]) -> bool:
    """Tell 2026-11-21, 21.11.2026, 2019-2020 and 09-30 from groups of a phone number."""
    lengths = [len(group) for group in groups]
    years = [group for group in groups if len(group) == 4 and group[:2] in {"19", "20"}]
    return bool(years) and (len(years) == len(groups) or lengths[:3] in _DATES or lengths[:2] == [4, 2])


def _are_codes(groups: list[str]) -> bool:
    """Tell a row of tickers (0700 0005, 000001 600519) from one number: groups of one length."""
    return len({len(group) for group in groups}) == 1 and len(groups[0]) >= 4 and len(groups) > 1


def _are_thousands(number: str, groups: list[str]) -> bool:
    """Tell +125 300 000 (a change) from an international number: one to three digits, then threes."""
    return number[0] == "+" and len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def _is_amount(text: str, start: int, end: int) -> bool:
    return bool(_MONEY_BEFORE.search(text, max(0, start - 6), start)) or bool(_UNIT_BEHIND.match(text, end))
