"""Channels: what is refused, what is never shown, and that no secret lies open in the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from core.delivery.channels import Channels
from core.delivery.tables import Channel, Delivery, Receipt
from core.errors import Conflict, InvalidInput, NotFound
from core.settings import Settings
from core.storage import audit
from core.storage.tables import AuditEntry, OutboxEvent
from tests.core.delivery.conftest import House, Receiver


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://2130706433/",
        "ftp://example.org/",
        "http://user:pass@example.org/",
        "javascript:alert(1)",
        "http://exa\nmple.org/",
        "x",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["webhook", "slack"])
def test_a_url_that_nothing_may_be_sent_to_is_refused_at_once(lite: House, kind: str, url: str) -> None:
    channels = Channels(lite.storage, Settings(data=lite.settings.data), lite.clock)

    with pytest.raises(InvalidInput) as caught:
        channels.put("demo", kind, "x", {"url": url}, actor="test")

    assert caught.value.errors[0].pointer == "/config/url"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "pager"}, "/kind"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"rate_per_minute": 0}, "/rate_per_minute"),
        ({"rate_per_minute": 601}, "/rate_per_minute"),
        ({"config": {}}, "/config/url"),
        ({"config": {"url": 7}}, "/config/url"),
        ({"config": {"url": "https://e.org/", "x": 1}}, "/config/x"),
        ({"config": {"url": "https://e.org/", "topics": ["a*"]}}, "/config/topics/0"),
    ],
)
def test_a_field_that_is_wrong_is_pointed_at(lite: House, fields: dict[str, Any], pointer: str) -> None:
    given = {"kind": "webhook", "name": "x", "config": {"url": "https://e.org/"}, **fields}

    with pytest.raises(InvalidInput) as caught:
        lite.channels.put("demo", actor="test", **given)

    assert pointer in [fault.pointer for fault in caught.value.errors]


def test_no_secret_lies_open_or_is_shown_again(house: House) -> None:
    hook = house.hook("https://e.org/hook?token=HIDDEN")
    robot = house.robot("dingtalk", "https://oapi.example/robot/send?access_token=HIDDEN", "SECHIDDEN")
    mail = {"host": "mail.example", "sender": "a@e.org", "recipients": ["b@e.org"], "username": "u"}
    house.channels.put("demo", "email", "mail", mail, "HIDDEN", actor="test")
    house.channels.rotate("demo", hook.id, actor="test")

    assert hook.secret is not None
    assert hook.secret.startswith("whsec_")
    assert robot.secret is None
    shown = repr(house.channels.list("demo")) + repr(house.channels.get("demo", hook.id))
    assert "HIDDEN" not in shown
    assert "whsec_" not in shown
    assert house.channels.get("demo", robot.id).config == {"url": "https://oapi.example/…"}
    with house.storage.read("demo") as session:
        for table in ("channels", "outbox_events", "audit_entries"):
            query = text(f"SELECT * FROM {table} WHERE tenant_id = :t")
            stored = repr(session.execute(query, {"t": "demo"}).all())
            assert "HIDDEN" not in stored
            assert hook.secret not in stored


def test_a_config_moved_to_another_channel_opens_nothing(lite: House, receiver: Receiver) -> None:
    lite.robot("slack", receiver.url)
    victim = lite.hook("https://e.org/")

    def swap(session: Any) -> None:
        rows = {row.id: row for row in session.scalars(select(Channel))}
        other = next(row for row in rows.values() if row.id != victim.id)
        rows[victim.id].config = other.config

    lite.storage.write("demo", swap)
    delivery = lite.queue(victim)
    lite.dispatcher.step()

    assert receiver.got == []
    assert lite.outcomes(delivery) == [("retry", None)]


def test_every_step_has_its_event_and_its_audit_entry(house: House) -> None:
    channel = house.hook("https://e.org/")
    house.hook("https://e.org/2")
    house.channels.rotate("demo", channel.id, actor="key-1")
    house.channels.delete("demo", channel.id, actor="key-1")

    steps = ["created", "changed", "rotated", "deleted"]
    with house.storage.read("demo") as session:
        assert session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id)).all() == [
            f"delivery.channel.{step}" for step in steps
        ]
        entries = select(AuditEntry.action).order_by(AuditEntry.sequence)
        assert session.scalars(entries).all() == [f"channel.{step}" for step in steps]
        audit.verify(session)


def test_a_change_keeps_id_and_secret(lite: House) -> None:
    first = lite.hook("https://e.org/")
    second = lite.hook("https://e.org/2", rate_per_minute=7)

    assert (second.id, second.secret, second.rate_per_minute) == (first.id, None, 7)
    with pytest.raises(Conflict):
        lite.hook("https://e.org/3", replace=False)
    with pytest.raises(Conflict):
        lite.channels.put("demo", "slack", "hook", {"url": "https://e.org/"}, actor="test")


def test_another_tenants_channel_is_unknown(house: House) -> None:
    channel = house.hook("https://e.org/")

    for act in (
        lambda: house.channels.get("other", channel.id),
        lambda: house.channels.rotate("other", channel.id, actor="x"),
        lambda: house.channels.delete("other", channel.id, actor="x"),
        lambda: house.deliveries.get("other", house.queue(channel)),
    ):
        with pytest.raises(NotFound):
            act()
    assert house.channels.list("other") == []


def test_a_deleted_channel_takes_its_deliveries_with_it(house: House, receiver: Receiver) -> None:
    channel, other = house.hook(receiver.url), house.hook(receiver.url, "other")
    house.queue(channel, "1")
    kept = house.queue(other, "1")
    house.dispatcher.step()
    house.queue(channel, "2")
    house.channels.delete("demo", channel.id, actor="test")

    assert house.dispatcher.step() == 0
    with house.storage.read("demo") as session:
        assert session.scalars(select(Delivery.id)).all() == [kept]
        assert session.scalars(select(Receipt.delivery_id)).all() == [kept]


def test_only_webhooks_rotate(lite: House) -> None:
    robot = lite.robot("slack", "https://hooks.example/x")

    with pytest.raises(InvalidInput):
        lite.channels.rotate("demo", robot.id, actor="test")
