"""The question-answering sets that retrieval is measured on, and a cache of their vectors."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import folder
from core.inference.encoders import load_encoder
from core.inference.sentence_encoder import SentenceEncoder
from core.inference.use_encoder import UseEncoder
from core.models.fetch import open_weights
from core.ports import Encoder, Role
from core.settings import Settings

TOKENS = 96
"""Where the encoders are made to cut a passage, special tokens included: whole corpora in reasonable time."""
PRECISION = f"{TOKENS} tokens, bfloat16"
"""How e5 encodes here: cosine with fp32 ≥ .9999 on 96 passages, and twice as fast where a CPU has it."""
_BLOCK = 512
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Retrieval:
    """A corpus with judged queries.

    Attributes:
        passages: Texts; an entry's title stands before its text.
        queries: Texts.
        relevant: For each query, passage number to gain.
        lang: Of the corpus.
    """

    name: str
    passages: tuple[str, ...]
    queries: tuple[str, ...]
    relevant: tuple[Mapping[int, float], ...]
    lang: str


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def read_beir(name: str, split: str = "", lang: str = "en") -> Retrieval:
    """Read corpus, queries and qrels; `split` is `dev`, `test`, `train` or empty where there is one only.

    Raises:
        FileNotFoundError: the set is not at hand.
    """
    where, tail = folder(name), f"_{split}" if split else ""
    if where is None:
        raise FileNotFoundError(f"{name}: not at hand; set COLONNADE_DATASETS")
    corpus = list(_lines(where / "corpus.jsonl.gz"))
    number = {row["_id"]: place for place, row in enumerate(corpus)}
    gains: dict[str, dict[int, float]] = {}
    with (where / f"qrels{tail}.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if float(row["score"]) > 0:
                gains.setdefault(row["query-id"], {})[number[row["corpus-id"]]] = float(row["score"])
    queries = [row for row in _lines(where / f"queries{tail}.jsonl") if row["_id"] in gains]
    return Retrieval(
        name,
        tuple(f"{row.get('title') or ''}\n{row['text']}".strip() for row in corpus),
        tuple(row["text"] for row in queries),
        tuple(gains[row["_id"]] for row in queries),
        lang,
    )


def read_rgb(count: int | None = None) -> Retrieval:
    """Read RGB zh_refine: each question's positive passages are relevant, all passages are the corpus.

    Args:
        count: Only the first so many questions and their passages.
    """
    where = folder("qa_rgb_zh_refine")
    if where is None:
        raise FileNotFoundError("qa_rgb_zh_refine: not at hand; set COLONNADE_DATASETS")
    rows = list(_lines(where / "questions.jsonl.gz"))[:count]
    texts = dict.fromkeys(text for row in rows for text in (*row["positive"], *row["negative"]))
    number = {text: place for place, text in enumerate(texts)}
    return Retrieval(
        f"qa_rgb_zh_refine{f'[:{count}]' if count else ''}",
        tuple(texts),
        tuple(row["query"] for row in rows),
        tuple({number[text]: 1.0 for text in row["positive"]} for row in rows),
        "zh",
    )


def sampled(data: Retrieval, questions: int, others: int, seed: int = 11) -> Retrieval:
    """Return so many questions with their relevant passages and so many others, drawn at random."""
    chance = random.Random(seed)
    asked = sorted(chance.sample(range(len(data.queries)), questions))
    kept = {number for each in asked for number in data.relevant[each]}
    kept.update(chance.sample(range(len(data.passages)), others))
    number = {old: new for new, old in enumerate(sorted(kept))}
    return Retrieval(
        f"{data.name} sampled",
        tuple(data.passages[old] for old in sorted(kept)),
        tuple(data.queries[each] for each in asked),
        tuple({number[old]: gain for old, gain in data.relevant[each].items()} for each in asked),
        data.lang,
    )


def encoder_for(name: str, settings: Settings) -> Encoder:
    """Return an encoder that cuts at TOKENS."""
    encoder = load_encoder(name, settings)
    if isinstance(encoder, SentenceEncoder):
        return SentenceEncoder(encoder.weights, encoder.module, encoder.fingerprint, TOKENS)
    return UseEncoder(replace(open_weights(name, settings.cache), max_tokens=TOKENS))


def encoded(encoder: Encoder, texts: Sequence[str], role: Role, cache: Path) -> Floats:
    """Return vectors of shape (len(texts), dimension), read from `cache` where they are there.

    Blocks of 512 texts are kept as float16 files of their own, so that a run that was stopped goes on.
    """
    blocks = []
    for start in range(0, len(texts), _BLOCK):
        block = list(texts[start : start + _BLOCK])
        key = "\x00".join([encoder.fingerprint, role, PRECISION, *block])
        path = cache / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.npy")
            np.save(part, _encode(encoder, block, role).astype(np.float16))
            part.rename(path)
        blocks.append(np.load(path))
    return np.concatenate(blocks).astype(np.float32)


def _encode(encoder: Encoder, block: Sequence[str], role: Role) -> Floats:
    if not isinstance(encoder, SentenceEncoder):
        return encoder.encode(block, role=role)
    import torch

    with torch.autocast("cpu", dtype=torch.bfloat16):
        return encoder.encode(block, role=role)
