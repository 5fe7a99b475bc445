"""`POST /v1/finance/analyze` over HTTP beside the bare encoder: throughput, latency, memory, start-up.

    python -m benchmarks.finance_analyze [--texts 1000] [--single 200]

The peer is sentence-transformers' own `encode` on the same weights, threads and texts, in the same run, with
its documented settings (batches of 32, sorted by length). It makes vectors and nothing else; ours also reads
HTTP, checks the key, tells topic and sentiment, and answers JSON. Every text is asked once, so that no cache
helps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import numpy as np

from benchmarks.served import serving, starter_key
from core.models.fetch import open_weights
from core.settings import Settings
from core.training.starter import load_starter
from verticals.finance.recipe import SENTIMENT

_BATCH = 64


def _texts(count: int, salt: str) -> list[str]:
    """Return distinct texts of real length: the starter examples, each with a number of its own."""
    rows = [row.text for row in load_starter(SENTIMENT).train]
    return [f"{rows[index % len(rows)]} {salt}{index}" for index in range(count)]


def _timed(ask: Callable[[Sequence[str]], Any], batches: Iterator[Sequence[str]]) -> list[float]:
    seconds = []
    for batch in batches:
        started = time.perf_counter()
        ask(batch)
        seconds.append(time.perf_counter() - started)
    return seconds


def _batches(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[start : start + size] for start in range(0, len(texts), size))


def _figures(ask: Callable[[Sequence[str]], Any], salt: str, texts: int, single: int) -> dict[str, float]:
    ask(_texts(8, f"{salt}w"))  # loads what is loaded at the first request
    many = _timed(ask, _batches(_texts(texts, f"{salt}b"), _BATCH))
    alone = 1000 * np.array(_timed(ask, _batches(_texts(single, f"{salt}s"), 1)))
    return {
        "texts_per_second": round(texts / sum(many), 1),
        "p50_ms": round(float(np.quantile(alone, 0.5)), 1),
        "p99_ms": round(float(np.quantile(alone, 0.99)), 1),
    }


def bare_encoder(settings: Settings) -> Callable[[Sequence[str]], Any]:
    """Return sentence-transformers' own `encode` over the same weights, with its own batches of 32."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(settings.threads)
    weights = open_weights(settings.encoder, settings.cache)
    model = SentenceTransformer(str(weights.path), device="cpu", local_files_only=True)
    prefix = weights.prefixes.get("query", "")
    return lambda batch: model.encode([prefix + text for text in batch], batch_size=32)


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--single", type=int, default=200)
    given = parser.parse_args()
    settings = Settings()
    outcome: dict[str, Any] = {"threads": settings.threads, "encoder": settings.encoder, "batch": _BATCH}
    with starter_key() as token, serving() as server:
        outcome["start"] = {"alive_s": round(server.alive_after, 2), "ready_s": round(server.ready_after, 2)}
        outcome["idle_mb"] = server.memory_mb()
        client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=120)

        def ask(batch: Sequence[str]) -> None:
            body = {"texts": [{"text": text} for text in batch]}
            client.post(f"{server.url}/v1/finance/analyze", json=body).raise_for_status()

        outcome["colonnade"] = _figures(ask, "a", given.texts, given.single)
        outcome["loaded_mb"] = server.memory_mb()
    outcome["sentence-transformers encode"] = _figures(bare_encoder(settings), "p", given.texts, given.single)
    peer = outcome["sentence-transformers encode"]["texts_per_second"]
    outcome["ratio_to_best_peer"] = round(outcome["colonnade"]["texts_per_second"] / peer, 3)
    sys.stdout.write(json.dumps(outcome, indent=1) + "\n")


if __name__ == "__main__":
    main()
