"""Where the public data sets lie and how each is read; they are measured on, never shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.records import Example
from core.settings import Settings
from core.training.dataset import Dataset, load
from core.training.recipe import TaskKind
from core.training.split import split

SEED = 13


@dataclass(frozen=True)
class Spec:
    """One data set and its splits.

    Attributes:
        name: Folder below COLONNADE_DATASETS.
        test: File that is reported on, once.
        dev: File to choose by; None: a tenth of the training rows.
        starter_labels: The set's label to the starter's; labels without one are left out of its comparison.
            Empty: the same names.
    """

    name: str
    kind: TaskKind = "single"
    test: str = "test.csv"
    dev: str | None = "dev.csv"
    mapping: Mapping[str, str] = field(default_factory=dict)
    separator: str = ";"
    task: str = "finance.sentiment"
    starter_labels: Mapping[str, str] = field(default_factory=dict)


FINANCE = (
    Spec("fin_phrasebank"),
    Spec(
        "fin_twitter_news_sentiment",
        test="dev.csv",
        dev=None,
        starter_labels={"bullish": "positive", "bearish": "negative", "neutral": "neutral"},
    ),
    Spec("fin_fiqa2018_sa", dev=None, mapping={"text_pair": "target", "group": "id"}),
    Spec("fin_zh_finfe"),
    Spec(
        "fin_zh_finnl",
        kind="multi",
        separator=" ",
        task="finance.topic",
        starter_labels={
            "大盘": "markets",
            "经济": "economy",
            "政策": "regulation",
            "期货": "commodities",
            "外汇": "currencies",
            "虚拟货币": "crypto",
            "房地产": "property",
        },
    ),
    Spec("fin_zh_stocknews", dev=None),
)


@dataclass(frozen=True)
class Splits:
    """Rows to learn from, to choose by, and to report on."""

    train: Dataset
    dev: Dataset
    test: tuple[Example, ...]


def folder(name: str) -> Path | None:
    """Return a data set's folder, or None where it is not at hand."""
    root = Settings().datasets
    return root / name if root is not None and (root / name).is_dir() else None


def _part(data: Dataset, rows: tuple[Example, ...]) -> Dataset:
    return Dataset(rows, (), data.labels, data.fingerprint, len(rows), (), data.path)


def read(spec: Spec, where: Path) -> Splits:
    """Read the three splits of a data set."""

    def part(name: str) -> Dataset:
        return load(where / name, kind=spec.kind, mapping=spec.mapping, label_separator=spec.separator)

    train, test = part("train.csv"), part(spec.test)
    if spec.dev is not None:
        return Splits(train, part(spec.dev), test.train)
    kept, held = split(train.train, 0.1, SEED)
    return Splits(_part(train, kept), _part(train, held), test.train)
