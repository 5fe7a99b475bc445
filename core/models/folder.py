"""What a loader needs to know of a folder of weights, from the catalogue, a hub, or the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from core.errors import RefusedWeights
from core.models import safety
from core.models.assemble import DESCRIPTION, UNHASHED
from core.models.catalogue import WeightsKind
from core.models.hashing import fingerprint, sha256_file


@dataclass(frozen=True, slots=True)
class Weights:
    """A folder of weights that has been checked.

    Attributes:
        path: The folder.
        name: Catalogue name, Hugging Face id, or the folder's own path.
        kind: How it is loaded.
        dimension: Length of a sentence vector.
        max_tokens: Longest input, special tokens included; 0 where there is no limit.
        prefixes: Role (`query`, `passage`) to what is put before a text; empty where the model wants none.
        fingerprint: Sha256 over every file that makes a vector.
        licence: SPDX id of the model, or `unknown`.
    """

    path: Path
    name: str
    kind: WeightsKind
    dimension: int
    max_tokens: int
    prefixes: Mapping[str, str]
    fingerprint: str
    licence: str


_VECTOR_FILES = (".safetensors", ".json", ".txt", ".model")


def hash_used(folder: Path) -> dict[str, str]:
    """Return relative name to sha256 of the files that a loader reads; links are followed."""
    used = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.suffix in _VECTOR_FILES and name not in UNHASHED:
            used[name] = sha256_file(path)
    return used


def _optional(path: Path) -> dict[str, Any]:
    value = safety.read_json(path) if path.is_file() else {}
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    """Return a positive whole number, or 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _longest(folder: Path, config: dict[str, Any]) -> int:
    """Return the longest input in tokens: the least that the folder's files say; 0 where none does."""
    positions = _count(config.get("max_position_embeddings"))
    if config.get("model_type") in ("roberta", "xlm-roberta", "camembert"):
        positions -= 2  # their positions start behind the padding id
    said = [
        positions,
        _count(config.get("max_tokens")),
        _count(_optional(folder / "sentence_bert_config.json").get("max_seq_length")),
        _count(_optional(folder / "tokenizer_config.json").get("model_max_length")),
    ]
    return min((number for number in said if number > 0), default=0)


def facts(folder: Path) -> dict[str, Any]:
    """Read dimension, longest input and prefixes out of a sentence-transformers or plain transformers folder.

    Raises:
        RefusedWeights: config.json does not say how long a vector is.
    """
    config = _optional(folder / "config.json")
    dimension = _count(config.get("hidden_size", config.get("dim", config.get("dimension"))))
    if not dimension:
        raise RefusedWeights(f"{folder / 'config.json'}: no hidden_size.", remedy="Use an encoder's folder.")
    prompts = _optional(folder / "config_sentence_transformers.json").get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    passage = prompts.get("passage") or prompts.get("document") or ""
    prefixes = {"query": str(prompts.get("query") or ""), "passage": str(passage)}
    return {
        "dimension": dimension,
        "max_tokens": _longest(folder, config),
        "prefixes": {role: text for role, text in prefixes.items() if text},
    }


def open_folder(folder: Path, name: str | None = None, *, pulled: bool = False) -> Weights:
    """Describe a folder: one that `pull` made by its weights.json, another by looking through its files.

    Args:
        folder: A folder of weights.
        name: What to call it; default: its weights.json's name or its path.
        pulled: It came from the cache, where weights.json was verified; elsewhere that file is not believed.

    Raises:
        RefusedWeights: a folder of the user's own is not safe to load.
    """
    if pulled:
        known = _optional(folder / DESCRIPTION)
    else:
        kind = safety.check_folder(folder)
        known = facts(folder)
        known |= {
            "kind": "use" if kind == "use-multilingual" else "sentence-transformers",
            "name": str(folder),
        }
        known["fingerprint"] = fingerprint(hash_used(folder))
    return Weights(
        path=folder,
        name=name or str(known["name"]),
        kind=cast("WeightsKind", known["kind"]),
        dimension=int(known["dimension"]),
        max_tokens=int(known["max_tokens"]),
        prefixes=dict(known["prefixes"]),
        fingerprint=str(known["fingerprint"]),
        licence=str(known.get("licence", "unknown")),
    )
