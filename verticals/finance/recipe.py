"""The tasks of finance as data: labels, starter examples, and how they are trained."""

from __future__ import annotations

from pathlib import Path

from core.training.recipe import Recipe, Task

DATA = Path(__file__).parent / "data"

SENTIMENTS = ("negative", "neutral", "positive")
"""For the company, market or holder that the text speaks of, not for the words it is said with."""

TOPICS = (
    "earnings",
    "guidance",
    "analyst_rating",
    "mergers",
    "financing",
    "shareholder_return",
    "management",
    "contracts",
    "product",
    "operations",
    "legal",
    "regulation",
    "distress",
    "economy",
    "monetary_policy",
    "markets",
    "commodities",
    "currencies",
    "crypto",
    "property",
)
"""What a desk sorts news by; a text has any number of them, none included."""

RISKS = ("high", "medium", "low")
"""How much trouble a text may mean for those it speaks of."""

LANGUAGES = ("en", "zh")

# Some 3,000 short rows want more passes than the thousands that the default is meant for.
_RECIPE = Recipe(method="full", epochs=6)

STARTER = tuple(
    DATA / f"starter_{lang}_{source}.csv"
    for lang in LANGUAGES
    for source in ("news", "social", "contrast", "shades", "shocks")
)

SENTIMENT = Task(
    name="finance.sentiment",
    kind="single",
    labels=SENTIMENTS,
    label_column="sentiment",
    starter=STARTER,
    recipe=_RECIPE,
)

TOPIC = Task(
    name="finance.topic",
    kind="multi",
    labels=TOPICS,
    label_column="topics",
    starter=STARTER,
    recipe=_RECIPE,
)

RISK = Task(
    name="finance.risk",
    kind="single",
    labels=RISKS,
    label_column="risk",
    starter=STARTER,
    recipe=_RECIPE,
)

ENTITY_SENTIMENT = Task(
    name="finance.entity_sentiment",
    kind="single",
    labels=SENTIMENTS,
    label_column="sentiment",
    starter=(*(DATA / f"starter_{lang}_entities.csv" for lang in LANGUAGES), *STARTER),
    recipe=Recipe(method="full", epochs=4, layers=8, focus=True),
)
"""What a text means for one company in it: `text,entity,sentiment`, one row for each company of a text.

The labels of whole texts help it, but not it them: on one encoder the sentiment of whole texts gets worse
(docs/benchmarks.md), so that it has one of its own.
"""

TASKS = (SENTIMENT, TOPIC, RISK, ENTITY_SENTIMENT)
