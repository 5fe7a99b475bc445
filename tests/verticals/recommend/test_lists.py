"""Who is shown what: strangers, new items, and what the last event changes."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from core.errors import NotFound, StorageFull
from core.storage.engine import Storage
from core.storage.tables import AuditEntry, OutboxEvent
from tests.verticals.recommend.conftest import Shop, crowds
from verticals.recommend.service import Order
from verticals.recommend.tables import RecommendImpression


def test_an_empty_shop_answers_sensibly(shop: Shop) -> None:
    found = shop.ask("ann")
    assert (found.data, found.model, found.degraded) == ([], None, None)
    assert found.explanation == "The shop has no items yet."
    assert shop.service.lists.trending(shop.tenant, Order(5)).data == []
    with pytest.raises(NotFound):
        shop.service.lists.similar(shop.tenant, "a", Order(5))
    assert not shop.service.explain(shop.tenant, "a", 10, user_id="ann").shown


def test_a_stranger_sees_what_is_trending_else_what_is_new(shop: Shop) -> None:
    shop.stock("first")
    shop.clock.move(60)
    shop.stock("second")
    found = shop.ask("nobody")
    assert [each.item_id for each in found.data] == ["second", "first"]
    assert found.filled_by == {"newest": 2}
    shop.did("u", "click", "first")
    found = shop.ask(k=2)
    assert [each.item_id for each in found.data] == ["first", "second"]
    assert found.filled_by == {"trending": 1, "newest": 1}


def test_an_event_counts_at_the_very_next_call_without_a_fit(shop: Shop) -> None:
    tea, tools = [f"tea-{n}" for n in range(5)], [f"saw-{n}" for n in range(5)]
    shop.stock(*tea, *tools)
    crowds(shop, [tea, tools])
    shop.did("ann", "click", "tea-0")
    assert shop.list_for("ann", k=2)[0].startswith("tea")
    other = shop.again()
    other.list_for("ann")
    shop.did("ann", "purchase", "saw-0")
    shop.did("ann", "click", "saw-1")
    for process in (shop, other):
        found = process.ask("ann", k=3)
        assert found.data[0].item_id.startswith("saw")
        because = {reason.source: reason.because for reason in found.data[0].reasons}
        assert set(because["live"]) <= {"saw-0", "saw-1", "tea-0"}
        assert because["live"]


def test_a_page_counts_as_the_newest_event(shop: Shop) -> None:
    tea, tools = [f"tea-{n}" for n in range(5)], [f"saw-{n}" for n in range(5)]
    shop.stock(*tea, *tools)
    crowds(shop, [tea, tools])
    assert shop.list_for(k=2, context={"item_ids": ["saw-3"]})[0].startswith("saw")


def test_a_new_item_with_a_chinese_text_only_reaches_who_would_like_it(shop: Shop) -> None:
    tea, tools = [f"tea-{n}" for n in range(8)], [f"tool-{n}" for n in range(8)]
    for n in range(8):
        shop.stock(f"tea-{n}", title={"en": f"Teapot {n}", "zh": f"铸铁茶壶{n}号"}, category="tea")
        shop.stock(f"tool-{n}", title={"en": f"Hand saw {n}", "zh": f"手工锯子{n}号"}, category="tools")
    crowds(shop, [tea, tools])
    shop.did("ann", "click", *tea[:2])
    shop.did("bob", "click", *tools[:2])
    fresh = {"new-tea": "铸铁茶壶大容量", "new-tool": "手工锯子加长款"}
    for item, title in fresh.items():
        shop.stock(item, title={"zh": title})
    ann, bob = shop.list_for("ann", k=18), shop.list_for("bob", k=18)
    assert ann.index("new-tea") < min(8, ann.index("new-tool"))
    assert bob.index("new-tool") < min(8, bob.index("new-tea"))
    reasons = {each.item_id: each.reasons for each in shop.ask("ann", k=18).data}
    assert reasons["new-tea"][0].source == "text"


def test_what_is_searched_for_leads(shop: Shop) -> None:
    shop.stock("pot", title="铸铁茶壶")
    shop.stock("saw", title="Hand saw")
    found = shop.ask("ann", context={"query": "茶壶"})
    assert found.data[0].item_id == "pot"
    assert found.data[0].reasons[0].source == "query"


def test_similar_items_leave_out_the_item_and_its_variants(shop: Shop) -> None:
    shop.stock("pot", title="Cast iron teapot", category="tea")
    shop.stock("pot-red", title="Cast iron teapot red", category="tea")
    shop.stock("cup", title="Cast iron tea cup", category="tea")
    shop.stock("saw", title="Hand saw", category="tools")
    found = shop.service.lists.similar(shop.tenant, "pot", Order(3))
    assert [each.item_id for each in found.data] == ["cup", "saw"]
    assert found.data[0].reasons[0].because == ["pot"]


def test_every_list_is_written_down_with_its_chances_and_nowhere_else(shop: Shop) -> None:
    shop.stock("a", "b")
    user = "ann@example.com"
    shop.did(user, "click", "a")
    found = shop.ask(user, k=2, diversity=0.2)
    with shop.services.storage.read(shop.tenant) as session:
        row = session.get(RecommendImpression, (shop.tenant, found.recommendation_id))
        assert row is not None
        assert row.user_id == user
        assert [(each["item_id"], each["rank"]) for each in row.items] == [
            (each.item_id, rank) for rank, each in enumerate(found.data, 1)
        ]
        assert {each["propensity"] for each in row.items} == {1.0}
        assert row.policy.startswith("live/")
        told = [row.payload for row in session.scalars(select(OutboxEvent))]
        kept = [[row.subject, row.detail] for row in session.scalars(select(AuditEntry))]
    assert user not in json.dumps([told, kept])


def test_a_list_is_given_even_where_it_cannot_be_written_down(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.stock("a")

    def full(*_: object) -> None:
        raise StorageFull("No room.")

    monkeypatch.setattr(Storage, "write", full)
    found = shop.ask("ann")
    assert [each.item_id for each in found.data] == ["a"]
    assert found.logged is False


def test_no_tenant_sees_anothers_items(shop: Shop) -> None:
    shop.stock("a", title="Secret lamp")
    shop.did("ann", "click", "a")
    other = shop.again("other")
    other.stock("b")
    assert other.list_for("ann") == ["b"]
    with pytest.raises(NotFound):
        other.service.lists.similar("other", "a", Order(5))
    with pytest.raises(NotFound):
        other.service.items.get("other", "a")
    with pytest.raises(NotFound):
        other.service.items.delete("other", "a", actor="test")
    why = other.service.explain("other", "a", 10).removed_by
    assert why is not None
    assert why.rule == "unknown"
    assert shop.list_for("ann") == ["a"]
