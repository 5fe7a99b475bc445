"""Reads labelled rows out of CSV, JSONL or Parquet, and says what is wrong with them by row and column."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import FieldError, InvalidInput
from core.records import Example
from core.text.focus import focused, spans_of
from core.training.recipe import TaskKind
from core.training.table import read_rows

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "headline", "title", "content", "sentence", "query"),
    "label": ("label", "labels", "category", "class"),
    "text_pair": ("text_pair",),
    "entity": ("entity", "aspect"),
    "lang": ("lang", "language"),
    "group": ("group",),
    "split": ("split",),
}
"""Names that each field is recognised by, best first; `mapping` overrides them."""

MAX_FAULTS = 20


@dataclass(frozen=True)
class Dataset:
    """Labelled rows, cleaned.

    Attributes:
        train: Rows to learn from (or all rows, where the file names no split).
        dev: Rows with `split` dev, validation or valid.
        labels: Distinct labels, sorted.
        fingerprint: Sha256 over the cleaned rows, order included.
        rows: Rows read.
        warnings: What was left out and why, for people.
        path: Where it came from.
        test: Rows with `split` test, for evaluation alone.
    """

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    labels: tuple[str, ...]
    fingerprint: str
    rows: int
    warnings: tuple[str, ...] = ()
    path: str = ""
    test: tuple[Example, ...] = ()


@dataclass
class _Reading:
    columns: Mapping[str, str]
    kind: TaskKind
    separator: str
    labelled: bool
    max_chars: int
    faults: list[FieldError] = field(default_factory=list)

    def fault(self, row: int, name: str, detail: str) -> None:
        self.faults.append(FieldError(f"/{row}/{self.columns.get(name, name)}", detail))

    def example(self, row: int, cells: Mapping[str, Any]) -> tuple[Example, str] | None:
        text = self._text(row, "text", cells)
        if text is None:
            return None
        labels = self._labels(row, cells)
        pair = self._text(row, "text_pair", cells) if "text_pair" in self.columns else None
        optional = {name: _cell(cells, self.columns.get(name)) or None for name in ("lang", "group")}
        if "entity" in self.columns:
            name = self._text(row, "entity", cells)
            if name is None:
                return None
            optional["group"] = optional["group"] or text  # what a text says of one thing tells of the others
            text = focused(text, spans_of(text, name), name)
        if self.labelled and labels is None:
            return None
        return Example(text, labels or (), pair, **optional), _cell(cells, self.columns.get("split")).lower()

    def _text(self, row: int, name: str, cells: Mapping[str, Any]) -> str | None:
        text = _cell(cells, self.columns[name])
        if isinstance(cells.get(self.columns[name]), (list, dict)):
            self.fault(row, name, "is no text")
        elif not text:
            self.fault(row, name, "is empty")
        elif len(text) > self.max_chars:
            self.fault(row, name, f"has {len(text):,} characters; at most {self.max_chars:,} are read")
        elif "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
            self.fault(row, name, "holds NUL or half a character (a lone surrogate)")
        else:
            return text
        return None

    def _labels(self, row: int, cells: Mapping[str, Any]) -> tuple[str, ...] | None:
        if not self.labelled:
            return None
        raw = cells.get(self.columns["label"])
        if self.kind == "multi":
            parts = raw if isinstance(raw, list) else _text_of(raw).split(self.separator)
            return tuple(dict.fromkeys(part for part in (_text_of(p) for p in parts) if part))
        parts = raw if isinstance(raw, list) else [raw]
        if len(parts) > 1:
            self.fault(row, "label", "has several labels; the task takes one (--multi takes any number)")
            return None
        label = _text_of(parts[0]) if parts else ""
        if not label:
            self.fault(row, "label", "is empty")
            return None
        return (label,)


def _text_of(value: Any) -> str:
    if value is None or value != value:  # NaN is what a table reader makes of a missing cell
        return ""
    return str(value).strip()


def _cell(cells: Mapping[str, Any], column: str | None) -> str:
    return _text_of(cells.get(column)) if column else ""


def _columns(
    names: Sequence[str], mapping: Mapping[str, str], path: Path, *, labelled: bool, focus: bool
) -> dict[str, str]:
    """Return field to column, by the mapping and by recognised names."""
    lower = {name.strip().lower(): name for name in names}
    found: dict[str, str] = {}
    for known, candidates in COLUMNS.items():
        if known == "entity" and not focus and known not in mapping:
            continue  # a file may say what its texts are about; only a task that asks for it reads it
        wanted = mapping.get(known)
        if wanted is not None and wanted not in names:
            raise _no_column(path, known, wanted, names)
        match = wanted or next((lower[name] for name in candidates if name in lower), None)
        if match is not None:
            found[known] = match
    unknown = sorted(set(mapping) - set(COLUMNS))
    if unknown:
        raise InvalidInput(f"--map knows no field {unknown[0]!r}.", remedy=f"Fields: {', '.join(COLUMNS)}.")
    for needed in ("text", *(("entity",) if focus else ()), *(("label",) if labelled else ())):
        if needed not in found:
            raise _no_column(path, needed, needed, names)
    return found


def _no_column(path: Path, known: str, wanted: str, names: Sequence[str]) -> InvalidInput:
    return InvalidInput(
        f"{path.name} has no column {wanted!r}; it has: {', '.join(map(str, names)) or 'none'}.",
        remedy=f"Name it with --map {known}=COLUMN.",
        errors=[FieldError(f"/0/{wanted}", "no such column")],
    )


def text_columns(names: Sequence[str], mapping: Mapping[str, str], *, focus: bool = False) -> dict[str, str]:
    """Return field to column of unlabelled rows with these columns.

    Args:
        names: The columns.
        mapping: See `load`.
        focus: See `load`.

    Raises:
        InvalidInput: there is no column of texts.
    """
    return _columns(names, mapping, Path("The input"), labelled=False, focus=focus)


def example_of(cells: Mapping[str, Any], columns: Mapping[str, str]) -> Example | None:
    """Return an unlabelled row as an example, or None where its text is empty; see `text_columns`."""
    text = _cell(cells, columns["text"])
    if not text:
        return None
    name = _cell(cells, columns.get("entity"))
    said = focused(text, spans_of(text, name), name) if name else text
    return Example(said, (), _cell(cells, columns.get("text_pair")) or None)


def key_of(example: Example) -> tuple[str, str]:
    """Return what makes two rows the same: text and pair."""
    return example.text, example.text_pair or ""


def without_held(
    rows: Sequence[Example], held: Sequence[Example], warnings: list[str]
) -> tuple[Example, ...]:
    """Return the training rows that are not among the held-out ones, and tell how many were."""
    keys = {key_of(row) for row in held}
    kept = tuple(row for row in rows if key_of(row) not in keys)
    if len(kept) < len(rows):
        warnings.append(
            f"{len(rows) - len(kept)} training rows left out: they stand in the held-out rows too"
        )
    return kept


def _without_conflicts(rows: Iterable[Example], warnings: list[str]) -> list[Example]:
    """Keep one of equal texts; texts that have different labels are left out: nobody knows which is right."""
    by_text: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for row in rows:
        by_text[key_of(row)].append(row)
    kept, doubles, conflicts = [], 0, 0
    for group in by_text.values():
        if len({frozenset(row.labels) for row in group}) > 1:
            conflicts += len(group)
        else:
            kept.append(group[0])
            doubles += len(group) - 1
    if doubles:
        warnings.append(f"{doubles} repeated rows left out")
    if conflicts:
        warnings.append(f"{conflicts} rows left out: the same text with different labels")
    return kept


def fingerprint(rows: Iterable[Example]) -> str:
    """Return a sha256 over texts, pairs and labels, in order."""
    digest = hashlib.sha256()
    for row in rows:
        for part in (row.text, row.text_pair or "", *row.labels):
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "little") + raw)
        digest.update(b"\n")
    return digest.hexdigest()


def load(
    path: Path,
    *,
    kind: TaskKind = "single",
    mapping: Mapping[str, str] | None = None,
    label_separator: str = ";",
    labelled: bool = True,
    focus: bool = False,
    max_chars: int = 100_000,
) -> Dataset:
    """Read a data set.

    Args:
        path: `.csv`, `.tsv`, `.jsonl` or `.parquet`; text in UTF-8 or GB18030.
        kind: `single` or `multi`.
        mapping: Field (text, label, text_pair, entity, lang, group, split) to column, where names are not
            recognised.
        label_separator: Between the labels of one cell, for `multi`.
        labelled: False reads texts only.
        focus: The label is about what the column `entity` names: the text is marked, see `core.text.focus`.
        max_chars: Longest text, in code points.

    Raises:
        InvalidInput: not such a file, no rows, a column is missing, or cells are wrong: each fault with a
            pointer `/row/column` (rows count from 1, the header not counted).
    """
    table = read_rows(path)
    columns = _columns(table.columns, mapping or {}, path, labelled=labelled, focus=focus)
    reading = _Reading(columns, kind, label_separator, labelled, max_chars)
    pairs = [found for row, cells in enumerate(table.rows, 1) if (found := reading.example(row, cells))]
    if reading.faults:
        raise InvalidInput(
            f"{path.name}: {len(reading.faults)} cells are wrong, the first at row "
            f"{reading.faults[0].pointer.split('/')[1]}, column {reading.faults[0].pointer.split('/')[2]!r}: "
            f"{reading.faults[0].detail}.",
            remedy="Correct or remove these rows.",
            errors=reading.faults[:MAX_FAULTS],
        )
    if not pairs:
        raise InvalidInput(f"{path.name} has no rows.", remedy="Give a file with a header and rows.")
    return _finish(pairs, path, labelled, table.warnings)


def _finish(
    pairs: Sequence[tuple[Example, str]], path: Path, labelled: bool, read_warnings: Sequence[str]
) -> Dataset:
    warnings = list(read_warnings)
    held = {"dev", "valid", "validation", "val"}
    train = [row for row, split in pairs if split not in held and split != "test"]
    dev = [row for row, split in pairs if split in held]
    test = [row for row, split in pairs if split == "test"]
    if labelled:
        train = list(without_held(_without_conflicts(train, warnings), [*dev, *test], warnings))
    labels = sorted({label for row in (*train, *dev) for label in row.labels})
    return Dataset(
        train=tuple(train),
        dev=tuple(dev),
        labels=tuple(labels),
        fingerprint=fingerprint((*train, *dev)),
        rows=len(pairs),
        warnings=tuple(warnings),
        path=str(path),
        test=tuple(test),
    )


def check_trainable(dataset: Dataset, kind: TaskKind) -> None:
    """Refuse a data set that nothing can be learnt from.

    Raises:
        InvalidInput: one row, one class, or a class with a single row that cannot be split.
    """
    where = Path(dataset.path).name or "The data set"
    if len(dataset.train) < 8:
        raise InvalidInput(
            f"{where} has {len(dataset.train)} usable rows; at least 8 are needed.",
            remedy="Label more rows, at least some ten for each class.",
        )
    counts = Counter(label for row in dataset.train for label in row.labels)
    if len(counts) < (1 if kind == "multi" else 2):
        raise InvalidInput(
            f"{where} has {len(counts)} class in its training rows: {', '.join(counts) or 'none'}.",
            remedy="A model needs at least two classes to tell apart.",
        )
