"""Texts to analyse, documents to take in, and what is said about both."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from core.text.language import code_of
from core.text.types import SafeText
from verticals.finance.schemas.closed import (
    MAX_CHARS,
    MAX_EXTERNAL_ID,
    MAX_SOURCE,
    MAX_TEXTS,
    Appeared,
    Closed,
    Moment,
)

Sentiment = Literal["negative", "neutral", "positive"]
Risk = Literal["high", "medium", "low"]

_Lang = Annotated[
    str | None,
    Field(
        pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,4}$",
        description="ISO 639, alone or in a tag such as zh-Hans-CN; else detected.",
    ),
    AfterValidator(lambda tag: None if tag is None else code_of(tag)),
]


class TextIn(Closed):
    """One text to analyse."""

    text: Annotated[
        SafeText, Field(min_length=1, max_length=MAX_CHARS, examples=["Orvane Foods cuts outlook"])
    ]
    lang: _Lang = None
    published_at: Annotated[
        Moment | None,
        Field(description="RFC 3339 with a zone; comes back as it was sent."),
    ] = None


class AnalyzeIn(Closed):
    """A batch of texts."""

    texts: Annotated[list[TextIn], Field(min_length=1, max_length=MAX_TEXTS)]


class SentimentOut(Closed):
    """The sentiment of a whole text and the calibrated probability of each label; they sum to 1."""

    label: Sentiment
    probabilities: dict[Sentiment, float]


class EvidenceOut(Closed):
    """A range of code points in the text as it was sent, end exclusive."""

    start: int
    end: int


class EntityOut(Closed):
    """A company or security that the text speaks of, and what the text means for it."""

    id: Annotated[str | None, Field(description="Null for a company that no table knows.")]
    name: str
    ticker: str | None
    sentiment: Sentiment
    probabilities: dict[Sentiment, float]
    relevance: Annotated[float, Field(description="In [0, 1]: headline, number and share of mentions.")]
    evidence: list[EvidenceOut]


class ReasonOut(Closed):
    """Why a text is a risk, for machines and for people, and where it says so."""

    code: str
    text: str
    evidence: list[EvidenceOut]


class RiskOut(Closed):
    """How much of a risk the text is for those it speaks of; reasons for medium and high."""

    label: Risk
    probabilities: dict[Risk, float]
    reasons: list[ReasonOut]


class AnalysisOut(Closed):
    """What is said about one text."""

    lang: str
    topics: Annotated[list[str], Field(description="Any number of the twenty topics, the likeliest first.")]
    topic_probabilities: dict[str, float]
    sentiment: SentimentOut
    entities: Annotated[list[EntityOut], Field(description="The most relevant first.")]
    risk: RiskOut
    published_at: AwareDatetime | None
    model: Annotated[dict[str, str], Field(description="The model version that spoke, by task.")]


class AnalyzeOut(Closed):
    """One analysis for each text, in the order of the texts."""

    data: list[AnalysisOut]


class DocumentIn(Closed):
    """One text of a source, known by (source, external_id)."""

    source: Annotated[SafeText, Field(min_length=1, max_length=MAX_SOURCE)]
    external_id: Annotated[SafeText, Field(min_length=1, max_length=MAX_EXTERNAL_ID)]
    title: Annotated[SafeText | None, Field(max_length=MAX_CHARS)] = None
    text: Annotated[SafeText | None, Field(max_length=MAX_CHARS)] = None
    lang: _Lang = None
    published_at: Appeared | None = None
    revised_at: Annotated[
        Appeared | None,
        Field(description="When this wording replaced an earlier one; the latest revision is kept."),
    ] = None


class DocumentsIn(Closed):
    """A batch; each row is judged by itself, so that a bad one does not hold up the others."""

    live: Annotated[
        bool, Field(description="False for a backfill: it counts in the trends, and nobody is alerted.")
    ] = True

    documents: Annotated[
        list[dict[str, Any]],
        Field(
            min_length=1, max_length=MAX_TEXTS, json_schema_extra={"items": DocumentIn.model_json_schema()}
        ),
    ]


class IntakeOut(Closed):
    """What became of one row."""

    index: int
    source: str | None
    external_id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    reason: str | None
    pointer: Annotated[str | None, Field(description="Where in the request the fault is.")] = None


class DocumentsOut(Closed):
    """What became of each row, in their order, and the job that reads what is new."""

    accepted: int
    duplicate: int
    rejected: int
    data: list[IntakeOut]
    job_id: str | None


class DocumentOut(Closed):
    """A document; what is read in it is null until it is read."""

    id: str
    source: str
    external_id: str
    text: str
    lang: str
    published_at: AwareDatetime | None
    received_at: Annotated[AwareDatetime, Field(description="When it was first seen here.")]
    revised_at: AwareDatetime | None
    counted_at: Annotated[AwareDatetime | None, Field(description="Where it stands in the trends.")]
    dated: Annotated[
        Literal["moment", "day", "received", "future", "unknown"],
        Field(description="How `counted_at` was told; see the README."),
    ]
    live: Annotated[bool, Field(description="False where it came by a backfill.")]
    story_id: str | None
    sentiment: SentimentOut | None
    topics: list[str] | None
    entities: list[EntityOut] | None
    risk: str | None
    model: dict[str, str] | None
