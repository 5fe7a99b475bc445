"""Fits the gate of the answerer on questions of which it is known whether and where they are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.retrieval.evidence import (
    ANSWER_VECTORS,
    ANSWER_WORDS,
    UNIT_VECTORS,
    UNIT_WORDS,
    Evidence,
    best_of,
    with_near,
)
from core.retrieval.gate import GateModel
from core.retrieval.units import Unit
from core.retrieval.wanted import figures
from core.training.metrics import calibration_error

Floats = NDArray[np.float64]
WRONG = 2 / 3
"""What a wrong answer costs, where a right one is worth 1 and an abstention nothing: a quotation that misses
the question shows that it does."""
_FOLDS = 8
_AROUND = 12  # steps of 0.005
_FEWEST = 20
_RANK_C, _ANSWER_C = 1.0, 0.2
"""Inverse strengths of the penalties on large weights, chosen by held-out log loss."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what is known of its answer.

    Attributes:
        document: Which answers it; None where none does.
        quote: The words of it that do; None where none does.
    """

    question: str
    document: str | None = None
    quote: str | None = None

    @property
    def answerable(self) -> bool:
        """Whether a document answers it."""
        return self.quote is not None


def fit_gate(asked: Sequence[Asked], gather: Callable[[str], Evidence], *, vectors: bool) -> GateModel:
    """Fit both models of a gate.

    The probability is of the sentences that the ranking chose, so bad rankings are trusted less.
    Threshold and calibration error are of predictions for documents that the fit had not seen.

    Args:
        asked: Questions, some of them without an answer.
        gather: From a question to its evidence, as the answerer collects it.
        vectors: Whether to use what an encoder says.

    Raises:
        InvalidInput: fewer than 20 questions with, or without, an answer.
    """
    with_answer = sum(each.answerable for each in asked)
    if min(with_answer, len(asked) - with_answer) < _FEWEST:
        raise InvalidInput(
            f"{with_answer} of {len(asked)} questions have an answer: too few to fit a gate.",
            remedy=f"Give at least {_FEWEST} with, and {_FEWEST} without.",
        )
    found = [(each, evidence) for each in asked if (evidence := gather(each.question)).units]
    rank_names = UNIT_WORDS + (UNIT_VECTORS if vectors else ())
    names = ANSWER_WORDS + (ANSWER_VECTORS if vectors else ())
    groups = np.array([_group(each, evidence) for each, evidence in found])
    rank = _fit_rank(found, rank_names)
    rows, right = _chosen(found, rank, rank_names, names)
    held_out = _held_out(found, groups, rank_names, names)
    threshold = _threshold(held_out, right)
    weights, bias = _logistic(rows, right, _ANSWER_C)
    fitted: dict[str, Any] = {
        "questions": len(asked),
        "answerable": with_answer,
        "held_out": outcomes(held_out, right, [each.answerable for each, _ in found], threshold),
    }
    return GateModel(
        dict(zip(rank_names, _rounded(rank), strict=True)),
        dict(zip(names, _rounded(weights), strict=True)),
        round(bias, 4),
        round(threshold, 3),
        fitted,
    )


def outcomes(
    probability: Floats, right: NDArray[np.bool_], answerable: Sequence[bool], threshold: float
) -> dict[str, float]:
    """Return shares of rightly answered, wrongly answered and abstained, and the calibration error.

    Args:
        probability: Of each question's best sentence.
        right: Whether that sentence answers it.
        answerable: Whether any would.
        threshold: From which on it is said.
    """
    said, known = probability >= threshold, np.array(answerable)
    return {
        "answered_right": round(float((said & right)[known].mean()), 3),
        "answered_wrong": round(float((said & ~right)[known].mean()), 3),
        "answered_unanswerable": round(float(said[~known].mean()), 3),
        "calibration_error": float(calibration_error(right, probability)),
    }


def answers(case: Asked, unit: Unit) -> bool:
    """Tell whether a sentence says what the known quote says.

    Another document that says the same numbers counts: help centres say things twice, in two languages.
    """
    if case.quote is None or case.document is None:
        return False
    text = _plain(unit.text)
    if unit.hit.document_id == case.document:
        quote = _plain(case.quote)
        return quote in text or (text in quote and len(text) > len(quote) / 3)
    numbers = figures(case.quote)
    return bool(numbers) and numbers <= figures(unit.text)


def _plain(text: str) -> str:
    """Return the text without blanks and the bars of table rows: a quote may be one of their cells."""
    return "".join(text.replace("|", " ").split())


def _group(case: Asked, evidence: Evidence) -> str:
    return case.document or evidence.units[0].hit.document_id


def _fit_rank(found: Sequence[tuple[Asked, Evidence]], names: Sequence[str]) -> Floats:
    """Learn from pairs: the sentence that answers minus each that does not, of the same question."""
    differences = []
    for case, evidence in found:
        good = np.array([answers(case, unit) for unit in evidence.units])
        if good.any() and not good.all():
            matrix = evidence.matrix(names)
            best = matrix[good][int(matrix[good].sum(axis=1).argmax())]
            differences.append(best - matrix[~good])
    stacked = np.concatenate(differences)
    per_question = np.concatenate([np.full(len(each), 1.0 / len(each)) for each in differences])
    both = np.concatenate([stacked, -stacked])
    signs = np.concatenate([np.ones(len(stacked), bool), np.zeros(len(stacked), bool)])
    weights, _ = _logistic(both, signs, _RANK_C, np.tile(per_question, 2), bias=False)
    return weights


def _chosen(
    found: Sequence[tuple[Asked, Evidence]], rank: Floats, rank_names: Sequence[str], names: Sequence[str]
) -> tuple[Floats, NDArray[np.bool_]]:
    rows, right = [], []
    for case, evidence in found:
        scores = evidence.matrix(rank_names) @ rank
        best, margin = best_of(evidence, scores)
        values = evidence.of_answer(best, margin)
        rows.append([values[name] for name in names])
        said = with_near(evidence, scores, best)
        right.append(any(answers(case, evidence.units[place]) for place in said))
    return np.array(rows), np.array(right)


def _held_out(
    found: Sequence[tuple[Asked, Evidence]],
    groups: NDArray[Any],
    rank_names: Sequence[str],
    names: Sequence[str],
) -> Floats:
    """Return the probability of each question by models that saw no question of its document."""
    from sklearn.model_selection import GroupKFold

    out = np.zeros(len(found))
    folds = GroupKFold(min(_FOLDS, len(set(groups.tolist()))))
    for kept, held in folds.split(np.zeros(len(found)), groups=groups):
        part, rest = [found[place] for place in kept], [found[place] for place in held]
        rank = _fit_rank(part, rank_names)
        weights, bias = _logistic(*_chosen(part, rank, rank_names, names), _ANSWER_C)
        rows, _ = _chosen(rest, rank, rank_names, names)
        out[held] = 1.0 / (1.0 + np.exp(-(rows @ weights + bias)))
    return out


def _threshold(probability: Floats, right: NDArray[np.bool_]) -> float:
    """Return the threshold of the best balance of right and wrong answers.

    The balance is averaged over neighbouring thresholds: a peak that a single question makes is none.
    """
    grid = np.linspace(0.3, 0.9, 121)
    worth = np.array(
        [(right & (probability >= t)).sum() - WRONG * (~right & (probability >= t)).sum() for t in grid]
    )
    smooth = np.convolve(np.pad(worth, _AROUND, mode="edge"), np.full(2 * _AROUND + 1, 1.0), mode="valid")
    best = np.flatnonzero(smooth >= smooth.max() - 1e-9)
    return float(grid[best[len(best) // 2]])


def _logistic(
    rows: Floats, right: NDArray[np.bool_], c: float, weights: Floats | None = None, *, bias: bool = True
) -> tuple[Floats, float]:
    """Fit a logistic regression on standardised columns; return weights for the columns as they are."""
    from sklearn.linear_model import LogisticRegression

    middle = rows.mean(axis=0) if bias else np.zeros(rows.shape[1])
    spread = np.sqrt(((rows - middle) ** 2).mean(axis=0)) + 1e-9
    model = LogisticRegression(C=c, fit_intercept=bias, max_iter=1000)
    model.fit((rows - middle) / spread, right, sample_weight=weights)
    raw = model.coef_[0] / spread
    return raw, float(model.intercept_[0] - raw @ middle) if bias else 0.0


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 4) for value in values]
