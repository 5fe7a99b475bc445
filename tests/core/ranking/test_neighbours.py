"""Text neighbours: exact cosines, and a new item is found without any event."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InvalidInput, NotFound
from core.ranking.neighbours import TextNeighbours

ITEMS = ("tea", "green tea", "hammer", "新茶")


@pytest.fixture
def found() -> TextNeighbours:
    vectors = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1], [0.96, 0.28, 0]], np.float32)
    return TextNeighbours(ITEMS, vectors)


def test_a_new_item_reaches_who_took_its_like(found) -> None:
    assert [item for item, _ in found.top([("tea", 1.0)], 3, exclude={"tea"})] == ["新茶", "green tea"]
    assert found.similar("新茶", 1)[0][0] == "tea"
    assert found.top([("tea", 1.0)], 1, exclude={"tea"})[0][1] == pytest.approx(0.96)


def test_the_weight_of_a_take_moves_the_taste(found) -> None:
    assert found.scores([("tea", 0.1), ("hammer", 1.0)])[2] > found.scores([("tea", 1.0), ("hammer", 0.1)])[2]
    assert not found.scores([("unheard of", 1.0)]).any()


def test_what_does_not_fit_is_refused(found) -> None:
    with pytest.raises(NotFound):
        found.similar("unheard of", 1)
    with pytest.raises(InvalidInput, match="length 1"):
        TextNeighbours(("a",), np.array([[2.0, 0.0]], np.float32))
    with pytest.raises(InvalidInput, match="shape"):
        TextNeighbours(("a", "b"), np.array([[1.0, 0.0]], np.float32))
    with pytest.raises(InvalidInput, match="shape"):
        TextNeighbours(("a", "a"), np.array([[1.0, 0.0], [0.0, 1.0]], np.float32))


def test_an_empty_shop_has_no_neighbours() -> None:
    assert TextNeighbours((), np.zeros((0, 3), np.float32)).top([("a", 1.0)], 5) == []
