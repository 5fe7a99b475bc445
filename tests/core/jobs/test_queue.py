"""The queue: submit, look, cancel; a claim is exclusive and a result is applied once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from core.errors import Conflict, NotFound
from core.jobs.backoff import Backoff
from core.jobs.lease import Claim, Leases
from core.jobs.queue import Jobs
from core.storage import audit
from core.storage.engine import Storage
from core.storage.tables import OutboxEvent
from core.testing.clock import StandingClock

LEASE = 30.0
AT_ONCE = Backoff(first=0.0)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def jobs(storage: Storage, clock: StandingClock) -> Jobs:
    return Jobs(storage, clock)


@pytest.fixture
def leases(storage: Storage, clock: StandingClock) -> Leases:
    return Leases(storage, clock, seconds=LEASE, backoff=AT_ONCE)


def _claim(leases: Leases) -> Claim:
    claim = leases.claim(["k"])
    assert claim is not None
    return claim


def test_a_job_is_seen_by_its_tenant_only(jobs: Jobs) -> None:
    job_id = jobs.submit("a", "k", {"x": 1})

    assert jobs.get("a", job_id).state == "queued"
    assert jobs.list("b") == []
    for step in (jobs.get, jobs.cancel):
        with pytest.raises(NotFound) as other:
            step("b", job_id)
        with pytest.raises(NotFound) as absent:
            step("b", "0" * len(job_id))
        assert str(other.value).replace(job_id, "") == str(absent.value).replace("0" * len(job_id), "")


def test_lists_are_newest_first_and_go_on_behind_an_id(jobs: Jobs) -> None:
    ids = [jobs.submit("a", "k", {"n": n}) for n in range(5)]

    first = jobs.list("a", limit=3)
    rest = jobs.list("a", before=first[-1].id, limit=3)

    assert [job.id for job in (*first, *rest)] == ids[::-1]


def test_jobs_are_claimed_in_order_and_by_kind(jobs: Jobs, leases: Leases) -> None:
    jobs.submit("a", "other", {})
    first, second = jobs.submit("a", "k", {}), jobs.submit("b", "k", {})

    assert [_claim(leases).job_id, _claim(leases).job_id] == [first, second]
    assert leases.claim(["k"]) is None


def test_one_job_goes_to_one_of_many_workers(jobs: Jobs, leases: Leases) -> None:
    for _ in range(5):
        jobs.submit("a", "k", {})

    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(lambda _: leases.claim(["k"]), range(40)) if claim]

    assert len({claim.job_id for claim in claims}) == len(claims) == 5


def test_a_result_is_applied_once(jobs: Jobs, leases: Leases) -> None:
    job_id = jobs.submit("a", "k", {})
    claim = _claim(leases)

    assert leases.succeed(claim, {"model": "one"})
    assert not leases.succeed(claim, {"model": "two"})
    assert not leases.fail(claim, {"detail": "late"})
    assert jobs.get("a", job_id).result == {"model": "one"}
    assert jobs.get("a", job_id).percent == 100


def test_a_worker_that_lost_its_lease_changes_nothing(
    jobs: Jobs, leases: Leases, clock: StandingClock
) -> None:
    job_id = jobs.submit("a", "k", {})
    slept = _claim(leases)
    clock.move(LEASE + 1)
    taken_over = _claim(leases)

    assert taken_over.number == 2
    assert not leases.heartbeat(slept, percent=99, lines=["still here"])
    assert not leases.succeed(slept, {"by": "the sleeper"})
    assert leases.succeed(taken_over, {"by": "the other"})
    assert jobs.get("a", job_id).result == {"by": "the other"}


def test_a_heartbeat_keeps_the_lease_and_the_log_tail(
    jobs: Jobs, leases: Leases, clock: StandingClock
) -> None:
    job_id = jobs.submit("a", "k", {})
    claim = _claim(leases)
    for beat in range(5):
        clock.move(LEASE - 1)
        assert leases.heartbeat(claim, percent=10.0 * beat, lines=[f"line {beat}-{n}" for n in range(100)])

    job = jobs.get("a", job_id)
    assert leases.claim(["k"]) is None
    assert job.percent == 40
    assert len(job.log) == 200
    assert job.log[-1] == "line 4-99"


def test_after_five_crashes_a_job_fails_with_the_reason(jobs: Jobs, leases: Leases) -> None:
    job_id = jobs.submit("a", "k", {})
    for _ in range(5):
        assert jobs.get("a", job_id).state == "queued"
        assert leases.crashed(_claim(leases), "The process was killed by SIGKILL.")

    job = jobs.get("a", job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert "SIGKILL" in job.error["detail"]
    assert "5 times" in job.error["detail"]
    assert leases.claim(["k"]) is None


def test_a_job_whose_workers_vanish_five_times_is_set_aside(
    jobs: Jobs, leases: Leases, clock: StandingClock
) -> None:
    job_id = jobs.submit("a", "k", {})
    for _ in range(5):
        _claim(leases)
        clock.move(LEASE + 1)

    assert leases.claim(["k"]) is None
    assert jobs.get("a", job_id).state == "failed"


def test_a_released_job_keeps_its_tries(jobs: Jobs, leases: Leases) -> None:
    job_id = jobs.submit("a", "k", {})
    for _ in range(5):
        assert leases.release(_claim(leases))

    assert jobs.get("a", job_id).tries == 0
    assert jobs.get("a", job_id).state == "queued"


def test_cancelling(jobs: Jobs, leases: Leases) -> None:
    waiting, running, done = (jobs.submit("a", "k", {}) for _ in range(3))
    jobs.cancel("a", waiting)
    claim = _claim(leases)
    jobs.cancel("a", running)
    finished = _claim(leases)
    leases.succeed(finished, {})

    assert claim.job_id == running
    assert not leases.heartbeat(claim)
    assert not leases.succeed(claim, {})
    assert {jobs.get("a", job).state for job in (waiting, running)} == {"cancelled"}
    assert jobs.cancel("a", waiting).state == "cancelled"
    with pytest.raises(Conflict):
        jobs.cancel("a", done)


def test_every_step_leaves_an_event_and_an_audit_row(storage: Storage, jobs: Jobs, leases: Leases) -> None:
    jobs.submit("a", "k", {}, actor="key1")
    leases.crashed(_claim(leases), "It died.")
    leases.succeed(_claim(leases), {})
    jobs.cancel("a", jobs.submit("a", "k", {}))

    with storage.read("a") as session:
        topics = list(session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id)))
        audit.verify(session)
    assert topics == ["job.submitted", "job.retried", "job.succeeded", "job.submitted", "job.cancelled"]
