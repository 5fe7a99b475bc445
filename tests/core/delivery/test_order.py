"""Notices about one thing keep their order on a channel, and a later one takes the place of those before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.delivery.channels import ChannelView
from core.delivery.message import Message
from core.delivery.queue import enqueue, withdraw
from core.delivery.senders.parcel import Outcome
from core.delivery.tables import Delivery
from core.storage.outbox import emit
from tests.core.delivery.conftest import House, Receiver, Reply

OK: Reply = (200, b"", {})
BROKEN: Reply = (500, b"", {})


def tell(house: House, channel: ChannelView, key: str, thread: str = "fire") -> str:
    """Queue a notice that takes the place of those before it."""
    now = house.clock.now()
    return house.storage.write(
        "demo",
        lambda session: enqueue(
            session, channel.id, Message(key, ""), key=key, thread=thread, replaces=True, now=now
        ),
    )


def call_off(house: House, thread: str = "fire") -> None:
    now = house.clock.now()
    house.storage.write("demo", lambda session: withdraw(session, thread, now=now))


def states(house: House, *ids: str) -> list[str]:
    return [house.state(one)[0] for one in ids]


def test_what_could_not_be_sent_in_time_is_replaced(house: House, receiver: Receiver) -> None:
    receiver.says(BROKEN, OK)
    channel = house.hook(receiver.url)
    first = tell(house, channel, "fired")
    house.dispatcher.step()
    house.clock.move(3)
    last = tell(house, channel, "over")
    for _ in range(10):
        house.dispatcher.step()
        house.clock.move(86_400)

    assert receiver.ids() == [first, last]
    assert states(house, first, last) == ["cancelled", "delivered"]
    assert tell(house, channel, "fired") == first, "its key is taken for good"
    assert house.dispatcher.step() == 0


@pytest.mark.parametrize("outcome", ["delivered", "retry"])
def test_what_is_on_its_way_is_waited_for_and_not_tried_again(
    house: House, receiver: Receiver, outcome: str
) -> None:
    channel = house.hook(receiver.url)
    first = tell(house, channel, "fired")
    claim = house.dispatcher._leases.claim("demo", channel.id)
    assert claim is not None
    last = tell(house, channel, "over")
    other = tell(house, channel, "fired elsewhere", "another fire")

    assert house.dispatcher.step() == 1, "nothing else waits for it"
    assert receiver.ids() == [other]
    kind: object = outcome
    assert house.dispatcher._leases.settle(claim, Outcome(kind), 1)  # type: ignore[arg-type]
    for _ in range(5):
        house.clock.move(3_600)
        house.dispatcher.step()

    assert receiver.ids() == [other, last]
    assert states(house, first, last) == ["delivered" if outcome == "delivered" else "cancelled", "delivered"]
    assert [one for one, _ in house.outcomes(first)] == [outcome]


def test_what_was_on_its_way_when_its_sender_died_is_not_sent_again(house: House, receiver: Receiver) -> None:
    channel = house.hook(receiver.url)
    first = tell(house, channel, "fired")
    assert house.dispatcher._leases.claim("demo", channel.id) is not None
    last = tell(house, channel, "over")
    assert house.dispatcher.step() == 0, "the lease of the first holds"
    house.clock.move(61)
    house.dispatcher.step()
    house.dispatcher.step()

    assert receiver.ids() == [last]
    assert states(house, first, last) == ["cancelled", "delivered"]
    assert house.outcomes(first) == [("lost", None)]


def test_what_is_called_off_is_not_sent_on_any_channel(house: House, receiver: Receiver) -> None:
    one, two = house.hook(receiver.url, "one"), house.hook(receiver.url, "two")
    waiting, on_its_way = tell(house, one, "fired"), tell(house, two, "fired")
    kept = tell(house, one, "fired elsewhere", "another fire")
    claim = house.dispatcher._leases.claim("demo", two.id)
    assert claim is not None
    call_off(house)
    house.dispatcher._leases.settle(claim, Outcome("retry", 500), 1)
    house.clock.move(3_600)
    house.dispatcher.step()

    assert receiver.ids() == [kept]
    assert states(house, waiting, on_its_way) == ["cancelled", "cancelled"]


def test_the_last_of_many_is_sent_whatever_the_clock_did(house: House, receiver: Receiver) -> None:
    channel = house.hook(receiver.url)
    told = []
    for number, jump in enumerate((0.0, -86_400.0, 7_200.0, -3_600.0)):
        house.clock.move(jump)
        told.append(tell(house, channel, str(number)))
    house.dispatcher.step()

    assert receiver.ids() == told[-1:]


def test_events_about_one_thing_wait_for_each_other_and_none_is_dropped(
    house: House, receiver: Receiver
) -> None:
    receiver.says(BROKEN, OK)
    house.hook(receiver.url, topics=["toy.*"])
    for topic, about in (("toy.lamp.on", "a"), ("toy.lamp.off", "a"), ("toy.lamp.on", "b")):
        # The hook hears of what happens after it was made, and the clock of this test stands still.
        house.storage.write("demo", lambda s, topic=topic, about=about: emit(s, topic, {"id": about}))
    house.clock.move(timedelta(days=3_650).total_seconds())
    for _ in range(4):
        house.dispatcher.step()
        house.clock.move(3_600)

    with house.storage.read("demo") as session:
        rows = {row.id: row for row in session.scalars(select(Delivery))}
    arrived = [(rows[one].message["topic"], rows[one].message["data"]["id"]) for one in receiver.ids()]
    assert arrived.index(("toy.lamp.off", "a")) > len(arrived) - 1 - arrived[::-1].index(("toy.lamp.on", "a"))
    assert {row.state for row in rows.values()} == {"delivered"}
    assert len(rows) == 3
