from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import Prediction, Record
from core.storage.tables import OutboxEvent
from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance import jobs
from verticals.finance.service import READ, WATCH


def quiet(share: float, line: str) -> None:
    assert 0 <= share <= 1
    assert line


def test_each_document_is_taken_once(desk: Desk) -> None:
    documents = desk.finance.documents
    first, other = doc(1, "Orvane cuts outlook", DAY), doc(2, "Tarn wins a deal", DAY)
    taken, job = documents.take("demo", [first, other, first], actor="a")
    assert [each.status for each in taken] == ["accepted", "accepted", "duplicate"]
    assert job is not None
    again, none = documents.take("demo", [first, doc(2, "another text", DAY)], actor="a")
    assert [each.status for each in again] == ["duplicate", "duplicate"]
    assert again[0].reason == "known already"
    assert "another text" in str(again[1].reason)
    assert none is None, "nothing to read, so no job"
    assert [row.external_id for row in documents.list("demo")] == ["2", "1"]


def test_those_that_come_at_once_are_each_told_their_own(any_desk: Desk) -> None:
    documents, storage = any_desk.finance.documents, any_desk.services.storage
    any_desk.send(doc("known", "Orvane cuts outlook", DAY), read=False)
    given = {
        "repeats": [doc("known", "Orvane cuts outlook", DAY)],
        "raises": [doc("\ud800", "Half a character is no text of a database", DAY)],
        "mixed": [doc("known", "Orvane cuts outlook", DAY), doc("new", "Tarn wins", DAY)],
        **{str(number): [doc(number, f"Tarn wins deal {number}", DAY)] for number in range(6)},
    }
    running, over = threading.Event(), threading.Event()

    def busy(_: Session) -> None:
        running.set()
        over.wait(30)

    with ThreadPoolExecutor(len(given) + 1) as pool:
        pool.submit(storage.write, "demo", busy)
        assert running.wait(30)
        asked = {name: pool.submit(documents.take, "demo", rows, actor="a") for name, rows in given.items()}
        soon = time.monotonic() + 2
        while len(documents._together._waiting.get("demo", ())) < len(given) - 1 and time.monotonic() < soon:
            time.sleep(0.001)  # the first is on its way, others may have come with it
        over.set()
    assert isinstance(asked.pop("raises").exception(), UnicodeEncodeError)
    told = {name: one.result() for name, one in asked.items()}
    assert [row.status for row in told.pop("repeats")[0]] == ["duplicate"]
    assert [row.status for row in told["mixed"][0]] == ["duplicate", "accepted"]
    assert all(told[str(number)][0][0].status == "accepted" for number in range(6))
    assert {job for _, job in told.values()} == {job.id for job in any_desk.services.jobs.list("demo")}
    assert {row.external_id for row in documents.list("demo")} == {"known", "new", *map(str, range(6))}
    with storage.read("demo") as session:
        events = session.scalars(select(OutboxEvent).where(OutboxEvent.topic == "finance.documents.accepted"))
        assert [event.payload["documents"] for event in events] == [1] * 8


def test_a_revision_that_comes_with_what_it_revises(any_desk: Desk) -> None:
    later, latest = (doc(1, f"text {n}", DAY, revised_at=DAY + timedelta(n)) for n in (1, 2))
    taken, _ = any_desk.finance.documents.take("demo", [doc(1, "text", DAY), later], actor="a")
    assert [row.status for row in taken] == ["accepted", "accepted"]
    taken, _ = any_desk.finance.documents.take("demo", [latest, later], actor="a")
    assert [row.status for row in taken] == ["accepted", "duplicate"]
    [row] = any_desk.finance.documents.list("demo")
    assert (row.text, row.revised_at) == ("text 2", DAY + timedelta(2))


def test_what_waits_is_one_job(desk: Desk) -> None:
    asked = {desk.finance.documents.take("demo", [doc(n, "text", DAY)], actor="a")[1] for n in range(5)}
    assert len(asked) == 1
    assert [job.kind for job in desk.services.jobs.list("demo")] == [READ]
    desk.read()
    assert {job.kind for job in desk.services.jobs.list("demo")} == {READ, WATCH}


def test_reading_tells_each_once(any_desk: Desk) -> None:
    any_desk.send(*(doc(number, f"Orvane cuts outlook {number}", DAY) for number in range(70)), read=False)
    assert any_desk.finance.documents.read("demo", quiet) == 70
    assert any_desk.finance.documents.read("demo", quiet) == 0
    rows = any_desk.finance.documents.list("demo", limit=100)
    assert all(row.sentiment in {"negative", "neutral", "positive"} for row in rows)
    assert all(None not in (row.topics, row.entities, row.risk, row.model, row.story_id) for row in rows)


def test_two_readers_note_each_document_once(any_desk: Desk) -> None:
    any_desk.send(*(doc(number, f"Orvane cuts outlook {number}", DAY) for number in range(40)), read=False)
    readers = [threading.Thread(target=any_desk.read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    with any_desk.services.storage.read("demo") as session:
        query = select(OutboxEvent).where(OutboxEvent.topic == "finance.document.read")
        told = [event.payload["id"] for event in session.scalars(query)]
    assert len(told) == len(set(told)) == 40
    assert any_desk.balance().right


def test_a_revision_during_reading_is_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.send(doc(1, "Orvane cuts outlook bad", DAY), read=False)
    asked = desk.finance.documents

    predict = desk.predictor.predict

    def revising(*given: Any, **named: Any) -> Mapping[str, list[Prediction]]:
        asked.take("demo", [doc(1, "Orvane lifts outlook good", DAY, revised_at=DAY)], actor="a")
        return predict(*given, **named)

    monkeypatch.setattr(desk.predictor, "predict", revising)
    desk.read()
    [row] = asked.list("demo")
    assert (row.text, row.sentiment) == ("Orvane lifts outlook good", "positive")
    assert desk.balance().right


def test_tenants_do_not_meet(desk: Desk) -> None:
    documents = desk.finance.documents
    desk.send(doc(1, "Orvane cuts outlook", DAY), read=False)
    assert documents.list("other") == []
    taken, _ = documents.take("other", [doc(1, "Orvane cuts outlook", DAY)], actor="b")
    assert taken[0].status == "accepted", "another tenant's identity is no duplicate"
    assert documents.read("other", quiet) == 1
    assert documents.list("demo")[0].sentiment is None


def test_pages_follow_each_other(desk: Desk) -> None:
    desk.send(*(doc(number, "Orvane cuts outlook", DAY) for number in range(5)), read=False)
    documents = desk.finance.documents
    first = documents.list("demo", limit=2)
    rest = documents.list("demo", before=first[-1].id, limit=10)
    assert [row.external_id for row in (*first, *rest)] == ["4", "3", "2", "1", "0"]


def test_a_connection_hands_over_what_can_be_taken(desk: Desk) -> None:
    records = [
        Record("feed", "1", {"title": "Orvane cuts outlook"}, DAY),
        Record("feed", "2", {}, DAY),
        Record("feed", "3", {"title": "x" * (desk.services.settings.max_text_chars + 1)}, DAY),
    ]
    for _ in range(2):
        said = jobs.sink(desk.services, "demo", records, True)
        assert [each is None for each in said] == [True, False, False]
        assert "no text" in str(said[1])
    [row] = desk.finance.documents.list("demo")
    assert (row.external_id, row.live) == ("1", False)


def test_one_long_field_costs_no_neighbour(any_desk: Desk) -> None:
    records = [
        Record("feed", "1", {"title": "Orvane cuts outlook"}, DAY),
        Record("feed", "https://wire.example/" + "n" * 500, {"title": "Tarn wins a deal"}, DAY),
        Record("feed", "3", {"title": "公司无违约", "lang": "zh-Hans-CN"}, DAY),
        Record("f" * 150, "4", {"title": "Brackwell opens a mill"}, DAY),
    ]
    for _ in range(2):
        said = jobs.sink(any_desk.services, "demo", records, False)
        assert [each is None for each in said] == [True, True, True, False]
        assert "a source of 150 characters" in str(said[3])
        any_desk.read()
    rows = any_desk.finance.documents.list("demo")
    assert [row.lang for row in rows] == ["zh", "en", "en"]
    assert any_desk.balance().right


def test_seeding_twice_changes_nothing(desk: Desk) -> None:
    jobs.seed(desk.services, "demo", quiet)
    before = [row.id for row in desk.finance.documents.list("demo", limit=1000)]
    jobs.seed(desk.services, "demo", quiet)
    assert [row.id for row in desk.finance.documents.list("demo", limit=1000)] == before
    assert len(before) >= 20
    assert [job.kind for job in desk.services.jobs.list("demo")] == [READ]
    assert jobs.read(desk.services, {"tenant": "demo"}, quiet) == {"read": len(before)}
    assert desk.balance().right
    assert [job.kind for job in desk.services.jobs.list("demo")] == [READ], "of history nobody is told"
