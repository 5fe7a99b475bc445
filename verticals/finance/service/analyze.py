"""The use case: tell topic, sentiment, companies and risk of texts, through ports only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.ports import Predictor
from core.records import Example, Prediction
from core.settings import Settings
from core.text.language import detect
from verticals.finance import policy
from verticals.finance.intake import Story
from verticals.finance.policy.companies import Directory
from verticals.finance.policy.risk import Reason, reasons
from verticals.finance.recipe import ENTITY_SENTIMENT, RISK, SENTIMENT, TOPIC
from verticals.finance.schemas.documents import (
    AnalysisOut,
    EntityOut,
    EvidenceOut,
    ReasonOut,
    RiskOut,
    SentimentOut,
)
from verticals.finance.service.companies import plain_directory
from verticals.finance.service.entities import Entities, Entity


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is said about one story."""

    story: Story
    lang: str
    sentiment: Prediction
    topics: Prediction
    risk: Prediction
    reasons: tuple[Reason, ...]
    entities: tuple[Entity, ...]

    @property
    def ranked_topics(self) -> list[str]:
        """The story's topics, the likeliest first."""
        return ranked(self.topics)

    @property
    def models(self) -> dict[str, str]:
        """The model version that spoke, by task."""
        said = {SENTIMENT.name: self.sentiment, TOPIC.name: self.topics, RISK.name: self.risk}
        if self.entities:
            said[ENTITY_SENTIMENT.name] = self.entities[0].said
        return {task: each.model for task, each in said.items()}


class Analyze:
    """Analyses stories for a tenant.

    Args:
        predictor: Serves the tenant's models of the tasks of finance.
        settings: For the caps.
        directory: Returns the directory of a tenant's companies; default: the shipped one for all.
    """

    def __init__(
        self,
        predictor: Predictor,
        settings: Settings,
        directory: Callable[[str], Directory] = lambda _: plain_directory(),
    ) -> None:
        self._predictor = predictor
        self._settings = settings
        self._entities = Entities(predictor, directory)

    def __call__(self, tenant: str, stories: Sequence[Story]) -> list[Analysis]:
        """Return one analysis for each story, in their order.

        The tasks about whole texts go through one call and the companies of all texts through another: the
        starters read each of the two with an encoder of its own.

        Raises:
            InvalidInput: see `policy.check`.
            Unavailable: a model is still being loaded or trained.
        """
        self.check(stories)
        languages = [story.lang or detect(story.text) for story in stories]
        items = [Example(text=story.text, lang=lang) for story, lang in zip(stories, languages, strict=True)]
        said = self._predictor.predict(tenant, (SENTIMENT.name, TOPIC.name, RISK.name), items)
        entities = self._entities(tenant, stories, languages)
        return [
            _analysis(story, lang, sentiment, topics, risk, found)
            for story, lang, sentiment, topics, risk, found in zip(
                stories,
                languages,
                said[SENTIMENT.name],
                said[TOPIC.name],
                said[RISK.name],
                entities,
                strict=True,
            )
        ]

    def check(self, stories: Sequence[Story]) -> None:
        """Refuse what `policy.check` refuses, under the settings in force."""
        policy.check(stories, self._settings)

    def check_size(self, rows: int, pointer: str) -> None:
        """Refuse more rows than one request may have; see `policy.check_size`."""
        policy.check_size(rows, self._settings, pointer)


def ranked(topics: Prediction) -> list[str]:
    """Return the topics of a text, the likeliest first."""
    return sorted(topics.labels, key=lambda label: -topics.probabilities.get(label, 0.0))


def _analysis(
    story: Story,
    lang: str,
    sentiment: Prediction,
    topics: Prediction,
    risk: Prediction,
    entities: tuple[Entity, ...],
) -> Analysis:
    negative = sentiment.probabilities.get("negative", 0.0)
    why = reasons(story.text, lang, risk.labels[0], negative=negative, topics=ranked(topics))
    return Analysis(story, lang, sentiment, topics, risk, why, entities)


def answer(analysis: Analysis) -> AnalysisOut:
    """Return the form in which an analysis leaves the house, over REST and on the command line."""
    said = analysis.sentiment
    sentiment = {"label": said.labels[0], "probabilities": dict(said.probabilities)}
    return AnalysisOut(
        lang=analysis.lang,
        topics=analysis.ranked_topics,
        topic_probabilities=dict(analysis.topics.probabilities),
        sentiment=SentimentOut.model_validate(sentiment),
        entities=[EntityOut.model_validate(entity.stored()) for entity in analysis.entities],
        risk=_risk(analysis),
        published_at=analysis.story.published_at,
        model=analysis.models,
    )


def _risk(analysis: Analysis) -> RiskOut:
    why = [
        ReasonOut(
            code=reason.code,
            text=reason.text,
            evidence=[EvidenceOut(start=span.start, end=span.end) for span in reason.evidence],
        )
        for reason in analysis.reasons
    ]
    said = {"label": analysis.risk.labels[0], "probabilities": dict(analysis.risk.probabilities)}
    return RiskOut.model_validate({**said, "reasons": why})
