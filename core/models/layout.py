"""Writes the folder layout that transformers and sentence-transformers load: config, tokenizer, pooling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TRANSFORMER = "sentence_transformers.base.modules.transformer.Transformer"
_POOLING = "sentence_transformers.sentence_transformer.modules.pooling.Pooling"
_NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON that is the same bytes for the same value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def write_bert_config(folder: Path, **numbers: int | float) -> None:
    """Write a BERT config.json.

    Args:
        folder: Where to.
        numbers: What differs between models: sizes, epsilon and special ids, in transformers' names.
    """
    config: dict[str, Any] = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
    }
    write_json(folder / "config.json", config | numbers)


def write_tokenizer_config(folder: Path, *, max_tokens: int, **special: str) -> None:
    """Write the files that name the special tokens; `tokenizer.json` itself holds everything else."""
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": max_tokens}
    write_json(folder / "tokenizer_config.json", {**config, **special})
    write_json(folder / "special_tokens_map.json", special)


def write_sentence_modules(
    folder: Path, *, dimension: int, max_tokens: int, prefixes: Mapping[str, str] | None = None
) -> None:
    """Write the sentence-transformers files: transformer, mean over tokens, unit length.

    Args:
        folder: Where to.
        dimension: Length of a token vector, and so of a sentence vector.
        max_tokens: Longest input, special tokens included.
        prefixes: Role (`query`, `passage`) to what is put before a text.
    """
    kinds = [("", _TRANSFORMER), ("1_Pooling", _POOLING), ("2_Normalize", _NORMALIZE)]
    modules = [{"idx": i, "name": str(i), "path": path, "type": kind} for i, (path, kind) in enumerate(kinds)]
    write_json(folder / "modules.json", modules)
    pooling = {"embedding_dimension": dimension, "pooling_mode": "mean", "include_prompt": True}
    write_json(folder / "1_Pooling" / "config.json", pooling)
    write_json(folder / "2_Normalize" / "config.json", {})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_tokens, "do_lower_case": False})
    prompts = dict(prefixes or {})
    if "passage" in prompts:  # sentence-transformers looks for `document` first
        prompts["document"] = prompts["passage"]
    settings = {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    write_json(folder / "config_sentence_transformers.json", settings)
