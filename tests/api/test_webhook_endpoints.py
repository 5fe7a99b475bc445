"""Endpoints over REST: made, shown without secrets, rotated, deleted; and an event that reaches one."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from core.delivery.dispatcher import Dispatcher
from core.net.client import SafeClient
from core.storage.outbox import emit
from tests.api.conftest import Served

PATH = "/v1/webhook-endpoints"
BODY: dict[str, Any] = {"url": "https://receiver.example/hook?token=HIDDEN", "topics": ["finance.alert.*"]}


@pytest.fixture
def headers(served: Served) -> dict[str, str]:
    return served.headers("demo", "webhooks:read", "webhooks:write")


def test_a_secret_is_shown_when_it_is_made_and_never_again(served: Served, headers: dict[str, str]) -> None:
    made = served.http.post(PATH, json=BODY, headers=headers)

    assert made.status_code == 201, made.text
    endpoint = made.json()
    assert endpoint["secret"].startswith("whsec_")
    one = served.http.get(f"{PATH}/{endpoint['id']}", headers=headers)
    listed = served.http.get(PATH, headers=headers)
    for reply in (one, listed):
        assert reply.status_code == 200
        assert "whsec_" not in reply.text
        assert "HIDDEN" not in reply.text
    assert listed.json()["data"][0].keys() == endpoint.keys() - {"secret"}
    assert one.json()["deliveries"] == []


def test_a_replayed_answer_has_no_secret_and_none_is_kept(served: Served, headers: dict[str, str]) -> None:
    key = {**headers, "Idempotency-Key": "k-1"}
    first = served.http.post(PATH, json=BODY, headers=key).json()
    again = served.http.post(PATH, json=BODY, headers=key)
    rotated = served.http.post(f"{PATH}/{first['id']}/rotate", json={}, headers=key).json()

    assert again.status_code == 201
    assert again.json() == {**first, "secret": None}
    assert rotated["secret"] != first["secret"]
    assert rotated["previous_until"] is not None
    with served.container.storage.read("demo") as session:
        query = text("SELECT body FROM idempotency_records WHERE tenant_id = :t")
        kept = b"".join(session.scalars(query, {"t": "demo"}))
    assert b"rate_per_minute" in kept
    assert b"whsec_" not in kept


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"url": "http://127.0.0.1/"}, 422, "/url"),
        ({"url": "http://0x7f.1/"}, 422, "/url"),
        ({"url": "http://localhost:9111/"}, 422, "/url"),
        ({"url": "http://LOCALHOST./"}, 422, "/url"),
        ({"url": "https://a.localhost/"}, 422, "/url"),
        ({"name": " "}, 422, "/name"),
        ({"url": "file:///etc/hosts"}, 422, "/url"),
        ({"url": "https://a:b@e.org/"}, 422, "/url"),
        ({"url": "https://e.org/\ud800"}, 422, "/url"),
        ({"url": 7}, 422, "/url"),
        ({"topics": []}, 422, "/topics"),
        ({"topics": ["a b"]}, 422, "/topics/0"),
        ({"secret": "whsec_short"}, 422, "/secret"),
        ({"rate_per_minute": 10**9}, 422, "/rate_per_minute"),
        ({"more": 1}, 422, "/more"),
    ],
)
def test_bad_input_is_pointed_at(
    served: Served, headers: dict[str, str], change: dict[str, Any], status: int, pointer: str
) -> None:
    import json

    content = json.dumps({**BODY, **change}).encode()
    sent = {**headers, "Content-Type": "application/json"}
    reply = served.http.post(PATH, content=content, headers=sent)

    assert reply.status_code == status, reply.text
    assert pointer in [fault["pointer"] for fault in reply.json()["errors"]]
    assert "a:b" not in reply.text


def test_names_are_unique_and_pages_follow(served: Served, headers: dict[str, str]) -> None:
    for number in range(3):
        body = {**BODY, "name": f"n{number}"}
        assert served.http.post(PATH, json=body, headers=headers).status_code == 201
    assert served.http.post(PATH, json={**BODY, "name": "n0"}, headers=headers).status_code == 409

    first = served.http.get(f"{PATH}?limit=2", headers=headers).json()
    rest = served.http.get(f"{PATH}?cursor={first['next_cursor']}", headers=headers).json()
    assert [row["name"] for row in first["data"] + rest["data"]] == ["n0", "n1", "n2"]
    assert rest["next_cursor"] is None


def test_another_tenant_and_another_kind_are_not_found(served: Served, headers: dict[str, str]) -> None:
    from core.delivery.channels import Channels

    channels = Channels(served.container.storage, served.container.settings, served.container.clock)
    robot = channels.put("demo", "slack", "s", {"url": "https://hooks.example/x"}, actor="test").id
    made = served.http.post(PATH, json=BODY, headers=headers).json()["id"]
    stranger = served.headers("other", "webhooks:read", "webhooks:write")

    for given, one in ((stranger, made), (headers, robot), (headers, "no-such"), (headers, "a%00b")):
        assert served.http.get(f"{PATH}/{one}", headers=given).status_code == 404
        assert served.http.delete(f"{PATH}/{one}", headers=given).status_code == 404
        assert served.http.post(f"{PATH}/{one}/rotate", json={}, headers=given).status_code == 404
    assert served.http.get(PATH, headers=stranger).json()["data"] == []


def test_each_verb_needs_its_scope(served: Served) -> None:
    reader, writer = served.headers("demo", "webhooks:read"), served.headers("demo", "webhooks:write")

    assert served.http.get(PATH, headers=writer).status_code == 403
    assert served.http.post(PATH, json=BODY, headers=reader).status_code == 403
    assert served.http.delete(f"{PATH}/x", headers=reader).status_code == 403
    assert served.http.get(PATH).status_code == 401


def test_an_event_reaches_the_endpoint_and_deleting_ends_it(served: Served, headers: dict[str, str]) -> None:
    made = served.http.post(
        PATH, json={**BODY, "url": "http://receiver.example/hook"}, headers=headers
    ).json()
    container = served.container
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=_answer_once, args=(listening, requests))
        thread.start()
        _move(container, made["id"], f"http://receiver.example:{port}/hook")
        client = SafeClient(True, resolve=lambda _host, _port: ["127.0.0.1"], timeout=10)
        dispatcher = Dispatcher(container.storage, container.settings, container.clock, client)
        container.storage.write("demo", lambda s: emit(s, "finance.alert.firing", {"id": "a-1"}))
        assert dispatcher.step() == 1
        thread.join()

    head, _, sent = requests[0].partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert Webhook(made["secret"]).verify(sent, lines)["data"] == {"id": "a-1"}
    [delivery] = served.http.get(f"{PATH}/{made['id']}", headers=headers).json()["deliveries"]
    assert (delivery["state"], delivery["topic"]) == ("delivered", "finance.alert.firing")
    assert delivery["receipts"][0]["status"] == 200
    assert served.http.delete(f"{PATH}/{made['id']}", headers=headers).status_code == 204
    assert served.http.get(f"{PATH}/{made['id']}", headers=headers).status_code == 404


def _move(container: Any, endpoint_id: str, url: str) -> None:
    """Give the endpoint its port, which is known only now."""
    from core.delivery.channels import Channels

    channels = Channels(container.storage, container.settings, container.clock)
    name = channels.get("demo", endpoint_id).name
    config = {"url": url, "topics": ["finance.alert.*"]}
    assert channels.put("demo", "webhook", name, config, actor="test").id == endpoint_id


def _answer_once(listening: socket.socket, requests: list[bytes]) -> None:
    sock, _ = listening.accept()
    with sock:
        received = b""
        while b"\r\n\r\n" not in received or not received.endswith(b"}"):
            received += sock.recv(65536)
        requests.append(received)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
