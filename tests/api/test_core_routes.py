"""The industry-free routes: what they answer when all is well, and when it is not."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core.storage.tables import ApiKey
from tests.api.conftest import Served

PROBLEM = "application/problem+json"
CSV = b"text,label\nprofit rose,good\nloss widened,bad\n"


def test_predict_single_and_multi(served: Served, admin: dict[str, str]) -> None:
    single = served.http.post(
        "/v1/predict", json={"task": "toy.mood", "texts": ["x", "亏损收窄"]}, headers=admin
    )
    multi = served.http.post(
        "/v1/predict", json={"task": "toy.topics", "items": [{"text": "x"}]}, headers=admin
    )

    assert single.status_code == multi.status_code == 200
    first = single.json()["data"][0]
    assert first.keys() == {"label", "probability", "probabilities"}
    assert first["probabilities"][first["label"]] == first["probability"]
    assert len(single.json()["data"]) == 2
    assert single.json()["model"] == "fixed"
    assert multi.json()["data"][0].keys() == {"labels", "probability", "probabilities"}


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"task": "toy.mood"}, 422, ""),
        ({"task": "toy.mood", "texts": []}, 422, "/texts"),
        ({"task": "toy.mood", "texts": ["a"], "items": [{"text": "a"}]}, 422, ""),
        ({"task": "toy.mood", "texts": ["a", " \n"]}, 422, "/texts/1"),
        ({"task": "toy.mood", "texts": ["a", 7]}, 422, "/texts/1"),
        ({"task": "toy.mood", "items": [{"text": "a", "no": 1}]}, 422, "/items/0/no"),
        ({"task": "toy.mood", "texts": ["a"] * 9}, 413, "/texts"),
        ({"task": "toy.mood", "texts": ["a", "b" * 1001]}, 413, "/texts/1"),
        ({"task": "no such", "texts": ["a"]}, 422, "/task"),
    ],
)
def test_predict_points_at_the_fault(
    served: Served, admin: dict[str, str], body: dict[str, object], status: int, pointer: str
) -> None:
    reply = served.http.post("/v1/predict", json=body, headers=admin)

    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == PROBLEM
    assert pointer in [fault["pointer"] for fault in reply.json()["errors"]]


def test_an_unknown_task_or_model_is_not_found(served: Served, admin: dict[str, str]) -> None:
    for extra in ({"task": "toy.nothing"}, {"task": "toy.mood", "model": "m-1"}):
        assert (
            served.http.post("/v1/predict", json={"texts": ["a"], **extra}, headers=admin).status_code == 404
        )


def test_the_routers_own_errors_are_problems_too(served: Served, admin: dict[str, str]) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/predict", 405),
        ("GET", "/v1/jobs/", 404),
        ("GET", "/v1/jobs?limit=0", 422),
        ("GET", "/v1/jobs?cursor=%00", 422),
        ("GET", "/v1/jobs?cursor=!!", 422),
        ("GET", "/v1/jobs/a%00b", 404),
        ("GET", "/v1/jobs/%ff%fe", 404),
        ("GET", "/v1/models?task=a%00b", 422),
        ("GET", "/v1/datasets?name=%ed%a0%80", 200),
    ):
        reply = served.http.request(method, path, headers=admin)
        assert reply.status_code == status, (path, reply.text)
        if status >= 400:
            assert reply.headers["content-type"] == PROBLEM
            problem = reply.json()
            assert problem.keys() >= {"type", "title", "status", "detail", "request_id"}
            assert problem["request_id"] == reply.headers["x-request-id"]


def test_request_ids_are_kept_when_valid_and_made_otherwise(served: Served) -> None:
    given = served.http.get("/healthz", headers={"X-Request-ID": "abc-1.2_3"})
    hostile = served.http.get("/healthz", headers={"X-Request-ID": "a b\x1b[31m"})

    assert given.headers["x-request-id"] == "abc-1.2_3"
    assert len(hostile.headers["x-request-id"]) == 26


def test_data_sets_are_versioned_by_name_and_kept_by_content(served: Served, admin: dict[str, str]) -> None:
    def send(content: bytes, filename: str = "news.csv", **fields: str):
        return served.http.post(
            "/v1/datasets", files={"file": (filename, content)}, data=fields, headers=admin
        )

    first, again = send(CSV), send(CSV)
    second = send(CSV + b"flat,bad\n", "other.csv", name="news")

    assert first.status_code == 201, first.text
    assert first.json()["rows"] == 2
    assert first.json()["columns"] == ["text", "label"]
    assert again.json() == first.json()
    assert (second.json()["name"], second.json()["version"]) == ("news", 2)
    listed = served.http.get("/v1/datasets?limit=1", headers=admin).json()
    assert [row["version"] for row in listed["data"]] == [2]
    rest = served.http.get("/v1/datasets", params={"cursor": listed["next_cursor"]}, headers=admin).json()
    assert ([row["version"] for row in rest["data"]], rest["next_cursor"]) == ([1], None)
    assert served.http.get(f"/v1/datasets/{first.json()['id']}", headers=admin).json() == first.json()
    assert "path" not in first.text
    kept = served.container.settings.data / "datasets" / "demo"
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize(
    ("filename", "content", "fields"),
    [
        ("news.csv", b"", {}),
        ("news.exe", CSV, {}),
        ("news.csv", b"a,b\n1,2\n", {}),
        ("news.csv", CSV, {"map": "text"}),
        ("news.csv", CSV, {"map": "text=nowhere"}),
        ("news.csv", CSV, {"name": "../../etc"}),
        ("news.csv", CSV, {"name": "a\x00b"}),
        ("news.csv", CSV, {"label_separator": "123456"}),
        ("news.csv", b"\xff\xfe\x00\x00\x81", {}),
        ("news.parquet", b"PAR1 no, not at all", {}),
        ("news.jsonl", b"[" * 100_000, {}),
    ],
)
def test_a_data_set_that_cannot_be_loaded_is_refused_and_leaves_nothing(
    served: Served, admin: dict[str, str], filename: str, content: bytes, fields: dict[str, str]
) -> None:
    reply = served.http.post("/v1/datasets", files={"file": (filename, content)}, data=fields, headers=admin)

    assert reply.status_code == 422, reply.text
    assert ".part" not in reply.text
    folder = served.container.settings.data / "datasets" / "demo"
    assert not folder.exists() or list(folder.iterdir()) == []
    assert served.http.get("/v1/datasets", headers=admin).json()["data"] == []


def test_a_training_job_is_queued_seen_and_cancelled(served: Served, admin: dict[str, str]) -> None:
    dataset = served.http.post("/v1/datasets", files={"file": ("a.csv", CSV)}, headers=admin).json()["id"]
    body = {"task": "my.own", "dataset_id": dataset, "recipe": {"epochs": 1}}

    reply = served.http.post("/v1/training-jobs", json=body, headers=admin)

    assert reply.status_code == 202, reply.text
    job = reply.json()
    assert (job["state"], job["kind"]) == ("queued", "train")
    assert "payload" not in job
    payload = served.container.jobs.get("demo", job["id"]).payload
    assert payload["recipe"] == {"epochs": 1}
    assert served.http.get("/v1/jobs", headers=admin).json()["data"][0]["id"] == job["id"]
    assert served.http.delete(f"/v1/jobs/{job['id']}", headers=admin).json()["state"] == "cancelled"
    assert served.http.get(f"/v1/jobs/{job['id']}", headers=admin).json()["state"] == "cancelled"


@pytest.mark.parametrize("encoder", ["/etc", "../x", "owner/model", "spacy-en"])
def test_a_stranger_does_not_choose_what_the_server_reads(
    served: Served, admin: dict[str, str], encoder: str
) -> None:
    body = {"task": "my.own", "dataset_id": "x", "recipe": {"encoder": encoder}}

    reply = served.http.post("/v1/training-jobs", json=body, headers=admin)

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "/recipe/encoder"


def test_keys_are_made_used_listed_and_revoked(served: Served, admin: dict[str, str]) -> None:
    made = served.http.post("/v1/keys", json={"scopes": ["predict"]}, headers=admin)
    assert made.status_code == 201, made.text
    bearer = {"Authorization": f"Bearer {made.json()['key']}"}
    body = {"task": "toy.mood", "texts": ["x"]}

    assert served.http.post("/v1/predict", json=body, headers=bearer).status_code == 200
    assert made.json()["key"] not in served.http.get("/v1/keys", headers=admin).text
    assert served.http.delete(f"/v1/keys/{made.json()['id']}", headers=admin).status_code == 204
    assert served.http.post("/v1/predict", json=body, headers=bearer).status_code == 401
    assert served.http.get(f"/v1/keys/{made.json()['id']}", headers=admin).json()["revoked_at"]


def test_a_replayed_key_answer_does_not_hold_the_key(served: Served, admin: dict[str, str]) -> None:
    headers = {**admin, "Idempotency-Key": "k1"}

    made = served.http.post("/v1/keys", json={"scopes": ["predict"]}, headers=headers).json()
    replay = served.http.post("/v1/keys", json={"scopes": ["predict"]}, headers=headers)

    assert replay.headers["idempotent-replayed"] == "true"
    assert replay.json() == {**made, "key": None}
    database = (served.container.settings.data / "colonnade.db").read_bytes()
    wal = served.container.settings.data / "colonnade.db-wal"
    assert made["key"].encode() not in database + (wal.read_bytes() if wal.exists() else b"")
    with served.container.storage.read("demo") as session:
        assert session.scalar(select(func.count()).select_from(ApiKey)) == 2


def test_an_admin_makes_lists_suspends_and_resumes_tenants(served: Served, admin: dict[str, str]) -> None:
    made = served.http.post("/v1/tenants", json={"id": "other", "name": "Other"}, headers=admin)
    assert (made.status_code, made.json()["state"]) == (201, "active")
    assert served.http.post("/v1/tenants", json={"id": "other"}, headers=admin).status_code == 409
    listed = served.http.get("/v1/tenants", headers=admin).json()["data"]
    assert [row["id"] for row in listed] == ["demo", "other"]
    assert served.http.get("/v1/tenants/other", headers=admin).json() == made.json()
    assert served.http.get("/v1/tenants/nobody", headers=admin).status_code == 404

    guest = served.headers("other", "keys:read")
    for state, status in (("suspended", 401), ("active", 200)):
        changed = served.http.patch("/v1/tenants/other", json={"state": state}, headers=admin)
        assert changed.json()["state"] == state
        assert served.http.get("/v1/keys", headers=guest).status_code == status


def test_health_ready_and_figures(served: Served, admin: dict[str, str]) -> None:
    assert served.http.get("/healthz").json() == {"status": "ok"}
    ready = served.http.get("/readyz")
    assert ready.status_code == 503
    parts = ready.json()["parts"]
    assert parts["database"]["ready"]
    assert parts["worker"]["ready"]
    assert "toy.mood" in parts["models"]["detail"]

    served.http.get("/v1/jobs/some-id-of-demo", headers=admin)
    served.http.request("BREW", "/pot")
    figures = served.http.get("/metrics").text
    assert 'colonnade_http_requests_total{method="GET",route="/v1/jobs/{job_id}",status="404"} 1.0' in figures
    assert 'method="OTHER",route="unmatched"' in figures
    assert "some-id" not in figures
    assert "demo" not in figures


def test_readyz_tells_the_truth_when_the_database_is_gone(served: Served) -> None:
    served.container.storage.close()
    database = served.container.settings.data / "colonnade.db"
    database.rename(database.with_suffix(".away"))
    database.mkdir()

    ready = served.http.get("/readyz")

    assert ready.status_code == 503
    assert not ready.json()["parts"]["database"]["ready"]
    assert served.http.get("/healthz").status_code == 200


def test_openapi_names_the_scheme_and_every_route(served: Served) -> None:
    document = served.http.get("/openapi.json").json()

    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for path in (
        "/v1/predict",
        "/v1/datasets",
        "/v1/training-jobs",
        "/v1/jobs/{job_id}",
        "/v1/models/{model_id}",
    ):
        assert path in document["paths"]
