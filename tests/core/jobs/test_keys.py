"""Keys, waits, retries, jumping clocks and effects, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.jobs import queue
from core.jobs.backoff import Backoff
from core.jobs.effects import once
from core.jobs.lease import Claim, Leases
from core.jobs.queue import Jobs, submit_in
from core.storage import outbox
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from core.storage.tenancy import SYSTEM
from core.testing.clock import StandingClock

DAY = 86_400
LEASE = 30.0


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path):
    url = (
        f"sqlite:///{tmp_path / 'x.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    with Storage.open(url) as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def jobs(storage: Storage, clock: StandingClock) -> Jobs:
    return Jobs(storage, clock)


@pytest.fixture
def leases(storage: Storage, clock: StandingClock) -> Leases:
    return Leases(storage, clock, seconds=LEASE, backoff=Backoff(first=10.0, longest=100.0))


def _claim(leases: Leases, kind: str = "k") -> Claim:
    claim = leases.claim([kind])
    assert claim is not None
    return claim


def test_a_key_has_one_job_that_waits_and_one_that_runs(jobs: Jobs, leases: Leases) -> None:
    first = jobs.submit("a", "k", {}, key="x")
    assert jobs.submit("a", "k", {}, key="x") == first
    others = {
        jobs.submit("a", "k", {}, key="y"),
        jobs.submit("b", "k", {}, key="x"),
        jobs.submit("a", "l", {}, key="x"),
    }
    assert first not in others
    assert len(others) == 3

    running = _claim(leases)
    second = jobs.submit("a", "k", {}, key="x")
    assert second not in {first, *others}
    claimed = []
    while (claim := leases.claim(["k", "l"])) is not None:
        claimed.append(claim.job_id)
    assert set(claimed) == others  # the second waits for the first of its key
    assert leases.succeed(running, {})
    assert _claim(leases).job_id == second


def test_a_key_that_waits_costs_one_look_up(storage: Storage, jobs: Jobs, clock: StandingClock) -> None:
    first, statements = jobs.submit("a", "k", {}, key="x"), []

    def again(session: Session) -> str:
        engine = session.connection()
        event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        return submit_in(session, "a", "k", {}, clock=clock, key="x")

    assert storage.write("a", again) == first
    if storage.dialect == "sqlite":

        def explain(session: Session) -> str:
            plan = f"EXPLAIN QUERY PLAN {queue._WAITING.compile(compile_kwargs={'literal_binds': False})}"
            given = {"tenant": "a", "of": "k", "named": "x", "state_1": "queued"}
            return str(session.connection().exec_driver_sql(plan, given).all())

        assert "ix_jobs_tenant_id_kind_key_state" in storage.write(SYSTEM, explain)
    assert [one.split()[0] for one in statements if "jobs" in one] == ["SELECT"]
    assert not [one for one in statements if "INSERT" in one or "UPDATE" in one]


def test_many_that_submit_one_key_at_once_make_one_job(jobs: Jobs) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: jobs.submit("a", "k", {}, key="x"), range(32)))

    assert len(ids) == 1


def test_a_job_waits_for_its_time_and_can_be_brought_forward(
    storage: Storage, jobs: Jobs, leases: Leases, clock: StandingClock
) -> None:
    later = clock.now() + timedelta(hours=1)
    job = jobs.submit("a", "k", {}, key="x", not_before=later)
    assert leases.claim(["k"]) is None
    assert jobs.submit("a", "k", {}, key="x", not_before=later + timedelta(hours=1)) == job
    assert jobs.get("a", job).not_before == later
    storage.write("a", lambda session: submit_in(session, "a", "k", {}, clock=clock, key="x"))
    assert _claim(leases).job_id == job


def test_what_was_undone_was_not_submitted(storage: Storage, jobs: Jobs, clock: StandingClock) -> None:
    def fail(session):
        submit_in(session, "a", "k", {}, clock=clock)
        raise Conflict("no")

    with pytest.raises(Conflict):
        storage.write("a", fail)
    assert jobs.list("a") == []


def test_a_postponed_job_waits_longer_each_time_and_keeps_its_own_error(
    jobs: Jobs, leases: Leases, clock: StandingClock
) -> None:
    job = jobs.submit("a", "k", {})
    error = {"slug": "unavailable", "detail": "The feed does not answer."}
    waits = []
    for _ in range(5):
        assert leases.postpone(_claim(leases), error)
        view = jobs.get("a", job)
        if view.state == "queued":
            assert leases.claim(["k"]) is None
            assert view.not_before is not None
            waits.append((view.not_before - clock.now()).total_seconds())
            clock.move(waits[-1])

    assert all(5 * 2**n <= wait <= 10 * 2**n for n, wait in enumerate(waits))
    assert len(waits) == 4
    failed = jobs.get("a", job)
    assert (failed.state, failed.tries) == ("failed", 5)
    assert failed.error == {**error, "detail": "The feed does not answer. It was tried 5 times."}


def test_a_poison_job_does_not_hold_up_the_rest(jobs: Jobs, leases: Leases, clock: StandingClock) -> None:
    poison = jobs.submit("a", "k", {})
    good = [jobs.submit("a", "k", {}) for _ in range(5)]
    done: list[str] = []
    for _ in range(60):
        claim = leases.claim(["k"])
        if claim is None:
            clock.move(20)
        elif claim.job_id == poison:
            leases.crashed(claim, "It died.")
        else:
            leases.succeed(claim, {})
            done.append(claim.job_id)

    assert done == good
    assert (jobs.get("a", poison).state, jobs.get("a", poison).tries) == ("failed", 5)


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_jumps_a_day_neither_loses_nor_keeps_a_job(
    jobs: Jobs, leases: Leases, clock: StandingClock, jump: float
) -> None:
    """One whose worker died, one that waits to be tried again, one that is run."""
    for _ in range(3):
        jobs.submit("a", "k", {})
    vanished, again, running = _claim(leases), _claim(leases), _claim(leases)
    leases.postpone(again, {"detail": "Later."})
    clock.move(jump)
    assert leases.heartbeat(running)

    found = {_claim(leases).job_id, _claim(leases).job_id}
    assert found == {vanished.job_id, again.job_id}
    assert leases.claim(["k"]) is None
    assert leases.succeed(running, {})
    assert not leases.succeed(vanished, {})


def test_an_effect_is_done_once_by_the_run_that_holds_the_job(
    storage: Storage, jobs: Jobs, leases: Leases, clock: StandingClock
) -> None:
    jobs.submit("a", "k", {})

    def apply(claim: Claim) -> None:
        def write(session):
            if once(session, claim.given, "notice"):
                outbox.emit(session, "toy.notice", {})

        storage.write("a", write)

    slept = _claim(leases)
    apply(slept)
    apply(slept)
    clock.move(LEASE + 1)
    second = _claim(leases)
    with pytest.raises(Conflict):
        apply(slept)
    apply(second)

    with storage.read("a") as session:
        topic = OutboxEvent.topic == "toy.notice"
        assert session.scalar(select(func.count()).select_from(OutboxEvent).where(topic)) == 1


def test_two_workers_drain_one_queue_and_run_each_job_once(storage: Storage, jobs: Jobs) -> None:
    from core.jobs.clock import SystemClock

    ids = [jobs.submit("ab"[n % 2], "k", {}) for n in range(40)]

    def drain(_: int) -> list[str]:
        leases, mine = Leases(storage, SystemClock()), []
        while (claim := leases.claim(["k"])) is not None:
            assert leases.succeed(claim, {})
            mine.append(claim.job_id)
        return mine

    with ThreadPoolExecutor(2) as pool:
        done = [job for mine in pool.map(drain, range(2)) for job in mine]
    assert sorted(done) == sorted(ids)
