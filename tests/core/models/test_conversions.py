"""USE's npz and BERT checkpoints become our safetensors; what is not what it should be is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import RefusedWeights
from core.models import bert_weights, use_weights
from core.models.safetensors_file import read_tensors, write_tensors

Arrays = dict[str, NDArray[Any]]


def _use_arrays() -> Arrays:
    """The arrays of the npz, with two rows a chunk and small dense layers."""
    arrays: Arrays = {f"q{i + 1}": np.full((2, 4), i, np.uint8) for i in range(17)}
    arrays["q3"][1] = 99
    arrays |= {"scale": np.arange(17, dtype=np.float32), "lo": np.zeros(17, np.float32)}
    for n in (2, 3, 5):
        for name in (f"proj{n}", f"w1_{n}", f"w2_{n}"):
            arrays[name] = np.full((n, 3), n, np.float64)
        for name in (f"proj_b{n}", f"ln_g{n}", f"ln_b{n}", f"b1_{n}", f"b2_{n}"):
            arrays[name] = np.full(3, n, np.float32)
    arrays |= {name: np.ones(3, np.float32) for name in ("ln_g", "ln_b", "cnn_b")}
    arrays |= {name: np.ones((2, 2), np.float32) for name in ("cnn_W", "d0", "d1", "d2", "d3", "p1", "p3")}
    return arrays | {"eps": np.float64(1e-12)}


def _use_sources(folder: Path, arrays: Arrays) -> dict[str, Path]:
    np.savez(folder / "weights.npz", **arrays)  # type: ignore[arg-type]
    (folder / "sp.model").write_bytes(b"pieces")
    return {"weights": folder / "weights.npz", "tokenizer": folder / "sp.model"}


def test_the_table_stays_in_8_bits_and_is_interleaved(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()

    use_weights.build(_use_sources(tmp_path, _use_arrays()), out, max_tokens=64)

    tensors = read_tensors(out / "model.safetensors")
    assert (tensors["table"].dtype, tensors["table"].shape) == (np.dtype(np.uint8), (34, 4))
    assert tensors["table"][:17, 0].tolist() == list(range(17))
    assert tensors["table"][2 + 17].tolist() == [99] * 4
    assert tensors["order5.conv2"].dtype == np.float32
    assert tensors["order5.conv2"].shape == (5, 3)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert (config["epsilon"], config["max_tokens"]) == (1e-12, 64)
    assert (out / "sp.model").read_bytes() == b"pieces"


@pytest.mark.parametrize("name", ["q17", "w1_5", "d3", "lo"])
def test_an_array_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    arrays = _use_arrays()
    del arrays[name]

    with pytest.raises(RefusedWeights, match=name):
        use_weights.rename(arrays)


def test_chunks_of_other_shapes_are_refused() -> None:
    with pytest.raises(RefusedWeights, match="shape"):
        use_weights.rename(_use_arrays() | {"q2": np.zeros((3, 4), np.uint8)})


def test_a_pickle_inside_an_npz_is_refused(tmp_path: Path) -> None:
    sources = _use_sources(tmp_path, _use_arrays() | {"d0": np.array([{"a": 1}], dtype=object)})

    with pytest.raises(RefusedWeights, match="without pickles"):
        use_weights.build(sources, tmp_path, max_tokens=64)


def test_what_is_no_npz_is_refused(tmp_path: Path) -> None:
    sources = _use_sources(tmp_path, _use_arrays())
    sources["weights"].write_bytes(sources["weights"].read_bytes()[:300])

    with pytest.raises(RefusedWeights, match=r"weights\.npz"):
        use_weights.build(sources, tmp_path, max_tokens=64)


def _bert_sources(folder: Path) -> dict[str, Path]:
    tensors = {
        "bert.embeddings.word_embeddings.weight": np.ones((5, 4), np.float32),
        "bert.embeddings.LayerNorm.gamma": np.full(4, 2, np.float32),
        "bert.embeddings.LayerNorm.beta": np.full(4, 3, np.float32),
        "bert.embeddings.position_ids": np.zeros((1, 5), np.int64),
        "cls.predictions.bias": np.zeros(5, np.float32),
    }
    write_tensors(folder / "in.safetensors", tensors)
    config = {name: 4 for name in bert_weights._NUMBERS}
    (folder / "in.json").write_text(json.dumps({**config, "auto_map": "dropped"}), encoding="utf-8")
    tokenizer = {"truncation": {"max_length": 8}, "padding": {"strategy": {"Fixed": 128}}, "model": {"名": 1}}
    (folder / "tok.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return {
        "weights": folder / "in.safetensors",
        "config": folder / "in.json",
        "tokenizer": folder / "tok.json",
    }


def test_a_checkpoint_becomes_a_plain_bert(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()

    bert_weights.build(_bert_sources(tmp_path), out, max_tokens=16)

    tensors = read_tensors(out / "model.safetensors")
    assert sorted(tensors) == [
        "embeddings.LayerNorm.bias",
        "embeddings.LayerNorm.weight",
        "embeddings.word_embeddings.weight",
        "pooler.dense.bias",
        "pooler.dense.weight",
    ]
    assert tensors["embeddings.LayerNorm.weight"].tolist() == [2.0] * 4
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert config["model_type"] == "bert"
    assert "auto_map" not in config
    tokenizer = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))
    assert tokenizer == {"truncation": None, "padding": None, "model": {"名": 1}}


@pytest.mark.parametrize(
    ("name", "raw"), [("in.json", b"{}"), ("in.json", b"["), ("tok.json", b"no"), ("tok.json", b"1")]
)
def test_a_config_or_tokenizer_that_is_none_is_refused(name: str, raw: bytes, tmp_path: Path) -> None:
    sources = _bert_sources(tmp_path)
    (tmp_path / name).write_bytes(raw)

    with pytest.raises(RefusedWeights, match=name):
        bert_weights.build(sources, tmp_path, max_tokens=16)
