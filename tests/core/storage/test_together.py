from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, Unavailable
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import OutboxEvent
from core.storage.together import Together


class Crowd:
    """The first call writes alone; those that come meanwhile wait for it, hence are written together."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.groups: list[list[str]] = []
        self.fails: Callable[[Sequence[str]], None] = lambda asked: None
        self.together = Together[str, str](storage, self._work)
        self._running, self._over = threading.Event(), threading.Event()

    def _work(self, session: Session, tenant: str, asked: Sequence[str]) -> list[str]:
        self._running.set()
        assert self._over.wait(30)
        self.groups.append(list(asked))
        ids = [emit(session, "test", {"name": name}) for name in asked]
        self.fails(asked)
        return ids

    def call(self, *names: str, size: int = 1) -> list[Future[str]]:
        with ThreadPoolExecutor(len(names)) as pool:
            asked = [pool.submit(self.together.write, "demo", names[0], size=size)]
            assert self._running.wait(30)
            for number, name in enumerate(names[1:], 1):
                asked.append(pool.submit(self.together.write, "demo", name, size=size))
                while len(self.together._waiting["demo"]) < number:
                    time.sleep(0.001)
            assert not any(one.done() for one in asked), "told before it was written"
            self._over.set()
        return asked

    def kept(self) -> dict[str, str]:
        with self.storage.read("demo") as session:
            rows = session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))
            return {row.payload["name"]: row.id for row in rows}


@pytest.fixture
def crowd(storage: Storage) -> Crowd:
    return Crowd(storage)


def test_what_waits_is_written_at_once_and_each_gets_its_own_answer(crowd: Crowd) -> None:
    asked = crowd.call("a", "b", "c", "d")
    assert crowd.groups == [["a"], ["b", "c", "d"]]
    assert [one.result() for one in asked] == list(crowd.kept().values())
    assert list(crowd.kept()) == ["a", "b", "c", "d"]
    assert not crowd.together._waiting


def test_one_that_fails_takes_nobody_with_it(crowd: Crowd) -> None:
    def fails(asked: Sequence[str]) -> None:
        if "bad" in asked:
            raise Conflict("This one.")

    crowd.fails = fails
    first, good, bad, other = crowd.call("first", "good", "bad", "other")
    assert isinstance(bad.exception(), Conflict)
    assert [one.result() for one in (first, good, other)] == list(crowd.kept().values())
    assert crowd.together.write("demo", "later")


def test_a_database_that_is_gone_is_asked_once(crowd: Crowd) -> None:
    def fails(asked: Sequence[str]) -> None:
        raise Unavailable("Gone.")

    crowd.fails = fails
    assert all(isinstance(one.exception(), Unavailable) for one in crowd.call("a", "b", "c", "d"))
    assert crowd.groups == [["a"], ["b", "c", "d"]]


def test_only_so_many_rows_are_written_at_once(crowd: Crowd) -> None:
    assert all(one.result() for one in crowd.call(*"abcdef", size=256))
    assert list(map(len, crowd.groups)) == [1, 2, 2, 1]
    assert "".join(crowd.kept()) == "abcdef"


def test_tenants_do_not_wait_for_each_other_here(crowd: Crowd) -> None:
    crowd.call("a", "b")
    crowd.together.write("other", "c")
    assert list(crowd.kept()) == ["a", "b"]


def test_a_writer_that_is_interrupted_leaves_nobody_waiting(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = crowd.storage.write

    def interrupted(tenant: str, fn: Callable[[Session], Any]) -> Any:
        answer = write(tenant, fn)
        if crowd.groups[-1] == ["b", "c"]:
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(crowd.storage, "write", interrupted)
    first, second, third = crowd.call("a", "b", "c")
    assert first.result()
    assert isinstance(second.exception(), KeyboardInterrupt)
    assert isinstance(third.exception(), Unavailable)
    assert crowd.together.write("demo", "later")
