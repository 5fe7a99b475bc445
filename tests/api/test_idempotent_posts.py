"""One effect for any number of equal POSTs (reliability.md item 35)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from core.storage.tables import ApiKey, Job
from tests.api.conftest import Served

CSV = b"text,label\nprofit rose,good\nloss widened,bad\n"


def _count(served: Served, table: type) -> int:
    with served.container.storage.read("demo") as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_hundred_at_once_have_one_effect(served: Served, admin: dict[str, str]) -> None:
    before = _count(served, ApiKey)
    headers = {**admin, "Idempotency-Key": "one"}

    def send(_: int):
        return served.http.post("/v1/keys", json={"scopes": ["predict"]}, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(send, range(100)))

    statuses = Counter(reply.status_code for reply in replies)
    assert _count(served, ApiKey) == before + 1
    assert set(statuses) <= {201, 409}
    fresh = [r for r in replies if r.status_code == 201 and "idempotent-replayed" not in r.headers]
    assert len(fresh) == 1
    assert {r.json()["id"] for r in replies if r.status_code == 201} == {fresh[0].json()["id"]}


def test_the_first_answer_is_given_again_and_another_body_is_refused(
    served: Served, admin: dict[str, str]
) -> None:
    dataset = served.http.post("/v1/datasets", files={"file": ("a.csv", CSV)}, headers=admin).json()["id"]
    headers = {**admin, "Idempotency-Key": "two"}

    def send(task: str, **more: str):
        body = {"task": task, "dataset_id": dataset}
        return served.http.post("/v1/training-jobs", json=body, headers={**headers, **more})

    first, again, other = send("a.a"), send("a.a"), send("b.b")

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.content == first.content
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
    assert send("b.b", **{"Idempotency-Key": "three"}).status_code == 202
    assert _count(served, Job) == 2


def test_a_key_is_free_again_after_an_error(served: Served, admin: dict[str, str]) -> None:
    headers = {**admin, "Idempotency-Key": "four"}

    wrong = served.http.post("/v1/predict", json={"task": "toy.mood", "texts": [""]}, headers=headers)
    right = served.http.post("/v1/predict", json={"task": "toy.mood", "texts": ["a"]}, headers=headers)

    assert (wrong.status_code, right.status_code) == (422, 200)


def test_two_tenants_never_share_a_key(served: Served, admin: dict[str, str]) -> None:
    other = served.headers("other", "admin")
    ids = {
        served.http.post(
            "/v1/keys", json={"scopes": ["predict"]}, headers={**who, "Idempotency-Key": "five"}
        ).json()["id"]
        for who in (admin, other)
    }

    assert len(ids) == 2


def test_the_scope_is_asked_before_an_answer_is_given_again(served: Served, admin: dict[str, str]) -> None:
    served.http.post("/v1/keys", json={"scopes": ["predict"]}, headers={**admin, "Idempotency-Key": "six"})
    lesser = {**served.headers("demo", "predict"), "Idempotency-Key": "six"}

    assert served.http.post("/v1/keys", json={"scopes": ["predict"]}, headers=lesser).status_code == 403


@pytest.mark.parametrize("content", [CSV, CSV + b"flat,bad\n"])
def test_uploads_are_told_apart_by_what_is_in_them(
    served: Served, admin: dict[str, str], content: bytes
) -> None:
    headers = {**admin, "Idempotency-Key": "seven"}
    first = served.http.post("/v1/datasets", files={"file": ("a.csv", CSV)}, headers=headers)
    second = served.http.post("/v1/datasets", files={"file": ("a.csv", content)}, headers=headers)

    assert first.status_code == 201
    if content == CSV:  # though the multipart boundaries, and so the raw bodies, differ
        assert second.content == first.content
        assert second.headers["idempotent-replayed"] == "true"
    else:
        assert second.status_code == 422
