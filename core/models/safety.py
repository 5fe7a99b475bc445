"""Looks through a folder of weights before anything is loaded from it.

Refused: weights only as pickles, Python files, remote code (`auto_map` and the like), a model type or config
key that is not known, a size beyond reason, a module of sentence-transformers that is not known, an unsound
safetensors file. Pickles that lie beside safetensors are never read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import RefusedWeights
from core.models import config_keys
from core.models.safetensors_file import read_header

PICKLES = frozenset(
    {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".joblib", ".npy", ".npz", ".msgpack"}
)
MAX_JSON = 4 << 20
MAX_TOKENIZER = 128 << 20
MAX_FILES = 2000
_REMOTE = frozenset({"auto_map", "trust_remote_code", "custom_pipelines", "custom_pipeline", "code_revision"})
_MODULES = {
    "Transformer": "sentence_transformers.",
    "Pooling": "sentence_transformers.",
    "Normalize": "sentence_transformers.",
    "Dense": "sentence_transformers.",
}
_ACTIVATIONS = ("torch.nn.modules.activation.", "torch.nn.modules.linear.Identity")
_MEND = "Use weights in safetensors with a plain transformers config, from a source you trust."


def _refuse(path: Path, what: str) -> RefusedWeights:
    return RefusedWeights(f"{path}: {what}.", remedy=_MEND)


def _files(folder: Path) -> list[Path]:
    files = []
    for path in folder.rglob("*"):
        if path.is_file():
            files.append(path)
        if len(files) > MAX_FILES:
            raise _refuse(folder, f"more than {MAX_FILES} files")
    return sorted(files)


def read_json(path: Path, limit: int = MAX_JSON) -> Any:
    """Read a JSON file of at most `limit` bytes.

    Raises:
        RefusedWeights: it is larger, or not JSON.
    """
    size = path.stat().st_size
    if size > limit:
        raise _refuse(path, f"{size} bytes, at most {limit} are read")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise _refuse(path, f"not JSON ({error})") from error


def _keys(value: object) -> Iterator[str]:
    """Yield every key of every object in a JSON value, without recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def check_no_remote_code(path: Path, value: object) -> None:
    """Refuse a JSON value that names code to be fetched or imported.

    Raises:
        RefusedWeights: one of its keys, at any depth, is such a name.
    """
    if found := sorted(_REMOTE.intersection(_keys(value))):
        raise _refuse(path, f"names remote code ({', '.join(found)})")


def check_config(path: Path, config: object) -> str:
    """Check a config.json.

    Returns:
        Its model type.

    Raises:
        RefusedWeights: not an object; a model type or key that is not known; a size beyond its limit.
    """
    if not isinstance(config, dict):
        raise _refuse(path, "not a JSON object")
    check_no_remote_code(path, config)
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in config_keys.BY_TYPE:
        raise _refuse(path, f"model type {kind!r} is not among {', '.join(config_keys.BY_TYPE)}")
    if odd := sorted(config.keys() - config_keys.BY_TYPE[kind]):
        raise _refuse(path, f"key {odd[0]!r} is not known for model type {kind}")
    for key, limit in config_keys.LIMITS.items():
        value = config.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value <= limit:
            raise _refuse(path, f"{key} is {value!r}, not a whole number of at most {limit}")
    return kind


def _check_module(path: Path, module: object) -> PurePosixPath:
    if not isinstance(module, dict) or not isinstance(module.get("type"), str):
        raise _refuse(path, "a module without a type")
    kind, place = module["type"], module.get("path", "")
    prefix = _MODULES.get(kind.rpartition(".")[2])
    if prefix is None or not kind.startswith(prefix):
        raise _refuse(path, f"module {kind!r} is not among {', '.join(_MODULES)} of sentence-transformers")
    if not isinstance(place, str) or PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
        raise _refuse(path, f"module path {place!r} leaves the folder")
    return PurePosixPath(place)


def _check_modules(folder: Path) -> None:
    path = folder / "modules.json"
    if not path.is_file():
        return
    modules = read_json(path)
    if not isinstance(modules, list):
        raise _refuse(path, "not a list of modules")
    for module in modules:
        place = folder / _check_module(path, module) / "config.json"
        if place.parent != folder and place.is_file():
            _check_module_config(place)


def _check_module_config(path: Path) -> None:
    config = read_json(path)
    check_no_remote_code(path, config)
    activation = config.get("activation_function", _ACTIVATIONS[1]) if isinstance(config, dict) else None
    if not isinstance(activation, str) or not activation.startswith(_ACTIVATIONS):
        raise _refuse(path, f"activation {activation!r} is not one of torch's own")


def _check_sentence_config(path: Path) -> None:
    config = read_json(path)
    if not isinstance(config, dict):
        raise _refuse(path, "not a JSON object")
    if odd := sorted(config.keys() - config_keys.SENTENCE):
        raise _refuse(path, f"key {odd[0]!r} is not known")


def _check_index(path: Path) -> None:
    index = read_json(path)
    shards = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(shards, dict):
        raise _refuse(path, "no weight_map")
    for shard in shards.values():
        if (
            not isinstance(shard, str)
            or PurePosixPath(shard).name != shard
            or not (path.parent / shard).is_file()
        ):
            raise _refuse(path, f"shard {shard!r} is not a file beside it")


def _check_weights(folder: Path, files: list[Path]) -> None:
    """Each folder that has weights must have them as safetensors: a loader takes what it finds there."""
    safe = {path.parent for path in files if path.suffix == ".safetensors"}
    for path in files:
        if path.suffix.lower() == ".py":
            raise _refuse(path, "Python code beside weights")
        if path.suffix.lower() in PICKLES and path.parent not in safe:
            raise _refuse(
                path, "a pickle or another format that is not safe to load, and no safetensors beside it"
            )
        if path.suffix == ".safetensors":
            read_header(path)
    if folder not in safe:
        raise _refuse(folder, "no safetensors file")


def _check_json(path: Path) -> None:
    if path.name == "tokenizer.json":
        check_no_remote_code(path, {key: None for key in read_json(path, MAX_TOKENIZER)})
    elif path.name.endswith(".safetensors.index.json"):
        _check_index(path)
    elif path.name.startswith("sentence_") and path.name.endswith("_config.json"):
        _check_sentence_config(path)
    elif path.name not in ("vocab.json", "README.json"):
        check_no_remote_code(path, read_json(path))


def check_folder(folder: Path) -> str:
    """Check a folder of encoder weights.

    Args:
        folder: With config.json, safetensors and a tokenizer.

    Returns:
        The config's model type.

    Raises:
        RefusedWeights: see the head of this module; the message names the file and the fault.
    """
    config = folder / "config.json"
    if not config.is_file():
        raise _refuse(folder, "no config.json")
    files = _files(folder)
    _check_weights(folder, files)
    kind = check_config(config, read_json(config))
    _check_modules(folder)
    for path in files:
        if path.suffix == ".json":
            _check_json(path)
    names = {path.name for path in files if path.parent == folder}
    if not names & {
        "tokenizer.json",
        "vocab.txt",
        "sp.model",
        "sentencepiece.bpe.model",
        "spm.model",
        "spiece.model",
    }:
        raise _refuse(folder, "no tokenizer")
    return kind
