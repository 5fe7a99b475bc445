"""Writes numbers in words as figures, so that two hundred, 200 and 二百 are one.

What is no number stays: "one" that stands for somebody, 一 as an article or in 一些, a quarter of a year,
万科. Where that cannot be told it stays too: a text that says no figure agrees with one that does.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_ONES = "zero one two three four five six seven eight nine"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: value for value, word in enumerate(f"{_ONES} {_TEENS}".split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), 2)
}
_TIMES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}

_MANY = "|".join(_TIMES)
_SMALL = (
    rf"(?:(?:{'|'.join(_TENS.split())})(?:[ -](?:{'|'.join(_ONES.split()[1:])})\b)?"
    rf"|{'|'.join([*_TEENS.split(), *_ONES.split()])})\b"
)
_NO_COUNT = (
    "of|who|that|which|another|or|and|to|by|in|on|at|as|for|with|from|after|before|is|was|has|had|does|did|can|must"
    "|may|might|will|would|should|could|off|time|day|way|hand|more|thing|says|said|hears|knows|thinks"
)
# As a pronoun it has a determiner before it or no noun behind it.
_ONE = (
    r"(?<!no )(?<!any )(?<!the )(?<!this )(?<!that )(?<!each )(?<!every )(?<!which )(?<!another )"
    rf"one\b(?=[ -](?:{_MANY})\b| (?:of|in) {_SMALL}| (?!(?:{_NO_COUNT})\b)[a-z])"
)
_ENGLISH = re.compile(
    rf"\bhalf (?:a |an )(?P<half>{_MANY})\b"
    r"|\b(?P<share>an?|one|two|three|four)[ -](?P<part>thirds?|fifths?|tenths?|quarters?)"
    r"(?= of (?:its|the|their|all|his|her)\b)"
    r"|\b(?P<fifty>(?:(?<=by )|(?<=in )|(?<=than )|(?<=nearly )|(?<=about ))half\b(?![ -](?:an?|year)\b)"
    r"|half(?= (?:of|its|the|their|all)\b))"
    rf"|\b(?P<number>(?:an?(?= (?:{_MANY})\b)|(?!one\b){_SMALL}|{_ONE})"
    rf"(?:[ -](?:{_MANY})\b(?: (?:and )?{_SMALL}(?! percent))?){{0,4}})(?P<and> and a half\b)?",
    re.IGNORECASE,
)
_STARTS = re.compile(
    rf"\b(?:{'|'.join(_WORDS)}|an?[ -](?:{_MANY}|third|quarter|fifth|tenth)|half)\b", re.IGNORECASE
)

_HAN_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_TIMES = {"十": 10, "百": 100, "千": 1000, "万": 10**4}
_COUNTED = (
    "[人家名亿万倍个座起次年天股元位项例架台辆艘条枚款只笔处批吨份户宗轮月]|美元|小时"  # what can be counted
)
_HAN = re.compile(
    r"(?P<year>[〇零一二三四五六七八九]{4})(?=年)"
    r"|(?P<share>[一二两三四五六七八九\d]成[一二三四五六七八九半]?)"
    r"(?!员(?!工)|[立为功本交长都品效分果就熟份型绩人群套真行名])"
    r"|(?P<half>(?<!过)半数|一半)"
    r"|(?P<number>(?:(?<!统)[一二两三四五六七八九](?=[十百千万亿])|(?<![数几])十(?=[一二三四五六七八九万亿]))"
    r"[一二两三四五六七八九十百千万亿零]+"
    rf"|(?<![数几])[二两三四五六七八九十](?=[余多]?(?:{_COUNTED}))"
    r"|一(?=[倍月])|(?<=月)[一二三四五六七八九十](?=[日号]))"
)
_FOLD = re.compile(
    r"\b(?:doubl|tripl|quadrupl|halv)(?:es|ed|ing)\b(?! (?:down|as)\b)|翻倍|翻番|翻一番|腰斩", re.IGNORECASE
)
_FOLDS = {"d": 100, "翻": 100, "t": 200, "q": 300, "h": 50, "腰": 50}
"""By how many per cent something moves that doubles; its word stays, for it tells whether up or down."""
_HAN_STARTS = re.compile("[〇零一二两三四五六七八九十半成]")
_NO_NUMBER = re.compile("[一二两三四五六七八九]{2}")


_READ = 1_000
"""Code points in which numbers are looked for; facts are read from fewer."""


@lru_cache(maxsize=512)
def as_figures(text: str) -> str:
    """Return a text with the numbers of its beginning written as figures, shares as percentages."""
    return _written(text[:_READ]) + text[_READ:]


def _written(text: str) -> str:
    if _HAN_STARTS.search(text):
        text = _HAN.sub(_han, text)
    if _STARTS.search(text):
        text = _ENGLISH.sub(_english, text)
    return _FOLD.sub(lambda match: f"{match.group()} {_FOLDS[match.group()[0].lower()]}%", text)


def _english(match: re.Match[str]) -> str:
    if match["half"]:
        return str(_TIMES[match["half"].lower()] // 2)
    if match["fifty"]:
        return "50%"
    if match["part"]:
        share = _WORDS.get(match["share"].lower(), 1)
        return _percent(Decimal(share) / _PARTS[match["part"].lower().rstrip("s")])
    value = Decimal(_value(match["number"].lower()))
    return f"{value + Decimal('0.5') if match['and'] else value:f}"


def _value(words: str) -> int:
    """Return what a number in words is: "two hundred and fifty thousand" is 250,000."""
    whole = group = 0
    for word in re.split(r"[ -]+", words):
        times = _TIMES.get(word)
        if times is None:
            group += _WORDS.get(word, 1 if word in {"a", "an"} else 0)
        elif times < 1000:
            group = (group or 1) * times
        else:
            whole, group = whole + (group or 1) * times, 0
    return whole + group


def _percent(share: Decimal) -> str:
    written = f"{round(share * 100, 1):f}"
    return f"{written.rstrip('0').rstrip('.') if '.' in written else written}%"


def _han(match: re.Match[str]) -> str:
    if match["year"]:
        return "".join(str(_HAN_DIGITS[sign]) for sign in match["year"])
    if match["half"]:
        return "50%"
    if match["share"]:
        tens, rest = match["share"].split("成")
        ones = 5 if rest == "半" else _HAN_DIGITS.get(rest, 0)
        return f"{10 * (int(tens) if tens.isdigit() else _HAN_DIGITS[tens]) + ones}%"
    if _NO_NUMBER.search(match["number"]):  # 十四五
        return match["number"]
    high, _, low = match["number"].rpartition("亿")
    return str((_han_value(high) if high else 0) * 10**8 + _han_value(low))


def _han_value(signs: str) -> int:
    """Return what a number below 10^8 is; a digit behind 百, 千 or 万 counts tenths of it (三百五 is 350)."""
    whole = group = digit = 0
    last = 1
    for sign in signs:
        times = _HAN_TIMES.get(sign)
        if times is None:
            digit, last = _HAN_DIGITS[sign], last if _HAN_DIGITS[sign] else 1
        elif times < 10**4:
            group, digit, last = group + (digit or 1) * times, 0, times
        else:
            whole, group, digit, last = (group + digit or 1) * times, 0, 0, times
    return whole + group + digit * (last // 10 if last > 10 else 1)
