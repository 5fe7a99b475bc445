"""Many threads, one encoder: everybody gets his own rows, few passes are made, nobody hangs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import InvalidInput
from core.inference.coalesce import CoalescingEncoder
from core.ports import Role, Text
from tests.core.inference.hashing_encoder import FORBIDDEN, HashingEncoder, vector

CALLERS = 24
PATIENCE = 60


def _own_texts(caller: int) -> list[Text]:
    return [f"text {caller}.{i}" if i % 3 else ("a", f"pair {caller}.{i}") for i in range(caller % 5)]


def _role(caller: int) -> Role:
    return "passage" if caller % 4 == 3 else "query"


def test_everybody_gets_his_own_rows_from_fewer_passes() -> None:
    slow = HashingEncoder(seconds=0.05)
    encoder = CoalescingEncoder(slow)
    together = threading.Barrier(CALLERS)

    def call(caller: int) -> None:
        together.wait(PATIENCE)
        texts, role = _own_texts(caller), _role(caller)
        rows = encoder.encode(texts, role=role)
        assert rows.shape == (len(texts), encoder.dimension)
        for row, text in zip(rows, texts, strict=True):
            assert np.array_equal(row, vector(text, role, encoder.dimension))

    with ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(call, caller) for caller in range(CALLERS)]:
            done.result(PATIENCE)

    assert len(slow.passes) < CALLERS
    assert encoder.passes == len(slow.passes)
    sent = sorted(str(text) for texts in slow.passes for text in texts)
    assert sent == sorted(str(text) for caller in range(CALLERS) for text in _own_texts(caller))


def test_an_error_reaches_whoever_waited_for_the_pass_and_the_next_one_works() -> None:
    encoder = CoalescingEncoder(HashingEncoder(seconds=0.02))
    together = threading.Barrier(8)

    def call() -> None:
        together.wait(PATIENCE)
        with pytest.raises(InvalidInput, match="forbidden"):
            encoder.encode([FORBIDDEN])

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(call) for _ in range(8)]:
            done.result(PATIENCE)

    assert encoder.encode(["fine"]).shape == (1, 8)


def test_a_bad_text_harms_nobody_else() -> None:
    slow = HashingEncoder(seconds=0.02)
    encoder = CoalescingEncoder(slow)
    together = threading.Barrier(12)

    def call(caller: int) -> str:
        together.wait(PATIENCE)
        if caller % 6 == 0:
            with pytest.raises(InvalidInput, match="forbidden"):
                encoder.encode([FORBIDDEN, "beside it"])
            return "refused"
        rows = encoder.encode([f"text {caller}"])
        assert np.array_equal(rows[0], vector(f"text {caller}", "query", 8))
        return "served"

    with ThreadPoolExecutor(12) as pool:
        outcomes = [done.result(PATIENCE) for done in [pool.submit(call, n) for n in range(12)]]

    assert outcomes.count("served") == 10


def test_a_lone_caller_pays_one_pass() -> None:
    beneath = HashingEncoder()
    encoder = CoalescingEncoder(beneath)

    encoder.encode(["a", "b"])

    assert beneath.passes == [["a", "b"]]
    assert (encoder.name, encoder.fingerprint, encoder.dimension) == ("hashing", "0" * 64, 8)
