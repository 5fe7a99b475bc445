"""From a queued message to one that arrived once: retries, receipts, leases, two dispatchers."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select

from core.delivery.message import Message
from core.delivery.pacing import MAX_TRIES
from core.delivery.queue import enqueue
from core.delivery.retention import prune
from core.delivery.tables import Delivery
from core.errors import InvalidInput, NotFound, PayloadTooLarge
from core.storage import audit
from core.storage.tables import OutboxEvent, Tenant
from core.storage.tenancy import SYSTEM
from tests.core.delivery.conftest import Got, House, Receiver, Reply

OK: Reply = (200, b"", {})
BROKEN: Reply = (500, b"", {})


def test_500_and_then_200_is_one_notice_under_one_id(house: House, receiver: Receiver) -> None:
    receiver.says(BROKEN, OK)
    delivery = house.queue(house.hook(receiver.url))

    assert house.dispatcher.step() == 1
    assert house.dispatcher.step() == 0, "not before its time"
    house.clock.move(6)
    assert house.dispatcher.step() == 1
    house.clock.move(86_400)
    assert house.dispatcher.step() == 0

    assert receiver.ids() == [delivery, delivery]
    assert house.outcomes(delivery) == [("retry", 500), ("delivered", 200)]
    assert house.state(delivery) == ("delivered", 2)


def test_a_key_is_queued_once(house: House, receiver: Receiver) -> None:
    channel = house.hook(receiver.url)

    assert house.queue(channel, "a") == house.queue(channel, "a") != house.queue(channel, "b")
    house.dispatcher.step()
    assert house.queue(channel, "a") in receiver.ids()
    assert len(receiver.got) == 2
    assert house.dispatcher.step() == 0


def test_what_is_rolled_back_is_not_sent(house: House, receiver: Receiver) -> None:
    channel = house.hook(receiver.url)

    def fail(session: object) -> None:
        enqueue(session, channel.id, Message("a", "b"), key="k")  # type: ignore[arg-type]
        raise InvalidInput("no")

    with pytest.raises(InvalidInput, match="no"):
        house.storage.write("demo", fail)

    assert house.dispatcher.step() == 0


def test_ten_tries_over_75_hours_and_no_more(lite: House, receiver: Receiver) -> None:
    receiver.says(BROKEN)
    delivery = lite.queue(lite.hook(receiver.url))
    started, moments = lite.clock.now(), []
    while (view := lite.deliveries.get("demo", delivery)).state == "pending":
        lite.clock.move((view.next_at - lite.clock.now()).total_seconds())
        assert lite.dispatcher.step() == 1
        moments.append((lite.clock.now() - started).total_seconds())

    assert len(moments) == MAX_TRIES == len(lite.deliveries.get("demo", delivery).receipts)
    assert 75 * 3600 < moments[-1] < 77 * 3600
    assert lite.state(delivery) == ("failed", MAX_TRIES)
    with lite.storage.read("demo") as session:
        topics = session.scalars(select(OutboxEvent.topic)).all()
        audit.verify(session)
    assert "delivery.failed" in topics


def test_410_disables_the_endpoint_and_cancels_what_waits(house: House, receiver: Receiver) -> None:
    receiver.says((410, b"", {}))
    channel = house.hook(receiver.url)
    first, second = house.queue(channel, "1"), house.queue(channel, "2")

    assert house.dispatcher.step() == 1
    third = house.queue(channel, "3")
    house.clock.move(86_400)
    assert house.dispatcher.step() == 0

    assert [house.state(one)[0] for one in (first, second, third)] == ["failed", "cancelled", "cancelled"]
    assert house.channels.get("demo", channel.id).state == "disabled"
    receiver.says(OK)
    house.hook(receiver.url)
    house.queue(channel, "4")
    assert house.dispatcher.step() == 1, "put again, it is active again"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(lite: House, receiver: Receiver, status: int) -> None:
    receiver.says((status, b"", {"Location": receiver.url}))
    delivery = lite.queue(lite.hook(receiver.url))

    lite.dispatcher.step()

    assert lite.outcomes(delivery) == [("retry", status)]
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120),
        ("0", 5),
        ("999999999", 86_400),
        ("-5", 5),
        ("x" * 100, 5),
        ("Fri, 02 Jan 2026 03:09:05 GMT", 300),
    ],
)
def test_retry_after_is_honoured_within_bounds(
    lite: House, receiver: Receiver, asked: str, seconds: float
) -> None:
    receiver.says((429, b"", {"Retry-After": asked}), OK)
    delivery = lite.queue(lite.hook(receiver.url))
    lite.dispatcher.step()

    wait = lite.deliveries.get("demo", delivery).next_at - lite.clock.now()
    assert wait.total_seconds() == seconds
    lite.clock.move(seconds - 1)
    assert lite.dispatcher.step() == 0
    lite.clock.move(1)
    assert lite.dispatcher.step() == 1


def test_a_receiver_that_hangs_is_tried_again(lite: House, receiver: Receiver) -> None:
    let_go = threading.Event()

    def hang(_got: Got) -> Reply:
        let_go.wait(10)
        return OK

    receiver.says(hang, OK)
    delivery = lite.queue(lite.hook(receiver.url))
    assert lite.another(timeout=0.2).step() == 1
    let_go.set()
    lite.clock.move(10)
    assert lite.dispatcher.step() == 1

    assert lite.outcomes(delivery) == [("retry", None), ("delivered", 200)]
    assert receiver.ids() == [delivery, delivery]


def test_a_dead_channel_holds_up_no_other(lite: House, receiver: Receiver) -> None:
    """Four channels hang with a long queue each; all of a fifth arrive while they still hang."""
    let_go, arrived = threading.Event(), threading.Event()

    def answer(got: Got) -> Reply:
        if got.path == "/hook/dead":
            let_go.wait(30)
        elif sum(one.path == "/hook" for one in receiver.got) == 10:
            arrived.set()
        return OK

    receiver.says(answer)
    for number in range(4):
        dead = lite.hook(receiver.url + "/dead", f"dead {number}")
        for key in range(10):
            lite.queue(dead, str(key))
    alive = lite.hook(receiver.url, "alive")
    stop = threading.Event()
    running = threading.Thread(target=lite.another(timeout=30, poll=0.02).run, args=(stop,))
    running.start()
    while not any(got.path == "/hook/dead" for got in receiver.got):
        time.sleep(0.01)
    for key in range(10):
        lite.queue(alive, str(key))

    assert arrived.wait(20)
    assert sum(got.path == "/hook/dead" for got in receiver.got) <= 4
    stop.set()
    let_go.set()
    running.join(20)
    assert not running.is_alive()


def test_two_dispatchers_at_once_send_each_delivery_once(house: House, receiver: Receiver) -> None:
    channels = [house.hook(receiver.url, f"hook {number}") for number in range(3)]
    queued = {house.queue(channel, str(key)) for channel in channels for key in range(10)}
    together = threading.Barrier(4)

    def work() -> None:
        dispatcher = house.another()
        together.wait()
        for _ in range(4):
            dispatcher.step()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(receiver.ids()) == sorted(queued)
    assert {house.state(one) for one in queued} == {("delivered", 1)}


def test_a_lease_that_ran_out_is_taken_over_with_the_same_id(house: House, receiver: Receiver) -> None:
    delivery = house.queue(house.hook(receiver.url))
    [due] = house.dispatcher._leases.due()
    lost = house.dispatcher._leases.claim(due.tenant, due.channel_id)
    assert lost is not None
    assert house.dispatcher.step() == 0, "its lease holds"
    house.clock.move(61)

    assert house.dispatcher.step() == 1

    assert house.outcomes(delivery) == [("lost", None), ("delivered", 200)]
    assert not house.dispatcher._leases.settle(lost, house.dispatcher._try(lost), 1), "it is not his any more"
    assert house.state(delivery) == ("delivered", 2)


def test_a_delivery_whose_sender_always_dies_is_given_up(lite: House, receiver: Receiver) -> None:
    channel = lite.hook(receiver.url)
    delivery = lite.queue(channel)
    for _ in range(MAX_TRIES):
        assert lite.dispatcher._leases.claim("demo", channel.id) is not None
        lite.clock.move(61)

    assert lite.dispatcher.step() == 0
    assert lite.state(delivery) == ("failed", MAX_TRIES)
    assert len(lite.outcomes(delivery)) == MAX_TRIES


@pytest.mark.parametrize("jump", [-86_400.0, -3600 * 24 * 400, 86_400.0])
def test_a_clock_that_jumps_neither_storms_nor_stalls(lite: House, receiver: Receiver, jump: float) -> None:
    channel = lite.hook(receiver.url)
    lite.queue(channel, "before")
    lite.dispatcher.step()
    lite.queue(channel, "between")
    lite.clock.move(jump)
    lite.queue(channel, "after")

    assert lite.dispatcher.step() == 2
    assert lite.dispatcher.step() == 0
    assert len(set(receiver.ids())) == len(receiver.got) == 3


def test_a_clock_that_was_set_back_does_not_use_up_the_tries(lite: House, receiver: Receiver) -> None:
    receiver.says(BROKEN)
    delivery = lite.queue(lite.hook(receiver.url))
    lite.clock.move(-86_400)
    for _ in range(3):
        lite.dispatcher.step()
        lite.clock.move(1.5)

    assert lite.state(delivery) == ("pending", 1)


def test_quiet_hours_hold_a_message_back(lite: House, receiver: Receiver) -> None:
    channel, later = lite.hook(receiver.url), lite.clock.now()
    lite.clock.move(-3600)
    now = lite.clock.now()
    lite.storage.write(
        "demo",
        lambda session: enqueue(session, channel.id, Message("a", "b"), key="k", not_before=later, now=now),
    )

    assert lite.dispatcher.step() == 0
    lite.clock.move(3600)
    assert lite.dispatcher.step() == 1


def test_a_suspended_tenant_is_told_nothing(lite: House, receiver: Receiver) -> None:
    lite.queue(lite.hook(receiver.url))

    def suspend(session: object) -> None:
        session.get(Tenant, "demo").state = "suspended"  # type: ignore[attr-defined]

    lite.storage.write(SYSTEM, suspend)

    assert lite.dispatcher.step() == 0


def test_a_sender_with_a_fault_stops_no_other(lite: House, receiver: Receiver) -> None:
    def broken(_parcel: object, _client: object) -> object:
        raise ZeroDivisionError("secret")

    from core.delivery.senders import SENDERS

    mixed = lite.another(senders={**SENDERS, "slack": broken})
    bad, good = lite.queue(lite.robot("slack", receiver.url)), lite.queue(lite.hook(receiver.url))

    assert mixed.step() == 2
    assert lite.state(good)[0] == "delivered"
    [receipt] = lite.deliveries.get("demo", bad).receipts
    assert receipt.error == "the sender failed with ZeroDivisionError"


def test_what_cannot_be_queued_is_refused(lite: House, receiver: Receiver) -> None:
    channel = lite.hook(receiver.url)
    huge = Message("a", "汉" * 100_000)

    with pytest.raises(PayloadTooLarge):
        lite.queue(channel, "k", huge)
    with pytest.raises(InvalidInput):
        lite.queue(channel, "k", Message("a", "b", data={"x": float("nan")}))
    with pytest.raises(InvalidInput):
        lite.queue(channel, "")
    with pytest.raises(NotFound):
        lite.storage.write("other", lambda s: enqueue(s, channel.id, Message("a", "b"), key="k"))


def test_finished_deliveries_are_forgotten_after_a_month(house: House, receiver: Receiver) -> None:
    channel = house.hook(receiver.url)
    house.queue(channel, "old")
    house.dispatcher.step()
    house.clock.move(31 * 86_400)
    waiting = house.queue(channel, "new")

    assert prune(house.storage, house.clock) == 1
    with house.storage.read("demo") as session:
        assert session.scalars(select(Delivery.id)).all() == [waiting]
