"""How a report of an evaluation looks on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def report_table(report: Mapping[str, Any]) -> Table:
    """Return models and baselines beside each other, each figure with its interval."""
    k, users = report["k"], report["users"]
    names = (
        f"ndcg@{k}",
        f"recall@{k}",
        f"hr@{k}",
        f"debiased_hr@{k}",
        f"coverage@{k}",
        f"intra_list_similarity@{k}",
    )
    title = (
        f"{report['protocol']}: {users['with_history']} users, {report['items']} items,"
        f" {report['train_interactions']} interactions to learn from"
    )
    table = Table("model", *names, "seconds", title=title)
    for name, figures in report["models"].items():
        cells = [_cell(figures.get(metric)) for metric in names]
        table.add_row(name, *cells, f"{figures['seconds']:.2f}")
    return table


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"
    return "" if value is None else f"{value:.4f}"
