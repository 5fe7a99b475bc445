"""How often the answerer answers rightly, wrongly, or not at all, with the gate as it is shipped.

    python -m benchmarks.retrieval_answers [SET …] [--encoder use] [--count 300] [--out results.json]

Half of each set's questions are asked where the answer is, half where it is not: of XQuAD in a collection
without their paragraph (but with others of the same article), of RGB zh_refine where only noise passages are,
`golden` on the help centre (all of its questions have an answer). The gate saw none of these questions, and
of these documents the help centre only. The floor in the same run is the best passage's first sentence,
always said.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import folder
from benchmarks.service_gate import COLLECTION, GATE, TENANT, put_help, questions, shelf
from core.inference.encoders import load_encoder
from core.inference.vector_cache import CachedEncoder
from core.retrieval.answer import Answerer
from core.retrieval.gate import WORDS, Gate
from core.retrieval.library import Library
from core.settings import Settings
from core.text.segment import sentences
from core.training.metrics import calibration_error

_SPREAD = 1000


@dataclass(frozen=True)
class Question:
    """One question, where it is asked, and what an answer holds.

    Attributes:
        wanted: Any of the texts of each group must be said; empty where there is no answer.
    """

    text: str
    collection: str
    wanted: tuple[tuple[str, ...], ...]

    def is_in(self, said: str) -> bool:
        """Tell whether a text answers it."""
        plain = _plain(said)
        return bool(self.wanted) and all(
            any(_plain(each) in plain for each in group) for group in self.wanted
        )


def _plain(text: str) -> str:
    return "".join(text.replace("|", " ").split()).casefold()


def _rows(path: Path) -> list[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _put(library: Library, collection: str, name: str, text: str) -> None:
    library.put(TENANT, collection, name, text.encode(), filename=f"{name}.txt", title=name, actor="bench")


def _xquad(name: str, library: Library, count: int) -> list[Question]:
    """Spread the paragraphs over two collections; every second question is asked in the wrong one."""
    rows = _rows(_at(name) / "dev.jsonl")
    step = max(1, len(rows) // count)
    rows = rows[::step][:count]
    paragraphs = {text: place for place, text in enumerate(dict.fromkeys(row["context"] for row in rows))}
    for text, place in paragraphs.items():
        _put(library, f"part{place % 2}", f"p{place}", text)
    found = []
    for number, row in enumerate(rows):
        home, away = paragraphs[row["context"]] % 2, number % 2
        answers = tuple(each["text"] for each in row["answers"])
        found.append(Question(row["question"], f"part{home ^ away}", () if away else (answers,)))
    return found


def _rgb(name: str, library: Library, count: int) -> list[Question]:
    """Every second question is asked where only its noise passages are; all share one collection."""
    found = []
    for number, row in enumerate(_rows(_at(name) / "questions.jsonl.gz")[:count]):
        answerable = number % 2 == 0
        _put(library, "news", f"noise{number}", "\n\n".join(row["negative"][:5]))
        if answerable:
            _put(library, "news", f"news{number}", "\n\n".join(row["positive"][:3]))
        wanted = tuple(tuple(each) if isinstance(each, list) else (each,) for each in row["answer"])
        found.append(Question(row["query"], "news", wanted if answerable else ()))
    return found


def _golden(name: str, library: Library, count: int) -> list[Question]:
    del name
    put_help(library)
    asked = questions("golden_answers.jsonl")[:count]
    return [Question(each.question, COLLECTION, ((each.quote,),) if each.quote else ()) for each in asked]


SETS: Mapping[str, Callable[[str, Library, int], list[Question]]] = {
    "golden": _golden,
    "qa_xquad_en": _xquad,
    "qa_xquad_zh": _xquad,
    "qa_rgb_zh_refine": _rgb,
}


def _at(name: str) -> Path:
    where = folder(name)
    if where is None:
        raise FileNotFoundError(f"{name}: not at hand; set COLONNADE_DATASETS")
    return where


def measure(name: str, encoder_name: str, count: int) -> dict[str, Any]:
    """Return the figures of one set."""
    settings = Settings()
    encoder = CachedEncoder(load_encoder(encoder_name, settings))
    with shelf(encoder, settings) as (library, searcher):
        asked = SETS[name](name, library, count)
        model = Gate.load(GATE).model(encoder.fingerprint)
        # Without a threshold it always says something, so that probability and truth can be compared.
        open_gate = Gate({name: replace(model, threshold=0.0) for name in (WORDS, encoder.fingerprint)})
        answerer = Answerer(searcher, encoder, open_gate)
        said = [answerer.answer(TENANT, each.collection, each.text) for each in asked]
        floor = [_first(searcher.search(TENANT, each.collection, each.text, k=1)) for each in asked]
    right = np.array([each.is_in(answer.text) for each, answer in zip(asked, said, strict=True)])
    spoken = np.array([answer.confidence >= model.threshold for answer in said])
    known = np.array([bool(each.wanted) for each in asked])
    confidence = np.array([answer.confidence for answer in said])
    return {
        "set": name,
        "encoder": encoder_name,
        "threshold": model.threshold,
        "answerable": int(known.sum()),
        "unanswerable": int((~known).sum()),
        "answered_right": _share((right & spoken)[known]),
        "answered_wrong": _share((spoken & ~right)[known]),
        "answered_unanswerable": _share(spoken[~known]),
        "right_of_answered": _share(right[spoken]),
        "first_sentence_right": _share(np.array(list(_right(asked, floor)))[known]),
        "calibration_error": float(calibration_error(right, confidence)),
    }


def _right(asked: Sequence[Question], said: Sequence[str]) -> Iterator[bool]:
    for question, text in zip(asked, said, strict=True):
        yield question.is_in(text)


def _first(hits: Sequence[Any]) -> str:
    if not hits:
        return ""
    spans = sentences(hits[0].text, hits[0].lang)
    return str(hits[0].text[spans[0].start : spans[0].end]) if spans else ""


def _share(values: Any) -> dict[str, float] | None:
    """Return the mean with a bootstrap 95 % interval."""
    if not len(values):
        return None
    draws = np.random.default_rng(0).choice(np.asarray(values, float), (_SPREAD, len(values)))
    low, high = np.quantile(draws.mean(axis=1), [0.025, 0.975])
    return {
        "value": round(float(np.mean(values)), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }


def main() -> None:
    """Measure the sets named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    measured = []
    for name in given.sets:
        if name != "golden" and folder(name) is None:
            sys.stderr.write(f"{name}: not at hand; set COLONNADE_DATASETS\n")
            continue
        measured.append(measure(name, given.encoder, given.count))
        sys.stdout.write(json.dumps(measured[-1]) + "\n")
        sys.stdout.flush()
        if given.out is not None:
            given.out.write_text(json.dumps(measured, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
