"""Retrieval on public question-answering sets: words, vectors and both, with TF-IDF beside them.

    python -m benchmarks.retrieval [SET …] [--cache DIR] [--out results.json] [--encoders use e5] [--tune]

nDCG@10 (gains as judged, ideal over all relevant passages) and recall@10, the mean over questions with a
bootstrap 95 % interval. The corpus is every passage of the set; passages are cut at 96 tokens for the
encoders, not for words. Vectors are kept below --cache, so that a run that was stopped goes on. The fusion is
that of core.retrieval.fuse, as it stands there; --tune shows the shares it could have, on questions and sets
that are not reported, and is how they were chosen.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval_sets import PRECISION, Retrieval, encoded, encoder_for, read_beir, read_rgb, sampled
from core.retrieval.dense import FaissIndex
from core.retrieval.fuse import dense_share, fuse, reciprocal_ranks
from core.retrieval.lexical import LexicalIndex, Ranking
from core.retrieval.propose import DEPTH, propose
from core.settings import Settings

SETS: Mapping[str, Callable[[], Retrieval]] = {
    "qa_rgb_zh_refine_80": lambda: read_rgb(80),
    "qa_rgb_zh_refine": read_rgb,
    "qa_zh_cmedir": lambda: read_beir("qa_zh_cmedir", lang="zh"),
    "qa_medquad": lambda: read_beir("qa_medquad", "test"),
    "qa_insuranceqa_en": lambda: read_beir("qa_insuranceqa_en", "dev"),
    "qa_insuranceqa_zh": lambda: read_beir("qa_insuranceqa_zh", "dev", "zh"),
}
TUNING: Mapping[str, Callable[[], Retrieval]] = {
    "qa_zh_cmedqa": lambda: read_beir("qa_zh_cmedqa", lang="zh"),
    "qa_insuranceqa_en train, sampled": lambda: sampled(read_beir("qa_insuranceqa_en", "train"), 200, 800),
    "qa_medquad train, sampled": lambda: sampled(read_beir("qa_medquad", "train"), 200, 600),
}
_SHARES = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_TOP = 10
_ROUNDS = 2000
_SEED = 13
Row = Mapping[str, tuple[float, float]]
"""Way to (nDCG@10, recall@10) of one question."""


def ndcg(ranking: Sequence[int], relevant: Mapping[int, float]) -> float:
    """Return nDCG@10 with linear gains."""
    discounts = 1.0 / np.log2(np.arange(_TOP) + 2.0)
    got = sum(relevant.get(number, 0.0) * d for number, d in zip(ranking, discounts, strict=False))
    ideal = sum(gain * d for gain, d in zip(sorted(relevant.values(), reverse=True), discounts, strict=False))
    return float(got / ideal)


def recall(ranking: Sequence[int], relevant: Mapping[int, float]) -> float:
    """Return the share of the relevant passages among the first ten."""
    return len(relevant.keys() & set(ranking[:_TOP])) / len(relevant)


class Corpus:
    """A set with its indexes: words, and vectors by the name of their encoder."""

    def __init__(self, data: Retrieval, encoders: Sequence[str], cache: Path) -> None:
        self.data = data
        self.words = LexicalIndex()
        self.words.change((), enumerate(data.passages))
        self.near: dict[str, FaissIndex] = {}
        self.asked: dict[str, NDArray[np.float32]] = {}
        for name in encoders:
            encoder = encoder_for(name, Settings())
            vectors = encoded(encoder, data.passages, "passage", cache)
            self.near[name] = FaissIndex(encoder.dimension)
            self.near[name].add(np.arange(len(vectors), dtype=np.int64), vectors.astype(np.float16))
            self.asked[name] = encoded(encoder, data.queries, "query", cache)

    def proposals(self, name: str, number: int) -> tuple[Ranking, Ranking]:
        """Return what words and vectors say of their common candidates, as a search has it."""
        question = self.data.queries[number]
        return propose(self.words, self.near[name], question, self.asked[name][number])


def _first(ranking: Ranking) -> list[int]:
    return [number for number, _ in ranking[:_TOP]]


def _ways(corpus: Corpus, number: int) -> dict[str, list[int]]:
    """Return the first ten passages of every way to search."""
    found = {"BM25": _first(corpus.words.search(corpus.data.queries[number], _TOP))}
    for name, index in corpus.near.items():
        alone = index.search(corpus.asked[name][number], DEPTH)
        words, near = corpus.proposals(name, number)
        found[name] = _first(alone)
        found[f"BM25 + {name}, ranks"] = _first(reciprocal_ranks([words[:DEPTH], alone], [1.0, 1.0]))
        found[f"BM25 + {name}"] = [each.id for each in fuse(words, near, dense_share(name))[:_TOP]]
    return found


def _tfidf(data: Retrieval) -> list[list[int]]:
    """Return the first ten by scikit-learn: TF-IDF cosine, characters in Chinese, words in English."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    options: dict[str, Any] = {"analyzer": "char", "ngram_range": (1, 2)} if data.lang == "zh" else {}
    vectorizer = TfidfVectorizer(sublinear_tf=True, **options)
    passages = vectorizer.fit_transform(data.passages)
    found: list[list[int]] = []
    for start in range(0, len(data.queries), 64):
        scores = (vectorizer.transform(data.queries[start : start + 64]) @ passages.T).toarray()
        found.extend(np.argsort(-scores, axis=1, kind="stable")[:, :_TOP].tolist())
    return found


def _figure(values: Sequence[float]) -> dict[str, float]:
    """Return the mean with its bootstrap interval over questions."""
    array = np.asarray(values)
    chance = np.random.default_rng(_SEED)
    means = [array[chance.integers(0, len(array), len(array))].mean() for _ in range(_ROUNDS)]
    low, high = np.quantile(means, (0.025, 0.975))
    return {"value": float(array.mean()), "low": float(low), "high": float(high)}


def measure(name: str, encoders: Sequence[str], cache: Path) -> dict[str, Any]:
    """Measure one set; its questions are asked once."""
    data = SETS[name]()
    found: dict[str, list[list[int]]] = {"TF-IDF (scikit-learn)": _tfidf(data)}
    corpus = Corpus(data, encoders, cache)
    for number in range(len(data.queries)):
        for way, ranking in _ways(corpus, number).items():
            found.setdefault(way, []).append(ranking)
    figures = {
        way: {
            metric.__name__: _figure([metric(r, g) for r, g in zip(rankings, data.relevant, strict=True)])
            for metric in (ndcg, recall)
        }
        for way, rankings in found.items()
    }
    return {
        "set": name,
        "passages": len(data.passages),
        "questions": len(data.queries),
        "encoding": PRECISION,
        "depth": DEPTH,
        "dense_share": {encoder: dense_share(encoder) for encoder in encoders},
        "ways": figures,
    }


def _show(outcome: Mapping[str, Any]) -> None:
    sys.stdout.write(
        f"{outcome['set']}: {outcome['passages']} passages, {outcome['questions']} questions; vectors "
        f"{outcome['encoding']}; depth {outcome['depth']}, shares {outcome['dense_share']}\n"
    )
    for way, figures in outcome["ways"].items():
        cells = (f"{f['value']:.3f} [{f['low']:.3f}–{f['high']:.3f}]" for f in figures.values())
        sys.stdout.write(f"  {way:24} nDCG@10, recall@10: {' / '.join(cells)}\n")
    sys.stdout.flush()


def tune(encoders: Sequence[str], cache: Path) -> None:
    """Print the nDCG@10 of every share on the sets for choosing."""
    sys.stdout.write(f"shares {_SHARES}\n")
    for name, read in TUNING.items():
        corpus = Corpus(read(), encoders, cache)
        for encoder in encoders:
            sums = np.zeros(len(_SHARES))
            for number, relevant in enumerate(corpus.data.relevant):
                words, near = corpus.proposals(encoder, number)
                sums += [ndcg([f.id for f in fuse(words, near, s)[:_TOP]], relevant) for s in _SHARES]
            line = " ".join(f"{value:.4f}" for value in sums / len(corpus.data.queries))
            sys.stdout.write(f"{name}, {encoder}: {line}\n")
            sys.stdout.flush()


def main() -> None:
    """Measure the sets named on the command line, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--cache", type=Path, default=Settings().cache / "benchmarks" / "retrieval")
    parser.add_argument("--encoders", nargs="+", default=["use", "e5"])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tune", action="store_true")
    given = parser.parse_args()
    if given.tune:
        tune(given.encoders, given.cache)
        return
    outcomes = []
    for name in given.sets:
        outcomes.append(measure(name, given.encoders, given.cache))
        _show(outcomes[-1])
        if given.out is not None:
            given.out.write_text(json.dumps(outcomes, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
