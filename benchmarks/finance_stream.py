"""Documents from the door to the stored trend, beside the bare encoder; durable acknowledgements; memory.

    python -m benchmarks.finance_stream [--documents 640] [--texts public] [--acknowledgements 2000]
    python -m benchmarks.finance_stream --synthetic 1000000

The peer is the encoder alone, asked for vectors of the same texts in turns with ours in the same run: as
sentence-transformers' own `encode` has them, and in our batches. Ours also finds companies, tells sentiment,
topics and risk of each text and company, joins stories, keeps the books, and makes all of it durable. With
`--synthetic` a predictor without a model stands in for the encoder: what is measured then is the memory and
the speed of everything else.

`--texts public` reads headlines and posts of public data sets (COLONNADE_DATASETS), whatever companies they
name; `starter`, the default, reads the starter examples, of which every fourth is given a company.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import accumulate, product
from pathlib import Path
from typing import Any

import psutil

from api.bootstrap import Container, build, limit_threads
from benchmarks.datasets import folder
from benchmarks.finance_analyze import bare_encoder
from core.records import Example, Prediction
from core.settings import Settings
from core.testing.predictor import FixedPredictor
from core.training.starter import load_starter
from verticals.finance.intake import Document, Story
from verticals.finance.recipe import SENTIMENT, TASKS
from verticals.finance.service import Finance
from verticals.finance.service import build as build_finance
from verticals.finance.service.analyze import Analysis
from verticals.finance.service.companies import shipped

_BATCH = 64
_START = datetime(2026, 1, 1, tzinfo=UTC)
_SPACING = timedelta(seconds=30)
_VOWELS, _CONSONANTS = "aeiou", "bdfgklmnprstvz"
_PUBLIC = (
    ("fin_headline_stream_2020", "stream.csv", ("headline", "description")),
    ("fin_zh_stocknews", "train.csv", ("text",)),
    ("fin_twitter_news_sentiment", "train.csv", ("text",)),
    ("fin_zh_finfe", "train.csv", ("text",)),
)
_PATTERN = "Notice of dealings in own shares: bought {} at an average of {} pence, lot {}"


def texts(count: int, salt: str) -> list[str]:
    """Return distinct texts of real length: the starter examples, each with a number of its own.

    They speak of invented companies; every fourth names one of the directory too.
    """
    rows = [row.text for row in load_starter(SENTIMENT).train]
    names = [company.name for company in shipped()]
    return [
        f"{rows[index % len(rows)]} {salt}{index}"
        + (f", {names[index % len(names)]}" if index % 4 == 0 else "")
        for index in range(count)
    ]


def public_texts(count: int) -> list[str]:
    """Return distinct texts of four public sets in turns: headlines and posts, English and Chinese.

    Raises:
        SystemExit: the data sets are not at hand.
    """
    columns: list[list[str]] = []
    for name, file, fields in _PUBLIC:
        where = folder(name)
        if where is None:
            raise SystemExit(f"{name} is not below COLONNADE_DATASETS")
        with (where / file).open(encoding="utf-8", newline="") as lines:
            found = ["\n".join(filter(None, map(row.get, fields))) for row in csv.DictReader(lines)]
        columns.append(list(dict.fromkeys(found)))
    mixed = list(dict.fromkeys(text for row in zip(*columns, strict=False) for text in row))
    if len(mixed) < count:
        raise SystemExit(f"the public sets have {len(mixed)} texts, {count} are asked for")
    random.Random(13).shuffle(mixed)
    return mixed[:count]


@cache
def _lexicon() -> tuple[list[str], list[float], list[str]]:
    """Return made-up words, how often each comes (Zipf), and names of companies of the starter list."""
    syllables = [first + second for first in _CONSONANTS for second in _VOWELS]
    words = ["".join(each) for each in product(syllables, syllables)]
    random.Random(1).shuffle(words)
    names = [company.name for company in shipped()]
    return words, list(accumulate(1 / (rank + 10) for rank in range(len(words)))), names


def _headline(number: int) -> str:
    """Return a headline: of a hundred, 78 are news, 20 repeat an earlier one, 2 are written by a pattern."""
    words, shares, names = _lexicon()
    chance = random.Random(number)
    kind = chance.random()
    if kind < 0.2 and number > 100:
        return _headline(number - chance.randint(1, 100))
    if kind < 0.22:
        return _PATTERN.format(chance.randint(1, 999_999), chance.randint(1, 9_999), number)
    said = chance.choices(words, cum_weights=shares, k=12)
    if kind < 0.6:
        said.insert(0, chance.choice(names))
    return f"{' '.join(said)} {chance.randint(1, 99)} %"


def synthetic(start: int, count: int) -> list[Document]:
    """Return short documents of five sources, one every half minute."""
    return [
        Document(f"source{n % 5}", str(n), Story(_headline(n), "en", _START + _SPACING * n))
        for n in range(start, start + count)
    ]


class OneTopic(FixedPredictor):
    """Tells one topic a text, as is usual in news, where the predictor without a model tells ten."""

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        """See the port."""
        found = super().predict(tenant, tasks, items, model=model)
        return {
            name: [replace(each, labels=each.labels[:1]) for each in said] for name, said in found.items()
        }


@contextmanager
def container(settings: Settings, *, stub: bool) -> Iterator[tuple[Container, Finance]]:
    """Open the models of COLONNADE_DATA over a database of its own, thrown away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        own = Settings(**{**settings.model_dump(), "database_url": f"sqlite:///{folder}/bench.db"})
        made = build(own, predictor=OneTopic(TASKS) if stub else _shared(settings))
        try:
            yield made, build_finance(made.services)
        finally:
            made.close()


def _shared(settings: Settings) -> Any:
    """Return the predictor over the starters of COLONNADE_DATA, whose own database names them."""
    return build(settings).predictor


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def throughput(settings: Settings, rows: Sequence[str]) -> dict[str, Any]:
    """Return documents a second, ours and the encoder's, in turns; the first two batches only warm up."""
    said: list[Analysis] = []
    seconds: dict[str, list[float]] = defaultdict(list)
    with container(settings, stub=False) as (made, finance):
        peer = bare_encoder(settings)
        for number, start in enumerate(range(0, len(rows), _BATCH)):
            part = rows[start : start + _BATCH]
            works: dict[str, Callable[[Sequence[str]], object]] = {
                "ingest_to_trend": partial(_ingest, finance, start=start),
                "bare_encoder": peer,
                "bare_encoder_our_batches": made.encoder.encode,
                "analyze_only": lambda texts: said.extend(
                    finance.analyze("demo", [Story(text) for text in texts])
                ),
            }
            for end, (name, work) in zip(".!;?", works.items(), strict=True):
                took = _timed(partial(work, [f"{text}{end}" for text in part]))  # no cache knows them
                seconds[name] += [took] if number > 1 else []
    figures = {name: round(len(kept) * _BATCH / sum(kept), 1) for name, kept in seconds.items()}
    ours = figures["ingest_to_trend"]
    return {
        **figures,
        "companies_a_text": round(sum(len(each.entities) for each in said) / len(said), 3),
        "code_points_a_text": round(sum(map(len, rows)) / len(rows)),
        "overhead": round(figures["bare_encoder"] / ours, 3),
        "overhead_our_batches": round(figures["bare_encoder_our_batches"] / ours, 3),
        "overhead_over_analyze": round(figures["analyze_only"] / ours, 3),
    }


def _ingest(finance: Finance, part: Sequence[str], *, start: int) -> None:
    moment = _START + timedelta(minutes=start)
    rows = [
        Document("bench", str(start + n), Story(text, None, moment + timedelta(seconds=n)))
        for n, text in enumerate(part)
    ]
    finance.documents.take("demo", rows, actor="bench")
    finance.documents.read("demo", lambda _share, _line: None)


def acknowledgements(settings: Settings, count: int, clients: int = 64) -> dict[str, Any]:
    """Return durable acknowledgements a second of requests with one document each."""
    with container(settings, stub=True) as (_, finance):
        rows = iter(synthetic(0, count))
        lock, latencies = threading.Lock(), []

        def client() -> None:
            while True:
                with lock:
                    row = next(rows, None)
                if row is None:
                    return
                latencies.append(_timed(partial(finance.documents.take, "demo", [row], actor="bench")))

        threads = [threading.Thread(target=client) for _ in range(clients)]
        seconds = _timed(partial(_run, threads))
        ordered = sorted(latencies)
    return {
        "clients": clients,
        "acknowledgements_per_second": round(count / seconds, 1),
        "p50_ms": round(1000 * ordered[len(ordered) // 2], 1),
        "p99_ms": round(1000 * ordered[int(0.99 * len(ordered))], 1),
    }


def _run(threads: Sequence[threading.Thread]) -> None:
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def memory(settings: Settings, count: int) -> dict[str, Any]:
    """Return resident memory while documents are taken and read, and the speed without an encoder."""
    process, points = psutil.Process(), {}
    with container(settings, stub=True) as (made, finance):
        started = time.perf_counter()
        for start in range(0, count, 1_000):
            finance.documents.take("demo", synthetic(start, min(1_000, count - start)), actor="bench")
            finance.documents.read("demo", lambda _share, _line: None)
            done = min(start + 1_000, count)
            if done == count or done in (1_000, 10_000) or done % 100_000 == 0:
                points[done] = process.memory_info().rss // 2**20
                sys.stderr.write(
                    f"{done} documents, {time.perf_counter() - started:.0f} s, {points[done]} MB\n"
                )
        seconds = time.perf_counter() - started
        size = Path(str(made.settings.resolved_database_url).removeprefix("sqlite:///")).stat().st_size
    return {
        "documents": count,
        "documents_per_second_without_encoder": round(count / seconds, 1),
        "resident_mb": points,
        "database_mb": size // 2**20,
    }


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=640)
    parser.add_argument("--texts", choices=("starter", "public"), default="starter")
    parser.add_argument("--acknowledgements", type=int, default=2_000)
    parser.add_argument("--synthetic", type=int, default=0)
    given = parser.parse_args()
    settings = Settings()
    limit_threads(settings)
    outcome: dict[str, Any] = {"threads": settings.threads, "encoder": settings.encoder, "batch": _BATCH}
    if given.synthetic:
        outcome["memory"] = memory(settings, given.synthetic)
    else:
        count = given.documents + 2 * _BATCH
        rows = public_texts(count) if given.texts == "public" else texts(count, "b")
        outcome["texts"] = given.texts
        outcome["documents_per_second"] = throughput(settings, rows)
        outcome["taking"] = acknowledgements(settings, given.acknowledgements)
        figures = outcome["documents_per_second"]
        outcome["ratio_to_best_peer"] = round(figures["ingest_to_trend"] / figures["bare_encoder"], 3)
    sys.stdout.write(json.dumps(outcome, indent=1) + "\n")


if __name__ == "__main__":
    main()
