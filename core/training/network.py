"""The torch module of full fine-tuning: an encoder, one linear head a target, and the sum of their losses.

Imports torch when it is imported; only the methods that need it do so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from core.inference.sentence_encoder import stack_of
from core.training.fitting import FitJob, Target

HEAD_FACTOR = 20.0
"""The heads, which start from nothing, learn at this multiple of the encoder's rate."""
SCALE = 20.0
"""Unit vectors are scaled by about the root of their length before the head, as the head's init expects."""


class Network(torch.nn.Module):
    """Encoder and heads.

    Args:
        encoder: A sentence-transformers module.
        targets: What each head predicts, in the order of the label columns.
        dimension: Length of the encoder's vectors.
        class_weights: See `class_weights`.
    """

    def __init__(
        self, encoder: Any, targets: Sequence[Target], dimension: int, class_weights: Sequence[torch.Tensor]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.targets = tuple(targets)
        self.class_weights = tuple(class_weights)
        self.dropout = torch.nn.Dropout(0.1)
        self.heads = torch.nn.ModuleList(torch.nn.Linear(dimension, len(t.labels)) for t in targets)
        for head in self.heads:
            torch.nn.init.normal_(head.get_parameter("weight"), std=0.02)
            torch.nn.init.zeros_(head.get_parameter("bias"))

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Return `logits` (n, all labels), and `loss` where float `labels` of that shape are given."""
        features = self.encoder({"input_ids": input_ids, "attention_mask": attention_mask})
        unit = torch.nn.functional.normalize(features["sentence_embedding"].float())
        pooled = self.dropout(unit * SCALE)
        logits = [head(pooled).float() for head in self.heads]
        out = {"logits": torch.cat(logits, dim=1)}
        if labels is not None:
            gold = torch.split(labels, [len(t.labels) for t in self.targets], dim=1)
            losses = map(_loss, self.targets, logits, gold, self.class_weights)
            out["loss"] = torch.stack(list(losses)).sum()
        return out


def _loss(target: Target, logits: torch.Tensor, gold: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    if target.multi:
        # The mean over many labels, most of them absent, is small beside a softmax's; the root evens it out.
        mean: torch.Tensor = torch.nn.functional.binary_cross_entropy_with_logits(logits, gold)
        return mean * float(len(target.labels) ** 0.5)
    return torch.nn.functional.cross_entropy(logits, gold.argmax(dim=1), weight=weights)


def class_weights(job: FitJob) -> list[torch.Tensor]:
    """Return a weight a class for each single-label target: the root of its inverse frequency, mean 1.

    Full inverse frequency makes a few rows of a rare class shout down the rest; the root is the usual middle.
    """
    out = []
    for target in job.targets:
        share = np.maximum(target.train.mean(axis=0), 1.0 / max(1, len(target.train)))
        even = target.multi or not job.recipe.class_weights
        weights = np.ones(len(share)) if even else np.sqrt(1.0 / share)
        out.append(torch.tensor(weights * share.sum() / (weights * share).sum(), dtype=torch.float32))
    return out


def freeze(encoder: Any, layers: int) -> None:
    """Leave only the encoder layers above the first `layers` to be tuned."""
    stack = stack_of(encoder)
    encoder.requires_grad_(False)
    for layer in list(stack)[min(layers, len(stack) - 1) :]:
        layer.requires_grad_(True)


def optimizer(network: Network, rate: float, decay: float) -> torch.optim.Optimizer:
    """Return AdamW: no decay for biases and norms, a rate of their own for the heads."""
    tuned = [parameter for parameter in network.encoder.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in tuned if p.ndim > 1], "lr": rate, "weight_decay": decay},
        {"params": [p for p in tuned if p.ndim <= 1], "lr": rate, "weight_decay": 0.0},
        {"params": list(network.heads.parameters()), "lr": HEAD_FACTOR * rate, "weight_decay": decay},
    ]
    return torch.optim.AdamW(groups, fused=True)


def has_bf16() -> bool:
    """Whether bf16 arithmetic is done in hardware here; emulated, it is slower than fp32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    onednn: Any = torch.backends.mkldnn
    return bool(onednn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())
