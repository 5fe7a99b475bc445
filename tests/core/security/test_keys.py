"""API keys: what opens, what does not, and that the secret stands nowhere."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from core.security.keys import Keys
from core.security.tenants import Tenants
from core.security.tokens import new_token, read_token
from core.storage import audit
from core.storage.engine import Storage
from core.storage.tenancy import SYSTEM

SECRET = b"a secret of thirty-two bytes, ok"
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def keys(storage: Storage) -> Keys:
    return Keys(storage, SECRET, memory=0)


def test_a_key_opens_its_own_tenant(keys: Keys) -> None:
    token, key_id = keys.create("demo", ["finance:read", "core:predict"])
    caller = keys.authenticate(token)
    assert (caller.tenant, caller.key_id) == ("demo", key_id)
    assert caller.allows("finance:read")
    assert not caller.allows("finance:write")
    assert keys.authenticate(keys.create("demo", ["admin"])[0]).allows("finance:write")


def _typing_error(token: str) -> str:
    return token[:30] + ("a" if token[30] != "a" else "b") + token[31:]


def _other_secret(token: str) -> str:
    """Right id, right checksum, wrong secret."""
    read = read_token(token)
    assert read is not None
    fresh = new_token().text.split("_")
    fresh[2] = read.key_id
    from zlib import crc32

    body = "_".join(fresh[:4])
    return f"{body}_{crc32(body.encode()):08x}"


@pytest.mark.parametrize(
    "change",
    [
        _typing_error,
        _other_secret,
        lambda token: token[:-1],
        lambda token: token + "\n",
        lambda token: token.replace("live", "pub"),
        lambda token: new_token().text,
        lambda token: "",
        lambda token: "col_live_中文_x_00000000",
        lambda token: "Bearer " + token,
        lambda token: token.upper(),
    ],
)
def test_anything_else_is_refused_with_one_text(keys: Keys, change) -> None:
    token, _ = keys.create("demo", ["finance:read"])
    with pytest.raises(Unauthenticated) as caught:
        keys.authenticate(change(token))
    with pytest.raises(Unauthenticated) as plain:
        keys.authenticate("nonsense")
    assert str(caught.value) == str(plain.value)


def test_expired_revoked_and_suspended_read_the_same(storage: Storage) -> None:
    moment = [LATER]
    keys = Keys(storage, SECRET, now=lambda: moment[0])
    tenants = Tenants(storage, keys)
    expiring = keys.create("demo", ["a:b"], expires_at=LATER + timedelta(hours=1))[0]
    revoked, revoked_id = keys.create("demo", ["a:b"])
    suspended = keys.create("other", ["a:b"])[0]
    for token in (expiring, revoked, suspended):
        keys.authenticate(token)  # remembered from here on
    moment[0] += timedelta(hours=2)
    keys.revoke("demo", revoked_id)
    keys.revoke("demo", revoked_id)
    tenants.suspend("other")
    texts = set()
    for token in (expiring, revoked, suspended):
        with pytest.raises(Unauthenticated) as caught:
            keys.authenticate(token)
        texts.add(str(caught.value))
    assert len(texts) == 1
    tenants.resume("other")
    assert keys.authenticate(suspended).tenant == "other"


def test_another_process_sees_a_revocation_after_a_while(storage: Storage) -> None:
    here, there = Keys(storage, SECRET), Keys(storage, SECRET, memory=0)
    token, key_id = here.create("demo", ["a:b"])
    there.authenticate(token)
    here.revoke("demo", key_id)
    with pytest.raises(Unauthenticated):
        there.authenticate(token)


def test_a_key_moved_to_another_tenant_opens_nothing(keys: Keys, storage: Storage) -> None:
    token, key_id = keys.create("demo", ["admin"])
    move = text("UPDATE api_keys SET tenant_id = 'other' WHERE id = :id")
    storage.write(SYSTEM, lambda session: session.execute(move, {"id": key_id}))
    with pytest.raises(Unauthenticated):
        keys.authenticate(token)


def test_another_secret_opens_nothing(keys: Keys, storage: Storage) -> None:
    token, _ = keys.create("demo", ["a:b"])
    with pytest.raises(Unauthenticated):
        Keys(storage, b"another secret").authenticate(token)


def test_publishable_keys_are_bound_to_origins(keys: Keys) -> None:
    token, _ = keys.create("demo", ["service:chat"], publishable=True, origins=["https://shop.example"])
    assert token.startswith("col_pub_")
    assert keys.authenticate(token, origin="https://shop.example").tenant == "demo"
    for origin in (None, "https://shop.example.evil", "http://shop.example"):
        with pytest.raises(Unauthenticated):
            keys.authenticate(token, origin=origin)


@pytest.mark.parametrize(
    "arguments",
    [
        {"scopes": []},
        {"scopes": ["Finance"]},
        {"scopes": ["a:b:c"]},
        {"scopes": ["admin"], "publishable": True, "origins": ["https://x"]},
        {"scopes": ["a:b"], "publishable": True},
        {"scopes": ["a:b"], "origins": ["https://x"]},
        {"scopes": ["a:b"], "expires_at": datetime(2030, 1, 1)},
    ],
)
def test_wrong_wishes_are_refused(keys: Keys, arguments) -> None:
    with pytest.raises(InvalidInput):
        keys.create("demo", **arguments)
    assert keys.list("demo") == []


def test_keys_are_listed_and_revoked_by_their_own_tenant_only(keys: Keys) -> None:
    _, key_id = keys.create("demo", ["a:b"])
    assert [key.id for key in keys.list("demo")] == [key_id]
    assert keys.list("other") == []
    with pytest.raises(NotFound):
        keys.revoke("other", key_id)
    with pytest.raises(NotFound):
        keys.create("nobody", ["a:b"])
    with pytest.raises(InvalidInput):
        keys.create(SYSTEM, ["a:b"])


def test_the_secret_stands_nowhere(sqlite_storage: Storage, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    keys = Keys(sqlite_storage, SECRET)
    token, key_id = keys.create("demo", ["a:b"])
    caller = keys.authenticate(token)
    secret = token.split("_")[3]
    shown = f"{keys!r} {vars(keys)!r} {caller!r} {keys.list('demo')!r} {read_token(token)!r} {caplog.text}"
    assert secret not in shown
    files = list(tmp_path.glob("colonnade.db*"))
    contents = b"".join(path.read_bytes() for path in files)
    assert key_id.encode() in contents
    assert secret.encode() not in contents
    assert SECRET not in contents


def test_every_step_is_audited(keys: Keys, storage: Storage) -> None:
    _, key_id = keys.create("demo", ["a:b"], actor="cli")
    keys.revoke("demo", key_id, actor="cli")
    with storage.read("demo") as session:
        audit.verify(session)
        assert audit.head(session).sequence == 2


def test_tenants_are_made_once(storage: Storage) -> None:
    tenants = Tenants(storage)
    made = tenants.create("acme", "Acme")
    assert tenants.ensure("acme") == tenants.get("acme") == made
    assert [tenant.id for tenant in tenants.list()] == ["acme", "demo", "other"]
    with pytest.raises(Conflict):
        tenants.create("acme")
    for name in ("_shared", "A", "", "a/b", "x" * 64, "../x", "a\n"):
        with pytest.raises(InvalidInput):
            tenants.ensure(name)
    with pytest.raises(NotFound):
        tenants.suspend("nobody")
