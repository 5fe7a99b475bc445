"""A document is replaced while it is searched: every answer is of one version, the last or a later one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.testing.postgres import PostgresServer
from core.testing.storage import open_storage
from tests.core.retrieval.shops import Shop

VERSIONS, ASKERS, SECTIONS = 30, 4, 5


@pytest.fixture(params=["sqlite", "postgresql", "pgvector"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    url = f"sqlite:///{tmp_path / 'colonnade.db'}"
    if request.param != "sqlite":
        url = request.getfixturevalue("postgres_url")
    if request.param == "pgvector":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        server.admin("CREATE EXTENSION vector", database=url.rpartition("/")[2])
    vectors = "pgvector" if request.param == "pgvector" else "faiss"
    with open_storage(url, "demo", "other") as storage:
        yield Shop(storage, tmp_path / "data", vectors=vectors, publish_after=20)


def _text(version: int) -> str:
    """Return a document whose every passage says its version in words that no other version has."""
    filler = "The conditions of returning an article are explained in this section. " * 12
    return "\n\n".join(f"Section {number}, edition e{version}x. {filler}" for number in range(SECTIONS))


class _Clock:
    """The version that is surely stored, and the one that may be."""

    def __init__(self) -> None:
        self.stored, self.begun, self.deleted, self.over = 0, 0, False, threading.Event()


def _ask(shop: Shop, clock: _Clock, number: int) -> int:
    asked = 0
    mode = ("hybrid", "lexical", "dense", "hybrid")[number % 4]
    while not clock.over.is_set():
        least, was_deleted = clock.stored, clock.deleted
        hits = [
            hit
            for hit in shop.hits("returning an article section", k=50, mode=mode)
            if hit.document_id == "terms"
        ]
        most = clock.begun
        said = {int(found[1]) for hit in hits if (found := re.search(r"edition e(\d+)x", hit.text))}
        if was_deleted:
            assert not hits, "a deleted document was found"
        if hits:
            assert len({hit.version for hit in hits}) == 1, "two versions in one answer"
            assert len(said) == 1, f"texts of several versions: {said}"
            assert least <= said.pop() <= most
        asked += 1
    return asked


@pytest.mark.slow
def test_every_answer_is_of_one_version(shop: Shop) -> None:
    clock = _Clock()
    shop.put("other", "An article about something else, which stays.")
    clock.begun = 1
    shop.put("terms", _text(1))
    clock.stored = 1
    assert len([hit for hit in shop.hits("section", k=50) if hit.document_id == "terms"]) >= 3

    with ThreadPoolExecutor(ASKERS) as pool:
        asking = [pool.submit(_ask, shop, clock, number) for number in range(ASKERS)]
        try:
            for version in range(2, VERSIONS + 1):
                clock.begun = version
                shop.put("terms", _text(version))
                clock.stored = version
            shop.delete("terms")
            clock.deleted = True
            for _ in range(5):
                assert shop.found("returning an article section", k=50) == ["other"]
        finally:
            clock.over.set()
        counts = [each.result() for each in asking]

    assert min(counts) >= 3
    assert shop.found("edition", mode="lexical") == []
