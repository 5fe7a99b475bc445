"""The use case: tell topic and sentiment of texts, through ports only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.ports import Predictor
from core.records import Example, Prediction
from core.settings import Settings
from core.text.language import detect
from verticals.finance import policy
from verticals.finance.intake import Story
from verticals.finance.recipe import SENTIMENT, TOPIC
from verticals.finance.schemas import AnalysisOut, SentimentOut


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is said about one story."""

    story: Story
    lang: str
    sentiment: Prediction
    topics: Prediction

    @property
    def ranked_topics(self) -> list[str]:
        """The story's topics, the likeliest first."""
        return sorted(self.topics.labels, key=lambda label: -self.topics.probabilities.get(label, 0.0))


class Analyze:
    """Analyses stories for a tenant.

    Args:
        predictor: Serves the tenant's models of `finance.sentiment` and `finance.topic`.
        settings: For the caps.
    """

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictor = predictor
        self._settings = settings

    def __call__(self, tenant: str, stories: Sequence[Story]) -> list[Analysis]:
        """Return one analysis for each story, in their order.

        Both tasks go through one call, so that an encoder they share reads each text once.

        Raises:
            InvalidInput: see `policy.check`.
            Unavailable: a model is still being loaded or trained.
        """
        self.check(stories)
        languages = [story.lang or detect(story.text) for story in stories]
        items = [Example(text=story.text, lang=lang) for story, lang in zip(stories, languages, strict=True)]
        said = self._predictor.predict(tenant, (SENTIMENT.name, TOPIC.name), items)
        return [
            Analysis(story, lang, sentiment, topics)
            for story, lang, sentiment, topics in zip(
                stories, languages, said[SENTIMENT.name], said[TOPIC.name], strict=True
            )
        ]

    def check(self, stories: Sequence[Story]) -> None:
        """Refuse what `policy.check` refuses, under the settings in force."""
        policy.check(stories, self._settings)

    def check_size(self, rows: int, pointer: str) -> None:
        """Refuse more rows than one request may have; see `policy.check_size`."""
        policy.check_size(rows, self._settings, pointer)


def answer(analysis: Analysis) -> AnalysisOut:
    """Return the form in which an analysis leaves the house, over REST and on the command line."""
    said = analysis.sentiment
    sentiment = {"label": said.labels[0], "probabilities": dict(said.probabilities)}
    return AnalysisOut(
        lang=analysis.lang,
        topics=analysis.ranked_topics,
        topic_probabilities=dict(analysis.topics.probabilities),
        sentiment=SentimentOut.model_validate(sentiment),
        entities=[],
        published_at=analysis.story.published_at,
        model={SENTIMENT.name: said.model, TOPIC.name: analysis.topics.model},
    )
