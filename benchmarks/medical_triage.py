"""Triage on public vignettes beside simpler peers, department routing by the training methods, and latency.

    python -m benchmarks.medical_triage vignettes     # med_triage_clinicaflow, all rows, nothing tuned on it
    python -m benchmarks.medical_triage departments [--rows N]     # med_zh_department: TF-IDF, head, full
    python -m benchmarks.medical_triage latency [--single 200]     # POST /v1/medical/triage over HTTP

Vignettes are labelled critical, urgent or routine; levels 1 and 2 count as critical, 3 as urgent, 4 and 5 as
routine. Under-triage is an answer less urgent than the label, over-triage a more urgent one; intervals are
Clopper and Pearson's at 95 %. The peers are the rules alone, the model alone, and TF-IDF with linear support
vectors on the same starter rows. The starters must have been trained (`colonnade models starters`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.datasets import Spec, folder, read
from benchmarks.served import serving, starter_key
from core.errors import InvalidInput, Unavailable
from core.inference.classifier import EncoderPool
from core.inference.predictor import LocalPredictor
from core.models.versions import Versions
from core.records import Example
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tenancy import SHARED
from core.training.baselines import TfIdf
from core.training.calibrate import calibrated, said
from core.training.fitting import target, texts_of
from core.training.metrics import indicator, summary
from core.training.recipe import Recipe, Task
from core.training.starter import load_starter
from core.training.trainer import train
from verticals.medical.evaluate import share
from verticals.medical.intake import Complaint, from_payload
from verticals.medical.policy import ModelOpinion, decide, load
from verticals.medical.recipe import URGENCIES, URGENCY
from verticals.medical.service import Opinions, deidentify

VIGNETTES = "med_triage_clinicaflow"
DEPARTMENTS = Spec("med_zh_department", task="medical.department")
TIERS = ("critical", "urgent", "routine")
_TIER_OF_LEVEL = {1: 0, 2: 0, 3: 1, 4: 2, 5: 2}
_VITALS = {
    "heart_rate": "heart_rate",
    "systolic_bp": "systolic",
    "diastolic_bp": "diastolic",
    "temperature_c": "temperature",
    "spo2": "spo2",
    "respiratory_rate": "respiratory_rate",
}

Levels = Callable[[Sequence[Complaint]], list[int]]


def _complaint(row: Mapping[str, Any]) -> Complaint:
    who = row.get("demographics") or {}
    given = {name: (row.get("vitals") or {}).get(theirs) for theirs, name in _VITALS.items()}
    payload = {
        "text": row["text"],
        "lang": row.get("lang"),
        "age": who.get("age"),
        "sex": who.get("sex"),
        "vitals": {name: value for name, value in given.items() if value is not None},
    }
    try:
        return from_payload(payload)
    except InvalidInput:  # a reading that no patient can have: whoever sent it would leave it out
        return from_payload({**payload, "vitals": {}})


def _masked(complaint: Complaint) -> Complaint:
    return replace(complaint, text=deidentify(complaint.text).text)


def _shipped(opinions: Opinions) -> Levels:
    def level(complaint: Complaint) -> int:
        masked = _masked(complaint)
        said = opinions(SHARED, masked.text, masked.lang)
        if said.fault is not None:  # its safe answers would be measured as the system's
            raise Unavailable(f"The model failed: {said.fault}.", remedy="Run `colonnade models starters`.")
        return decide(masked, load(), said.model).level

    return lambda complaints: list(map(level, complaints))


def _rules_only(complaints: Sequence[Complaint]) -> list[int]:
    """The rules, with a model that finds everything fit for self-care, so that it raises nothing."""
    calm = ModelOpinion({5: 1.0}, {"general_practice": 1.0}, "none")
    return [decide(_masked(each), load(), calm).level for each in complaints]


def _model_only(predictor: LocalPredictor) -> Levels:
    def levels(complaints: Sequence[Complaint]) -> list[int]:
        items = [Example(_masked(each).text) for each in complaints]
        answers = predictor.predict(SHARED, [URGENCY.name], items)[URGENCY.name]
        return [int(answer.labels[0]) for answer in answers]

    return levels


def _tfidf(complaints: Sequence[Complaint]) -> list[int]:
    rows = load_starter(URGENCY).train
    fitted = TfIdf().fit(texts_of(rows), target(URGENCY.name, URGENCIES, False, rows, rows[:1]))
    answers = fitted.predict([_masked(each).text for each in complaints])
    return [int(URGENCIES[place]) for place in answers.argmax(axis=1)]


def _figures(gold: Sequence[int], levels: Sequence[int]) -> dict[str, Any]:
    tiers = [_TIER_OF_LEVEL[level] for level in levels]
    pairs = list(zip(gold, tiers, strict=True))
    critical = [tier for label, tier in pairs if label == 0]
    tests = {
        "accuracy": (sum(a == b for a, b in pairs), len(pairs)),
        "under_triage": (sum(b > a for a, b in pairs), len(pairs)),
        "over_triage": (sum(b < a for a, b in pairs), len(pairs)),
        "critical_found": (sum(tier == 0 for tier in critical), len(critical)),
        "critical_called_routine": (sum(tier == 2 for tier in critical), len(critical)),
    }
    return {name: _shown(*counts) for name, counts in tests.items()}


def _shown(count: int, total: int) -> dict[str, Any]:
    found = share(count, total)
    return {
        "value": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "n": f"{count}/{total}",
    }


def vignettes(where: Path) -> dict[str, Any]:
    """Measure the shipped system and its peers on every vignette."""
    rows = [json.loads(line) for line in (where / "vignettes.jsonl").read_text("utf-8").splitlines()]
    complaints, gold = [_complaint(row) for row in rows], [TIERS.index(row["label"]) for row in rows]
    settings = Settings()
    with Storage.open(settings.resolved_database_url) as storage:
        predictor = LocalPredictor(Versions(storage, settings.data), EncoderPool(settings))
        ways: dict[str, Levels] = {
            "colonnade": _shipped(Opinions(predictor, patience=300.0)),
            "rules only": _rules_only,
            "model only": _model_only(predictor),
            "TF-IDF + linear": _tfidf,
        }
        figures = {name: _figures(gold, levels(complaints)) for name, levels in ways.items()}
    peers = [figures[name]["accuracy"]["value"] for name in list(ways)[1:]]
    ratio = round(figures["colonnade"]["accuracy"]["value"] / max(peers), 3)
    return {"set": VIGNETTES, "rows": len(rows), **figures, "ratio_to_best_peer": ratio}


def departments(where: Path, rows: int | None, methods: Sequence[str]) -> dict[str, Any]:
    """Train the existing ways on the training rows, choose on dev, and predict the test rows once."""
    splits, settings = read(DEPARTMENTS, where), Settings()
    learnt, held = (replace(part, train=part.train[:rows]) for part in (splits.train, splits.dev))
    asked = splits.test[:rows]
    outcome: dict[str, Any] = {
        "set": DEPARTMENTS.name,
        "rows": {"train": len(learnt.train), "test": len(asked)},
    }
    for method in methods:
        task = Task("medical.bench", recipe=Recipe(method=method))
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as out:
            done = train({task: learnt}, settings, Path(out), _quiet, dev=held)[task.name]
        gold = indicator([row.labels for row in asked], done.head.labels)
        texts = texts_of(asked)
        outcome["TF-IDF + linear"] = summary(gold, done.tfidf.predict(texts))
        if method == "full":
            outcome[method] = summary(gold, said(done.head, done.encoder.encode(texts)))
        else:
            on_dev = target(task.name, done.head.labels, False, (), held.train)
            frozen = calibrated(done.frozen.heads[task.name], done.frozen.dev_vectors, on_dev.dev)
            outcome[method] = summary(gold, said(frozen, done.frozen.encoder.encode(texts)))
        outcome[method]["seconds"] = {"value": round(time.monotonic() - started)}
    return outcome


def _quiet(share_done: float, line: str) -> None:
    sys.stderr.write(f"\r{100 * share_done:3.0f} % {line[:60]:<60}")


def latency(single: int) -> dict[str, Any]:
    """Ask the served route one text at a time, each text once, so that no cache helps."""
    rows = [row.text for row in load_starter(URGENCY).train]
    seconds = []
    settings = Settings()
    with starter_key("medical:triage") as token, serving() as server:
        client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=120)
        for number in range(-8, single):
            body = {
                "text": f"{rows[number % len(rows)]} {number + 1000}",
                "age": 20 + number % 60,
                "vitals": {"heart_rate": 88, "spo2": 97},
            }
            started = time.perf_counter()
            client.post(f"{server.url}/v1/medical/triage", json=body).raise_for_status()
            if number >= 0:
                seconds.append(1000 * (time.perf_counter() - started))
        memory = server.memory_mb()
    found = np.array(seconds)
    return {
        "threads": settings.threads,
        "requests": single,
        "p50_ms": round(float(np.quantile(found, 0.5)), 1),
        "p99_ms": round(float(np.quantile(found, 0.99)), 1),
        "loaded_mb": memory,
    }


def main() -> None:
    """Measure what is asked for and print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("vignettes", "departments", "latency"))
    parser.add_argument("--rows", type=int, help="of each split, for a quick look")
    parser.add_argument("--methods", default="head,full")
    parser.add_argument("--single", type=int, default=200)
    given = parser.parse_args()
    if given.what == "latency":
        outcome = latency(given.single)
    else:
        name = VIGNETTES if given.what == "vignettes" else DEPARTMENTS.name
        where = folder(name)
        if where is None:
            sys.stderr.write(f"{name}: not at hand; set COLONNADE_DATASETS\n")
            return
        outcome = (
            vignettes(where)
            if given.what == "vignettes"
            else departments(where, given.rows, given.methods.split(","))
        )
    sys.stdout.write(json.dumps(outcome, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
