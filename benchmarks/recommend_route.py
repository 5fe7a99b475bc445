"""`POST /v1/recommend/recommendations` over HTTP: latency of personal lists, in a shop that is in use.

    python -m benchmarks.recommend_route [--items 2000] [--people 1000] [--single 300]

The shop has `--items` invented items and `--people` people with ten events each. Every list is written down
with its propensities before it is answered, so a durable commit is in each figure. `after an event` sends an
event before each question, which makes the live methods catch up.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np

from benchmarks.served import serving, starter_key
from core.settings import Settings

_SCOPES = ("recommend:read", "recommend:write", "recommend:events")
_BASE = "/v1/recommend"
_BATCH = 200


def _items(count: int) -> list[dict[str, Any]]:
    words = ("lamp", "kettle", "jacket", "puzzle", "grinder", "cushion", "tent", "bowl")
    return [
        {
            "id": f"bench-{n}",
            "title": f"{words[n % len(words)]} number {n}",
            "category": words[n % len(words)],
        }
        for n in range(count)
    ]


def _events(items: int, people: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield ten events a person; each person keeps to items of one kind, most of the time."""
    for person in range(people):
        for step in range(10):
            kind = person % 8 if chance.random() < 0.8 else chance.randrange(8)
            item = 8 * chance.randrange(max(1, items // 8)) + kind
            yield {
                "event_id": f"bench-{person}-{step}",
                "user_id": f"bench-{person}",
                "item_id": f"bench-{item % items}",
                "type": "view",
            }


def _fill(client: httpx.Client, items: int, people: int) -> None:
    rows = _items(items)
    for start in range(0, items, _BATCH):
        batch = {"items": rows[start : start + _BATCH]}
        client.post(f"{_BASE}/items", json=batch).raise_for_status()
    events = list(_events(items, people, random.Random(7)))
    for start in range(0, len(events), _BATCH):
        batch = {"events": events[start : start + _BATCH]}
        client.post(f"{_BASE}/events", json=batch).raise_for_status()


def _timed(
    ask: Callable[[int], Any], count: int, before: Callable[[int], Any] | None = None
) -> dict[str, float]:
    seconds = []
    for number in range(count):
        if before is not None:
            before(number)
        started = time.perf_counter()
        ask(number)
        seconds.append(time.perf_counter() - started)
    found = 1000 * np.array(seconds)
    return {f"p{q}_ms": round(float(np.quantile(found, q / 100)), 1) for q in (50, 99)}


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--single", type=int, default=300)
    given = parser.parse_args()
    outcome: dict[str, Any] = {"threads": Settings().threads, "items": given.items, "people": given.people}
    salt = str(time.time_ns())
    with starter_key(*_SCOPES) as token, serving() as server:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=300) as client:
            _fill(client, given.items, given.people)

            def ask(number: int) -> None:
                body = {"user_id": f"bench-{number % given.people}", "k": 10}
                client.post(f"{_BASE}/recommendations", json=body).raise_for_status()

            def event(number: int) -> None:
                row = {
                    "event_id": f"{salt}-{number}",
                    "user_id": f"bench-{number % given.people}",
                    "item_id": f"bench-{number % given.items}",
                    "type": "click",
                }
                client.post(f"{_BASE}/events", json={"events": [row]}).raise_for_status()

            ask(0)  # reads the items and the window
            outcome["recommendations"] = _timed(ask, given.single)
            outcome["after an event"] = _timed(ask, given.single, event)
            outcome["events"] = _timed(lambda number: event(number + given.single), given.single)
        outcome["memory_mb"] = server.memory_mb()
    sys.stdout.write(json.dumps(outcome, indent=1) + "\n")


if __name__ == "__main__":
    main()
