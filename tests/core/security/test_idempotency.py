"""Idempotency keys: one effect, one answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Conflict, InvalidInput
from core.security.idempotency import KEPT, LEASE, Idempotency, StoredResponse
from core.storage.engine import Storage

ROUTE = "POST /v1/predict"
START = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_hundred_equal_requests_at_once_have_one_effect(storage: Storage) -> None:
    idempotency = Idempotency(storage)
    effects = []

    def request(number: int) -> StoredResponse | str:
        try:
            stored = idempotency.begin("demo", ROUTE, "key", "hash")
        except Conflict:
            return "in flight"
        if stored is not None:
            return stored
        effects.append(number)
        idempotency.finish("demo", ROUTE, "key", 200, b"answer")
        return StoredResponse(200, b"answer")

    with ThreadPoolExecutor(32) as pool:
        answers = set(pool.map(request, range(100)))
    assert len(effects) == 1
    assert answers <= {"in flight", StoredResponse(200, b"answer")}
    assert idempotency.begin("demo", ROUTE, "key", "hash") == StoredResponse(200, b"answer")


def test_keys_are_apart_by_tenant_and_route(storage: Storage) -> None:
    idempotency = Idempotency(storage)
    for tenant, route in (("demo", ROUTE), ("other", ROUTE), ("demo", "POST /v1/datasets")):
        assert idempotency.begin(tenant, route, "key", "hash") is None
        idempotency.finish(tenant, route, "key", 201, f"{tenant} {route}".encode())
    assert idempotency.begin("other", ROUTE, "key", "hash") == StoredResponse(201, f"other {ROUTE}".encode())


def test_another_body_is_refused(storage: Storage) -> None:
    idempotency = Idempotency(storage)
    idempotency.begin("demo", ROUTE, "key", "hash")
    for _ in range(2):
        with pytest.raises(InvalidInput, match="another request body"):
            idempotency.begin("demo", ROUTE, "key", "other hash")
        with pytest.raises(Conflict, match="in flight"):
            idempotency.begin("demo", ROUTE, "key", "hash")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\x00"])
def test_malformed_keys_are_refused(sqlite_storage: Storage, key: str) -> None:
    with pytest.raises(InvalidInput):
        Idempotency(sqlite_storage).begin("demo", ROUTE, key, "hash")


def test_an_abandoned_key_can_be_used_again(storage: Storage) -> None:
    idempotency = Idempotency(storage)
    assert idempotency.begin("demo", ROUTE, "key", "hash") is None
    idempotency.abandon("demo", ROUTE, "key")
    with pytest.raises(Conflict):
        idempotency.finish("demo", ROUTE, "key", 200, b"")
    assert idempotency.begin("demo", ROUTE, "key", "changed") is None
    idempotency.finish("demo", ROUTE, "key", 200, b"done")
    idempotency.abandon("demo", ROUTE, "key")  # too late: it is answered
    assert idempotency.begin("demo", ROUTE, "key", "changed") == StoredResponse(200, b"done")


def test_the_claim_of_a_dead_process_ends(storage: Storage) -> None:
    moment = [START]
    idempotency = Idempotency(storage, now=lambda: moment[0])
    assert idempotency.begin("demo", ROUTE, "key", "hash") is None
    moment[0] += LEASE - timedelta(seconds=1)
    with pytest.raises(Conflict):
        idempotency.begin("demo", ROUTE, "key", "hash")
    moment[0] += timedelta(seconds=1)
    assert idempotency.begin("demo", ROUTE, "key", "hash") is None


def test_answers_are_kept_for_seven_days(storage: Storage) -> None:
    moment = [START]
    idempotency = Idempotency(storage, now=lambda: moment[0])
    for tenant in ("demo", "other"):
        idempotency.begin(tenant, ROUTE, "key", "hash")
        idempotency.finish(tenant, ROUTE, "key", 200, b"old")
    moment[0] += KEPT - timedelta(seconds=1)
    assert idempotency.purge() == 0
    assert idempotency.begin("demo", ROUTE, "key", "hash") == StoredResponse(200, b"old")
    moment[0] += timedelta(seconds=1)
    assert idempotency.begin("demo", ROUTE, "key", "another") is None
    assert idempotency.purge() == 1


def test_effect_and_answer_stand_or_fall_together(storage: Storage) -> None:
    idempotency = Idempotency(storage)
    idempotency.begin("demo", ROUTE, "key", "hash")

    def work(session) -> None:
        idempotency.finish_in(session, ROUTE, "key", StoredResponse(200, b"x"))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        storage.write("demo", work)
    with pytest.raises(Conflict, match="in flight"):
        idempotency.begin("demo", ROUTE, "key", "hash")
