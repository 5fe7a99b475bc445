"""Web hooks as the verifier of Standard Webhooks sees them, while secrets rotate too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook, WebhookVerificationError

from core.delivery.message import Message
from core.delivery.tables import Channel
from core.errors import InvalidInput
from core.storage.outbox import emit
from tests.core.delivery.conftest import Got, House, Receiver


@pytest.fixture
def now(lite: House) -> None:
    """The verifier reads the machine's clock."""
    lite.clock.move((datetime.now(UTC) - lite.clock.now()).total_seconds())


def _verified(got: Got, secret: str | None) -> object:
    return Webhook(secret or "").verify(got.body, dict(got.headers))


@pytest.mark.usefixtures("now")
def test_the_signature_verifies_and_another_secret_does_not(lite: House, receiver: Receiver) -> None:
    channel = lite.hook(receiver.url)
    message = Message("标题", "正文", "high", "https://example.org/a", {"n": 1, "severity": 2}, "a.b")
    delivery = lite.queue(channel, "k", message)
    lite.dispatcher.step()

    [got] = receiver.got
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == delivery
    assert _verified(got, channel.secret) == {
        "type": "a.b",
        "timestamp": lite.deliveries.get("demo", delivery).created_at.isoformat(),
        "data": {"title": "标题", "body": "正文", "url": "https://example.org/a", "n": 1, "severity": 2},
    }
    with pytest.raises(WebhookVerificationError):
        _verified(got, lite.hook(receiver.url, "another").secret)


@pytest.mark.usefixtures("now")
def test_a_retry_has_the_same_id_and_bytes_and_a_new_timestamp(lite: House, receiver: Receiver) -> None:
    receiver.says((503, b"", {}), (200, b"", {}))
    channel = lite.hook(receiver.url)
    lite.queue(channel)
    lite.dispatcher.step()
    lite.clock.move(10)
    lite.dispatcher.step()

    first, second = receiver.got
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 10
    assert _verified(first, channel.secret) == _verified(second, channel.secret)


@pytest.mark.usefixtures("now")
def test_while_secrets_rotate_both_verify_and_later_only_the_new_one(lite: House, receiver: Receiver) -> None:
    old = lite.hook(receiver.url)
    new = lite.channels.rotate("demo", old.id, actor="test")
    assert new.secret != old.secret
    lite.queue(old, "1")
    lite.dispatcher.step()
    [both] = receiver.got
    assert _verified(both, old.secret) == _verified(both, new.secret)

    # The verifier would refuse a timestamp of tomorrow, so the overlap ends now.
    def end(session: Session) -> None:
        session.scalars(select(Channel)).one().previous_until = lite.clock.now()

    lite.storage.write("demo", end)
    lite.queue(old, "2")
    lite.dispatcher.step()
    _, after = receiver.got
    assert _verified(after, new.secret)
    with pytest.raises(WebhookVerificationError):
        _verified(after, old.secret)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "abc", "whsec_QQ==", "whsec_" + "A" * 400])
def test_a_malformed_secret_is_refused(lite: House, secret: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        lite.hook("https://example.org/", secret=secret)

    assert caught.value.errors[0].pointer == "/secret"


def test_events_reach_the_endpoints_that_asked_for_them_once(house: House, receiver: Receiver) -> None:
    house.hook(receiver.url + "/alerts", "alerts", topics=["finance.alert.*"])
    house.hook(receiver.url + "/one", "one", topics=["model.promoted", "finance.alert.firing"])
    house.hook(receiver.url + "/none", "none")
    house.channels.put(
        "other", "webhook", "x", {"url": receiver.url + "/other", "topics": ["*"]}, actor="test"
    )
    house.dispatcher.step()
    receiver.got.clear()
    topics = ["finance.alert.firing", "finance.alerts.x", "finance.alert.resolved", "model.promoted"]
    for topic in topics:
        house.storage.write("demo", partial(emit, topic=topic, payload={"id": topic}))

    for _ in range(3):
        house.dispatcher.step()
        house.another().step()

    told = sorted((got.path, json.loads(got.body)["type"]) for got in receiver.got)
    assert told == [
        ("/hook/alerts", "finance.alert.firing"),
        ("/hook/alerts", "finance.alert.resolved"),
        ("/hook/one", "finance.alert.firing"),
        ("/hook/one", "model.promoted"),
    ]
    assert json.loads(receiver.got[0].body)["data"] == {"id": "finance.alert.firing"}


def test_an_endpoint_is_not_told_of_what_was_before_it_nor_of_itself(lite: House, receiver: Receiver) -> None:
    lite.storage.write("demo", lambda s: emit(s, "finance.alert.firing", {}))
    lite.clock.move((datetime.now(UTC) - lite.clock.now()).total_seconds())
    receiver.says((500, b"", {}))
    channel = lite.hook(receiver.url, topics=["*"])
    lite.dispatcher.step()
    delivery = lite.queue(channel)
    while lite.state(delivery)[0] == "pending":
        lite.dispatcher.step()
        lite.clock.move(86_400 * 2)
    lite.dispatcher.step()
    lite.dispatcher.step()

    assert set(receiver.ids()) == {delivery}
