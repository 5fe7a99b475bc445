from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import InvalidInput
from core.records import Record
from verticals.recommend.intake import event, item
from verticals.recommend.schemas.events import EventIn
from verticals.recommend.schemas.items import ItemIn


def test_columns_by_language_and_attributes() -> None:
    row = {
        "title_en": "Beans",
        "title_zh": "咖啡豆",
        "description_en": "",
        "price": "11.9",
        "stock": "3",
        "hidden": "no",
        "attributes": {"size": "1 kg", "variant_group": "beans", "repurchase_days": 28},
    }
    found = ItemIn.model_validate(item(Record("file", "b-1", row)))
    assert found.title == {"en": "Beans", "zh": "咖啡豆"}
    assert (found.description, found.price, found.stock, found.hidden) == (None, 11.9, 3, False)
    assert (found.variant_of, found.repurchase_days) == ("beans", 28)
    assert found.attributes == {"size": "1 kg"}


@pytest.mark.parametrize("row", [{"title": "A", "price": "dear"}, {"title": "A", "stock": "1.5"}])
def test_a_number_that_is_none_is_told(row: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="shop:a"):
        item(Record("shop", "a", row))


@pytest.mark.parametrize(
    ("row", "kind", "at"),
    [
        ({"user": 7, "movie_id": 31, "rating": "4.5", "timestamp": "1112486027"}, "rating", 1112486027),
        ({"user_id": "7", "item_id": "31", "ts": 1112486027000}, "view", 1112486027),
        ({"visitor_id": "7", "sku": "31", "event_name": "add_to_cart"}, "add_to_cart", None),
    ],
)
def test_events_of_many_shapes(row: dict[str, object], kind: str, at: float | None) -> None:
    found = EventIn.model_validate(event(Record("file", "id-1", row)))
    assert (found.event_id, found.user_id, found.item_id, found.type) == ("id-1", "7", "31", kind)
    assert (None if found.timestamp is None else found.timestamp.timestamp()) == at


def test_the_records_own_time_counts() -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    found = event(
        Record("file", "x", {"event_id": "e9", "session_id": "s", "item_id": "a", "type": "buy"}, moment)
    )
    assert found["event_id"] == "e9"
    assert datetime.fromisoformat(found["timestamp"]) == moment
