"""Which companies a text speaks of, and what it means for each: read in the company's own context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from core.ports import Predictor
from core.records import Example, Prediction, Span
from core.text.focus import focused
from verticals.finance.intake import Story
from verticals.finance.policy.companies import Directory, Mention
from verticals.finance.recipe import ENTITY_SENTIMENT

MOST = 24
"""Companies of one text that are read, the most relevant first; a list of hundreds speaks of none of them."""
_HEADLINE = 120
"""Code points that count as the headline where a text has one line only."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A company in a text.

    Attributes:
        id: In the directory; None for one that it does not know.
        name: In the directory, else as the text has it.
        ticker: At its first exchange.
        said: Its own sentiment.
        relevance: In [0, 1]: whether it stands in the headline, how often, and its share of all mentions.
        evidence: Where it is mentioned, in code points of the text as it came.
    """

    id: str | None
    name: str
    ticker: str | None
    said: Prediction
    relevance: float
    evidence: tuple[Span, ...]

    def stored(self) -> dict[str, Any]:
        """Return it as JSON values, as documents keep it and routes show it."""
        return {
            "id": self.id,
            "name": self.name,
            "ticker": self.ticker,
            "sentiment": self.said.labels[0],
            "probabilities": dict(self.said.probabilities),
            "relevance": self.relevance,
            "evidence": [{"start": span.start, "end": span.end} for span in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class _Named:
    mention: Mention
    spans: tuple[Span, ...]
    relevance: float


class Entities:
    """Finds the companies of stories and reads the sentiment of each.

    Args:
        predictor: Serves the tenant's model of `finance.entity_sentiment`.
        directory: Returns the directory of a tenant.
    """

    def __init__(self, predictor: Predictor, directory: Callable[[str], Directory]) -> None:
        self._predictor = predictor
        self._directory = directory

    def __call__(
        self, tenant: str, stories: Sequence[Story], languages: Sequence[str]
    ) -> list[tuple[Entity, ...]]:
        """Return the companies of each story, the most relevant first; all are read in one batch."""
        directory = self._directory(tenant)
        named = [
            _named(directory.find(story.text, lang, _day(story)), story.text)
            for story, lang in zip(stories, languages, strict=True)
        ]
        items = [
            Example(focused(story.text, each.spans, _called(story.text, each.spans)), lang=lang)
            for story, lang, found in zip(stories, languages, named, strict=True)
            for each in found
        ]
        said = iter(
            self._predictor.predict(tenant, (ENTITY_SENTIMENT.name,), items)[ENTITY_SENTIMENT.name]
            if items
            else ()
        )
        return [tuple(_entity(each, next(said)) for each in found) for found in named]


def _day(story: Story) -> date:
    """Return the day whose symbols hold; a story that tells none is taken for new."""
    return story.published_at.date() if story.published_at else story.day or datetime.now(UTC).date()


def _entity(named: _Named, said: Prediction) -> Entity:
    mention = named.mention
    return Entity(mention.company_id, mention.name, mention.ticker, said, named.relevance, named.spans)


def _named(mentions: Sequence[Mention], text: str) -> list[_Named]:
    groups: dict[tuple[str | None, str], list[Mention]] = {}
    for mention in mentions:
        groups.setdefault((mention.company_id, mention.name), []).append(mention)
    headline = text.find("\n") if "\n" in text else _HEADLINE
    found = [
        _Named(
            group[0],
            tuple(Span(each.start, each.end) for each in group),
            _relevance(group, len(mentions), headline),
        )
        for group in groups.values()
    ]
    return sorted(found, key=lambda each: (-each.relevance, each.spans[0].start))[:MOST]


def _relevance(group: Sequence[Mention], mentions: int, headline: int) -> float:
    in_headline = group[0].start < headline
    return round(0.5 * in_headline + 0.3 * len(group) / mentions + 0.2 * min(1.0, len(group) / 3), 3)


def _called(text: str, spans: Sequence[Span]) -> str:
    """Return the fullest of the names that the text uses."""
    longest = max(spans, key=lambda span: span.end - span.start)
    return text[longest.start : longest.end]


def known(entities: Sequence[Entity]) -> list[Mapping[str, Any]]:
    """Return the entities that the directory knows, as documents keep them: what is counted needs an id."""
    return [entity.stored() for entity in entities if entity.id is not None]
