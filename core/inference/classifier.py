"""A trained artefact, loaded: an encoder, perhaps with tuned weights, and a head."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import IntegrityFailure, RefusedWeights
from core.inference.coalesce import CoalescingEncoder
from core.inference.encoders import load_encoder
from core.inference.head import LinearHead, Reject
from core.inference.sentence_encoder import SentenceEncoder
from core.inference.vector_cache import CachedEncoder
from core.models.artefacts import load_manifest
from core.models.hashing import sha256_text
from core.models.manifest import Manifest
from core.models.safetensors_file import read_tensors
from core.ports import Encoder
from core.settings import Settings

DELTA = "delta.safetensors"


@dataclass(frozen=True, eq=False)
class Classifier:
    """One model version, ready to predict."""

    manifest: Manifest
    encoder: Encoder
    head: LinearHead


def tuned_fingerprint(base: str, delta_sha256: str, max_tokens: int | None, layers: int | None = None) -> str:
    """Return the fingerprint of an encoder whose weights were changed by a delta."""
    return sha256_text(f"{base} {delta_sha256} {max_tokens}{f' {layers} layers' if layers else ''}")


class EncoderPool:
    """Keeps the encoders that models share: each set of weights is in memory once.

    Args:
        settings: Where weights lie, threads.
        capacity: Tuned encoders to keep; the least recently used goes first. Base encoders stay.
    """

    def __init__(self, settings: Settings, capacity: int = 8) -> None:
        self._settings = settings
        self._capacity = capacity
        self._bases: dict[str, Encoder] = {}
        self._shared: OrderedDict[str, Encoder] = OrderedDict()
        self._lock = threading.RLock()

    def base(self, name: str) -> Encoder:
        """Return the encoder of that name as published by its authors."""
        with self._lock:
            if name not in self._bases:
                self._bases[name] = load_encoder(name, self._settings)
            return self._shared_as(self._bases[name])

    def of(self, path: Path, manifest: Manifest) -> Encoder:
        """Return the encoder that the artefact was trained with.

        Raises:
            IntegrityFailure: the encoder by that name is not the one it was trained on.
        """
        if manifest.encoder is None:
            raise IntegrityFailure(f"{path} names no encoder.", remedy="Train the task again.")
        with self._lock:
            base = self.base(manifest.encoder.name)
            if base.fingerprint != manifest.encoder.fingerprint:
                raise IntegrityFailure(
                    f"{path} was trained on another {manifest.encoder.name!r} than the one in the cache.",
                    remedy="Train the task again, or restore the encoder it was trained on.",
                )
            return base if DELTA not in manifest.files else self._tuned(path, manifest, base.fingerprint)

    def _tuned(self, path: Path, manifest: Manifest, base_fingerprint: str) -> Encoder:
        assert manifest.encoder is not None
        max_tokens, layers = manifest.recipe.get("max_tokens"), manifest.recipe.get("layers")
        fingerprint = tuned_fingerprint(base_fingerprint, manifest.files[DELTA], max_tokens, layers)
        if fingerprint in self._shared:
            self._shared.move_to_end(fingerprint)
            return self._shared[fingerprint]
        base = self._bases[manifest.encoder.name]
        if not isinstance(base, SentenceEncoder):
            raise RefusedWeights(f"The encoder {base.name!r} cannot be tuned.", remedy="Train on e5 instead.")
        encoder = base.tuned(read_tensors(path / DELTA), fingerprint, max_tokens, layers)
        return self._shared_as(encoder)

    def _shared_as(self, encoder: Encoder) -> Encoder:
        if encoder.fingerprint not in self._shared:
            self._shared[encoder.fingerprint] = CachedEncoder(CoalescingEncoder(encoder))
            bases = {base.fingerprint for base in self._bases.values()}
            tuned = [key for key in self._shared if key not in bases]
            for key in tuned[: max(0, len(tuned) - self._capacity)]:
                del self._shared[key]
        return self._shared[encoder.fingerprint]


def open_classifier(path: Path, pool: EncoderPool) -> Classifier:
    """Load an artefact; every file's sha256 is compared first.

    Raises:
        NotFound: no artefact there.
        IntegrityFailure: a byte changed, or its encoder did.
        RefusedWeights: the arrays do not fit the manifest.
    """
    manifest = load_manifest(path)
    encoder = pool.of(path, manifest)
    weight, bias = LinearHead.arrays(path, len(manifest.labels), encoder.dimension)
    thresholds = [manifest.thresholds.get(label, 0.5) for label in manifest.labels]
    head = LinearHead(
        labels=tuple(manifest.labels),
        weight=weight,
        bias=bias,
        multi=manifest.kind == "multi",
        temperature=manifest.temperature or 1.0,
        thresholds=np.array(thresholds, np.float32) if manifest.kind == "multi" else None,
        reject=None if manifest.reject is None else Reject(**manifest.reject.model_dump()),
    )
    return Classifier(manifest, encoder, head)
