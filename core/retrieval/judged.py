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
from core.retrieval.fuse import dense_share, fuse
from core.retrieval.lexical import LexicalIndex
from core.retrieval.propose import propose

K = 10
_BATCH = 64
_RESAMPLES = 1000
_COLUMNS = ["query-id", "corpus-id", "score"]


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
    """Return nDCG@10 and recall@10 of each mode (`lexical`, `dense`, `hybrid`), with 95 % intervals.

    Memory: the terms of the passages and 4 bytes × dimension for each of them.
    """
    lexical, dense = LexicalIndex(), FaissIndex(encoder.dimension)
    numbers = np.arange(len(data.passages), dtype=np.int64)
    lexical.change((), zip(numbers.tolist(), data.passages, strict=True))
    for start in range(0, len(numbers), _BATCH):
        part = slice(start, start + _BATCH)
        dense.add(numbers[part], _encoded(encoder, data.passages[part], "passage").astype(np.float16))
    vectors = _encoded(encoder, data.questions, "query")
    share = dense_share(encoder.name)
    found: dict[str, list[tuple[float, float]]] = {"lexical": [], "dense": [], "hybrid": []}
    for question, vector, gains in zip(data.questions, vectors, data.relevant, strict=True):
        for mode, ranking in _rankings(lexical, dense, question, vector, share).items():
            found[mode].append((ndcg(ranking, gains), recall(ranking, gains)))
    return {mode: _summary(np.array(pairs)) for mode, pairs in found.items()}


def _summary(values: Floats) -> dict[str, float]:
    """Return the means over questions of (n, 2) values, with percentile intervals of 1,000 resamples."""
    draws = np.random.default_rng(0).multinomial(
        len(values), np.full(len(values), 1 / len(values)), _RESAMPLES
    )
    spread = draws @ values / len(values)
    out = {}
    for place, name in enumerate((f"ndcg@{K}", f"recall@{K}")):
        low, high = np.quantile(spread[:, place], [0.025, 0.975])
        figures = {name: values[:, place].mean(), f"{name}_low": low, f"{name}_high": high}
        out.update({key: round(float(value), 4) for key, value in figures.items()})
    return out


def _rankings(
    lexical: LexicalIndex, dense: FaissIndex, question: str, vector: Floats, share: float
) -> dict[str, list[int]]:
    words, near = propose(lexical, dense, question, vector)
    return {
        "lexical": [number for number, _ in words[:K]],
        "dense": [number for number, _ in near[:K]],
        "hybrid": [each.id for each in fuse(words, near, share)],
    }


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
        qrels: Tab-separated with the columns query-id, corpus-id, score, named in the first line or not; or
            the four columns of TREC.
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
    for number, row in enumerate(csv.reader(_lines(path), delimiter="\t"), start=1):
        if number == 1 and row[: len(_COLUMNS)] == _COLUMNS:
            continue
        try:
            # TREC writes four columns, the second of them without meaning.
            question, passage, score = row if len(row) == len(_COLUMNS) else (row[0], *row[2:4])
            if float(score) > 0:
                gains.setdefault(question, {})[place[passage]] = float(score)
        except (KeyError, ValueError, IndexError):
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
