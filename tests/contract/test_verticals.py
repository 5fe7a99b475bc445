"""Every vertical that the registry finds keeps the contract."""

from __future__ import annotations

import pytest

from core.registry import find_verticals
from core.testing.contract import VerticalContract

pytest_plugins = ["api.testing"]

ALL = find_verticals()


def test_the_four_columns_are_found() -> None:
    assert [vertical.name for vertical in ALL] == ["finance", "medical", "recommend", "service"]
    assert all(vertical.finished for vertical in ALL)


@pytest.mark.parametrize("vertical", ALL, ids=lambda vertical: vertical.name, scope="class")
class TestEveryVertical(VerticalContract):
    """The suite, once a vertical."""
