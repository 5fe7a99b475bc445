"""Compares models on events by full ranking, always beside the three baselines; gives plain JSON values."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.ranking import metrics
from core.ranking.blend import fit_blend
from core.ranking.ease import fit_ease
from core.ranking.interactions import Interactions, Row
from core.ranking.item_knn import fit_item_knn
from core.ranking.measure import CELLS, Bench, Fit, Measured, taker_vectors
from core.ranking.popularity import fit_popularity
from core.ranking.split import QUANTILE, Protocol, Split, check_no_leak, leave_one_out, time_split

BASELINES: Mapping[str, Fit] = {"popularity-7d": fit_popularity, "item-knn": fit_item_knn, "ease": fit_ease}
DEFAULT = "blend"
MODELS: Mapping[str, Fit] = {DEFAULT: fit_blend}
NEW_USERS = "popularity-7d"
"""What users without a history are shown."""


def evaluate(
    rows: Iterable[Row] | Interactions,
    *,
    protocol: Protocol = "time",
    quantile: float = QUANTILE,
    k: int = 10,
    models: Mapping[str, Fit] = MODELS,
    cells: int = CELLS,
) -> dict[str, Any]:
    """Split the events, fit every model and the baselines, and rank all items for every user.

    Args:
        rows: User, item, weight, time; one row an event.
        protocol: `time`: learn from all before one moment, ask for what is new to a user after it;
            `leave-one-out`: ask for each user's last new item.
        quantile: Share of the rows before the moment of a time split.
        k: Length of a list.
        models: By name, beside the baselines.
        cells: Users × items that are scored at once; bounds the memory.

    Returns:
        The report, see `compare`.

    Raises:
        InvalidInput: there are too few events to split, an unknown protocol, or a model gives NaN.
    """
    found = rows if isinstance(rows, Interactions) else Interactions.from_rows(rows)
    if protocol == "time":
        return compare(time_split(found, quantile), k=k, models=models, cells=cells) | {"quantile": quantile}
    if protocol == "leave-one-out":
        return compare(leave_one_out(found), k=k, models=models, cells=cells)
    raise InvalidInput(f"There is no protocol {protocol!r}.", remedy="Take time or leave-one-out.")


def compare(
    split: Split,
    *,
    k: int = 10,
    models: Mapping[str, Fit] = MODELS,
    cells: int = CELLS,
    learn: Interactions | None = None,
) -> dict[str, Any]:
    """Measure the models and the baselines on a split.

    Args:
        split: What is learned from and asked for.
        k: Length of a list.
        models: By name, beside the baselines.
        cells: Users × items that are scored at once.
        learn: Rows to fit on where they are fewer than `split.train`, whose histories are asked with in any
            case: published leave-one-out figures are of models fitted without each user's last two items.

    Returns:
        `models`: by name the metrics over users with a history, each `{"value", "low", "high"}` (coverage a
        number), `parameters` and `seconds` of fitting; `against`: by model and baseline the difference in
        `primary`; `new_users`: the metrics of users without a history, who are all served by popularity;
        and the counts that the figures rest on.

    Raises:
        InvalidInput: k is below 1, `learn` holds what is asked for, a model has a baseline's name or gives
            NaN.
    """
    _check(k, models)
    past = split.train if learn is None else learn
    check_no_leak(replace(split, train=past))
    known, new = _groups(split)
    vectors, counts = taker_vectors(split.train), split.train.counts()
    bench = Bench(split, known, counts, vectors, k, cells)
    report: dict[str, Any] = {
        "protocol": split.protocol,
        "k": k,
        "primary": f"ndcg@{k}",
        **_counts(split, known, new),
    }
    measured: dict[str, Measured] = {}
    report["models"] = {}
    for name, fit in {**BASELINES, **models}.items():
        report["models"][name], found = _measured(bench, fit, past)
        if found is not None:
            measured[name] = found
    report["against"] = _against(measured, list(models), report["primary"])
    fresh = Bench(split, new, counts, vectors, k, cells)
    report["new_users"] = (
        {"served_by": NEW_USERS, **_measured(fresh, BASELINES[NEW_USERS], past)[0]} if len(new) else None
    )
    return report


def beaten_by(report: Mapping[str, Any], name: str = DEFAULT) -> list[str]:
    """Return the baselines with a higher primary metric than the model; promote none that has one.

    A model without a figure is beaten by all.

    Raises:
        InvalidInput: the report has no such model.
    """
    if name not in report["models"]:
        raise InvalidInput(
            f"The report has no model {name!r}.", remedy=f"It has {', '.join(report['models'])}."
        )

    def value(of: str) -> float:
        return float(report["models"].get(of, {}).get(report["primary"], {}).get("value", -1.0))

    others = [each for each in BASELINES if each != name]
    return [each for each in others if value(each) > value(name) or value(name) < 0]


def _check(k: int, models: Mapping[str, Fit]) -> None:
    if k < 1:
        raise InvalidInput(f"k is {k}.", remedy="Give a list length of at least 1.")
    if taken := sorted(set(models) & set(BASELINES)):
        raise InvalidInput(f"{', '.join(taken)}: a baseline's name.", remedy="Give the model another name.")


def _groups(split: Split) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the users asked about who have a history, and those who have none."""
    asked = np.unique(split.test.user)
    known = np.isin(asked, split.train.user)
    return asked[known], asked[~known]


def _counts(split: Split, known: NDArray[np.int64], new: NDArray[np.int64]) -> dict[str, Any]:
    counts = split.train.counts()
    return {
        "cutoff": split.cutoff,
        "users": {"with_history": len(known), "without_history": len(new)},
        "items": int((counts > 0).sum()),
        "train_interactions": len(split.train),
        "test_interactions": len(split.test),
        "test_items_never_seen": round(float((counts[split.test.item] == 0).mean()), 4),
    }


def _measured(bench: Bench, fit: Fit, past: Interactions) -> tuple[dict[str, Any], Measured | None]:
    """Fit and measure one model, and let it go again: two dense ones may not fit into memory."""
    started = time.perf_counter()
    scorer = fit(past)
    entry: dict[str, Any] = {"parameters": dict(getattr(scorer, "parameters", {})), "decay": scorer.decay}
    entry["seconds"] = round(time.perf_counter() - started, 2)
    if not len(bench.users):
        return entry, None
    found = bench.measure(scorer)
    figures = metrics.summary(found.sums)
    return entry | figures | {f"coverage@{bench.k}": round(found.coverage, 4)}, found


def _against(measured: Mapping[str, Measured], models: list[str], primary: str) -> dict[str, dict[str, Any]]:
    return {
        name: {
            other: metrics.difference(measured[name].sums[primary], measured[other].sums[primary])
            for other in BASELINES
            if other in measured and other != name
        }
        for name in models
        if name in measured
    }
