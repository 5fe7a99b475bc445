"""A logistic regression on the vectors of the frozen encoder: seconds, and hard to beat with few rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.inference.head import LinearHead, sigmoid, softmax
from core.training.fitting import Bools, FitJob, Fitted, Target

Floats = NDArray[np.float32]
STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""Inverse regularisation tried; the one with the least log loss on the development rows is kept."""


def fit(job: FitJob) -> Fitted:
    """Fit one head a target on frozen vectors; deterministic."""
    job.progress(0.0, f"encoding {len(job.train):,} texts")
    train, dev = job.encoder.encode(job.train), job.encoder.encode(job.dev)
    heads, notes = {}, {}
    for number, target in enumerate(job.targets):
        job.progress(0.5 + 0.5 * number / len(job.targets), f"fitting {target.task}")
        heads[target.task], notes[target.task] = fit_target(train, dev, target, job.recipe.class_weights)
    return Fitted(heads, dev, job.encoder, notes={"inverse_regularisation": notes})


def fit_target(train: Floats, dev: Floats, target: Target, weighted: bool) -> tuple[LinearHead, float]:
    """Return the best head over the strengths, and its strength."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # on matrices this small, threads cost twenty times what they save
        return _best(train, dev, target, weighted)


def _best(train: Floats, dev: Floats, target: Target, weighted: bool) -> tuple[LinearHead, float]:
    mean, scale = train.mean(axis=0), train.std(axis=0) + 1e-6
    rows = (train - mean) / scale
    best: tuple[float, LinearHead, float] | None = None
    for strength in STRENGTHS:
        weight, bias = _solve(rows, target, strength, weighted)
        # Standardising is folded into the weights, so that serving needs the raw vectors only.
        folded = (weight / scale).astype(np.float32)
        head = LinearHead(target.labels, folded, (bias - folded @ mean).astype(np.float32), target.multi)
        loss = _log_loss(head.logits(dev), target.dev, target.multi)
        if best is None or loss < best[0]:
            best = (loss, head, strength)
    assert best is not None
    return best[1], best[2]


def _solve(rows: Floats, target: Target, strength: float, weighted: bool) -> tuple[Any, Any]:
    if not target.multi:
        return _regress(rows, target.train.argmax(axis=1), len(target.labels), strength, weighted)
    # Balanced weights would shift every label's probability towards 1/2; with many rare labels that floods.
    solved = [_regress(rows, column.astype(int), 2, strength, weighted=False) for column in target.train.T]
    return np.vstack([w[1:] - w[:1] for w, _ in solved]), np.array([b[1] - b[0] for _, b in solved])


def _regress(
    rows: Floats, gold: NDArray[Any], classes: int, strength: float, weighted: bool
) -> tuple[Any, Any]:
    """Return (classes, d) weights and (classes,) biases; a class without rows is made impossible."""
    from sklearn.linear_model import LogisticRegression

    weight, bias = np.zeros((classes, rows.shape[1])), np.full(classes, -20.0)
    present: Sequence[int] = sorted(set(gold.tolist()))
    if len(present) == 1:
        bias[present[0]] = 20.0 if classes > 2 else 0.0
        return weight, bias
    model = LogisticRegression(C=strength, max_iter=3000, class_weight="balanced" if weighted else None)
    model.fit(rows, gold)
    if len(present) == 2:  # scikit-learn keeps one row of weights for two classes
        weight[present] = np.vstack([-model.coef_ / 2, model.coef_ / 2])
        bias[present] = np.array([-model.intercept_[0] / 2, model.intercept_[0] / 2])
    else:
        weight[present], bias[present] = model.coef_, model.intercept_
    return weight, bias


def _log_loss(logits: Floats, gold: Bools, multi: bool) -> float:
    p = np.clip(sigmoid(logits) if multi else softmax(logits), 1e-7, 1 - 1e-7)
    return float(
        -(np.log(p) * gold + np.log(1 - p) * ~gold if multi else np.log(p) * gold).sum(axis=1).mean()
    )
