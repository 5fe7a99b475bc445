from __future__ import annotations

import pytest

from verticals.medical.evaluate import GoldenCase, Outcome, gate, golden_cases, golden_report, share
from verticals.medical.intake import from_payload
from verticals.medical.recipe import DEPARTMENTS, LANGUAGES


def case(name: str, kind: str, lang: str, worst: int, best: int, **more: str) -> GoldenCase:
    return GoldenCase(name, kind, lang, {"text": "text"}, worst, best, **more)


CASES = [
    case("a", "emergency", "en", 2, 1, department="emergency"),
    case("b", "emergency", "zh", 2, 1, department="ent"),
    case("c", "calm", "en", 5, 4),
    case("d", "pair", "zh", 3, 2, pair="p"),
    case("e", "pair", "zh", 3, 2, pair="p"),
]
SAID = [
    Outcome(2, "emergency"),
    Outcome(3, "emergency", abstained=True),
    Outcome(3, "ent", refused=True),
    Outcome(2, "ent"),
    Outcome(3, "ent"),
]


def test_golden_report() -> None:
    report = golden_report(CASES, SAID)
    assert (report.under_triage.count, report.under_triage.total) == (1, 5)
    assert (report.over_triage.count, report.missed_emergencies.count) == (1, 1)
    assert (report.unequal_pairs.count, report.unequal_pairs.total) == (1, 1)
    assert (report.department.count, report.department.total) == (1, 2)
    assert report.coverage.value == pytest.approx(0.8)
    assert report.refused.count == 1
    assert report.wrong == ("b",)
    assert report.by["zh"].under_triage.value == pytest.approx(1 / 3)
    assert report.by["emergency"].missed_emergencies.total == 2
    assert set(report.by) == {"en", "zh", "emergency", "calm", "pair"}


def test_the_interval_is_exact() -> None:
    none_of_15, none_of_299 = share(0, 15), share(0, 299)
    assert none_of_15.low == 0.0
    # One-sided, as the rule of three has it: 18.1 % and 1 %; two-sided it is a little more.
    assert none_of_15.high == pytest.approx(0.2180, abs=1e-4)
    assert none_of_299.high == pytest.approx(0.01226, abs=1e-4)
    assert share(3, 3).low == pytest.approx(0.2924, abs=1e-4)
    assert share(3, 3).high == 1.0
    assert (share(0, 0).low, share(0, 0).high, share(0, 0).value) == (0.0, 1.0, 0.0)


def test_the_gate_says_why() -> None:
    assert len(gate(golden_report(CASES, SAID))) == 3
    assert gate(golden_report(CASES, [Outcome(1, "ent")] * 5)) == []


def test_outcomes_must_match_the_cases() -> None:
    with pytest.raises(ValueError, match="zip"):
        golden_report(CASES, SAID[:-1])


def test_the_golden_cases_are_sound() -> None:
    cases = golden_cases()
    assert {each.lang for each in cases} == set(LANGUAGES)
    assert {each.kind for each in cases} == {"emergency", "calm", "status", "pair"}
    assert len({each.id for each in cases}) == len(cases) >= 100
    assert all(1 <= each.best <= each.worst <= 5 for each in cases)
    assert {each.department for each in cases if each.department} <= set(DEPARTMENTS)
    for lang in LANGUAGES:
        assert sum(each.kind == "emergency" and each.lang == lang for each in cases) >= 30
    for each in cases:
        impossible = {"spo2": 0} if each.payload.get("vitals", {}).get("spo2") == 0 else {}
        if not impossible:
            from_payload(each.payload)
