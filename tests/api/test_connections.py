"""Connections over REST: made, read by the worker, shown without their secrets, kept apart."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from api.bootstrap import build, resident_handlers
from core.collecting.tables import Connection
from core.errors import PluginError
from core.records import Record
from core.settings import Settings
from core.vertical import Services, Vertical
from tests.api.conftest import Served, serve

SECRET = "t0ken-of-the-feed"
WRITE = ("connections:read", "connections:write")
FILE: dict[str, Any] = {"name": "news", "kind": "file", "vertical": "toy", "config": {"path": "news.csv"}}


class Feed:
    """A connector over our client, with a secret."""

    def __init__(self, url: str, *, client: Any, zone: str = "UTC", secret: str | None = None) -> None:
        self.url, self.secret = url, secret

    def read(self, cursor: str | None) -> Iterator[tuple[Record, str]]:
        yield Record("feed", "1", {"title": self.url}), "1"


class Broker:
    """A connector that reaches what it likes."""

    def __init__(self, servers: list[str]) -> None:
        self.servers = servers

    def read(self, cursor: str | None) -> Iterator[tuple[Record, str]]:
        yield from ()


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    from connectors.common.files import FileConnector

    yield from serve(settings, connectors={"file": FileConnector, "feed": Feed, "broker": Broker})


@pytest.fixture
def owner(served: Served) -> dict[str, str]:
    return served.headers("demo", *WRITE)


def _feed(**more: Any) -> dict[str, Any]:
    body = {"name": "wire", "kind": "feed", "vertical": "toy", "config": {"url": "https://wire.example/rss"}}
    return {**body, **more}


def test_a_connection_is_made_shown_listed_and_deleted(served: Served, owner: dict[str, str]) -> None:
    made = served.http.post("/v1/connections", json=FILE, headers=owner)
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["state"], row["every"], row["taken"], row["caught_up"]) == ("active", 300, 0, False)
    where = f"/v1/connections/{row['id']}"

    assert served.http.get(where, headers=owner).json() == row
    assert served.http.get("/v1/connections", headers=owner).json()["data"] == [row]
    assert served.http.post("/v1/connections", json=FILE, headers=owner).status_code == 409
    assert served.http.post(f"{where}/collect", headers=owner).status_code == 202
    assert served.http.get(f"{where}/dead-letters", headers=owner).json() == {"data": [], "next_cursor": None}
    assert served.http.delete(where, headers=owner).status_code == 204
    assert served.http.get(where, headers=owner).status_code == 404


def test_a_secret_never_comes_out(served: Served, owner: dict[str, str]) -> None:
    keyed = {**owner, "Idempotency-Key": "k"}
    made = served.http.post("/v1/connections", json=_feed(secret=SECRET), headers=keyed)
    again = served.http.post("/v1/connections", json=_feed(secret=SECRET), headers=keyed)
    assert (made.status_code, made.json()["has_secret"]) == (201, True)
    assert again.json() == made.json()
    clash = served.http.post("/v1/connections", json=_feed(secret=SECRET), headers=owner)
    wrong = served.http.post("/v1/connections", json=_feed(secret=SECRET, every=-1), headers=owner)
    one = served.http.get(f"/v1/connections/{made.json()['id']}", headers=owner)
    listed = served.http.get("/v1/connections", headers=owner)

    assert (clash.status_code, wrong.status_code) == (409, 422)
    for reply in (made, again, clash, wrong, one, listed):
        assert SECRET not in reply.text
    with served.container.storage.read("demo") as session:
        kept = session.get(Connection, ("demo", made.json()["id"]))
        assert kept is not None
        assert kept.secret is not None
        assert SECRET not in kept.secret
    database = served.container.settings.data
    assert not [p for p in database.glob("colonnade.db*") if SECRET.encode() in p.read_bytes()]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**FILE, "kind": "nothing"}, "/kind"),
        ({**FILE, "vertical": "nobody"}, "/vertical"),
        ({**FILE, "config": {}}, "/config/path"),
        ({**FILE, "config": {"path": "a.csv", "colour": 1}}, "/config/colour"),
        ({**FILE, "config": {"path": "../other/news.csv"}}, "/config/path"),
        ({**FILE, "config": {"path": "a.csv", "zone": 7}}, "/config/zone"),
        ({**FILE, "config": {"path": "a.csv", "zone": "Mars/Olympus"}}, "/config"),
        ({**FILE, "config": {"path": "a.exe"}}, "/config"),
        ({**FILE, "secret": "x"}, "/secret"),
        (_feed(config={"url": "https://me:word@wire.example/"}), "/config/url"),
        (_feed(config={"url": "https://wire.example/", "client": 1}), "/config/client"),
        (_feed(config={"url": "https://wire.example/", "secret": "x"}), "/config/secret"),
        (_feed(every=1), "/every"),
        (_feed(name="n" * 121), "/name"),
        (_feed(name=" "), "/name"),
        ({**FILE, "config": {"path": "a.csv", "source": "s" * 121}}, "/config/source"),
        (_feed(colour="red"), "/colour"),
    ],
)
def test_what_is_wrong_is_named(
    served: Served, owner: dict[str, str], body: dict[str, Any], pointer: str
) -> None:
    reply = served.http.post("/v1/connections", json=body, headers=owner)

    assert reply.status_code == 422, reply.text
    assert pointer in [fault["pointer"] for fault in reply.json()["errors"]]


@pytest.mark.parametrize(
    "body",
    [
        {**FILE, "config": {"path": "/etc/hosts.csv"}},
        {"name": "b", "kind": "broker", "vertical": "toy", "config": {"servers": ["nats://10.0.0.1"]}},
    ],
)
def test_our_own_network_and_files_are_for_administrators(
    served: Served, owner: dict[str, str], admin: dict[str, str], body: dict[str, Any]
) -> None:
    assert served.http.post("/v1/connections", json=body, headers=owner).status_code == 403
    assert served.http.post("/v1/connections", json=body, headers=admin).status_code == 201


def test_another_tenants_connection_is_absent(served: Served, owner: dict[str, str]) -> None:
    row = served.http.post("/v1/connections", json=FILE, headers=owner).json()
    stranger = served.headers("other", *WRITE)
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/collect"),
        ("GET", "/dead-letters"),
    ):
        reply = served.http.request(method, f"/v1/connections/{row['id']}{path}", headers=stranger)
        assert reply.status_code == 404, (method, path)
    assert served.http.get("/v1/connections", headers=stranger).json()["data"] == []
    assert served.http.post("/v1/connections", json=FILE, headers=stranger).status_code == 201


def test_the_worker_reads_a_new_connection_by_itself(settings: Settings) -> None:
    from connectors.common.files import FileConnector

    inbox = settings.data / "inbox" / "demo"
    inbox.mkdir(parents=True)
    (inbox / "news.csv").write_text("id,title\n1,a\n2,b\n", encoding="utf-8")
    for served in serve(settings, connectors={"file": FileConnector}, with_worker=True):
        headers = served.headers("demo", *WRITE, "jobs:read")
        row = served.http.post("/v1/connections", json=FILE, headers=headers).json()
        give_up = time.monotonic() + 60
        while not row["caught_up"]:
            assert time.monotonic() < give_up, row
            time.sleep(0.05)
            row = served.http.get(f"/v1/connections/{row['id']}", headers=headers).json()
        assert (row["taken"], row["state"]) == (2, "active")
        assert served.http.get("/readyz").json()["parts"]["worker"]["ready"]


def test_a_manifest_that_names_a_job_it_has_not_stops_the_start(settings: Settings) -> None:
    def take(services: Services, tenant: str, records: Sequence[Record], backfill: bool) -> list[None]:
        return [None for _ in records]

    bad = Vertical(
        "bad", "Names a job that it has not.", finished=True, sink=take, resident=frozenset({"bad.x"})
    )
    with pytest.raises(PluginError, match=r"bad\.x"):
        resident_handlers([bad])
    with pytest.raises(PluginError, match=r"bad\.x"):
        build(settings, verticals=[bad], with_worker=True)
