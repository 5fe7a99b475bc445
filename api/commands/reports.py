"""Tables of what was trained and measured, for people at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from api.terminal import console

if TYPE_CHECKING:
    from core.training.run import TrainingResult


def _figure(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']:.3f} [{value['low']:.3f}–{value['high']:.3f}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)


def show_training(result: TrainingResult) -> None:
    """Print the model beside its baselines, and whether it serves now."""
    manifest = result.manifest
    names = ("accuracy", "macro_f1", "micro_f1")
    rows = int(manifest.metrics.get("dev_rows", 0))
    table = _table(f"{manifest.task}: {rows:,} development rows, 95 % intervals", "model", *names)
    table.add_row(f"this one ({manifest.method})", *(_figure(manifest.metrics[name]) for name in names))
    for baseline, metrics in manifest.baselines.items():
        table.add_row(baseline, *(_figure(metrics[name]) for name in names))
    out = console()
    out.print(table)
    for note in manifest.card.get("limits", []):
        out.print(f"note: {note}", markup=False)
    if result.promoted:
        out.print(f"{result.model} serves {manifest.task} now.", markup=False)
    else:
        why = f"{result.model} was not promoted: {' and '.join(result.beaten_by)} did better."
        out.print(
            f"{why} To serve it all the same: colonnade models promote {result.model} --force", markup=False
        )


def show_evaluation(report: Mapping[str, Any]) -> None:
    """Print a report's tables."""
    out = console()
    overall = _table(f"{report['rows']:,} rows, model {report['model']}, 95 % intervals", "metric", "value")
    for name, value in (*report["metrics"].items(), *report["scope"].items(), *report["calibration"].items()):
        overall.add_row(name, _figure(value))
    classes = _table("\nby class", "label", "precision", "recall", "f1", "rows")
    for label, each in report["classes"].items():
        figures = (f"{each[name]:.3f}" for name in ("precision", "recall", "f1"))
        classes.add_row(label, *figures, str(each["support"]))
    out.print(overall, classes)
    for name, parts in report["slices"].items():
        table = _table(f"\nby {name}", name, "rows", "accuracy", "macro_f1")
        for value, each in parts.items():
            table.add_row(value, str(each["rows"]), _figure(each["accuracy"]), _figure(each["macro_f1"]))
        out.print(table)
    for note in report["notes"]:
        out.print(f"note: {note}", markup=False)
