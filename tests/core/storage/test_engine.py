"""Reads, durable writes, group commit, a full disk, many tenants at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from core.errors import ConfigurationError, IntegrityFailure, StorageFull, TenancyViolation, Unavailable
from core.storage import audit
from core.storage.engine import Storage
from core.storage.sqlite import checked, library
from core.storage.tables import AuditEntry, Job
from core.storage.tenancy import SYSTEM
from core.testing.storage import open_storage


def _job(job_id: str, size: int = 0) -> Callable[[Session], str]:
    def add(session: Session) -> str:
        session.add(Job(id=job_id, kind="train", payload={"filler": "x" * size}))
        session.flush()
        return job_id

    return add


def _count(storage: Storage, tenant: str = "demo") -> int:
    with storage.read(tenant) as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def _commits(storage: Storage) -> list[int]:
    counted = [0]

    def add(connection: object) -> None:
        counted[0] += 1

    event.listen(storage._writers, "commit", add)
    return counted


def _together(storage: Storage, works: list[Callable[[Session], object]]) -> list[object]:
    """Hold the writer until all works wait behind it, then let go; return results and errors in order."""
    gate, held = threading.Event(), threading.Event()
    writer = storage._writer
    assert writer is not None

    def hold(session: Session) -> None:
        held.set()
        gate.wait(30)

    def one(work: Callable[[Session], object]) -> object:
        try:
            return storage.write("demo", work)
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error

    with ThreadPoolExecutor(len(works) + 1) as pool:
        pool.submit(storage.write, "demo", hold)
        held.wait(30)
        waiting = [pool.submit(one, work) for work in works]
        while writer._queue.qsize() < len(works):
            threading.Event().wait(0.001)
        gate.set()
        return [future.result() for future in waiting]


def test_writes_are_read_back(storage: Storage) -> None:
    assert storage.write("demo", _job("a")) == "a"
    with storage.read("demo") as session:
        row = session.get_one(Job, ("demo", "a"))
        assert (row.tenant_id, row.state, row.log, row.result) == ("demo", "queued", [], None)
        assert row.created_at.utcoffset() is not None
    storage.ping()


def test_a_failed_write_leaves_nothing(storage: Storage) -> None:
    def fail(session: Session) -> None:
        _job("a")(session)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        storage.write("demo", fail)
    storage.write("demo", _job("b"))
    with pytest.raises(IntegrityError):
        storage.write("demo", _job("b"))
    assert _count(storage) == 1


def test_a_read_cannot_write(storage: Storage) -> None:
    with pytest.raises(SQLAlchemyError), storage.read("demo") as session:
        _job("a")(session)
    assert _count(storage) == 0


def test_a_read_sees_one_moment(storage: Storage) -> None:
    with storage.read("demo") as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0
        storage.write("demo", _job("a"))
        assert session.scalar(select(func.count()).select_from(Job)) == 0
    assert _count(storage) == 1


def test_returned_objects_can_be_used_afterwards(storage: Storage) -> None:
    def add(session: Session) -> Job:
        job = Job(id="a", kind="train", payload={"n": 1})
        session.add(job)
        return job

    job = storage.write("demo", add)
    assert (job.tenant_id, job.id, job.payload, job.percent) == ("demo", "a", {"n": 1}, 0.0)


def test_a_write_function_does_not_commit(storage: Storage) -> None:
    with pytest.raises(ConfigurationError, match="commit"):
        storage.write("demo", lambda session: (_job("a")(session), session.commit()))
    assert _count(storage) == 0


def test_a_write_inside_a_write_is_refused(sqlite_storage: Storage) -> None:
    with pytest.raises(ConfigurationError, match="inside"):
        sqlite_storage.write("demo", lambda _: sqlite_storage.write("demo", _job("a")))


def test_read_then_write_loses_no_update(storage: Storage) -> None:
    storage.write("demo", _job("a"))

    def bump(session: Session) -> None:
        job = session.get_one(Job, ("demo", "a"))
        job.tries += 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: storage.write("demo", bump), range(100)))
    with storage.read("demo") as session:
        assert session.get_one(Job, ("demo", "a")).tries == 100


def test_waiting_writes_share_a_commit(sqlite_storage: Storage) -> None:
    counted = _commits(sqlite_storage)
    results = _together(sqlite_storage, [_job(f"j{n}") for n in range(64)])
    assert results == [f"j{n}" for n in range(64)]
    assert counted[0] == 2  # the one that held the writer, and one for all that waited
    assert _count(sqlite_storage) == 64


def test_one_failure_does_not_harm_its_batch_mates(sqlite_storage: Storage) -> None:
    def fail(session: Session) -> None:
        _job("broken")(session)
        raise KeyError("mine")

    def foreign(session: Session) -> None:
        session.add(Job(tenant_id="other", kind="x", payload={}))

    works: list[Callable[[Session], object]] = [_job("a"), fail, _job("a"), foreign, _job("b")]
    counted = _commits(sqlite_storage)
    results = _together(sqlite_storage, works)
    assert counted[0] == 2
    assert sorted(str(r) for r in results if isinstance(r, str)) == ["a", "b"]
    kinds = {type(result) for result in results}
    assert kinds == {str, KeyError, IntegrityError, TenancyViolation}
    assert _count(sqlite_storage) == 2


def test_when_the_commit_fails_the_whole_batch_hears_of_it(sqlite_storage: Storage) -> None:
    failing = [True]

    def refuse(connection: object) -> None:
        if failing[0]:
            raise OSError("no sync")

    event.listen(sqlite_storage._writers, "commit", refuse)
    results = _together(sqlite_storage, [_job(f"j{n}") for n in range(8)])
    assert {type(result) for result in results} == {OSError}
    assert _count(sqlite_storage) == 0
    failing[0] = False
    sqlite_storage.write("demo", _job("after"))
    assert _count(sqlite_storage) == 1


def test_a_write_that_ends_the_batch_is_not_acknowledged(sqlite_storage: Storage) -> None:
    def end(session: Session) -> None:
        session.connection().connection.driver_connection.rollback()  # type: ignore[union-attr]

    results = _together(sqlite_storage, [_job("a"), end, _job("b")])
    kept = {result for result in results if isinstance(result, str)}
    with sqlite_storage.read("demo") as session:
        assert set(session.scalars(select(Job.id))) == kept
    sqlite_storage.write("demo", _job("after"))


def test_a_full_disk_is_told_and_survived(sqlite_storage: Storage) -> None:
    def limit(pages: int) -> None:
        with sqlite_storage._writers.connect() as connection:
            raw = connection.connection.driver_connection
            raw.set_authorizer(None)  # type: ignore[union-attr]
            raw.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[union-attr]

    sqlite_storage.write("demo", _job("before"))
    limit(1)  # SQLite takes it for "no page more than there are"
    with pytest.raises(StorageFull):
        sqlite_storage.write("demo", _job("big", size=100_000))
    assert _count(sqlite_storage) == 1
    limit(1)  # the connection that failed was replaced
    results = _together(sqlite_storage, [_job(f"huge{n}", size=100_000) for n in range(4)])
    assert {type(result) for result in results} == {StorageFull}
    assert _count(sqlite_storage) == 1
    limit(1_000_000)
    sqlite_storage.write("demo", _job("after", size=100_000))
    assert _count(sqlite_storage) == 2


def test_fifty_tenants_at_once_do_not_bleed(storage: Storage) -> None:
    tenants = [f"t{number:02}" for number in range(50)]

    def work(tenant: str) -> None:
        for number in range(4):
            storage.write(tenant, _job(f"{number}"))
            storage.write(tenant, lambda s: audit.record(s, actor=tenant, action="a", subject="s"))
            with storage.read(tenant) as session:
                assert {row.tenant_id for row in session.scalars(select(Job))} == {tenant}
                assert set(session.scalars(select(AuditEntry.actor))) == {tenant}

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(work, tenants))
    with storage.read(SYSTEM) as session:
        rows = session.execute(select(Job.tenant_id, func.count()).group_by(Job.tenant_id)).all()
        for tenant in tenants:
            audit.verify(session, tenant=tenant)
    assert {tuple(row) for row in rows} == {(tenant, 4) for tenant in tenants}


def test_a_closed_storage_says_so(sqlite_url: str) -> None:
    storage = open_storage(sqlite_url)
    storage.close()
    storage.close()
    with pytest.raises(Unavailable, match="closed"):
        storage.write("demo", _job("a"))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d", "nonsense", "oracle://x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://"):
        Storage.open(url)


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable, match="not ready"):
        Storage.open("postgresql://nobody:pass-word@127.0.0.1:1/none")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "colonnade.db"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(IntegrityFailure, match="damaged"), Storage.open(f"sqlite:///{path}") as storage:
        storage.migrate()


def test_a_library_with_the_corruption_bug_is_refused() -> None:
    assert library().sqlite_version_info >= (3, 51, 3)
    old = SimpleNamespace(__name__="pysqlite3", sqlite_version_info=(3, 51, 2), sqlite_version="3.51.2")
    with pytest.raises(ConfigurationError, match=r"3\.51\.2"):
        checked(old)  # type: ignore[arg-type]


def test_without_pysqlite3_the_standard_library_serves_with_a_warning(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pysqlite3", None)
    with open_storage(sqlite_url, "demo") as storage:
        assert library() is sqlite3
        storage.write("demo", _job("a"))
        assert _count(storage) == 1
    assert "pysqlite3 is not installed" in caplog.text


def test_the_file_is_run_as_promised(sqlite_storage: Storage) -> None:
    with sqlite_storage._writers.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        settings = [
            raw.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert settings == ["wal", 2, 1, 30_000]


def test_a_superuser_is_warned_of(
    postgres_server, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Storage.open(postgres_url):
        assert "row level security" not in caplog.text
    with Storage.open(postgres_url.replace("colonnade_test@", "postgres@")):
        assert "row level security" in caplog.text


def test_row_security_holds_below_the_guards(postgres_server, postgres_url: str) -> None:
    """A connection of the same role that knows nothing of Colonnade sees no row."""
    import psycopg

    with open_storage(postgres_url, "demo") as storage:
        storage.write("demo", _job("a"))
        with psycopg.connect(postgres_url.replace("+psycopg", "")) as raw:
            for table in ("jobs", "tenants"):
                assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute("INSERT INTO tenants VALUES ('x', 'x', 'active', now())")
        with storage.read(SYSTEM) as session:
            assert session.scalar(text("SELECT count(*) FROM jobs")) == 1
