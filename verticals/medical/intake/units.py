"""Units of vital signs: what may be written, how it is converted, and what no living patient can have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from core.errors import FieldError, InvalidInput

RANGES: Mapping[str, tuple[float, float]] = {
    "heart_rate": (10, 350),
    "respiratory_rate": (2, 150),
    "systolic": (30, 330),
    "diastolic": (10, 230),
    "spo2": (20, 100),
    "temperature": (20, 46),
    "glucose": (0.2, 120),
}
"""Lowest and highest value that can be a reading at all, in default units; what lies outside is a mistake."""

DEFAULT_UNITS: Mapping[str, str] = {
    "heart_rate": "/min",
    "respiratory_rate": "/min",
    "systolic": "mmhg",
    "diastolic": "mmhg",
    "spo2": "%",
    "temperature": "°c",
    "glucose": "mmol/l",
}
"""Unit of a plain number."""

_KPA_TO_MMHG = 7.50062
_MG_DL_TO_MMOL_L = 1 / 18.0156  # glucose only: it has 180.156 g/mol


def _same(value: float) -> float:
    return value


def _from_fahrenheit(value: float) -> float:
    return (value - 32) * 5 / 9


def _from_kelvin(value: float) -> float:
    return value - 273.15


def _from_kilopascal(value: float) -> float:
    return value * _KPA_TO_MMHG


def _from_mg_dl(value: float) -> float:
    return value * _MG_DL_TO_MMOL_L


def _percent(value: float) -> float:
    return value * 100


_RATE = dict.fromkeys(
    ("/min", "bpm", "1/min", "min-1", "次/分", "次/分钟", "{beats}/min", "{breaths}/min"), _same
)
_PRESSURE = {
    "mmhg": _same,
    "mm[hg]": _same,
    "毫米汞柱": _same,
    "kpa": _from_kilopascal,
    "千帕": _from_kilopascal,
}
_CONVERSIONS: Mapping[str, Mapping[str, Callable[[float], float]]] = {
    "heart_rate": _RATE,
    "respiratory_rate": _RATE,
    "systolic": _PRESSURE,
    "diastolic": _PRESSURE,
    "spo2": {"%": _same, "percent": _same, "1": _percent, "fraction": _percent},
    "temperature": {
        **dict.fromkeys(("°c", "c", "cel", "celsius", "℃", "度", "摄氏度"), _same),
        **dict.fromkeys(("°f", "f", "[degf]", "fahrenheit", "℉", "华氏度"), _from_fahrenheit),
        **dict.fromkeys(("k", "kelvin"), _from_kelvin),
    },
    "glucose": {
        **dict.fromkeys(("mmol/l", "mmol"), _same),
        **dict.fromkeys(("mg/dl", "mg"), _from_mg_dl),
    },
}


def measured(name: str, value: float, unit: str | None = None) -> float:
    """Return a reading in its default unit.

    Args:
        name: A key of `RANGES`.
        value: The number as written.
        unit: As written; None for the default unit.

    Raises:
        InvalidInput: the unit is not one of this vital sign, or the value is outside any plausible range.
    """
    known = _CONVERSIONS[name]
    key = DEFAULT_UNITS[name] if unit is None else unit.strip().lower().replace(" ", "")
    if key not in known:
        raise _faulty(name, f"{unit!r} is no unit of {name}; known are {', '.join(sorted(known))}")
    converted = known[key](float(value))
    low, high = RANGES[name]
    # `not (a <= b)` and not `a > b`: a NaN must not pass.
    if not (math.isfinite(converted) and low <= converted <= high):
        shown = f"{value:g} {unit or DEFAULT_UNITS[name]}"
        raise _faulty(
            name, f"{shown} cannot be a {name}: it is outside {low:g} to {high:g} {DEFAULT_UNITS[name]}"
        )
    return converted


def _faulty(name: str, detail: str) -> InvalidInput:
    return InvalidInput(
        f"The vital sign {name} is wrong: {detail}.",
        remedy='Measure again, or name the unit: {"value": 98.6, "unit": "°F"}.',
        errors=[FieldError(f"/vitals/{name}", detail)],
    )
