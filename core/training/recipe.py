"""Recipes are data: what is trained, on which labels, by which method, with which numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

TaskKind = Literal["single", "multi"]
"""Classification with exactly one label, or with any number of labels. A `text_pair` works with both."""


class Recipe(BaseModel):
    """Hyper-parameters of one training; a JSON or YAML file with the same keys overrides them.

    Without `epochs`, full fine-tuning takes as many as make some 12,000 rows read, 3 at least and 8 at most.
    Learning rates are those of AdamW; `max_tokens` counts the prefix and special tokens; the embeddings and
    the first `frozen_layers` layers of the encoder stay as they are in full fine-tuning. With `layers` it
    keeps only so many, from below: less time in training and serving, for some accuracy (Sajjad et al. 2020).
    `reject` names the label of texts that are none of the others: it is also given where no other label is
    likely enough.
    With `focus` the label is about one thing that the text speaks of, named in the column `entity`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Annotated[str, Field(pattern=r"^[a-z]\w*$")] = "auto"
    encoder: str = "e5"
    max_tokens: Annotated[int, Field(ge=8, le=512)] = 160
    epochs: Annotated[int, Field(ge=1, le=100)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 16
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.01
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.1
    frozen_layers: Annotated[int, Field(ge=0, le=1000)] = 4
    layers: Annotated[int, Field(ge=1, le=1000)] | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    patience: Annotated[int, Field(ge=1)] = 2
    class_weights: bool = False
    dev_share: Annotated[float, Field(gt=0, lt=0.9)] = 0.15
    reject: Annotated[str, Field(max_length=200)] = ""
    focus: bool = False
    seed: int = 13


@dataclass(frozen=True, slots=True)
class Task:
    """One thing a vertical predicts.

    Attributes:
        name: `<vertical>.<task>`.
        kind: See TaskKind.
        labels: The labels in their natural order; empty where they come from the data.
        label_column: Column of the starter files that holds them.
        starter: Example files that ship with the vertical, (text, <label_column>, lang).
        recipe: How its starter is trained.
    """

    name: str
    kind: TaskKind = "single"
    labels: tuple[str, ...] = ()
    label_column: str = "label"
    starter: tuple[Path, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)
