"""Measures rankings on questions with judged passages, in the files that BEIR sets come in.

Words, vectors and both together are asked as `core.retrieval.search` asks them, over indexes in memory; a
passage is one here however long it is, as its judges saw it.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FieldError, InvalidInput
from core.ports import Encoder
from core.retrieval.dense import FaissIndex, Floats
from core.retrieval.fuse import fuse
from core.retrieval.lexical import Ids, LexicalIndex, Ranking

K = 10
_DEPTH = 100
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Judged:
    """Passages and questions.

    Attributes:
        passages: Texts; an entry's title stands before its text.
        questions: Texts, each with at least one relevant passage.
        relevant: For each question, number of a passage to its gain, above 0.
    """

    passages: tuple[str, ...]
    questions: tuple[str, ...]
    relevant: tuple[Mapping[int, float], ...]


def ndcg(found: Sequence[int], gains: Mapping[int, float], k: int = K) -> float:
    """Return the normalised discounted cumulative gain of the first `k`, in [0, 1].

    Source: Järvelin & Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques"; linear gains, as
    trec_eval has them.
    """
    best = sorted(gains.values(), reverse=True)[:k]
    ideal = sum(gain / math.log2(place + 2) for place, gain in enumerate(best))
    got = sum(gains.get(number, 0.0) / math.log2(place + 2) for place, number in enumerate(found[:k]))
    return got / ideal if ideal else 0.0


def recall(found: Sequence[int], gains: Mapping[int, float], k: int = K) -> float:
    """Return the share of relevant passages among the first `k`, in [0, 1]."""
    return len(set(found[:k]) & gains.keys()) / len(gains) if gains else 0.0


def measure(data: Judged, encoder: Encoder) -> dict[str, dict[str, float]]:
    """Return nDCG@10 and recall@10 of each mode: `lexical`, `dense`, `hybrid`."""
    lexical, dense = LexicalIndex(), FaissIndex(encoder.dimension)
    numbers = np.arange(len(data.passages), dtype=np.int64)
    lexical.change((), zip(numbers.tolist(), data.passages, strict=True))
    dense.add(numbers, _encoded(encoder, data.passages, "passage").astype(np.float16))
    vectors = _encoded(encoder, data.questions, "query")
    totals: dict[str, list[tuple[float, float]]] = {"lexical": [], "dense": [], "hybrid": []}
    for question, vector, gains in zip(data.questions, vectors, data.relevant, strict=True):
        for mode, found in _rankings(lexical, dense, question, vector).items():
            totals[mode].append((ndcg(found, gains), recall(found, gains)))
    means = {mode: np.array(pairs).mean(axis=0) for mode, pairs in totals.items()}
    return {
        mode: {f"ndcg@{K}": round(float(mean[0]), 4), f"recall@{K}": round(float(mean[1]), 4)}
        for mode, mean in means.items()
    }


def _rankings(
    lexical: LexicalIndex, dense: FaissIndex, question: str, vector: Floats
) -> dict[str, list[int]]:
    words, near = lexical.search(question, _DEPTH), dense.search(vector, _DEPTH)
    # Each says what it thinks of what the other proposes, as in a search.
    more = words + lexical.search(question, _DEPTH, _missing(near, words))
    both = fuse(more, near + dense.search(vector, _DEPTH, _missing(more, near)))
    return {
        "lexical": [number for number, _ in words],
        "dense": [number for number, _ in near],
        "hybrid": [each.id for each in both],
    }


def _missing(from_there: Ranking, here: Ranking) -> Ids:
    known = {number for number, _ in here}
    return np.array([number for number, _ in from_there if number not in known], np.int64)


def _encoded(encoder: Encoder, texts: Sequence[str], role: Any) -> Floats:
    parts = [
        encoder.encode(list(texts[start : start + _BATCH]), role=role)
        for start in range(0, len(texts), _BATCH)
    ]
    return np.concatenate(parts)


def read_judged(corpus: Path, queries: Path, qrels: Path, *, limit: int | None = None) -> Judged:
    """Read a set.

    Args:
        corpus: JSON lines `{_id, title?, text}`, gzipped where the name ends in .gz.
        queries: JSON lines `{_id, text}`.
        qrels: Tab-separated with the columns query-id, corpus-id, score.
        limit: Only the first so many judged questions.

    Raises:
        InvalidInput: a file is not there, or a row is not as above.
    """
    passages = dict(_texts(corpus))
    place = {key: number for number, key in enumerate(passages)}
    gains = _gains(qrels, place)
    asked = [(key, text) for key, text in _texts(queries) if key in gains][:limit]
    if not passages or not asked:
        raise InvalidInput(
            "No question has a judged passage.", remedy="See whether the ids of the files agree."
        )
    relevant = tuple(gains[key] for key, _ in asked)
    return Judged(tuple(passages.values()), tuple(text for _, text in asked), relevant)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(_lines(path), start=1):
        try:
            row = json.loads(line)
            yield str(row["_id"]), f"{row.get('title') or ''}\n{row['text']}".strip()
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _wrong(path, number, "is no JSON object with _id and text") from None


def _gains(path: Path, place: Mapping[str, int]) -> dict[str, dict[int, float]]:
    gains: dict[str, dict[int, float]] = {}
    for number, row in enumerate(csv.DictReader(_lines(path), delimiter="\t"), start=2):
        try:
            gain = float(row["score"])
            if gain > 0:
                gains.setdefault(row["query-id"], {})[place[row["corpus-id"]]] = gain
        except (KeyError, ValueError, TypeError):
            raise _wrong(path, number, "has not query-id, corpus-id of the corpus, and a score") from None
    return gains


def _lines(path: Path) -> Iterator[str]:
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            yield from (line for line in file if line.strip())
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", remedy="Name a file in UTF-8.") from error


def _wrong(path: Path, number: int, fault: str) -> InvalidInput:
    where = f"{path.name}:{number}"
    return InvalidInput(f"{where} {fault}.", errors=[FieldError(where, fault)])
