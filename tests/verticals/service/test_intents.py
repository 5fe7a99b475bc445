from __future__ import annotations

import pytest

from core.records import Prediction
from tests.verticals.service.conftest import Ask
from verticals.service.policy.reading import Reading
from verticals.service.policy.thresholds import close_intents, confident, wants_person
from verticals.service.recipe import LABELS, OUT_OF_SCOPE

PATH = "/v1/service/intents"


def test_answers_stand_in_the_order_of_the_texts(ask: Ask) -> None:
    texts = ["my voucher", "我要退货", "who won the match"]
    said = ask("POST", PATH, {"texts": texts}).json()["data"]
    assert [each["intent"] for each in said] == ["shop_coupon", "shop_return_item", OUT_OF_SCOPE]
    assert [each["out_of_scope"] for each in said] == [False, False, True]
    assert [each["lang"] for each in said] == ["en", "zh", "en"]
    assert all(set(each["probabilities"]) == set(LABELS) for each in said)
    assert said[2]["confidence"] == 0.9


def test_over_the_caps(ask: Ask) -> None:
    assert ask("POST", PATH, {"texts": ["a"] * 257}).status_code == 413
    assert ask("POST", PATH, {"texts": ["a" * 100_001]}).status_code == 413
    assert ask("POST", PATH, {"texts": []}).status_code == 422


def test_a_blank_text_is_pointed_at(ask: Ask) -> None:
    reply = ask("POST", PATH, {"texts": ["fine", "\u3000"]})
    assert [error["pointer"] for error in reply.json()["errors"]] == ["/texts/1"]


def _reading(label: str, probability: float, **probabilities: float) -> Reading:
    return Reading("en", Prediction((label,), probability, probabilities))


def test_none_of_them_counts_where_it_is_likelier_than_the_best() -> None:
    doubted = _reading("bank_fee", 0.004, bank_fee=0.004, out_of_scope=0.99)
    assert (doubted.intent, doubted.confidence, doubted.out_of_scope) == (OUT_OF_SCOPE, 0.99, True)
    rejected = _reading(OUT_OF_SCOPE, 0.7, bank_fee=0.6, out_of_scope=0.3)
    assert (rejected.intent, rejected.confidence) == (OUT_OF_SCOPE, 0.7)
    believed = _reading("bank_fee", 0.6, bank_fee=0.6, out_of_scope=0.3)
    assert (believed.intent, believed.confidence, believed.out_of_scope) == ("bank_fee", 0.6, False)


def test_out_of_scope_is_never_confident() -> None:
    assert not confident(_reading(OUT_OF_SCOPE, 0.99, out_of_scope=0.99))
    assert not wants_person(_reading("general_human_agent", 0.3, general_human_agent=0.3))
    assert wants_person(_reading("general_human_agent", 0.8, general_human_agent=0.8))


@pytest.mark.parametrize(
    ("first", "second", "close"),
    [(0.45, 0.44, True), (0.45, 0.2, False), (0.9, 0.1, False), (0.15, 0.15, False)],
)
def test_two_intents_are_close_when_both_are_likely(first: float, second: float, close: bool) -> None:
    said = _reading("bank_fee", first, bank_fee=first, bank_loan=second, out_of_scope=0.1)
    assert (close_intents(said) is not None) is close
