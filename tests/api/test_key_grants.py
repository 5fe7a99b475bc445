"""Who may grant, see and revoke which keys (docs/decisions/0009)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.storage.tables import AuditEntry
from tests.api.conftest import Served

OWN = ("keys:read", "keys:write", "finance:read", "predict")


@pytest.fixture
def owner(served: Served) -> dict[str, str]:
    """A key of one of the tenant's own people."""
    return served.headers("acme", *OWN)


def _make(served: Served, headers: dict[str, str], *scopes: str, **more: Any):
    return served.http.post("/v1/keys", json={"scopes": list(scopes), **more}, headers=headers)


def _neutral(problem: dict[str, Any], *names: str) -> str:
    text = repr({name: value for name, value in problem.items() if name != "request_id"})
    for name in names:
        text = text.replace(name, "NAME")
    return text


def test_a_key_grants_what_it_has_and_the_new_one_is_good(served: Served, owner: dict[str, str]) -> None:
    made = _make(served, owner, "finance:read", "predict")

    assert (made.status_code, made.json()["tenant"]) == (201, "acme")
    caller = served.container.keys.authenticate(made.json()["key"])
    assert (caller.tenant, caller.scopes) == ("acme", {"finance:read", "predict"})


@pytest.mark.parametrize(
    "scopes", [["admin"], ["finance:write"], ["finance:read", "models:write"], ["finance:read", "admin"]]
)
@pytest.mark.parametrize("more", [{}, {"tenant": "acme"}, {"publishable": True, "origins": ["https://a.b"]}])
def test_no_key_grants_what_it_lacks(
    served: Served, owner: dict[str, str], scopes: list[str], more: dict[str, Any]
) -> None:
    before = served.container.keys.list("acme")

    assert _make(served, owner, *scopes, **more).status_code == 403
    assert served.container.keys.list("acme") == before


def test_a_granted_key_does_not_outlive_the_one_that_granted_it(served: Served) -> None:
    ends = datetime.now(UTC) + timedelta(days=1)
    served.container.tenants.ensure("acme")
    token, _ = served.container.keys.create("acme", OWN, expires_at=ends)
    headers = {"Authorization": f"Bearer {token}"}

    asked = {None: 403, ends + timedelta(seconds=1): 403, ends - timedelta(hours=1): 201, ends: 201}
    for moment, status in asked.items():
        more = {} if moment is None else {"expires_at": moment.isoformat()}
        assert _make(served, headers, "predict", **more).status_code == status, moment


def test_another_tenant_is_as_absent_as_one_that_never_was(served: Served, owner: dict[str, str]) -> None:
    key_id = served.container.keys.authenticate(served.token("other", "predict")).key_id

    def answers(tenant: str):
        yield _make(served, owner, "predict", tenant=tenant)
        yield served.http.get("/v1/keys", params={"tenant": tenant}, headers=owner)
        for method in ("GET", "DELETE"):
            yield served.http.request(method, f"/v1/keys/{key_id}", params={"tenant": tenant}, headers=owner)

    for theirs, nobodys in zip(answers("other"), answers("nobody"), strict=True):
        assert theirs.status_code == nobodys.status_code == 404, theirs.text
        assert _neutral(theirs.json(), "other", "nobody") == _neutral(nobodys.json(), "other", "nobody")
    assert served.container.keys.list("other")[0].revoked_at is None
    assert len(served.container.keys.list("other")) == 1


def test_ones_own_tenant_may_be_named(served: Served, owner: dict[str, str]) -> None:
    made = _make(served, owner, "predict", tenant="acme").json()["id"]

    listed = served.http.get("/v1/keys?tenant=acme", headers=owner).json()["data"]
    assert made in [row["id"] for row in listed]
    assert {row["tenant"] for row in listed} == {"acme"}
    assert served.http.delete(f"/v1/keys/{made}?tenant=acme", headers=owner).status_code == 204
    assert served.http.get(f"/v1/keys/{made}", headers=owner).json()["revoked_at"]


def test_an_admins_key_is_revoked_by_an_admin_only(served: Served, owner: dict[str, str]) -> None:
    admin = served.headers("acme", "admin")
    key_id = next(key.id for key in served.container.keys.list("acme") if key.scopes == ("admin",))

    assert served.http.delete(f"/v1/keys/{key_id}", headers=owner).status_code == 403
    assert served.http.delete(f"/v1/keys/{key_id}", headers=admin).status_code == 204
    assert served.http.get("/v1/keys", headers=admin).status_code == 401


def test_reading_is_not_writing(served: Served) -> None:
    reader, writer = served.headers("acme", "keys:read"), served.headers("acme", "keys:write")

    assert served.http.get("/v1/keys", headers=reader).status_code == 200
    assert _make(served, reader, "keys:read").status_code == 403
    assert served.http.get("/v1/keys", headers=writer).status_code == 403
    assert _make(served, writer, "keys:write").status_code == 201


def test_an_admin_makes_lists_and_revokes_keys_of_any_tenant(served: Served, admin: dict[str, str]) -> None:
    served.http.post("/v1/tenants", json={"id": "acme"}, headers=admin)
    made = _make(served, admin, *OWN, tenant="acme")
    assert (made.status_code, made.json()["tenant"]) == (201, "acme")
    theirs = {"Authorization": f"Bearer {made.json()['key']}"}
    path = f"/v1/keys/{made.json()['id']}"

    assert len(served.http.get("/v1/keys", headers=theirs).json()["data"]) == 1
    listed = served.http.get("/v1/keys?tenant=acme", headers=admin).json()["data"]
    assert [row["id"] for row in listed] == [made.json()["id"]]
    assert served.http.get(path, headers=admin).status_code == 404  # the default is the key's own tenant
    assert served.http.delete(path, headers=admin).status_code == 404
    assert served.http.delete(f"{path}?tenant=acme", headers=admin).status_code == 204
    assert served.http.get("/v1/keys", headers=theirs).status_code == 401
    for answer in (
        _make(served, admin, "predict", tenant="nobody"),
        served.http.get("/v1/keys?tenant=nobody", headers=admin),
    ):
        assert answer.status_code == 404

    by = served.container.keys.authenticate(admin["Authorization"].removeprefix("Bearer ")).key_id
    with served.container.storage.read("acme") as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == made.json()["id"]))
        assert [(entry.action, entry.actor) for entry in entries] == [("key.create", by), ("key.revoke", by)]


def test_a_tenant_name_that_cannot_be_is_a_fault_of_the_request(
    served: Served, admin: dict[str, str]
) -> None:
    for name in ("_shared", "*", "a b", "A", "a\x00b", "x" * 64):
        assert _make(served, admin, "predict", tenant=name).status_code == 422
        assert served.http.get("/v1/keys", params={"tenant": name}, headers=admin).status_code == 422


def test_a_replay_is_bound_to_the_key(served: Served) -> None:
    first, second = (served.headers("acme", "keys:write", "predict") for _ in range(2))
    ids = [
        _make(served, {**headers, "Idempotency-Key": "same"}, "predict").json()["id"]
        for headers in (first, second, first)
    ]

    assert ids[0] == ids[2] != ids[1]
