"""What a vertical teaches its starter models with: examples that parse, cover all labels, leak no test."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.testing.layout import folder_of
from core.text.normalise import for_model
from core.text.types import fault
from core.training.recipe import Recipe, Task
from core.vertical import Vertical

SEPARATOR = ";"
"""Between the labels of one cell of a multi-label column."""


@dataclass(frozen=True, slots=True)
class Row:
    """One starter example, with the place it stands at, and what in the text it asks about, if so."""

    place: str
    text: str
    labels: tuple[str, ...]
    lang: str
    entity: str


def rows(task: Task) -> Iterator[Row]:
    """Yield the starter rows of a task; a file without a column, or a row without a cell, fails here."""
    for path in task.starter:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                place = f"{path.name}:{reader.line_num}"
                assert None not in row, f"{place} has more cells than the header"
                assert None not in row.values(), f"{place} has fewer cells than the header"
                cell = row[task.label_column]
                labels = cell.split(SEPARATOR) if task.kind == "multi" else [cell]
                found = tuple(filter(None, map(str.strip, labels)))
                about = task.recipe.focus and "entity" in row  # else it holds whole texts
                entity = row["entity"] if about else ""
                assert bool(entity) is about, f"{place} names no entity"
                yield Row(place, row["text"], found, row["lang"], entity)


def golden_texts(folder: Path) -> dict[str, str]:
    """Return folded text to id of the golden cases; empty where the vertical has none."""
    file = folder / "data" / "golden.jsonl"
    if not file.is_file():
        return {}
    cases = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return {_key(case["text"]): case["id"] for case in cases if "text" in case}


def _key(text: str) -> str:
    return for_model(text).casefold()


class DataContract:
    """Checks of tasks and their starter examples."""

    def test_recipes_and_labels_are_valid(self, vertical: Vertical) -> None:
        """Recipes survive a round trip through JSON; labels are plain, not a single one, and none twice."""
        for task in vertical.tasks:
            assert Recipe.model_validate_json(task.recipe.model_dump_json()) == task.recipe
            assert len(set(task.labels)) == len(task.labels) != 1, f"{task.name}: {task.labels}"
            assert all(label == label.strip() and SEPARATOR not in label for label in task.labels)

    def test_starter_rows_are_sound(self, vertical: Vertical) -> None:
        """Texts are safe and say something, labels are known, single-label rows have exactly one."""
        for task in vertical.tasks:
            assert not task.starter or list(rows(task)), f"{task.name} has empty starter files"
            for row in rows(task):
                assert fault(row.text) is None, f"{row.place}: {fault(row.text)}"
                assert for_model(row.text), f"{row.place} is blank"
                unknown = set(row.labels) - set(task.labels or row.labels)
                assert not unknown, f"{row.place} has unknown labels {unknown}"
                assert task.kind != "single" or len(row.labels) == 1, f"{row.place} has no single label"

    def test_starter_covers_every_label_in_every_language(self, vertical: Vertical) -> None:
        """Each language that the starter speaks has examples of each label."""
        for task in vertical.tasks:
            seen = {(label, row.lang) for row in rows(task) for label in row.labels}
            languages = {row.lang for row in rows(task)}
            missing = {(label, lang) for label in task.labels for lang in languages} - seen
            assert not missing, f"{task.name} has no example of {sorted(missing)}"

    def test_starter_does_not_contradict_itself(self, vertical: Vertical) -> None:
        """The same text never stands twice, neither with the same labels nor with others."""
        for task in vertical.tasks:
            places: dict[tuple[str, str], str] = {}
            for row in rows(task):
                first = places.setdefault((_key(row.text), row.entity), row.place)
                assert first == row.place, f"{task.name}: {row.place} repeats {first}"

    def test_no_starter_row_is_golden(self, vertical: Vertical) -> None:
        """What a model is tested on, it was not taught."""
        golden = golden_texts(folder_of(vertical.name))
        for task in vertical.tasks:
            leaked = [(row.place, golden[_key(row.text)]) for row in rows(task) if _key(row.text) in golden]
            assert not leaked, f"{task.name}: {leaked}"
