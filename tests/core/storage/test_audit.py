"""The audit chain: whole when untouched, broken by every kind of tampering."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from core.errors import IntegrityFailure, InvalidInput
from core.storage import audit
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import AuditEntry, Job, OutboxEvent
from core.storage.tenancy import SYSTEM


def _fill(storage: Storage, tenant: str = "demo", entries: int = 5) -> None:
    for number in range(entries):
        storage.write(
            tenant,
            lambda session, number=number: audit.record(
                session,
                actor="cli",
                action="thing.made",
                subject=f"thing-{number}",
                detail={"n": 1e16, "中": "文"},
            ),
        )


def test_an_untouched_chain_verifies(storage: Storage) -> None:
    _fill(storage)
    _fill(storage, "other", 2)
    for tenant in ("demo", "other", SYSTEM):
        with storage.read(tenant) as session:
            audit.verify(session)
    with storage.read("demo") as session:
        assert audit.head(session).sequence == 5
    with storage.read("other") as session:
        assert audit.head(session).sequence == 2


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entries SET actor = 'nobody' WHERE sequence = 3", 3),
        ("UPDATE audit_entries SET detail = '{}' WHERE sequence = 2", 2),
        ("UPDATE audit_entries SET at = '2001-01-01 00:00:00' WHERE sequence = 4", 4),
        ("DELETE FROM audit_entries WHERE sequence = 2", 2),
        ("DELETE FROM audit_entries WHERE sequence = 1", 1),
        ("DELETE FROM audit_entries WHERE sequence >= 4", 4),
        ("DELETE FROM audit_entries", 1),
        ("DELETE FROM audit_heads", 1),
        ("UPDATE audit_entries SET sequence = 7 - sequence WHERE sequence IN (3, 4)", 3),
    ],
)
def test_tampering_is_found(storage: Storage, statement: str, broken_at: int) -> None:
    _fill(storage)
    if "7 - sequence" in statement:  # the swap goes by way of negative numbers, for the primary key's sake
        storage.write(
            SYSTEM,
            lambda s: s.execute(
                text("UPDATE audit_entries SET sequence = sequence - 7 WHERE sequence IN (3, 4)")
            ),
        )
        statement = "UPDATE audit_entries SET sequence = -sequence WHERE sequence < 0"
    storage.write(SYSTEM, lambda session: session.execute(text(statement)))
    with storage.read("demo") as session, pytest.raises(IntegrityFailure, match=f"entry {broken_at}"):
        audit.verify(session)


def test_state_event_and_entry_stand_or_fall_together(storage: Storage) -> None:
    def work(session, fail: bool) -> None:
        session.add(Job(id="j", kind="train", payload={}))
        emit(session, "jobs.job.queued", {"id": "j"})
        audit.record(session, actor="cli", action="job.submit", subject="j")
        if fail:
            raise RuntimeError("stop")

    def counts() -> list[int]:
        with storage.read("demo") as session:
            return [session.query(table).count() for table in (Job, OutboxEvent, AuditEntry)]

    with pytest.raises(RuntimeError, match="stop"):
        storage.write("demo", lambda session: work(session, True))
    assert counts() == [0, 0, 0]
    storage.write("demo", lambda session: work(session, False))
    assert counts() == [1, 1, 1]
    with storage.read("demo") as session:
        audit.verify(session)


@pytest.mark.parametrize("write", [lambda s, d: emit(s, "t", d), lambda s, d: _record(s, d)])
def test_what_has_no_json_form_is_refused(storage: Storage, write: Callable[..., object]) -> None:
    with pytest.raises(Exception, match="JSON") as caught:
        storage.write("demo", lambda session: write(session, {"x": float("nan")}))
    assert isinstance(caught.value, InvalidInput)


def _record(session, detail):
    return audit.record(session, actor="a", action="b", subject="c", detail=detail)
