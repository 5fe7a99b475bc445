"""Kill -9 while writing: what was acknowledged is there, whole, and the file opens again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.storage import audit
from core.storage.engine import Storage
from core.storage.tables import Job, OutboxEvent

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))

_WRITER = """
import sys, threading
from core.storage import audit
from core.storage.engine import Storage
from core.storage.outbox import emit
from core.storage.tables import Job

storage = Storage.open(sys.argv[1])
lock = threading.Lock()

def work(name):
    number = 0
    while True:
        job_id = f"{sys.argv[2]}-{name}-{number}"
        def add(session):
            session.add(Job(id=job_id, kind="x", payload={"filler": "x" * 500}))
            emit(session, "jobs.job.queued", {"id": job_id})
            audit.record(session, actor="t", action="job.submit", subject=job_id)
        storage.write("demo", add)
        with lock:
            sys.stdout.write(job_id + "\\n")
            sys.stdout.flush()
        number += 1

for name in range(4):
    threading.Thread(target=work, args=(name,), daemon=True).start()
threading.Event().wait()
"""


def _killed_round(url: str, number: int, acknowledgements: int) -> set[str]:
    """Let a child write until it has acknowledged so many rows, kill it, return all that it acknowledged."""
    child = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _WRITER, url, str(number)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert child.stdout is not None
    seen = {child.stdout.readline().strip() for _ in range(acknowledgements)}
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().split("\n")[:-1]  # a line that was cut short is no acknowledgement
    child.stdout.close()
    assert child.wait(30) == -signal.SIGKILL
    return seen | set(rest)


@pytest.mark.slow
@pytest.mark.torture
def test_no_acknowledged_row_is_missing_after_kill_9(sqlite_storage: Storage, sqlite_url: str) -> None:
    chance = random.Random(0)
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        acknowledged |= _killed_round(sqlite_url, number, chance.randint(1, 60))
        with sqlite_storage.read("demo") as session:
            assert acknowledged <= set(session.scalars(select(Job.id)))
            jobs, events, entries = (
                session.scalar(select(func.count()).select_from(table))
                for table in (Job, OutboxEvent, audit.AuditEntry)
            )
            assert jobs == events == entries
            audit.verify(session)
    with sqlite_storage._readers.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_authorizer(None)
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert acknowledged
