from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from api.bootstrap import Container
from core.testing.web_contract import assert_problem
from tests.verticals.service.conftest import RETURNS, Ask
from tests.verticals.service.keyword_predictor import KeywordPredictor

Say = Callable[..., dict[str, Any]]
QUESTION = "Within how many days of delivery can you send a parcel back?"


@pytest.fixture
def returns(ask: Ask) -> dict[str, Any]:
    body = {"id": "returns", "title": "Returns", "text": RETURNS}
    stored: dict[str, Any] = ask("POST", "/v1/service/documents", body).json()
    return stored


def test_an_empty_knowledge_base_is_said_plainly(say: Say) -> None:
    reply = say("How many days do you need for parcels?")
    assert (reply["action"], reply["citations"]) == ("abstain", [])
    assert "knowledge base" in reply["text"]
    assert "知识库" in say("包裹要几天？")["text"] or reply["lang"] == "en"


def test_an_answer_is_a_quote_that_can_be_looked_up(ask: Ask, say: Say, returns: dict[str, Any]) -> None:
    reply = say(QUESTION)
    assert reply["action"] == "answer"
    assert reply["source"] == "documents"
    [citation, *_] = reply["citations"]
    text = ask("GET", "/v1/service/documents/returns").json()["text"]
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert "30 days" in citation["quote"]
    assert citation["quote"] in reply["text"]
    assert citation["version"] == returns["version"]


def test_a_false_premise_is_answered_by_the_knowledge_base(say: Say, returns: dict[str, Any]) -> None:
    reply = say("As you said, I can send a parcel back within 90 days of delivery, right?")
    assert "90" not in reply["text"]
    assert "30 days" in reply["text"]


def test_noise_is_not_cited(say: Say, returns: dict[str, Any]) -> None:
    reply = say("Who composed the opera Aida?")
    assert (reply["action"], reply["citations"]) == ("abstain", [])


def test_a_replaced_document_answers_the_next_message(ask: Ask, say: Say, returns: dict[str, Any]) -> None:
    assert "30 days" in say(QUESTION)["text"]
    changed = {"title": "Returns", "text": RETURNS.replace("30 days", "14 days")}
    assert ask("PUT", "/v1/service/documents/returns", changed).json()["version"] == 2
    reply = say(QUESTION)
    assert "14 days" in reply["text"]
    assert {citation["version"] for citation in reply["citations"]} == {2}


def test_a_deleted_document_is_gone_from_replies_old_and_new(
    ask: Ask, say: Say, container: Container, returns: dict[str, Any]
) -> None:
    first = say(QUESTION)
    path = f"/v1/service/conversations/{first['conversation_id']}/messages"
    stored = ask("GET", path).json()["data"][1]
    assert stored["text"] == first["text"]
    assert stored["citations"] == first["citations"]
    assert ask("DELETE", "/v1/service/documents/returns").status_code == 204
    assert say(QUESTION)["action"] != "answer"
    stored = ask("GET", path).json()["data"][1]
    assert stored["text"] == ""
    assert [(c["document_id"], c["quote"], c["title"]) for c in stored["citations"]] == [
        ("returns", None, None) for _ in first["citations"]
    ]
    with container.storage.read("demo") as session:
        rows = session.execute(text("SELECT * FROM service_messages WHERE tenant_id = 'demo'")).all()
    assert "within 30 days" not in repr(rows)


def test_opposite_questions_do_not_share_an_answer(ask: Ask, say: Say) -> None:
    for way in ("on", "off"):
        ask("PUT", f"/v1/service/templates/shop_subscription_{way}", {"en": f"Press {way}."})
    assert say("How do I turn on Plus?")["text"] == "Press on."
    assert say("How do I turn off Plus?")["text"] == "Press off."


def test_an_approved_answer_is_given_word_by_word_until_it_is_withdrawn(ask: Ask, say: Say) -> None:
    words = "  One code an order:\n enter it in the basket. "
    kept = ask("PUT", "/v1/service/templates/shop_coupon", {"en": words, "zh": "每单一个优惠码。"})
    assert kept.json()["en"] == words
    reply = say("my voucher fails")
    assert (reply["action"], reply["source"], reply["text"]) == ("answer", "template", words)
    assert reply["confidence"] == 0.96
    assert say("优惠券用不了")["text"] == "每单一个优惠码。"
    assert ask("DELETE", "/v1/service/templates/shop_coupon").status_code == 204
    assert say("my voucher fails")["source"] != "template"


def test_an_answer_approved_in_one_language_only_is_not_given_in_the_other(ask: Ask, say: Say) -> None:
    ask("PUT", "/v1/service/templates/shop_coupon", {"en": "Enter it in the basket."})
    assert say("优惠券用不了")["source"] != "template"


def test_greetings_need_no_approved_answer(say: Say) -> None:
    assert say("hello")["action"] == "answer"
    assert say("你好")["text"].startswith("您好")


def test_two_close_intents_are_both_named(say: Say) -> None:
    reply = say("Perhaps I want my money or another one")
    assert reply["action"] == "clarify"
    assert "returning an item" in reply["text"]
    assert "exchanging an item" in reply["text"]


def test_a_wish_for_a_person_is_told_once_and_then_kept_silent(ask: Ask, say: Say) -> None:
    first, second = say("Give me a person"), say("hello? are you there")
    assert first["action"] == second["action"] == "handoff"
    assert first["text"]
    assert second["text"] == ""
    path = f"/v1/service/conversations/{first['conversation_id']}"
    assert ask("GET", path).json()["state"] == "handed_over"
    said = ask("GET", f"{path}/messages").json()["data"]
    assert [row["text"] for row in said if row["role"] == "user"] == [
        "Give me a person",
        "hello? are you there",
    ]


def test_the_second_failure_in_a_row_hands_over(say: Say) -> None:
    actions = [say(text)["action"] for text in ("xylophone", "hello", "xylophone", "xylophone again", "and?")]
    assert actions == ["abstain", "answer", "abstain", "handoff", "handoff"]


def test_a_reopened_conversation_does_not_loop(ask: Ask, say: Say) -> None:
    reply = say("Give me a person")
    path = f"/v1/service/conversations/{reply['conversation_id']}"
    assert ask("PATCH", path, {"state": "open"}).json()["state"] == "open"
    assert say("hello")["action"] == "answer"
    assert say("xylophone")["action"] == "abstain"


def test_a_closed_conversation_takes_no_message(ask: Ask, say: Say) -> None:
    path = f"/v1/service/conversations/{say('hello')['conversation_id']}"
    ask("PATCH", path, {"state": "closed"})
    assert_problem(ask("POST", f"{path}/messages", {"text": "hello"}), 409)


def test_what_customers_wrote_is_masked_before_it_is_kept(
    ask: Ask, say: Say, container: Container, predictor: KeywordPredictor
) -> None:
    reply = say("hello, I am li@example.com, call 13812345678")
    ask(
        "POST",
        f"/v1/service/messages/{reply['message_id']}/feedback",
        {"rating": "down", "comment": "write to li@example.com"},
    )
    files = b"".join(path.read_bytes() for path in container.settings.data.rglob("*") if path.is_file())
    for secret in ("li@example.com", "13812345678"):
        assert secret not in " ".join(predictor.seen)
        assert secret.encode() not in files


def test_who_the_customer_is_is_kept_as_a_hash(ask: Ask, container: Container) -> None:
    ask("POST", "/v1/service/conversations", {"external_user": "customer-4711"})
    files = b"".join(path.read_bytes() for path in container.settings.data.rglob("*") if path.is_file())
    assert b"customer-4711" not in files


def test_feedback_is_kept_with_its_reply_and_the_last_word_counts(ask: Ask, say: Say) -> None:
    reply = say("hello")
    path = f"/v1/service/messages/{reply['message_id']}/feedback"
    ask("POST", path, {"rating": "up"})
    assert ask("POST", path, {"rating": "down", "comment": "too short"}).json()["rating"] == "down"
    said = ask("GET", f"/v1/service/conversations/{reply['conversation_id']}/messages").json()["data"]
    assert [row["rating"] for row in said] == [None, "down"]
    assert_problem(ask("POST", f"/v1/service/messages/{said[0]['id']}/feedback", {"rating": "up"}), 404)


@pytest.mark.parametrize(
    "message",
    [
        "?",
        "好",
        "🦄🌈",
        "我的 order 还没 ship",
        "我要退貨",
        "單號１２３４５",
        "\u202etab",
        "hello " * 16_000,
        "退" * 100_000,
    ],
    ids=["sign", "character", "emoji", "mixed", "traditional", "full width", "bidi", "96,000", "100,000"],
)
def test_odd_messages_are_answered(ask: Ask, say: Say, returns: dict[str, Any], message: str) -> None:
    reply = say(message)
    assert reply["action"] in ("answer", "clarify", "abstain", "handoff")
    assert reply["text"]


@pytest.mark.parametrize(("message", "status"), [("", 422), (" \u200b\n", 422), ("a" * 100_001, 413)])
def test_messages_that_say_nothing_or_too_much_are_refused(ask: Ask, message: str, status: int) -> None:
    conversation = ask("POST", "/v1/service/conversations", {}).json()["id"]
    reply = ask("POST", f"/v1/service/conversations/{conversation}/messages", {"text": message})
    assert_problem(reply, status)
    assert [error["pointer"] for error in reply.json()["errors"]] == ["/text"]


def test_a_sign_alone_is_asked_back_in_the_language_of_the_conversation(say: Say) -> None:
    say("你好")
    assert say("？")["text"] == "请用一句话告诉我您需要什么帮助。"


def test_conversations_are_listed_by_state(ask: Ask, say: Say) -> None:
    say("Give me a person")
    ask("POST", "/v1/service/conversations", {})
    states = [row["state"] for row in ask("GET", "/v1/service/conversations").json()["data"]]
    assert states == ["open", "handed_over"]
    only = ask("GET", "/v1/service/conversations?state=handed_over").json()["data"]
    assert [row["state"] for row in only] == ["handed_over"]
