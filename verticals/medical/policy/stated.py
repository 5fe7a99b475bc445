"""Vital signs and ages that the text itself states: "BP 80/50", "体温39.5", "6 week old", "3个月大"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import InvalidInput
from verticals.medical.intake import measured

_N = r"(\d{1,3}(?:\.\d{1,2})?)(?![\d])"
_TO = (
    r"(?:[ ]?(?:is|was|of|at|about|around|only|reads?|reading|now|down|to|up|=|:|：|\("
    r"|under the arm|in the (?:ear|armpit)|by (?:ear|mouth)|on the forehead"
    r"|为|是|约|大概|只有|到|高达|达|降到|降至|掉到|升到|升至"
    r"|测得|量得|量出来|量了|量的|量着|测了|量|测|才|又|了|有|都)){0,3}[ ]?"
)
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pressure", re.compile(rf"(?:\bb\.?p\.?|blood pressure|血压){_TO}{_N}[ ]?[/／][ ]?{_N}[ ]?(kpa|千帕)?")),
    ("pressure", re.compile(rf"(?<![\d./]){_N}/{_N}[ ]?(mmhg|kpa)")),
    ("systolic", re.compile(rf"(?:systolic|\bsbp|收缩压|高压)(?: (?:bp|blood pressure|pressure))?{_TO}{_N}")),
    (
        "diastolic",
        re.compile(rf"(?:diastolic|\bdbp|舒张压|低压)(?: (?:bp|blood pressure|pressure))?{_TO}{_N}"),
    ),
    (
        "heart_rate",
        re.compile(
            r"(?:\bhr|heart ?rate|heart (?:is )?(?:going|beating|racing)|\bpulse(?: rate)?|心率|脉搏|心跳)"
            rf"{_TO}{_N}(?![ ]?(?:%|/\d))"
        ),
    ),
    ("heart_rate", re.compile(rf"(?<![\d.]){_N}[ ]?(?:bpm|beats per min|beats a minute)")),
    (
        "respiratory_rate",
        re.compile(rf"(?:\brr|resp(?:iratory)?(?: rate)?|breathing rate|呼吸(?:频率)?){_TO}{_N}(?![ ]?%)"),
    ),
    (
        "spo2",
        re.compile(
            r"(?:spo2|sp o2|sao2|o2 ?sats?|\bsats?|oxygen saturation|saturation|oxygen level|oxygen"
            rf"|血氧(?:饱和度)?|氧饱和度?){_TO}{_N}"
        ),
    ),
    (
        "temperature",
        re.compile(
            r"(?:\btemp(?:erature)?|\bfever|\baxillary|\btympanic|\brectal|thermometer(?: says)?"
            r"|\bspik(?:ed|ing)(?: a)?"
            r"|体温|腋温|腋下|耳温|耳朵|额温|额头|肛温|口温|发烧|发热|高烧|高热|低烧|烧到|烧)"
            rf"{_TO}{_N}[ ]?(°?[cf]\b|℃|℉|度|degrees)?"
        ),
    ),
    # Without a unit a number is a temperature where it could be one and a place on the body follows.
    (
        "temperature",
        re.compile(
            r"(?<![\d./])((?:3[3-9]|4[0-2]|9[4-9]|10[0-7])(?:\.\d)?)[ ]?([cf]\b)?[ ]?"
            r"(?:in the (?:ear|armpit)|under (?:the|his|her) (?:arm|tongue)|on the forehead"
            r"|by (?:ear|mouth)|axillary|rectal|tympanic|oral)"
        ),
    ),
    (
        "temperature",
        re.compile(r"(?<![a-z\d])t[ :=：]{0,2}((?:3[3-9]|4[0-2])(?:\.\d)?)(?![\d/次号路])[ ]?(°?c\b|℃)?"),
    ),
    ("temperature", re.compile(r"(?<![\d.])((?:3[5-9]|4[0-2])(?:\.\d)?)[ ]?(度)(?![数假角])")),
    ("heart_rate", re.compile(r"(?<![a-z\d])(?:p|心率|脉搏)[ :=：]{0,2}(\d{2,3})[ ]?次")),
    ("respiratory_rate", re.compile(r"(?<![a-z\d])(?:r|呼吸)[ :=：]{0,2}(\d{1,2})[ ]?次")),
    (
        "temperature",
        re.compile(
            r"(?<![\d.])(\d{2,3}(?:\.\d{1,2})?)[ ]?"
            r"(°[ ]?[cf]\b|℃|℉|(?:degrees )?(?:celsius|fahrenheit)|[cf]\b)"
        ),
    ),
    (
        "glucose",
        re.compile(rf"(?:glucose|blood sugar|\bsugars?|\bbgl?|\bbm|血糖){_TO}{_N}[ ]?(mg/dl|mmol/l|mmol)?"),
    ),
)
_GCS = re.compile(r"\b(?:gcs|glasgow coma (?:scale|score))[ :=]{0,2}(\d{1,2})\b")
_UNIT_YEARS = (
    (re.compile(r"(?:years?|yrs?|y/?o|岁|周岁)"), 1.0),
    (re.compile(r"(?:months?|mo|个月|月龄|月)"), 1 / 12),
    (re.compile(r"(?:weeks?|wks?|wo|周|星期|个星期)"), 7 / 365.25),
    (re.compile(r"(?:days?|do| |天|日龄|日)"), 1 / 365.25),
)
_AGES = (
    re.compile(r"(?<![\d.])(\d{1,3})[ -]?(years?|yrs?|months?|mo|weeks?|wks?|days?)[ -]?old\b"),
    re.compile(r"(?<![\d.])(\d{1,3})[ -]?(y/?o)\b"),
    re.compile(
        r"(?<![\d.])(\d{1,3})[ -]?(year|month|week|day)[ -](?:infant|baby|boy|girl|male|female|man|woman)\b"
    ),
    re.compile(r"(?<![\d.])(\d{1,3}) ?(周岁|岁|月龄|日龄)"),
    re.compile(
        r"(?<![\d.])(\d{1,2}) ?(个月|个星期|周|天)(?:大|的?(?:宝宝|婴儿|孩子|小孩|女婴|男婴|娃|新生儿|小宝))"
    ),
    re.compile(
        r"(?:宝宝|婴儿|孩子|小孩|女儿|儿子|女婴|男婴|娃|出生|生后)"
        r"(?:才|刚|现在|今年|已经|有|第|了){0,2}(\d{1,2}) ?(个月|月|周|天)"
    ),
    re.compile(
        r"\b(?:baby|newborn|infant|she|he)(?:'s| is| was) (?:only |just |about )?"
        r"(\d{1,2}) (days|weeks|months)\b"
        r"(?! (?:ago|into|pregnant|overdue|late|post|off|without|along|gone|after|since|of))"
    ),
    re.compile(r"\bborn (?:only |just |about )?(\d{1,2}) (days|weeks|months) ago\b"),
    re.compile(r"(?<![\d.])(\d{1,2}) ?(do|wo|mo)\b"),
    re.compile(r"\b(?:day|dol) ?(\d{1,2})( )of life\b"),
    re.compile(r"\baged? (\d{1,3}) ?(years?|months?|weeks?|days?)?\b"),
)
_NEWBORN = re.compile(r"\b(?:newborn|neonate|neonatal)\b|新生儿|刚出生|未满月|没满月")
_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_HAN_AGE = re.compile(
    r"(?<![百第几])([二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九两])"
    r"(?=个半?多?月|多?[天周]|个?星期|岁)"
)
_EN_AGE = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?=[ -](?:day|week|month)s?[ -]old)"
)
_EN_NUMBERS = dict(
    zip(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        range(1, 13),
        strict=True,
    )
)
_HAN_HEAT = re.compile(r"(三十[五六七八九]|四十[一二]?)度(半|[一二三四五六七八九])?")


@dataclass(frozen=True, slots=True)
class Reading:
    """A vital sign in default units (or a level of consciousness), and where the text states it."""

    vital: str
    value: float | str
    start: int
    end: int


def vitals(text: str) -> Iterator[Reading]:
    """Yield what a folded text states; what no patient can have is taken for something else and left out."""
    for vital, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            for name, number, unit in _parts(vital, match):
                value = _sound(name, number, unit)
                if value is not None:
                    yield Reading(name, value, match.start(), match.end())
    for match in _HAN_HEAT.finditer(text):
        half = 0.5 if match[2] == "半" else _han_number(match[2]) / 10 if match[2] else 0.0
        yield Reading("temperature", _han_number(match[1]) + half, *match.span())
    for match in _GCS.finditer(text):
        score = int(match[1])
        if 3 <= score <= 14:
            yield Reading("consciousness", "unresponsive" if score <= 8 else "confused", *match.span())


def ages(text: str) -> Iterator[float]:
    """Yield the ages in years that a folded text states."""
    text = _HAN_AGE.sub(lambda match: str(_han_number(match[1])), text)
    text = _EN_AGE.sub(lambda match: str(_EN_NUMBERS[match[1]]), text)
    for pattern in _AGES:
        for match in pattern.finditer(text):
            unit = match[2] or "years"
            factor = next(factor for known, factor in _UNIT_YEARS if known.fullmatch(unit))
            if int(match[1]) * factor <= 120:
                yield int(match[1]) * factor
    if _NEWBORN.search(text):
        yield 0.02


def _han_number(digits: str) -> int:
    """Return 1 to 99 written in Han digits."""
    tens, ten, ones = digits.rpartition("十")
    return (_HAN_DIGITS.get(tens, 1) * 10 if ten else 0) + _HAN_DIGITS.get(ones, 0)


def _parts(vital: str, match: re.Match[str]) -> Iterator[tuple[str, float, str | None]]:
    if vital == "pressure":
        yield "systolic", float(match[1]), match[3]
        yield "diastolic", float(match[2]), match[3]
    else:
        yield vital, float(match[1]), match[2] if match.re.groups > 1 else None


def _sound(name: str, number: float, unit: str | None) -> float | None:
    try:
        return measured(name, number, _unit(name, number, unit))
    except InvalidInput:
        return None


def _unit(name: str, number: float, unit: str | None) -> str | None:
    if name == "temperature":
        # 101 without a unit is no Celsius reading of anybody alive.
        word = (unit or "").replace("degrees", "").strip(" °")
        return "°f" if word[:1] in {"f", "℉"} or (word[:1] not in {"c", "℃"} and number > 80) else "°c"
    if name == "glucose" and unit is None:
        return "mg/dl" if number > 50 else None
    return unit
