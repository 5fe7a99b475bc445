"""Small labelled data whose words give the label away, and a first encoder to learn it on."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pandas as pd

from core.records import Example
from core.training.dataset import Dataset, load
from core.training.recipe import Recipe, Task

UP = ["profit rose", "shares jumped", "strong growth", "record revenue", "dividend raised"]
DOWN = ["profit fell", "shares slid", "weak demand", "heavy losses", "dividend cut"]
NAMES = ["Orvane", "Tessaly", "Brindle", "Kovar", "Lumen", "Mirex", "Nadir", "Opal"]
SEASONS = ["spring", "summer", "autumn", "winter"]

HEAD = Recipe(method="head", encoder="tiny")
FULL = Recipe(method="full", encoder="tiny", epochs=3, learning_rate=5e-4, frozen_layers=1, max_tokens=32)


def single(count: int = 80, seed: int = 0) -> list[Example]:
    """Rows with one of the labels down and up."""
    rng = random.Random(seed)
    said = [(text, label) for texts, label in ((UP, "up"), (DOWN, "down")) for text in texts]
    texts = [
        Example(f"{name} says {text} in {season}", (label,), lang="en")
        for name, season, (text, label) in itertools.product(NAMES, SEASONS, said)
    ]
    return rng.sample(texts, count)


def multi(count: int = 80, seed: int = 0) -> list[Example]:
    """Rows with none, one or both of the labels up and money."""
    out = []
    for row in single(count, seed):
        labels = (*(["up"] if row.labels == ("up",) else []), *(["money"] if "dividend" in row.text else []))
        out.append(Example(row.text, labels))
    return out


def pairs(count: int = 80, seed: int = 0) -> list[Example]:
    """Rows of two texts, labelled by what the second says."""
    return [
        Example(
            f"News {row.text.split()[0]} {row.text.split()[-1]}", row.labels, " ".join(row.text.split()[1:4])
        )
        for row in single(count, seed)
    ]


def frame(rows: list[Example]) -> pd.DataFrame:
    """The rows as a table; several labels separated by `;`."""
    table = pd.DataFrame(
        {"text": [row.text for row in rows], "label": [";".join(row.labels) for row in rows]}
    )
    if any(row.text_pair for row in rows):
        table["text_pair"] = [row.text_pair for row in rows]
    return table


def dataset(folder: Path, rows: list[Example], task: Task) -> Dataset:
    """The rows by way of a file, as users have them."""
    path = folder / f"{task.name}.csv"
    frame(rows).to_csv(path, index=False)
    return load(path, kind=task.kind)


def silent(_share: float, _line: str) -> None:
    """A Progress that tells nobody."""
