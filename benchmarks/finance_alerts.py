"""From a published document to the notice that somebody got, over HTTP, and what taking documents in costs.

    python -m benchmarks.finance_alerts [--alerts 100] [--busy 50] [--documents 400]

Latency: each round publishes one document about a company that no alert is about yet; a rule raises an alert
for every company with a story. Time runs from the moment at which `POST /v1/finance/documents` has answered
202 to the moment at which a web server on this machine has a `finance.alert.fired` whose signature holds
(checked by the library standardwebhooks). Between the two lie reading by the models, stories, books, the
judging of all rules, the queue of deliveries and the request. One round follows the other, so that none waits
for another; `busy` is the same while documents of no concern come in at so many a second.

Intake: documents a second that were answered 202, one a request, by 1 and by 16 clients; what was answered is
on disk. Once while the same process reads them, and once with `--no-worker`.

The starters must have been trained (`colonnade models starters`). Companies, documents and alerts stay in the
tenant `bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import numpy as np
from standardwebhooks import Webhook

from benchmarks.served import Server, serving, starter_key
from core.settings import Settings
from core.storage.ids import new_id
from core.training.starter import load_starter
from verticals.finance.recipe import SENTIMENT

_SCOPES = ("finance:read", "finance:write", "webhooks:read", "webhooks:write")
_PATIENCE = 60.0
_BATCH = 200
_BUSY_PER_SECOND = 5.0
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class Receiver:
    """A web server that takes notices, and notes when the first about each company came.

    Attributes:
        secret: What the notices must be signed with; to be set before the first comes.
        ids: Of what came, a repeated one again.
    """

    def __init__(self) -> None:
        self.secret = ""
        self.ids: list[str] = []
        self._seen: dict[str, float] = {}
        self._change = threading.Condition()

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Note a notice; raises where its signature does not hold."""
        said = Webhook(self.secret).verify(body, dict(headers))
        with self._change:
            self.ids.append(headers["webhook-id"])
            self._seen.setdefault(said["data"]["data"]["entity"], time.perf_counter())
            self._change.notify_all()

    def wait(self, company: str) -> float:
        """Return the moment at which the first notice about a company came."""
        with self._change:
            if not self._change.wait_for(lambda: company in self._seen, _PATIENCE):
                raise TimeoutError(f"no notice about {company} within {_PATIENCE:.0f} s")
            return self._seen[company]


@contextmanager
def _receiving() -> Iterator[tuple[Receiver, str]]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _name(salt: str, number: int) -> str:
    """Return a company's name that is like no other."""
    letters = sha256(f"{salt} {number}".encode()).hexdigest().translate(_LETTERS)
    return f"{letters[:7].title()} {letters[7:14].title()}"


def _document(salt: str, number: int, about: str) -> dict[str, Any]:
    rows = load_starter(SENTIMENT).train
    now = datetime.now(UTC).isoformat()
    text = f"{about}: {rows[number % len(rows)].text}"
    return {"source": salt, "external_id": f"{salt}-{number}", "text": text, "published_at": now}


class _Desk:
    """A tenant's side of the server."""

    def __init__(self, server: Server, token: str) -> None:
        self._http = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=_PATIENCE
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request; return its JSON, if it has any."""
        reply = self._http.request(method, path, json=body).raise_for_status()
        return reply.json() if reply.content else None

    def publish(self, document: Mapping[str, Any]) -> float:
        """Publish a document; return the moment at which it was acknowledged."""
        said = self.ask("POST", "/v1/finance/documents", {"documents": [document]})
        if said["accepted"] != 1:
            raise ValueError(f"not accepted: {said}")
        return time.perf_counter()

    @contextmanager
    def watching(self, receiver: Receiver, url: str, salt: str, companies: int) -> Iterator[list[str]]:
        """Make companies and a rule for each of them whose alerts go to a receiver; yield the company ids."""
        named = [{"id": f"{salt}-{n}", "name": _name(salt, n)} for n in range(companies)]
        for start in range(0, companies, _BATCH):
            self.ask("PUT", "/v1/finance/companies", {"companies": named[start : start + _BATCH]})
        hook = {"url": url, "topics": ["bench.none"], "rate_per_minute": 600}
        endpoint = self.ask("POST", "/v1/webhook-endpoints", hook)
        receiver.secret = endpoint["secret"]
        rule = {"name": salt, "kind": "threshold", "each": "entity", "measure": "count", "at_least": 1}
        # The source keeps the news of earlier runs, which are in the window too, out of it.
        asked = {**rule, "source": salt, "window": "1h", "channels": [endpoint["id"]]}
        made = self.ask("POST", "/v1/finance/rules", asked)
        try:
            yield [each["id"] for each in named]
        finally:
            self.ask("DELETE", f"/v1/finance/rules/{made['id']}")
            self.ask("DELETE", f"/v1/webhook-endpoints/{endpoint['id']}")


def _figures(seconds: list[float]) -> dict[str, float]:
    shares = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(1000 * float(np.quantile(seconds, share)), 1) for name, share in shares.items()}


def _latency(desk: _Desk, receiver: Receiver, url: str, alerts: int, salt: str) -> dict[str, Any]:
    seconds = []
    with desk.watching(receiver, url, salt, alerts + 1) as companies:
        for number, company in enumerate(companies):
            published = desk.publish(_document(salt, number, _name(salt, number)))
            seconds.append(receiver.wait(company) - published)
    # The first loads the models.
    return {
        "alerts": alerts,
        "first_ms": round(1000 * seconds[0], 1),
        **_figures(seconds[1:]),
        "duplicate_notices": len(receiver.ids) - len(set(receiver.ids)),
    }


@contextmanager
def _busy(desk: _Desk, salt: str) -> Iterator[None]:
    """Let documents of no concern come in meanwhile."""
    over = threading.Event()

    def send() -> None:
        number = 0
        while not over.wait(1 / _BUSY_PER_SECOND):
            desk.publish(_document(f"{salt}-noise", number, f"Note {number}"))
            number += 1

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        try:
            yield
        finally:
            over.set()
            sending.result()


def _intake(make: Callable[[], _Desk], clients: int, documents: int, salt: str) -> dict[str, float]:
    """Publish documents with so many clients at once."""

    def client(which: int) -> list[float]:
        desk, seconds = make(), []
        mine = [_document(salt, n, f"Note {n}") for n in range(which, documents, clients)]
        ready.wait()
        for each in mine:
            begun = time.perf_counter()
            seconds.append(desk.publish(each) - begun)
        return seconds

    ready = threading.Barrier(clients + 1)
    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client, which) for which in range(clients)]
        ready.wait()
        begun = time.perf_counter()
        seconds = [one for each in running for one in each.result()]
        took = time.perf_counter() - begun
    return {"acknowledged_per_second": round(documents / took, 1), **_figures(seconds)}


def _taken(token: str, server: Server, documents: int, salt: str) -> dict[str, Any]:
    desk = _Desk(server, token)
    desk.publish(_document(f"{salt}-first", 0, "Note"))
    return {
        f"{clients}_clients": _intake(lambda: _Desk(server, token), clients, documents, f"{salt}-{clients}")
        for clients in (1, 16)
    }


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=100)
    parser.add_argument("--busy", type=int, default=50)
    parser.add_argument("--documents", type=int, default=400)
    given = parser.parse_args()
    settings, salt = Settings(), new_id()[-10:]
    outcome: dict[str, Any] = {
        "cores": os.cpu_count(),
        "threads": settings.threads,
        "encoder": settings.encoder,
        "database": settings.resolved_database_url.partition(":")[0],
        "documents_per_request": 1,
    }
    with starter_key(*_SCOPES) as token:
        with (
            serving(COLONNADE_ALLOW_PRIVATE_ADDRESSES="127.0.0.0/8") as server,
            _receiving() as (receiver, url),
        ):
            desk = _Desk(server, token)
            outcome["quiet"] = _latency(desk, receiver, url, given.alerts, f"q{salt}")
            with _busy(_Desk(server, token), salt):
                outcome["busy"] = _latency(desk, receiver, url, given.busy, f"b{salt}")
            outcome["busy"]["others_per_second"] = _BUSY_PER_SECOND
            outcome["intake"] = {"while_it_reads": _taken(token, server, given.documents, f"r{salt}")}
        with serving("--no-worker") as server:
            outcome["intake"]["no_worker"] = _taken(token, server, given.documents, f"n{salt}")
    sys.stdout.write(json.dumps(outcome, indent=1) + "\n")


if __name__ == "__main__":
    main()
