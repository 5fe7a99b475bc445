"""An ItemModel as one safetensors file: item ids, weights and parameters, sealed with a sha256."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RefusedWeights
from core.models.safetensors_file import read_tensors, write_tensors
from core.ranking.item_model import ItemModel

_Arrays = dict[str, NDArray[Any]]
_DTYPES = {
    "about": "u1",
    "bias": "f4",
    "ids": "u1",
    "indptr": "i8",
    "seal": "u1",
    "targets": "i8",
    "weights": "f4",
}


def save_model(model: ItemModel, path: Path) -> None:
    """Write a model; the same model gives the same bytes.

    Args:
        model: Its ids and parameters go into the file, as JSON bytes.
        path: A file; publish its folder with `core.models.durable` where a crash must not be seen.
    """
    about = {
        "kind": model.kind,
        "decay": model.decay,
        "fresh_days": model.fresh_days,
        "parameters": dict(model.parameters),
    }
    arrays: _Arrays = {
        "about": _bytes(about),
        "bias": model.bias.astype(np.float32),
        "ids": _bytes(list(model.items)),
        "indptr": model.indptr.astype(np.int64),
        "targets": model.targets.astype(np.int64),
        "weights": model.weights.astype(np.float32),
    }
    write_tensors(path, {**arrays, "seal": _seal(arrays)})


def load_model(path: Path) -> ItemModel:
    """Read a model; its scores equal those of the one that was saved, bit for bit.

    Raises:
        RefusedWeights: the file is no such model, or a byte of it changed; the message says what is off.
    """
    arrays = _read(path)
    seal = arrays.pop("seal")
    if not np.array_equal(seal, _seal(arrays)):
        raise _refuse(path, "its bytes are not those that were written")
    try:
        about, ids = (json.loads(arrays[name].tobytes()) for name in ("about", "ids"))
        items = tuple(ids)
        _check_shapes(path, arrays, items)
        return ItemModel(
            str(about["kind"]),
            items,
            arrays["indptr"],
            arrays["targets"].astype(np.int32),
            arrays["weights"],
            arrays["bias"],
            float(about["decay"]),
            None if about["fresh_days"] is None else float(about["fresh_days"]),
            dict(about["parameters"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _refuse(path, f"its ids or parameters cannot be read ({error!r})") from error


def _read(path: Path) -> _Arrays:
    try:
        arrays = read_tensors(path)
    except OSError as error:
        raise _refuse(path, f"it cannot be read ({error})") from error
    found = {name: array.dtype.str[1:] for name, array in arrays.items() if array.ndim == 1}
    if found != _DTYPES or len(arrays) != len(_DTYPES):
        raise _refuse(path, "it has not the arrays of an item model")
    return arrays


def _check_shapes(path: Path, arrays: _Arrays, items: tuple[str, ...]) -> None:
    indptr, targets, weights = arrays["indptr"], arrays["targets"], arrays["weights"]
    if list(items) != sorted(set(items)):
        raise _refuse(path, "its ids are not sorted, each once")
    if len(indptr) != len(items) + 1 or indptr[0] != 0 or indptr[-1] != len(targets):
        raise _refuse(path, "its rows do not fit its items")
    if len(targets) != len(weights) or (np.diff(indptr) < 0).any():
        raise _refuse(path, "its targets do not fit its weights")
    if len(targets) and not (targets.min() >= 0 and targets.max() < len(items)):
        raise _refuse(path, "a target is no item of it")
    if len(arrays["bias"]) != len(items):
        raise _refuse(path, "its priors do not fit its items")
    if not (np.isfinite(weights).all() and np.isfinite(arrays["bias"]).all()):
        raise _refuse(path, "a weight is not finite")


def _bytes(value: object) -> NDArray[np.uint8]:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return np.frombuffer(text.encode(), np.uint8)


def _seal(arrays: _Arrays) -> NDArray[np.uint8]:
    """Return the sha256 over names, dtypes, shapes and bytes, as 32 numbers."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return np.frombuffer(digest.digest(), np.uint8)


def _refuse(path: Path, what: str) -> RefusedWeights:
    return RefusedWeights(f"{path}: {what}.", remedy="Fit the model again from the events.")
