"""Real artefacts over the tiny encoder, with heads at random: nothing here is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.inference.classifier import DELTA
from core.inference.head import LinearHead
from core.models.artefacts import load_manifest, publish
from core.models.folder import Weights
from core.models.manifest import EncoderRef, Manifest
from core.models.safetensors_file import write_tensors
from core.models.versions import Version, Versions

LABELS = ("down", "flat", "up")
UPPER = "0.model.encoder.layer.1.output.dense.bias"


def artefact(
    root: Path,
    weights: Weights,
    task: str = "toy.mood",
    *,
    seed: int = 0,
    multi: bool = False,
    delta: Mapping[str, np.ndarray] | None = None,
    **fields: Any,
) -> Path:
    """Publish a head that was drawn at random, and perhaps a delta."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(len(LABELS), weights.dimension)).astype(np.float32)
    head = LinearHead(LABELS, 10 * weight, np.zeros(len(LABELS), np.float32), multi)

    def build(folder: Path) -> None:
        head.save(folder)
        if delta:
            write_tensors(folder / DELTA, dict(delta))

    manifest = Manifest(
        task=task,
        kind="multi" if multi else "single",
        method="full" if delta else "head",
        **{
            "labels": list(LABELS),
            "encoder": EncoderRef(name=weights.name, fingerprint=weights.fingerprint),
            **fields,
        },
    )
    return publish(build, manifest, root)


def serving(versions: Versions, tenant: str, path: Path) -> Version:
    """Promote an artefact."""
    manifest = load_manifest(path)
    versions.add(tenant, manifest.task, path, manifest)
    return versions.promote(tenant, manifest.id, "test", force=True)
