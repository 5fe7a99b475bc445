"""FAISS keeps the contract of every vector index, and what it writes is what it reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.retrieval.dense import DenseIndex, FaissIndex
from core.testing.index_contract import DIMENSION, DenseIndexContract, Run, numbers, unit_vectors


class TestFaissIndex(DenseIndexContract):
    @pytest.fixture
    def run(self) -> Run:
        index = FaissIndex(DIMENSION)

        def given(fn: Callable[[DenseIndex], Any]) -> Any:
            return fn(index)

        return given


def test_a_saved_index_answers_as_before(tmp_path: Path) -> None:
    index, vectors = FaissIndex(DIMENSION), unit_vectors(40)
    index.add(np.arange(40, dtype=np.int64), vectors)
    index.remove(numbers(3, 4, 39))
    index.save(tmp_path / "dense.safetensors")

    again = FaissIndex.load(tmp_path / "dense.safetensors", DIMENSION)

    question = vectors[3].astype(np.float32)
    assert again.search(question, 40) == index.search(question, 40)
    assert len(again) == len(index) == 37
    again.add(numbers(3), vectors[3:4])
    assert again.search(question, 1)[0][0] == 3


def test_an_empty_index_is_saved_too(tmp_path: Path) -> None:
    FaissIndex(DIMENSION).save(tmp_path / "dense.safetensors")

    assert len(FaissIndex.load(tmp_path / "dense.safetensors", DIMENSION)) == 0
