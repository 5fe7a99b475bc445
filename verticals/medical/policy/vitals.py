"""Applies a pack's vital-sign rules to what was measured and to what the text states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from core.records import Span
from verticals.medical.intake import Vitals, measured
from verticals.medical.policy.finding import Reason
from verticals.medical.policy.pack import Pack, VitalRule
from verticals.medical.policy.person import Person

Measure = tuple[str, float | str, tuple[Span, ...]]
"""A vital sign, its value in default units, and where the text states it."""


Alarm = tuple[VitalRule, tuple[Span, ...]]
"""A rule that is broken, and where the text says so."""


def measures(given: Vitals, stated: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return every reading there is; a stated one never replaces a given one, both are judged."""
    named = ((field.name, getattr(given, field.name)) for field in fields(given))
    return (*((name, value, ()) for name, value in named if value is not None), *stated)


def alarms(pack: Pack, person: Person, readings: Iterable[Measure]) -> Iterator[Alarm]:
    """Yield each rule that a reading breaks for a patient as possible."""
    readings = tuple(readings)
    for rule in pack.vitals:
        if applies(rule, person):
            for name, value, evidence in readings:
                if name == rule.vital and crossed(rule, value):
                    yield rule, evidence


def applies(rule: VitalRule, person: Person) -> bool:
    """Tell whether a rule is for this patient; what is unknown does not excuse."""
    if rule.pregnant and not person.may_be_pregnant:
        return False
    if rule.only and not person.conditions & set(rule.only):
        return False
    return not person.conditions & set(rule.unless) and person.may_be(rule.age)


def crossed(rule: VitalRule, value: float | str) -> bool:
    """Tell whether a reading is on the wrong side of the border."""
    if isinstance(value, str):
        return value in rule.any_of
    border = measured(rule.vital, rule.border, rule.unit)
    return value < border if rule.below is not None else value >= border


def reason(rule: VitalRule, level: int, evidence: tuple[Span, ...]) -> Reason:
    """Return the reason of a broken rule."""
    return Reason(f"vital.{rule.id}", rule.en, rule.zh, level, evidence)
