"""Events: each once, in any order, by any of their names; sessions that become users."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.verticals.recommend.conftest import Shop
from verticals.recommend.policy.events import kind
from verticals.recommend.service import Order
from verticals.recommend.tables import RecommendEvent


def trending(shop: Shop, k: int = 10) -> list[str]:
    return [each.item_id for each in shop.service.lists.trending(shop.tenant, Order(k)).data]


def test_the_first_event_of_an_id_wins(shop: Shop) -> None:
    shop.stock("a", "b")
    row = {"event_id": "1", "user_id": "ann", "item_id": "a", "type": "purchase"}
    assert [each.status for each in shop.send(row, {**row, "item_id": "b"})] == ["accepted", "duplicate"]
    assert shop.send(row)[0].status == "duplicate"
    assert shop.list_for("ann") == ["b"]


def test_two_threads_that_send_the_same_events_store_them_once(shop: Shop) -> None:
    shop.stock("a")
    rows = [{"event_id": str(n), "user_id": f"u{n}", "item_id": "a", "type": "view"} for n in range(200)]
    accepted: list[int] = []
    gate = threading.Barrier(2)

    def send() -> None:
        gate.wait()
        for start in range(0, 200, 20):
            said = shop.send(*rows[start : start + 20])
            accepted.append(sum(each.status == "accepted" for each in said))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(accepted) == 200
    with shop.services.storage.read(shop.tenant) as session:
        assert session.scalar(select(func.count()).select_from(RecommendEvent)) == 200
        assert session.scalar(select(func.max(RecommendEvent.sequence))) == 200


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("view_item", "view"),
        ("add_to_cart", "cart"),
        ("purchase", "purchase"),
        ("refund", "refund"),
        ("detail-page-view", "view"),
        ("purchase-complete", "purchase"),
        ("add-to-cart", "cart"),
        ("Add To Cart", "cart"),
        ("buy", "purchase"),
        ("login", "login"),
        ("page_view", None),
    ],
)
def test_names_of_other_systems(name: str, ours: str | None) -> None:
    assert kind(name) == ours


def test_a_bad_event_is_told_with_its_place_and_holds_up_no_other(shop: Shop) -> None:
    shop.stock("a")
    ahead = (shop.clock.now() + timedelta(minutes=6)).isoformat()
    skewed = (shop.clock.now() + timedelta(minutes=4)).isoformat()
    good = {"user_id": "ann", "item_id": "a", "type": "view"}
    said = shop.send(
        {**good, "event_id": "1", "timestamp": ahead},
        {**good, "event_id": "2", "timestamp": skewed},
        {**good, "event_id": "3", "type": "page_view"},
        {"event_id": "4", "item_id": "a", "type": "view"},
        {"event_id": "5", "user_id": "ann", "type": "view"},
        {**good, "event_id": "6", "timestamp": "2026-01-01T00:00:00"},
        {**good, "event_id": "7", "colour": "red"},
        {**good, "event_id": "8", "item_id": "nothing"},
    )
    assert [each.status == "accepted" for each in said] == [
        False,
        True,
        False,
        False,
        False,
        False,
        False,
        True,
    ]
    pointers = [each.pointer for each in said if each.status == "rejected"]
    assert pointers == [
        "/events/0/timestamp",
        "/events/2/type",
        "/events/3/user_id",
        "/events/4/item_id",
        "/events/5/timestamp",
        "/events/6/colour",
    ]
    assert "not in the catalogue" in str(said[-1].reason)


def test_an_event_counts_when_its_item_comes(shop: Shop) -> None:
    for number in range(3):
        shop.did(f"u{number}", "click", "late")
    shop.did("ann", "purchase", "later")
    shop.stock("other")
    assert trending(shop) == ["other"]
    shop.stock("late", "later")
    assert set(trending(shop)[:2]) == {"late", "later"}
    assert "later" not in shop.list_for("ann")


def test_a_thousand_clicks_of_one_bot_hardly_move_trending(shop: Shop) -> None:
    shop.stock("loved", "clicked")
    for number in range(3):
        shop.did(f"u{number}", "click", "loved")
    before = {e.item_id: e.score for e in shop.service.lists.trending(shop.tenant, Order(5)).data}
    shop.did("bot", "click", *(["clicked"] * 1000))
    after = {e.item_id: e.score for e in shop.service.lists.trending(shop.tenant, Order(5)).data}
    assert trending(shop) == ["loved", "clicked"]
    assert after["loved"] == before["loved"]
    assert after["clicked"] <= after["loved"] / 3 + 1e-9


def test_trending_goes_by_the_time_of_the_event_and_not_of_its_arrival(shop: Shop) -> None:
    shop.stock("old", "new")
    for number in range(3):
        shop.did(f"n{number}", "click", "new", days=1)
    assert trending(shop)[0] == "new"
    for number in range(6):
        shop.did(f"o{number}", "click", "old", days=20)
    assert trending(shop)[0] == "new"


def test_a_heavier_type_weighs_more(shop: Shop) -> None:
    shop.stock("seen", "bought")
    shop.did("u1", "view", "seen")
    shop.did("u2", "purchase", "bought")
    assert trending(shop) == ["bought", "seen"]


def test_a_session_becomes_its_user_without_anything_twice(shop: Shop) -> None:
    shop.stock("a", "b", "c", "d")
    shop.did("s:tab", "view", "a", days=3)
    shop.did("s:tab", "purchase", "b", days=2)
    shop.did("ann", "view", "a", days=1)
    assert "b" in shop.list_for("ann")
    assert "b" not in shop.list_for("s:tab"), "a session has bought too"
    scores = {e.item_id: e.score for e in shop.service.lists.trending(shop.tenant, Order(5)).data}
    other = shop.again()
    assert trending(other)
    shop.send({"event_id": "login", "session_id": "tab", "user_id": "ann", "type": "login"})
    assert "b" not in shop.list_for("ann")
    assert "b" not in shop.list_for("s:tab")
    joined = {e.item_id: e.score for e in shop.service.lists.trending(shop.tenant, Order(5)).data}
    fresh = {e.item_id: e.score for e in shop.again().service.lists.trending(shop.tenant, Order(5)).data}
    caught_up = {e.item_id: e.score for e in other.service.lists.trending(shop.tenant, Order(5)).data}
    assert joined == fresh == caught_up
    assert joined["a"] < scores["a"], "one person's two looks are one"
    shop.did("s:tab", "purchase", "c")
    assert "c" not in shop.list_for("ann"), "what the session does later is the user's"
    with shop.services.storage.read(shop.tenant) as session:
        owners = set(session.scalars(select(RecommendEvent.user_id)))
    assert owners == {"ann"}


def test_a_session_that_another_user_takes_over_gives_nothing_away(shop: Shop) -> None:
    shop.stock("a", "b")
    shop.did("s:tab", "purchase", "a")
    shop.send({"event_id": "1", "session_id": "tab", "user_id": "ann", "type": "login"})
    shop.send({"event_id": "2", "session_id": "tab", "user_id": "bob", "type": "login"})
    shop.did("s:tab", "purchase", "b")
    assert shop.list_for("ann") == ["b"]
    assert shop.list_for("bob") == ["a"]


def test_one_tenants_events_are_nobody_elses(shop: Shop) -> None:
    shop.stock("a", "b")
    other = shop.again("other")
    other.stock("a", "x")
    shop.did("ann", "purchase", "a")
    assert shop.list_for("ann") == ["b"]
    assert set(other.list_for("ann")) == {"a", "x"}
    assert (
        other.send({"event_id": "e0", "user_id": "ann", "item_id": "x", "type": "view"})[0].status
        == "accepted"
    )
    assert trending(shop) == ["a", "b"]
