"""Measures a finished fit beside its baselines and publishes it as an artefact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inference.classifier import DELTA
from core.inference.head import LinearHead
from core.models.artefacts import load_manifest, publish
from core.models.folder import Weights
from core.models.manifest import DataRef, EncoderRef, Manifest, RejectRef
from core.models.safetensors_file import write_tensors
from core.ports import Encoder
from core.records import Example
from core.training.baselines import TfIdf
from core.training.calibrate import calibrated, said
from core.training.dataset import fingerprint
from core.training.fitting import Bools, FitJob, Fitted, Target
from core.training.metrics import calibration_error, summary
from core.training.recipe import Task

FROZEN, TFIDF = "frozen + linear", "TF-IDF + linear"


@dataclass(frozen=True, eq=False)
class Trained:
    """One task's outcome.

    Attributes:
        path: The published artefact.
        manifest: As published; `beaten_by(manifest)` says whether it may be promoted.
        head: The calibrated head.
        encoder: The encoder beneath it, loaded.
        frozen: The baseline head on the frozen encoder.
        tfidf: The TF-IDF baseline.
    """

    path: Path
    manifest: Manifest
    head: LinearHead
    encoder: Encoder
    frozen: Fitted
    tfidf: TfIdf


@dataclass(frozen=True, eq=False)
class Rows:
    """One task's rows, split."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    files: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished fit of one task, not yet published."""

    task: Task
    target: Target
    rows: Rows
    job: FitJob
    method: str
    fitted: Fitted
    frozen: Fitted
    parent: str | None
    seconds: float
    card: Mapping[str, Any]


def publish_outcome(outcome: Outcome, out: Path) -> Trained:
    """Calibrate, measure beside the baselines, and publish.

    Raises:
        StorageFull: no room; nothing was published.
    """
    dev, learnt, name = outcome.target.dev, outcome.target.learnt, outcome.task.name
    reject = outcome.job.recipe.reject
    head = calibrated(outcome.fitted.heads[name], outcome.fitted.dev_vectors, dev, learnt, reject)
    tfidf = TfIdf(outcome.job.recipe.seed).fit(outcome.job.train, outcome.target)
    vectors = outcome.frozen.dev_vectors
    frozen = said(calibrated(outcome.frozen.heads[name], vectors, dev, learnt, reject), vectors)
    metrics = {
        **summary(dev, said(head, outcome.fitted.dev_vectors)),
        **_scope(head, outcome.fitted.dev_vectors, dev),
        "calibration_error": _calibration(head, outcome.fitted.dev_vectors, dev),
        "seconds": round(outcome.seconds, 1),
        "dev_rows": len(dev),
    }
    baselines = {TFIDF: summary(dev, tfidf.predict(outcome.job.dev)), FROZEN: summary(dev, frozen)}

    def build(folder: Path) -> None:
        head.save(folder)
        if outcome.fitted.delta:
            write_tensors(folder / DELTA, dict(outcome.fitted.delta))

    path = publish(build, _manifest(outcome, head, metrics, baselines), out)
    return Trained(path, load_manifest(path), head, outcome.fitted.encoder, outcome.frozen, tfidf)


def _calibration(head: LinearHead, vectors: NDArray[np.float32], gold: Bools) -> float:
    p = head.probabilities(vectors)
    if head.multi:
        return calibration_error(gold.ravel(), p.ravel())
    return calibration_error(gold[np.arange(len(p)), p.argmax(axis=1)], p.max(axis=1))


def _scope(head: LinearHead, vectors: NDArray[np.float32], gold: Bools) -> dict[str, float]:
    """Return how well texts that are none of the labels are told apart; nothing without rejection."""
    if head.reject is None or head.reject.label not in head.labels:
        return {}
    column = head.labels.index(head.reject.label)
    outside, decided = gold[:, column], said(head, vectors)
    right = np.asarray((decided & gold).any(axis=1), np.bool_)
    figures = {"in_scope_accuracy": right[~outside], "out_of_scope_recall": right[outside]}
    return {name: round(float(rows.mean()), 4) for name, rows in figures.items() if len(rows)}


def _manifest(
    outcome: Outcome, head: LinearHead, metrics: Mapping[str, Any], baselines: Mapping[str, Any]
) -> Manifest:
    weights: Weights = outcome.job.weights
    task, rows = outcome.task, outcome.rows
    return Manifest(
        task=task.name,
        kind=task.kind,
        method=outcome.method,
        labels=list(head.labels),
        encoder=EncoderRef(name=weights.name, fingerprint=weights.fingerprint),
        recipe=outcome.job.recipe.model_dump(mode="json"),
        data=DataRef(
            fingerprint=fingerprint((*rows.train, *rows.dev)),
            rows=len(rows.train) + len(rows.dev),
            files=list(rows.files),
        ),
        primary="macro_f1",
        metrics=dict(metrics),
        baselines=dict(baselines),
        licences=[weights.licence],
        parent=outcome.parent,
        temperature=head.temperature,
        thresholds={}
        if head.thresholds is None
        else dict(zip(head.labels, head.thresholds.tolist(), strict=True)),
        reject=None if head.reject is None else RejectRef(**asdict(head.reject)),
        card={
            "purpose": f"Predicts {task.name}.",
            "limits": list(rows.warnings),
            "languages": sorted({row.lang for row in rows.train if row.lang}),
            "notes": dict(outcome.fitted.notes),
            **outcome.card,
        },
    )
