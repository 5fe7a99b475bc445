"""Items: put in whole, seen at once, encoded only where their text changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import NotFound
from core.ports import Role, Text
from core.testing.encoder import FixedEncoder
from tests.verticals.recommend.conftest import Shop
from verticals.recommend.service import build, take_items
from verticals.recommend.tables import RecommendItem


class Counting(FixedEncoder):
    """Remembers what it read."""

    def __init__(self, name: str = "counting") -> None:
        self.read: list[str] = []
        self.fingerprint = name * 8

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> NDArray[np.float32]:
        self.read += [str(text) for text in texts]
        return super().encode(texts, role=role)


def put(shop: Shop, *rows: Mapping[str, object]) -> list[str]:
    return [each.status for each in take_items(shop.service, shop.tenant, rows, actor="test").data]


def test_each_row_has_its_own_outcome(shop: Shop) -> None:
    rows = (
        {"id": "a", "title": "A"},
        {"id": "b c", "title": "B"},
        {"id": "d"},
        {"id": "e", "title": "E", "price": -1},
    )
    out = take_items(shop.service, shop.tenant, rows, actor="test")
    assert [each.status for each in out.data] == ["created", "rejected", "rejected", "rejected"]
    assert [each.pointer for each in out.data] == [None, "/items/1/id", "/items/2/title", "/items/3/price"]
    assert put(shop, rows[0], {"id": "a", "title": "A", "stock": 3}) == ["updated", "updated"]
    assert put(shop, {"id": "a", "title": "A", "stock": 3}) == ["unchanged"]


def test_a_change_of_stock_reads_no_text(shop: Shop) -> None:
    encoder = Counting()
    shop.service = build(replace(shop.services, encoder=encoder))
    shop.stock("a", title="Lamp", stock=3)
    shop.stock("a", title="Lamp", stock=2)
    assert encoder.read == ["Lamp"]
    shop.stock("a", title="Lantern", stock=2)
    assert encoder.read == ["Lamp", "Lantern"]


def test_personal_data_in_a_text_reaches_no_encoder(shop: Shop) -> None:
    encoder = Counting()
    shop.service = build(replace(shop.services, encoder=encoder))
    shop.stock("a", title="Lamp", description="Call 13812345678 or write to li@example.com")
    assert encoder.read == ["Lamp Call <PHONE> or write to <EMAIL>"]
    body = shop.service.items.get(shop.tenant, "a").body
    assert "li@example.com" in body["description"], "what the shop wrote stays"


def test_a_deleted_item_keeps_its_id_alone_and_can_come_back(shop: Shop) -> None:
    shop.stock("a", title="Lamp", category="light")
    shop.service.items.delete(shop.tenant, "a", actor="test")
    with pytest.raises(NotFound):
        shop.service.items.get(shop.tenant, "a")
    with pytest.raises(NotFound):
        shop.service.items.delete(shop.tenant, "a", actor="test")
    with shop.services.storage.read(shop.tenant) as session:
        row = session.get(RecommendItem, (shop.tenant, "a"))
        assert row is not None
        assert (row.body, row.reading, row.vector) == ({}, "", None)
    assert put(shop, {"id": "a", "title": "Lamp"}) == ["created"]
    assert shop.list_for() == ["a"]


def test_a_change_of_encoder_is_made_up_for_by_a_fit(shop: Shop) -> None:
    shop.stock("a", "b", "c")
    encoder = Counting("other")
    shop.service = build(replace(shop.services, encoder=encoder))
    shop.stock("d", title="a b")
    vectors = shop.service.lists._snapshots.take(shop.tenant).catalogue
    assert len(vectors.text.items) == 3, "vectors of two encoders are never compared"
    assert shop.service.items.complete(shop.tenant) == 3
    after = shop.service.lists._snapshots.take(shop.tenant).catalogue
    assert set(after.text.items) == {"a", "b", "c", "d"}
    assert after.encoder == encoder.fingerprint
    assert shop.service.items.complete(shop.tenant) == 0
