"""`POST /v1/service/conversations/{id}/messages` over HTTP: p50 and p99 on the starter help centre.

    python -m benchmarks.service_answer [--questions 200]

The questions are those that the gate was fitted on and the golden ones, each asked once, so that no cache of
vectors helps; approved answers are left out, so that every message goes all the way to the documents. The
floor beside us is the bare encoder on the same questions, one at a time, in the same run: what the rest costs
is the difference. Needs COLONNADE_DATA with the starters trained (`make up`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import numpy as np

from benchmarks.served import Server, serving, starter_key
from core.settings import Settings
from verticals.service.recipe import DATA

_SCOPES = ("service:read", "service:write", "service:chat")


def _questions(count: int) -> list[str]:
    rows = [
        json.loads(line)
        for name in ("golden_answers.jsonl", "questions.jsonl")
        for line in (DATA / name).read_text("utf-8").splitlines()
    ]
    return [row["question"] for row in rows][:count]


def _fill(http: httpx.Client) -> None:
    for row in json.loads((DATA / "help" / "index.json").read_text("utf-8")):
        file = DATA / "help" / row["file"]
        form = {"file": (file.name, file.read_bytes())}
        http.post("/v1/service/documents", files=form, data={"id": row["id"]}).raise_for_status()


def _timed(ask: Callable[[str], Any], questions: Sequence[str]) -> tuple[list[float], list[Any]]:
    seconds, said = [], []
    for question in questions:
        started = time.perf_counter()
        said.append(ask(question))
        seconds.append(time.perf_counter() - started)
    return seconds, said


def _ask(http: httpx.Client) -> Callable[[str], Any]:
    def ask(question: str) -> Any:
        conversation = http.post("/v1/service/conversations", json={}).raise_for_status().json()["id"]
        path = f"/v1/service/conversations/{conversation}/messages"
        started = time.perf_counter()
        reply = http.post(path, json={"text": question}).raise_for_status().json()
        return reply["action"], time.perf_counter() - started

    return ask


def _measure(server: Server, questions: Sequence[str]) -> dict[str, Any]:
    with starter_key(*_SCOPES) as key, httpx.Client(base_url=server.url, timeout=300) as http:
        http.headers["Authorization"] = f"Bearer {key}"
        _fill(http)
        ask = _ask(http)
        ask("Warm up, please.")
        _, said = _timed(ask, questions)
    actions = [action for action, _ in said]
    return {
        "questions": len(questions),
        **_percentiles([seconds for _, seconds in said]),
        "actions": {action: actions.count(action) for action in sorted(set(actions))},
        "memory_mb": server.memory_mb(),
    }


def _floor(questions: Sequence[str]) -> dict[str, Any]:
    from core.inference.encoders import load_encoder

    settings = Settings()
    encoder = load_encoder(settings.encoder, settings)
    encoder.encode(["Warm up, please."])
    seconds, _ = _timed(lambda question: encoder.encode([question]), questions)
    return {"encoder_alone": _percentiles(seconds)}


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.percentile(1000 * np.array(seconds), [50, 99])
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1)}


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=200)
    questions = _questions(parser.parse_args().questions)
    with serving() as server:
        figures = _measure(server, questions)
    sys.stdout.write(json.dumps(figures | _floor(questions)) + "\n")


if __name__ == "__main__":
    main()
