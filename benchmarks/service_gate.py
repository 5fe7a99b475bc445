"""Fits the gate of customer service on its own help centre and questions, and says how far it can be trusted.

    python -m benchmarks.service_gate [ENCODER …] [--out verticals/service/data/gate.json]

Written into a gate that is there already; encoders that are not named keep their numbers. The figures are of
documents that a fit had not seen. `words` (no vectors at all) is always fitted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.inference.encoders import load_encoder
from core.inference.vector_cache import CachedEncoder
from core.ports import Encoder
from core.retrieval.answer import K
from core.retrieval.evidence import Evidence, gather
from core.retrieval.gate import WORDS, Gate, GateModel
from core.retrieval.library import Library
from core.retrieval.search import Searcher
from core.settings import Settings
from core.storage.engine import Storage
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM
from core.training.gate import Asked, fit_gate

DATA = Path(__file__).resolve().parents[1] / "verticals" / "service" / "data"
GATE = DATA / "gate.json"
TENANT, COLLECTION = "bench", "help"


@contextmanager
def shelf(encoder: Encoder, settings: Settings) -> Iterator[tuple[Library, Searcher]]:
    """Yield an empty library and its searcher, gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        own = settings.model_copy(update={"data": Path(folder)})
        with Storage.open(f"sqlite:///{folder}/bench.db") as storage:
            storage.migrate()
            storage.write(SYSTEM, lambda session: session.add(Tenant(id=TENANT, name=TENANT)))
            yield Library(storage, encoder), Searcher(storage, encoder, own)


def put_help(library: Library) -> None:
    """Store the help centre."""
    for entry in json.loads((DATA / "help" / "index.json").read_text("utf-8")):
        path = DATA / "help" / entry["file"]
        library.put(
            TENANT,
            COLLECTION,
            entry["id"],
            path.read_bytes(),
            filename=path.name,
            title=entry["title"],
            actor="bench",
        )


def questions(name: str = "questions.jsonl") -> list[Asked]:
    """Read questions with what is known of their answers."""
    rows = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
    return [Asked(row["question"], row["document"], row["quote"]) for row in rows]


def fit(encoder: Encoder, settings: Settings, *, vectors: bool) -> GateModel:
    """Fit the model of one encoder, or that of words alone."""
    with shelf(encoder, settings) as (library, searcher):
        put_help(library)

        def found(question: str) -> Evidence:
            return gather(searcher, encoder if vectors else None, TENANT, COLLECTION, question, K)

        return fit_gate(questions(), found, vectors=vectors)


def main() -> None:
    """Fit the gate for the encoders named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoders", nargs="*", default=["use", "e5"])
    parser.add_argument("--out", type=Path, default=GATE)
    given = parser.parse_args()
    settings = Settings()
    models = dict(Gate.load(given.out).models) if given.out.exists() else {}
    for place, name in enumerate(given.encoders):
        encoder = CachedEncoder(load_encoder(name, settings))
        if not place:
            models[WORDS] = fit(encoder, settings, vectors=False)
            sys.stdout.write(f"words {json.dumps(models[WORDS].fitted)}\n")
        model = fit(encoder, settings, vectors=True)
        models[encoder.fingerprint] = GateModel(
            model.rank, model.answer, model.bias, model.threshold, {"encoder": name, **model.fitted}
        )
        sys.stdout.write(f"{name} {json.dumps(model.fitted)}\n")
        Gate(models).save(given.out)


if __name__ == "__main__":
    main()
