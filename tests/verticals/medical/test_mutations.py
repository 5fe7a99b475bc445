"""Five faults planted in the rules; the checks of test_properties must find each of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from core.errors import ConfigurationError
from core.text.assertion import Status
from tests.verticals.medical.test_pack import document
from tests.verticals.medical.test_properties import (
    BASES,
    FLAGS,
    HEALTHY,
    check_added_flag,
    check_removed,
    check_units,
    check_worse_vital,
)
from tests.verticals.medical.test_vitals import CALM
from verticals.medical.intake import Complaint, Patient, units
from verticals.medical.policy import Pack, load, redflags
from verticals.medical.policy.pack import parse

ADULT = Patient(age=40.0, sex="male")


def run_checks(pack: Pack) -> None:
    """The property checks over a small fixed grid, so that a plant is found each time."""
    base = Complaint(BASES[0], patient=ADULT)
    for _, flag in product(range(1), [text for pair in FLAGS for text in pair]):
        check_added_flag(base, flag, CALM, pack)
        check_added_flag(Complaint("I have no fever", patient=ADULT), flag, CALM, pack)
    for name, share in product(HEALTHY, (0.0, 0.1, 0.3, 0.6, 1.0)):
        check_worse_vital(base, name, share, CALM, pack)
    for name, value in (("glucose", 2.5), ("temperature", 41.5), ("systolic", 70.0)):
        check_units(name, value, pack)
    for what in ("age", "sex", "pregnant", "answers"):
        check_removed(base, what, CALM, pack)


def _dropped_flag(pack: dict[str, Any]) -> None:
    pack["red_flags"] = [flag for flag in pack["red_flags"] if flag["id"] != "torsion"]


def _rule(pack: dict[str, Any], name: str) -> dict[str, Any]:
    return next(rule for rule in pack["vitals"] if rule["id"] == name)


def _flipped_comparison(pack: dict[str, Any]) -> None:
    rule = _rule(pack, "spo2_critical")
    rule["from"], rule["below"] = rule["below"], None


def _lowered_level(pack: dict[str, Any]) -> None:
    next(flag for flag in pack["red_flags"] if flag["id"] == "vision_loss")["level"] = 4


def test_the_rules_as_they_are_pass() -> None:
    run_checks(parse(document()))


@pytest.mark.parametrize("plant", [_dropped_flag, _flipped_comparison, _lowered_level])
def test_a_planted_fault_in_the_pack_is_found(plant: Callable[[dict[str, Any]], None]) -> None:
    pack = document()
    plant(pack)
    faulty = parse(pack)

    with pytest.raises(AssertionError):
        run_checks(faulty)


def test_a_swapped_unit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    conversions: Any = units._CONVERSIONS
    monkeypatch.setitem(conversions["glucose"], "mg/dl", conversions["glucose"]["mmol/l"])

    with pytest.raises(AssertionError):
        run_checks(load())


def test_a_unit_that_makes_no_sense_is_refused_with_the_pack() -> None:
    pack = document()
    _rule(pack, "sugar_very_low")["unit"] = "mg/dL"

    with pytest.raises(ConfigurationError, match="glucose"):
        parse(pack)


def test_a_widened_negation_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    true_assess = redflags.assess

    def widened(text: str, spans: Any, lang: str | None = None) -> list[Status]:
        # One "no" anywhere in the text denies everything behind it.
        denied = text.find("no ")
        return [
            Status.ABSENT if 0 <= denied < span.start else status
            for span, status in zip(spans, true_assess(text, spans, lang), strict=True)
        ]

    monkeypatch.setattr(redflags, "assess", widened)

    with pytest.raises(AssertionError):
        run_checks(parse(document()))
