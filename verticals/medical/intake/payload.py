"""From the JSON of a REST call or of a connector's Record to a complaint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from core.errors import FieldError, InvalidInput
from core.records import Record
from verticals.medical.intake.complaint import CONSCIOUSNESS, Answer, Complaint, Patient, Vitals
from verticals.medical.intake.units import RANGES, measured

_OLDEST = 130
_SEXES = {"f": "female", "female": "female", "女": "female", "女性": "female", "woman": "female"} | {
    **{"m": "male", "male": "male", "男": "male", "男性": "male", "man": "male"},
    **{"other": "other", "其他": "other", "unknown": None, "未知": None},
}
_YEARS = {"a": 1.0, "year": 1.0, "mo": 1 / 12, "month": 1 / 12, "wk": 7 / 365.25, "week": 7 / 365.25} | {
    **{
        "d": 1 / 365.25,
        "day": 1 / 365.25,
        "岁": 1.0,
        "个月": 1 / 12,
        "月": 1 / 12,
        "周": 7 / 365.25,
        "天": 1 / 365.25,
    }
}
_AVPU = {"a": "alert", "c": "confused", "v": "voice", "p": "pain", "u": "unresponsive"}


def from_payload(payload: Mapping[str, Any]) -> Complaint:
    """Return the complaint in a triage payload (`text`, `lang`, `age`, `sex`, `pregnant`, `vitals` …).

    Ages are years or {"value", "unit": years|months|weeks|days}; vitals are numbers in default units (/min,
    mmHg, %, °C, mmol/L) or {"value", "unit"}.

    Raises:
        InvalidInput: a value has the wrong type, an unknown unit, or is outside any plausible range.
    """
    text = payload.get("text")
    if not isinstance(text, str):
        raise _faulty("/text", "is missing or no string")
    answers = payload.get("answers") or {}
    if not isinstance(answers, Mapping):
        raise _faulty("/answers", "must be an object of question ids and answers")
    return Complaint(
        text=text,
        lang=_word(payload, "lang"),
        patient=patient(payload),
        vitals=vitals(payload.get("vitals") or {}),
        answers={str(key): _answer(str(key), value) for key, value in answers.items()},
        encounter_id=_word(payload, "encounter_id"),
    )


def from_record(record: Record) -> Complaint:
    """Return the complaint in a connector's record; its payload has the fields of the REST call.

    Raises:
        InvalidInput: as `from_payload`; the detail names the record.
    """
    payload = dict(record.payload)
    payload.setdefault("text", payload.get("complaint") or payload.get("chief_complaint"))
    payload.setdefault("encounter_id", record.external_id)
    try:
        return from_payload(payload)
    except InvalidInput as error:
        where = f"The record {record.source}:{record.external_id} is wrong: {error.detail}"
        raise InvalidInput(where, remedy=error.remedy, errors=error.errors) from error


def patient(payload: Mapping[str, Any]) -> Patient:
    """Return who a payload is about.

    Raises:
        InvalidInput: an age below 0 or above 130 years, a sex or an answer that is not understood.
    """
    pregnant = payload.get("pregnant")
    if not isinstance(pregnant, bool | None):
        raise _faulty("/pregnant", "must be true, false or null")
    conditions = payload.get("conditions") or ()
    if isinstance(conditions, str) or not all(isinstance(item, str) for item in conditions):
        raise _faulty("/conditions", "must be a list of strings")
    names = frozenset(item.strip().lower() for item in conditions if item.strip())
    return Patient(_age(payload.get("age")), _sex(payload.get("sex")), pregnant, names)


def vitals(payload: Mapping[str, Any]) -> Vitals:
    """Return the vital signs of a payload in fixed units.

    Raises:
        InvalidInput: an unknown name or unit, no number, or a value outside any plausible range.
    """
    if not isinstance(payload, Mapping):
        raise _faulty("/vitals", "must be an object")
    unknown = sorted(set(payload) - {*RANGES, "consciousness"})
    if unknown:
        raise _faulty(
            f"/vitals/{unknown[0]}", f"is no vital sign; known are {', '.join(RANGES)}, consciousness"
        )
    read = {name: _reading(name, value) for name, value in payload.items() if name in RANGES}
    found = Vitals(**read, consciousness=_consciousness(payload.get("consciousness")))
    if found.systolic is not None and found.diastolic is not None and found.diastolic > found.systolic:
        raise _faulty("/vitals/diastolic", "is above the systolic pressure; they may be swapped")
    return found


def _reading(name: str, value: object) -> float | None:
    if value is None:
        return None
    number, unit = _number(f"/vitals/{name}", value)
    return measured(name, number, unit)


def _number(pointer: str, value: object) -> tuple[float, str | None]:
    unit = None
    if isinstance(value, Mapping):
        unit, value = value.get("unit"), value.get("value")
        if not isinstance(unit, str | None):
            raise _faulty(pointer, "has a unit that is no string")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _faulty(pointer, 'must be a number or {"value": number, "unit": string}')
    return float(value), unit


def _consciousness(value: object) -> str | None:
    if value is None:
        return None
    word = value.strip().lower() if isinstance(value, str) else ""
    word = _AVPU.get(word, word)
    if word not in CONSCIOUSNESS:
        raise _faulty("/vitals/consciousness", f"must be one of {', '.join(CONSCIOUSNESS)}")
    return word


def _age(value: object) -> float | None:
    if value is None:
        return None
    number, unit = _number("/age", value)
    factor = _YEARS.get((unit or "year").strip().lower().removesuffix("s"))
    if factor is None:
        raise _faulty("/age", f"{unit!r} is no unit of an age; known are years, months, weeks, days")
    if not 0 <= number * factor <= _OLDEST:
        raise _faulty("/age", f"{number:g} is no age of a person (0 to {_OLDEST} years)")
    return number * factor


def _sex(value: object) -> str | None:
    if value is None:
        return None
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in _SEXES:
        raise _faulty("/sex", "must be female, male or other")
    return _SEXES[word]


def _answer(key: str, value: object) -> Answer:
    if value is None or isinstance(value, bool | str | int | float):
        return value
    raise _faulty(f"/answers/{key}", "must be true, false, a string, a number or null")


def _word(payload: Mapping[str, Any], name: str) -> str | None:
    value = payload.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise _faulty(f"/{name}", "must be a string")


def _faulty(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(
        f"The complaint's {pointer[1:].replace('/', '.')} {detail}.",
        remedy="Correct it or leave it out.",
        errors=[FieldError(pointer, detail)],
    )
