"""kill −9 while documents are put: each is whole or absent, and nothing acknowledged is lost."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from core.retrieval.chunk import chunk
from core.retrieval.library import Library
from core.retrieval.parse import parse
from core.retrieval.tables import Collection, Document, Passage, Removal
from core.storage import audit
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from core.testing.encoder import FixedEncoder
from core.testing.storage import open_storage
from tests.core.retrieval.putting_child import text_of

_ROUNDS = 20


def _killed(url: str, first: int, root: Path, chance: random.Random) -> list[list[str]]:
    """Let a child work, kill it at some moment after its first step, and return what it told."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.core.retrieval.putting_child", url, str(first)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    assert child.stdout is not None
    told = [child.stdout.readline()]
    time.sleep(chance.uniform(0, 0.15))
    child.send_signal(signal.SIGKILL)
    told += child.stdout.readlines()
    child.stdout.close()
    assert child.wait(60) == -signal.SIGKILL
    return [line.split() for line in told if line.endswith("\n")]


def _check(storage: Storage) -> dict[str, int]:
    """Assert that all is whole; return the number of the text that each document has."""
    found = {}
    with storage.read("demo") as session:
        audit.verify(session)
        rows = session.scalars(select(Document)).all()
        passages = session.scalars(select(Passage).order_by(Passage.document_id, Passage.ordinal)).all()
        removed = set(session.scalars(select(Removal.passage_id)))
        events = session.scalars(select(OutboxEvent.payload)).all()
        collection = session.get(Collection, ("demo", "kb"))
        generation = collection.generation if collection else 0
    assert {passage.document_id for passage in passages} == {row.id for row in rows}
    assert not removed & {passage.id for passage in passages}
    assert sorted(event["generation"] for event in events) == list(range(1, generation + 1))
    for row in rows:
        mine = [passage for passage in passages if passage.document_id == row.id]
        number = int(re.findall(r"\d+", row.text)[0])
        parsed = parse(text_of(number), filename="a.md")
        pieces = [(piece.start, piece.end, piece.heading) for piece in chunk(parsed)]
        assert row.text == parsed.text
        assert [(passage.start, passage.end, passage.heading) for passage in mine] == pieces
        assert {passage.version for passage in mine} == {row.version}
        assert len({passage.generation for passage in mine}) == 1
        found[row.id] = number
    return found


@pytest.mark.slow
@pytest.mark.parametrize("url", ["sqlite_url", "postgres_url"])
def test_killed_while_putting(url: str, request: pytest.FixtureRequest, root: Path) -> None:
    address = str(request.getfixturevalue(url))
    chance, first = random.Random(20), 1
    with open_storage(address, "demo") as storage:
        for _ in range(_ROUNDS if url == "sqlite_url" else 3):
            told = _killed(address, first, root, chance)
            found = _check(storage)
            last = {name: what for name, what in told}
            for name, what in last.items():
                # What was told holds, unless the step after it, not told any more, was done too.
                later = found.get(name, 0)
                assert what == "gone" or later >= int(what) or name not in found
                if what != "gone" and name not in found:
                    assert int(what) % 5 == 0
            first = max([first, *(int(what) for _, what in told if what != "gone")]) + 4
        last_info = Library(storage, FixedEncoder()).put(
            "demo", "kb", "d0", text_of(first), filename="a.md", actor="test"
        )
        assert _check(storage)["d0"] == first
        assert last_info.version >= 1
