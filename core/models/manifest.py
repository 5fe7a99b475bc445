"""What is known of a trained artefact; written beside it, and part of its id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from core.errors import InvalidInput
from core.models.hashing import sha256_text

_LATER = ("reject",)
"""Optional fields that older artefacts do not have: no part of the id where unset, so that theirs stay."""
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class EncoderRef(BaseModel):
    """Which encoder the artefact was trained on; equal fingerprints give equal vectors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fingerprint: str


class DataRef(BaseModel):
    """What it was trained on: one sha256 over the rows, how many, and the files they came from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    rows: int = Field(ge=0)
    files: list[str] = Field(default_factory=list)


class RejectRef(BaseModel):
    """When a text is none of the labels: see `core.inference.head.Reject`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    label: str
    limit: float
    scale: float = Field(gt=0)


class Manifest(BaseModel):
    """Everything about an artefact that is not weights.

    `id` and `files` are filled in by `publish`. A metric is a number or `{"value", "low", "high"}`, higher
    being better for `primary`; baselines are such metrics by the baseline's name. `card` takes what people
    should read: `purpose` (a line), `limits` (lines), `languages`.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        ser_json_inf_nan="constants",  # NaN inside `metrics` is for content_id to refuse, not for null
    )

    format: int = 1
    id: str = ""
    task: str = Field(min_length=1, max_length=200)
    kind: str
    method: str
    labels: list[str] = Field(default_factory=list)
    encoder: EncoderRef | None = None
    recipe: dict[str, Any] = Field(default_factory=dict)
    data: DataRef | None = None
    primary: str = "macro_f1"
    metrics: dict[str, Any] = Field(default_factory=dict)
    baselines: dict[str, dict[str, Any]] = Field(default_factory=dict)
    licences: list[str] = Field(default_factory=list)
    parent: str | None = None
    created_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    temperature: float | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)
    reject: RejectRef | None = None
    card: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, _Sha256] = Field(default_factory=dict)

    def content_id(self) -> str:
        """Return the id that stands for this content: of every field but `id`, the file hashes included.

        Raises:
            InvalidInput: a field holds NaN, Infinity, or something else that JSON has no form for.
        """
        try:
            unset = {name for name in _LATER if getattr(self, name) is None}
            content = self.model_dump(mode="json", exclude={"id", *unset})
            text = json.dumps(
                content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
            )
        except ValueError as error:
            raise InvalidInput(
                f"The manifest of {self.task} cannot be written as JSON: {error}.",
                remedy="Leave out figures that are not finite; turn arrays into plain numbers.",
            ) from error
        return f"m-{sha256_text(text)[:24]}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric with its interval; low and high are None where none was computed."""

    value: float
    low: float | None = None
    high: float | None = None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def figure(metrics: Mapping[str, Any], name: str) -> Figure | None:
    """Return a metric as value and interval, or None where it is not a figure."""
    entry = metrics.get(name)
    if isinstance(entry, Mapping):
        value = _number(entry.get("value"))
        return None if value is None else Figure(value, _number(entry.get("low")), _number(entry.get("high")))
    value = _number(entry)
    return None if value is None else Figure(value)


def beaten_by(manifest: Manifest) -> list[str]:
    """Return the baselines that do better than the model on its primary metric; all, if it has none."""
    own = figure(manifest.metrics, manifest.primary)
    better = []
    for name, metrics in sorted(manifest.baselines.items()):
        other = figure(metrics, manifest.primary)
        if other is not None and (own is None or other.value > own.value):
            better.append(name)
    return better
