"""What was bought, is gone or is not wanted is on no list, at once; the list is filled up all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.verticals.recommend.conftest import Shop, crowds
from verticals.recommend.schemas.lists import FiltersIn, RerankIn
from verticals.recommend.service import Order

ITEMS = [f"lamp {n}".replace(" ", "-") for n in range(12)]
Route = Callable[[Shop, str], list[str]]


def _recommendations(shop: Shop, user: str) -> list[str]:
    return shop.list_for(user, k=5)


def _of_a_session(shop: Shop, user: str) -> list[str]:
    shop.send({"event_id": f"login-{user}", "user_id": user, "session_id": f"s-{user}", "type": "login"})
    return shop.list_for(f"s:s-{user}", k=5)


def _similar(shop: Shop, user: str) -> list[str]:
    found = shop.service.lists.similar(shop.tenant, ITEMS[1], Order(5), user_id=user)
    return [each.item_id for each in found.data]


def _trending(shop: Shop, user: str) -> list[str]:
    found = shop.service.lists.trending(shop.tenant, Order(5), user_id=user)
    return [each.item_id for each in found.data]


def _rerank(shop: Shop, user: str) -> list[str]:
    asked = RerankIn(user_id=user, items=ITEMS, k=5)
    return [each.item_id for each in shop.service.lists.rerank(shop.tenant, asked).data]


def _pinned(shop: Shop, user: str) -> list[str]:
    return shop.list_for(user, k=5, pins=[ITEMS[0]])


ROUTES: list[Route] = [_recommendations, _of_a_session, _similar, _trending, _rerank, _pinned]


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A shop in which everybody takes the first item most."""
    shop.stock(*ITEMS, category="light", price=10.0, stock=5)
    crowds(shop, [ITEMS[:6], ITEMS[6:]])
    for number in range(20):
        shop.did(f"fan{number}", "click", ITEMS[0])
    shop.did("ann", "click", ITEMS[2], ITEMS[3])
    return shop


@pytest.mark.parametrize("route", ROUTES)
def test_a_bought_item_is_gone_at_once_and_a_refund_brings_it_back(busy: Shop, route: Route) -> None:
    assert ITEMS[0] in route(busy, "ann")
    busy.did("ann", "purchase", ITEMS[0])
    after = route(busy, "ann")
    assert ITEMS[0] not in after
    assert len(after) == 5, "filled up to k"
    busy.did("ann", "refund", ITEMS[0])
    assert ITEMS[0] in route(busy, "ann")
    assert ITEMS[0] in route(busy, "bob"), "nobody else is concerned"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("how", ["deleted", "hidden", "sold out"])
def test_what_is_gone_is_gone_at_the_next_call(busy: Shop, route: Route, how: str) -> None:
    other = busy.again()
    assert ITEMS[0] in route(busy, "ann")
    assert ITEMS[0] in route(other, "ann")
    if how == "deleted":
        busy.service.items.delete(busy.tenant, ITEMS[0], actor="test")
    elif how == "hidden":
        busy.stock(ITEMS[0], hidden=True)
    else:
        busy.stock(ITEMS[0], stock=0)
    for process in (busy, other):
        after = route(process, "ann")
        assert ITEMS[0] not in after
        assert len(after) == 5
    busy.stock(ITEMS[0], stock=3)
    assert ITEMS[0] in route(other, "ann")


def test_a_consumable_comes_back_when_it_is_used_up(shop: Shop) -> None:
    shop.stock("beans", repurchase_days=28)
    shop.stock("grinder", "filter")
    shop.did("ann", "purchase", "beans", days=27)
    assert "beans" not in shop.list_for("ann")
    shop.clock.move(2 * 86_400)
    assert shop.list_for("ann")[0] == "beans"
    shop.did("ann", "purchase", "beans")
    assert "beans" not in shop.list_for("ann")


def test_two_purchases_and_one_refund_are_one_purchase(shop: Shop) -> None:
    shop.stock("a", "b")
    shop.did("ann", "refund", "a", days=1)
    shop.did("ann", "purchase", "a", days=2)
    assert "a" in shop.list_for("ann"), "in whatever order they came"
    shop.did("ann", "purchase", "a", days=3)
    assert "a" not in shop.list_for("ann")


def test_a_disliked_item_stays_away_until_it_is_liked(shop: Shop) -> None:
    shop.stock("a", "b")
    shop.did("ann", "rating", "a", value=1, days=2)
    assert shop.list_for("ann") == ["b"]
    shop.did("ann", "like", "a", days=1)
    assert "a" in shop.list_for("ann")


def test_exclusions_and_filters(shop: Shop) -> None:
    shop.stock(
        "a", "b", category="light", price=10, attributes={"colour": "red", "sizes": ["s", "m"], "watts": 5}
    )
    shop.stock("c", category="light", price=99, attributes={"colour": "blue"})
    shop.stock("d", category="food")
    assert set(shop.list_for(exclude=["a"])) == {"b", "c", "d"}
    assert set(shop.list_for(filters={"category": "light"})) == {"a", "b", "c"}
    assert set(shop.list_for(filters={"category": ["light", "food"]})) == {"a", "b", "c", "d"}
    assert set(shop.list_for(filters={"max_price": 50})) == {"a", "b"}, "no price is no answer"
    assert set(shop.list_for(filters={"min_price": 50, "max_price": 100})) == {"c"}
    assert set(shop.list_for(filters={"attributes": {"colour": ["red", "green"]}})) == {"a", "b"}
    assert set(shop.list_for(filters={"attributes": {"sizes": "m", "watts": 5}})) == {"a", "b"}


def test_everything_filtered_is_a_short_list_with_its_reason(busy: Shop) -> None:
    found = busy.ask("ann", filters={"category": "nothing"})
    assert found.data == []
    assert found.removed == {"filtered": len(ITEMS)}
    assert "filtered 12" in str(found.explanation)
    some = busy.ask("ann", exclude=ITEMS[:10])
    assert len(some.data) == 2
    assert "2 of 10" in str(some.explanation)


def test_pins_stand_first_and_obey_the_rules(busy: Shop) -> None:
    assert busy.list_for("ann", k=3, pins=[ITEMS[11], ITEMS[10]])[:2] == [ITEMS[11], ITEMS[10]]
    busy.did("ann", "purchase", ITEMS[11])
    assert busy.list_for("ann", k=3, pins=[ITEMS[11], ITEMS[10], "nothing"])[0] == ITEMS[10]
    found = busy.ask("ann", k=2, pins=ITEMS[:5])
    assert [each.item_id for each in found.data] == ITEMS[:2]
    assert found.filled_by == {"pin": 2}


def test_one_of_each_group_of_variants(shop: Shop) -> None:
    shop.stock("shirt-s", "shirt-m", variant_of="shirt")
    shop.stock("mug-1", title="Mug Aster, blue")
    shop.stock("mug-2", title="Mug Aster (red)")
    shop.stock("cup-1", title={"en": "Cup", "zh": "杯子 红色"})
    shop.stock("cup-2", title={"en": "Cup", "zh": "杯子 蓝色"})
    shop.stock("lamp-2", title="Lamp 2")
    shop.stock("lamp-3", title="Lamp 3")
    found = shop.ask()
    kept = {each.item_id.split("-")[0] for each in found.data}
    assert kept == {"shirt", "mug", "cup", "lamp"}
    assert len(found.data) == 5, "lamps 2 and 3 are two lamps"
    assert found.removed == {"variant": 3}


def test_more_diversity_makes_a_list_less_alike(shop: Shop) -> None:
    words = ["walnut table", "linen shirt", "espresso beans", "trail running shoe"]
    for word in words:
        shop.stock(*(f"{word.split()[0]}-{n}" for n in range(6)))
        for n in range(6):
            shop.stock(f"{word.split()[0]}-{n}", title=f"{word} {n}")
    shop.did("ann", "click", "walnut-0", "walnut-1", "linen-0")
    catalogue = shop.service.lists._snapshots.take(shop.tenant).catalogue

    def alike(diversity: float) -> float:
        from verticals.recommend.policy.diversity import list_similarity

        return list_similarity(shop.list_for("ann", k=6, diversity=diversity), catalogue.rows)

    assert max(alike(0.5), alike(1.0)) < 0.9 * alike(0.0)
    assert shop.list_for("ann", k=6, diversity=0.5)[0] == shop.list_for("ann", k=6)[0]


def test_why_and_why_not(busy: Shop) -> None:
    explain = busy.service.explain
    first = busy.list_for("ann", k=3)
    shown = explain(busy.tenant, first[1], 3, user_id="ann")
    assert (shown.shown, shown.rank, shown.removed_by) == (True, 2, None)
    assert {each.source for each in shown.sources} & {"live", "text", "trending"}
    behind = explain(busy.tenant, first[2], 2, user_id="ann")
    assert (behind.shown, behind.rank) == (False, 3)
    busy.did("ann", "purchase", ITEMS[4])
    busy.stock(ITEMS[5], stock=0)
    rules = {
        ITEMS[4]: "bought",
        ITEMS[5]: "out_of_stock",
        "nothing": "unknown",
    }
    for item, rule in rules.items():
        why = explain(busy.tenant, item, 10, user_id="ann").removed_by
        assert why is not None, item
        assert why.rule == rule
    filtered = explain(busy.tenant, ITEMS[0], 10, user_id="ann", filters=FiltersIn(max_price=1))
    assert filtered.removed_by is not None
    assert filtered.removed_by.rule == "filtered"
    busy.did("ann", "purchase", ITEMS[5])
    first_rule = explain(busy.tenant, ITEMS[5], 10, user_id="ann").removed_by
    assert first_rule is not None
    assert first_rule.rule == "out_of_stock", "the first rule of several"


def test_rerank_keeps_what_it_was_given_and_tells_what_it_left_out(busy: Shop) -> None:
    busy.did("ann", "purchase", ITEMS[3])
    asked = RerankIn(user_id="ann", items=["nothing", ITEMS[9], ITEMS[3], ITEMS[0]])
    found = busy.service.lists.rerank(busy.tenant, asked)
    assert {each.item_id for each in found.data} == {ITEMS[9], ITEMS[0]}
    assert {each.item_id: each.rule for each in found.left_out} == {"nothing": "unknown", ITEMS[3]: "bought"}


def test_exploration_draws_the_last_place_with_the_chance_it_says(busy: Shop) -> None:
    greedy = busy.list_for("ann", k=3)
    lists = [busy.ask("ann", k=3, explore=0.5) for _ in range(60)]
    assert all([each.item_id for each in found.data][:2] == greedy[:2] for found in lists)
    last = [found.data[2] for found in lists]
    assert len({each.item_id for each in last}) > 1
    chances = {each.item_id: each.propensity for each in last}
    options = 6
    assert chances[greedy[2]] == pytest.approx(0.5 + 0.5 / options)
    assert all(value == pytest.approx(0.5 / options) for item, value in chances.items() if item != greedy[2])
    assert {each.propensity for each in busy.ask("ann", k=3).data} == {1.0}
