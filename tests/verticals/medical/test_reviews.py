from __future__ import annotations

import pytest
from sqlalchemy import select

from core.errors import Conflict, InvalidInput, NotFound
from core.storage import audit
from core.storage.tables import AuditEntry, OutboxEvent
from tests.verticals.medical.conftest import Parts
from verticals.medical.intake import Complaint
from verticals.medical.service import Verdict, place
from verticals.medical.tables import ReviewContent

TEXTS = [
    "a small graze on the knee",
    "crushing chest pain, sweating, cannot breathe",
    "a small graze on the elbow",
]


def opened(parts: Parts, *texts: str, encounter: str | None = None) -> list[str]:
    made = [parts.medical.triage("demo", Complaint(text, encounter_id=encounter)) for text in texts]
    return [str(each.review_id) for each in made]


def test_the_most_urgent_come_first_and_of_those_the_oldest(parts: Parts) -> None:
    opened(parts, *TEXTS, *TEXTS)
    rows = parts.medical.reviews.list("demo")
    assert len({row.urgency for row in rows}) > 1
    assert [(row.urgency, row.id) for row in rows] == sorted((row.urgency, row.id) for row in rows)


def test_pages_hold_every_review_once(parts: Parts) -> None:
    made = opened(parts, *TEXTS * 3)
    seen: list[str] = []
    last: str | None = None
    while rows := parts.medical.reviews.list("demo", after=last, limit=2):
        seen += [row.id for row in rows]
        last = place(rows[-1])
    assert sorted(seen) == sorted(made)
    assert len(seen) == len(made)


@pytest.mark.parametrize("cursor", ["nonsense", ":", "99999:abc", "-1:a", "٣:a"])
def test_a_cursor_of_another_list_is_refused(parts: Parts, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        parts.medical.reviews.list("demo", after=cursor)


def test_a_person_confirms_or_changes(parts: Parts) -> None:
    first, second, third = opened(parts, *TEXTS)
    reviews = parts.medical.reviews
    advised, _ = reviews.get("demo", first)
    same = reviews.decide("demo", first, Verdict(advised.urgency), actor="k1")
    assert (same.state, same.decided_urgency, same.decided_by) == ("confirmed", advised.urgency, "k1")
    assert same.decided_department == advised.department
    assert same.decided_at == parts.clock.now()
    assert reviews.decide("demo", second, Verdict(5), actor="k1").state == "changed"
    moved = reviews.decide(
        "demo", third, Verdict(reviews.get("demo", third)[0].urgency, "dentistry"), actor="k2"
    )
    assert moved.state == "changed"
    assert [row.id for row in reviews.list("demo", state="open")] == []
    assert [row.id for row in reviews.list("demo", state="confirmed")] == [first]


def test_a_decision_is_final_and_written_down(parts: Parts) -> None:
    [review_id] = opened(parts, TEXTS[0])
    parts.medical.reviews.decide("demo", review_id, Verdict(2, None, "ECG first"), actor="k1")
    with pytest.raises(Conflict, match="already"):
        parts.medical.reviews.decide("demo", review_id, Verdict(3), actor="k2")
    row, content = parts.medical.reviews.get("demo", review_id)
    assert row.decided_urgency == 2
    assert content is not None
    assert content.comment == "ECG first"
    with parts.services.storage.read("demo") as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        assert [(entry.actor, entry.action, entry.subject) for entry in entries] == [
            ("cli", "medical.triaged", review_id),
            ("k1", "medical.reviewed", review_id),
        ]
        topics = session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id)).all()
        assert topics == ["medical.review.opened", "medical.review.decided"]
        audit.verify(session)


def test_an_unknown_review(parts: Parts) -> None:
    with pytest.raises(NotFound):
        parts.medical.reviews.decide("demo", "no-such-id", Verdict(2), actor="k1")


def test_those_that_need_a_person_can_be_asked_for(parts: Parts) -> None:
    opened(parts, *TEXTS)
    needed = parts.medical.reviews.list("demo", needed=True)
    others = parts.medical.reviews.list("demo", needed=False)
    assert all(row.needed for row in needed)
    assert len(needed) + len(others) == 3


def test_an_erasure_takes_what_was_said_and_leaves_the_chain_whole(parts: Parts) -> None:
    first, second = opened(parts, *TEXTS[:2], encounter="visit-7")
    [kept] = opened(parts, TEXTS[2], encounter="visit-8")
    assert parts.medical.reviews.erase("other", "visit-7", actor="k1") == 0
    assert parts.medical.reviews.erase("demo", "visit-7", actor="k1") == 2
    assert parts.medical.reviews.erase("demo", "visit-7", actor="k1") == 0
    assert parts.medical.reviews.get("demo", first)[1] is None
    assert parts.medical.reviews.get("demo", second)[0].content_hash
    with parts.services.storage.read("demo") as session:
        assert [row.review_id for row in session.scalars(select(ReviewContent))] == [kept]
        audit.verify(session)
    with pytest.raises(Conflict, match="erased"):
        parts.medical.replay.one("demo", first)
    assert (
        parts.medical.reviews.decide("demo", first, Verdict(3, None, "late"), actor="k1").decided_urgency == 3
    )
