"""The Encoder port over any sentence-transformers folder: e5, MiniLM, or a model of the user's own.

sentence-transformers knows each model's pooling and normalisation; tokenising in bulk and batching by token
budget are done here, where they are several times faster than its own `encode`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RefusedWeights
from core.inference.batching import by_length
from core.models.folder import Weights
from core.ports import Role, Text
from core.settings import Settings

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

Floats = NDArray[np.float32]


def device_of(settings: Settings) -> str:
    """Return `cpu` or `cuda`, as the settings say and torch can."""
    import torch

    if settings.device != "auto":
        return settings.device
    return "cuda" if torch.cuda.is_available() else "cpu"


def load_module(
    weights: Weights, device: str = "cpu", attention: str = "sdpa", **config: Any
) -> SentenceTransformer:
    """Load the folder as a torch module in fp32, in evaluation mode, offline and without remote code.

    Args:
        weights: A folder of kind `sentence-transformers`.
        device: `cpu` or `cuda`.
        attention: Implementation of attention; on CPUs `eager` has the faster backward pass.
        config: Values that override the model's own config, e.g. `hidden_dropout_prob=0.0`.
    """
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    module = SentenceTransformer(
        str(weights.path),
        device=device,
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True, "attn_implementation": attention},
        config_kwargs=config,
    )
    return module.float().eval()


def _sound(text: str) -> str:
    """Return the text with a question mark for each lone surrogate, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def keep_layers(module: SentenceTransformer, layers: int | None) -> None:
    """Drop the layers of the encoder above the first so many; None: keep all."""
    if layers is not None:
        del stack_of(module)[layers:]


def stack_of(module: torch.nn.Module) -> torch.nn.ModuleList:
    """Return the layers of an encoder, the lowest first."""
    import torch

    return max((each for each in module.modules() if isinstance(each, torch.nn.ModuleList)), key=len)


class Tokens:
    """Turns texts into padded tensors by the fast tokenizer of a sentence-transformers module."""

    def __init__(self, module: SentenceTransformer, weights: Weights, max_tokens: int | None = None) -> None:
        self._tokenizer = module.tokenizer._tokenizer
        self._tokenizer.no_padding()
        # A text that spells out [SEP] or </s> must not become one: it could pass itself off as a pair.
        self._tokenizer.encode_special_tokens = True
        limits = [limit for limit in (max_tokens, weights.max_tokens) if limit]
        if limits:
            self._tokenizer.enable_truncation(min(limits))
        else:
            self._tokenizer.no_truncation()
        self._prefixes = dict(weights.prefixes)
        self._pad = int(module.tokenizer.pad_token_id)

    def ids(self, texts: Sequence[Text], role: Role = "query") -> list[list[int]]:
        """Return the token ids of each text, prefix and special tokens included, cut at the longest input."""
        prefix = self._prefixes.get(role, "")
        rows = [
            prefix + _sound(text) if isinstance(text, str) else (prefix + _sound(text[0]), _sound(text[1]))
            for text in texts
        ]
        return [encoding.ids for encoding in self._tokenizer.encode_batch(rows)]

    def pad(
        self, rows: Sequence[Sequence[int]], device: str | torch.device = "cpu"
    ) -> dict[str, torch.Tensor]:
        """Return `input_ids` and `attention_mask` of shape (len(rows), longest row), int64."""
        import torch

        longest = max(map(len, rows))
        ids = np.full((len(rows), longest), self._pad, np.int64)
        mask = np.zeros((len(rows), longest), np.int64)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        arrays = {"input_ids": ids, "attention_mask": mask}
        return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}


class SentenceEncoder:
    """The Encoder port in torch, fp32: a text's vector does not depend on what it is batched with.

    Args:
        weights: A folder of kind `sentence-transformers`.
        module: The folder loaded already; default: loaded here.
        fingerprint: Replaces the folder's, for a module whose weights were changed since.
        max_tokens: Cut texts earlier than the model must.
    """

    def __init__(
        self,
        weights: Weights,
        module: SentenceTransformer | None = None,
        fingerprint: str | None = None,
        max_tokens: int | None = None,
    ) -> None:
        self.weights = weights
        self.module = module if module is not None else load_module(weights)
        self._fingerprint = fingerprint or weights.fingerprint
        self._tokens = Tokens(self.module, weights, max_tokens)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Catalogue name, Hugging Face id or folder."""
        return self.weights.name

    @property
    def fingerprint(self) -> str:
        """Sha256 over what makes a vector."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.weights.dimension

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> Floats:
        """Return unit vectors of shape (len(texts), dimension), in the order of `texts`."""
        import torch

        rows = self._tokens.ids(texts, role)
        out = np.empty((len(rows), self.dimension), np.float32)
        with self._lock, torch.inference_mode():
            for batch in by_length([len(row) for row in rows]):
                features: Mapping[str, Any] = self.module(
                    self._tokens.pad([rows[i] for i in batch], self.module.device)
                )
                out[batch] = (
                    torch.nn.functional.normalize(features["sentence_embedding"].float()).cpu().numpy()
                )
        return out

    def tuned(
        self,
        delta: Mapping[str, NDArray[Any]],
        fingerprint: str,
        max_tokens: int | None,
        layers: int | None = None,
    ) -> SentenceEncoder:
        """Return a copy with some weights replaced; the embedding table, the bulk of it, is shared.

        Args:
            delta: State-dict name to array.
            fingerprint: Of the tuned encoder.
            max_tokens: Where it was trained to cut texts.
            layers: How many it was trained to keep; None: all.

        Raises:
            RefusedWeights: a name or shape is not the model's.
        """
        import copy

        import torch

        tables = [layer.weight for layer in self.module.modules() if isinstance(layer, torch.nn.Embedding)]
        module = copy.deepcopy(self.module, memo={id(table): table for table in tables})
        keep_layers(module, layers)
        state = dict(module.named_parameters())
        with torch.no_grad():
            for name, array in delta.items():
                if name not in state or tuple(state[name].shape) != array.shape:
                    raise RefusedWeights(
                        f"The artefact's {name} {array.shape} does not fit the encoder {self.name!r}.",
                        remedy="Train the task again on this encoder.",
                    )
                values = torch.from_numpy(np.ascontiguousarray(array, np.float32))
                if any(state[name] is table for table in tables):
                    _replace(module, name, values)
                else:
                    state[name].copy_(values)
        return SentenceEncoder(self.weights, module, fingerprint, max_tokens)


def _replace(module: torch.nn.Module, name: str, values: torch.Tensor) -> None:
    """Give `module` a parameter of its own in place of one it shares."""
    import torch

    owner, _, leaf = name.rpartition(".")
    setattr(module.get_submodule(owner), leaf, torch.nn.Parameter(values, requires_grad=False))
