from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import InvalidInput, PayloadTooLarge
from core.records import Example, Prediction
from core.settings import Settings
from core.testing.predictor import FixedPredictor
from verticals.finance.intake import Story
from verticals.finance.recipe import TASKS
from verticals.finance.service import answer
from verticals.finance.service.analyze import Analyze


class Listening(FixedPredictor):
    """A FixedPredictor that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(TASKS)
        self.calls: list[tuple[str, tuple[str, ...], list[Example]]] = []

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        self.calls.append((tenant, tuple(tasks), list(items)))
        return super().predict(tenant, tasks, items, model=model)


@pytest.fixture
def predictor() -> Listening:
    return Listening()


@pytest.fixture
def finance(predictor: Listening, tmp_path: Path) -> Analyze:
    return Analyze(predictor, Settings(data=tmp_path, cache=tmp_path, max_batch=3, max_text_chars=40))


def test_tasks_about_whole_texts_share_one_call(finance: Analyze, predictor: Listening) -> None:
    finance("demo", [Story("Orvane cuts outlook"), Story("澜石科技下调指引")])
    [(tenant, tasks, items)] = predictor.calls
    assert (tenant, tasks) == ("demo", ("finance.sentiment", "finance.topic", "finance.risk"))
    assert [(item.text, item.lang) for item in items] == [
        ("Orvane cuts outlook", "en"),
        ("澜石科技下调指引", "zh"),
    ]


def test_language_that_was_sent_stands(finance: Analyze, predictor: Listening) -> None:
    assert finance("demo", [Story("Orvane", lang="zh")])[0].lang == "zh"


def test_answer_keeps_the_contract(finance: Analyze) -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    [analysis] = finance("demo", [Story("Orvane cuts outlook", published_at=moment)])
    out = answer(analysis).model_dump(mode="json")
    assert out["sentiment"]["label"] == max(
        out["sentiment"]["probabilities"], key=out["sentiment"]["probabilities"].get
    )
    assert sum(out["sentiment"]["probabilities"].values()) == pytest.approx(1)
    ranks = [out["topic_probabilities"][topic] for topic in out["topics"]]
    assert ranks == sorted(ranks, reverse=True)
    assert set(out["topics"]) == {t for t, p in out["topic_probabilities"].items() if p >= 0.5}
    assert out["entities"] == []
    assert out["published_at"] == "2026-11-20T00:00:00Z"
    assert out["model"] == dict.fromkeys(("finance.sentiment", "finance.topic", "finance.risk"), "fixed")
    assert out["risk"]["label"] == max(out["risk"]["probabilities"], key=out["risk"]["probabilities"].get)


def test_over_the_caps(finance: Analyze, predictor: Listening) -> None:
    with pytest.raises(PayloadTooLarge, match="cap is 3"):
        finance("demo", [Story("a")] * 4)
    with pytest.raises(PayloadTooLarge) as caught:
        finance("demo", [Story("a"), Story("a" * 41)])
    assert [error.pointer for error in caught.value.errors] == ["/texts/1/text"]
    assert predictor.calls == []


@pytest.mark.parametrize("text", [" \n\t", "\u200b\u2060", "\u3000\x07"])
def test_nothing_to_read(finance: Analyze, text: str) -> None:
    with pytest.raises(InvalidInput, match="nothing to read") as caught:
        finance("demo", [Story("a"), Story(text)])
    assert [error.pointer for error in caught.value.errors] == ["/texts/1/text"]
