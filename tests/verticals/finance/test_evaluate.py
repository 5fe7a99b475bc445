from __future__ import annotations

import pytest

from core.records import Prediction
from verticals.finance.evaluate import GoldenCase, golden_cases, golden_report
from verticals.finance.recipe import SENTIMENTS, TOPICS


def case(name: str, trap: str, lang: str, sentiment: str, *topics: str) -> GoldenCase:
    return GoldenCase(name, trap, lang, "text", sentiment, topics)


CASES = [
    case("a", "narrowed loss", "en", "positive", "earnings"),
    case("b", "narrowed loss", "zh", "positive", "earnings", "guidance"),
    case("c", "plain", "en", "negative"),
    case("d", "plain", "en", "neutral", "crypto"),
]


def said(*labels: str) -> Prediction:
    return Prediction(labels, 1.0)


def test_golden_report() -> None:
    sentiments = [said("positive"), said("negative"), said("negative"), said("neutral")]
    topics = [said("earnings"), said("earnings"), said("legal"), said("crypto")]
    report = golden_report(CASES, sentiments, topics)
    assert report.by_lang == {"en": 1.0, "zh": 0.0}
    assert report.by_trap == {"narrowed loss": 0.5, "plain": 1.0}
    assert report.wrong == ("b",)
    assert report.macro_f1 == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert report.micro_f1 == pytest.approx(2 * 3 / (4 + 4))


def test_predictions_must_match_the_cases() -> None:
    with pytest.raises(ValueError, match="zip"):
        golden_report(CASES, [said("positive")], [said()])


def test_golden_cases_use_the_labels_of_the_tasks() -> None:
    cases = golden_cases()
    assert {c.sentiment for c in cases} == set(SENTIMENTS)
    assert {topic for c in cases for topic in c.topics} <= set(TOPICS)
    assert {c.lang for c in cases} == {"en", "zh"}
    assert len({c.id for c in cases}) == len(cases)
