"""Model cards: what a version is for, what it was made of, how well it does, and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from core.models.manifest import Figure, Manifest, beaten_by, figure

_LIMITS = (
    "Its figures hold for data like that it was measured on; measure anew for other sources and years.",
    "Probabilities are calibrated on its own development set, not on yours.",
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def _figures(metrics: dict[str, Any]) -> dict[str, Figure]:
    found = {name: figure(metrics, name) for name in metrics}
    return {name: value for name, value in found.items() if value is not None}


def _plain(value: Figure) -> dict[str, float | None]:
    return {"value": value.value, "low": value.low, "high": value.high}


def _limits(manifest: Manifest) -> list[str]:
    limits = [str(line) for line in manifest.card.get("limits", ())]
    if better := beaten_by(manifest):
        limits.append(f"Beaten by {', '.join(better)} on {manifest.primary}.")
    if not manifest.metrics:
        limits.append("It was never measured.")
    return [*limits, *_LIMITS]


def card(manifest: Manifest) -> dict[str, Any]:
    """Return the card as plain values, ready for JSON.

    Keys: id, task, kind, method, purpose, labels, languages, encoder, data, primary, metrics, baselines,
    licences, limits, parent, created_at. A metric is {value, low, high}; low and high are
    None where no interval was computed.
    """
    purpose = manifest.card.get("purpose") or f"Predicts `{manifest.task}` for a text."
    baselines = {name: _figures(metrics) for name, metrics in sorted(manifest.baselines.items())}
    return {
        "id": manifest.id,
        "task": manifest.task,
        "kind": manifest.kind,
        "method": manifest.method,
        "purpose": str(purpose),
        "labels": list(manifest.labels),
        "languages": [str(code) for code in manifest.card.get("languages", ())],
        "encoder": manifest.encoder.model_dump() if manifest.encoder else None,
        "data": manifest.data.model_dump() if manifest.data else None,
        "primary": manifest.primary,
        "metrics": {name: _plain(value) for name, value in _figures(manifest.metrics).items()},
        "baselines": {
            name: {key: _plain(v) for key, v in values.items()} for name, values in baselines.items()
        },
        "licences": list(manifest.licences),
        "limits": _limits(manifest),
        "parent": manifest.parent,
        "created_at": manifest.created_at.isoformat(),
    }


def _escape(text: object) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def _number(value: dict[str, float | None] | None) -> str:
    if value is None or value["value"] is None:
        return "–"
    if value["low"] is None or value["high"] is None:
        return f"{value['value']:.3f}"
    return f"{value['value']:.3f} ({value['low']:.3f}–{value['high']:.3f})"


def _table(facts: dict[str, Any]) -> Iterable[str]:
    names = [facts["id"] or "this model", *facts["baselines"]]
    columns = [facts["metrics"], *facts["baselines"].values()]
    yield "| metric | " + " | ".join(map(_escape, names)) + " |"
    yield "| --- |" + " --- |" * len(names)
    for metric in sorted({key for column in columns for key in column}):
        cells = " | ".join(_number(column.get(metric)) for column in columns)
        yield f"| {_escape(metric)}{' (primary)' if metric == facts['primary'] else ''} | {cells} |"


def _list(lines: Sequence[object], empty: str) -> Iterable[str]:
    yield from (f"- {_escape(line)}" for line in lines or [empty])


def _origin(facts: dict[str, Any]) -> Iterable[str]:
    encoder, data = facts["encoder"], facts["data"]
    if encoder:
        yield f"encoder {encoder['name']} ({encoder['fingerprint'][:16]})"
    if data:
        files = ", ".join(data["files"]) or "unnamed files"
        yield f"{data['rows']} rows from {files} ({data['fingerprint'][:16]})"
    if facts["parent"]:
        yield f"trained on from {facts['parent']}"
    yield f"method {facts['method']}, {facts['created_at']}"


def markdown(manifest: Manifest) -> str:
    """Return the card as Markdown; whatever came from outside is escaped."""
    facts = card(manifest)
    lines = [
        f"# {_escape(facts['task'])}: {_escape(facts['id'] or 'not published')}",
        "",
        _escape(facts["purpose"]),
    ]
    lines += ["", "## Labels", "", *_list(facts["labels"], "none")]
    lines += ["", "## Languages", "", *_list(facts["languages"], "not stated")]
    lines += ["", "## Made of", "", *_list(list(_origin(facts)), "")]
    lines += ["", "## Figures", "", *_table(facts), "", "Intervals in brackets where they were computed."]
    lines += ["", "## Limits", "", *_list(facts["limits"], "")]
    lines += ["", "## Licences", "", *_list(facts["licences"], "not stated")]
    return "\n".join(lines) + "\n"
