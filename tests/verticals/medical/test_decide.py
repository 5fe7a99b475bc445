from __future__ import annotations

import time

import pytest

from tests.verticals.medical.test_vitals import CALM
from verticals.medical.intake import Complaint, Patient
from verticals.medical.policy import Decision, ModelOpinion, decide, load

MILD = "I have a runny nose and I sneeze since yesterday"
ADULT = Patient(age=30, sex="male")


def judge(text: str = MILD, model: ModelOpinion | None = CALM, **more: object) -> Decision:
    return decide(Complaint(text, patient=ADULT, **more), load(), model)  # type: ignore[arg-type]


def opinion(*shares: float) -> ModelOpinion:
    return ModelOpinion(dict(enumerate(shares, 1)), {"ent": 1.0}, "m")


def test_a_calm_case_is_left_to_the_model() -> None:
    decision = judge()

    assert (decision.level, decision.abstained, decision.review) == (5, False, False)
    assert decision.level_name == "Self-care"
    assert decision.model == "calm"


@pytest.mark.parametrize(
    "model",
    [
        None,
        ModelOpinion(failed="time-out"),
        ModelOpinion(),
        opinion(float("nan"), 0, 0, 0, 1),
        opinion(0.5, 0.5, 0.5, 0.5, 0.5),
        opinion(-1, 0, 0, 0, 2),
        ModelOpinion({9: 1.0}),
    ],
)
def test_a_model_fault_is_urgent_and_for_a_person(model: ModelOpinion | None) -> None:
    decision = judge(model=model)

    assert decision.level <= 2
    assert decision.abstained
    assert decision.review
    assert decision.level_set == (1, 2)


def test_an_unsure_model_is_seen_today() -> None:
    decision = judge(model=opinion(0.05, 0.15, 0.2, 0.3, 0.3))

    assert decision.level <= 3
    assert decision.abstained


def test_the_model_raises_and_never_lowers() -> None:
    assert judge(model=opinion(0.9, 0.1, 0, 0, 0)).level == 1
    assert judge("I have chest pain and sweating", model=opinion(0, 0, 0, 0, 1)).level == 1
    assert judge(model=opinion(0.0, 0.3, 0.0, 0.0, 0.7)).level == 2


@pytest.mark.parametrize(
    "text",
    [
        "Dolor de pecho muy fuerte desde ayer por la tarde",
        "胸が痛くて息ができません、助けてください",
        "가슴이 아프고 숨이 차요",
        "У меня сильно болит грудь",
        "أشعر بألم شديد في الصدر",
        "?",
        "🤒",
        "1234",
        MILD + " " + "Mi madre tiene un dolor muy fuerte en el pecho desde ayer por la noche. " * 60,
    ],
)
def test_what_cannot_be_read_goes_up(text: str) -> None:
    decision = judge(text)

    assert decision.level <= 2
    assert decision.abstained
    assert decision.review


def test_a_language_told_by_the_caller_is_believed_where_it_is_unknown() -> None:
    assert judge(lang="sw").level <= 2
    assert judge(lang="en-GB").level == 5
    assert judge("我流鼻涕打喷嚏两天了", lang="zh-CN").level == 5


def test_words_without_sense_are_seen_today() -> None:
    assert judge("qwrt zxcv plmk").level <= 3


def test_must_ask_items() -> None:
    text = "I have a mild headache"
    no = dict.fromkeys(("headache_sudden", "headache_fever", "headache_weakness"), False)

    asked = judge(text)

    assert asked.level == 3
    assert {question.id for question in asked.ask} == set(no)
    assert judge(text, answers=no).level == 5
    assert judge(text, answers={**no, "headache_sudden": True}).level == 1
    assert judge(text, answers={**no, "headache_fever": None}).level == 3
    assert judge(text, answers={**no, "headache_fever": "stiff neck and fever"}).level == 1


def test_reasons_are_in_order_and_in_both_languages() -> None:
    reasons = judge("I have chest pain and sweating").reasons

    assert [reason.level for reason in reasons] == sorted(reason.level for reason in reasons)
    assert all(reason.text_en and reason.text_zh for reason in reasons)


def test_departments() -> None:
    assert judge(model=opinion(0, 0, 0, 0, 1)).department == "ent"
    assert judge("sudden blindness").department == "ophthalmology"
    assert judge("I have chest pain and sweating").department == "emergency"


def test_a_decision_is_the_same_each_time() -> None:
    assert judge("胸痛，出汗") == judge("胸痛，出汗")


@pytest.mark.parametrize("unit", ["chest pain, no fever, ", "疼", "胸痛", "x", "a ", "BP 12/", "no ", "1"])
def test_cost_grows_with_the_text_and_not_faster(unit: str) -> None:
    def seconds(length: int) -> float:
        began = time.process_time()
        judge((unit * (length // len(unit) + 1))[:length])
        return time.process_time() - began

    seconds(5_000)
    small, large = min(seconds(10_000) for _ in range(2)), seconds(40_000)

    assert large < 10 * small + 0.1
