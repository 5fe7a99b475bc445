"""What goes in and what comes out of the finance routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from core.text.types import SafeText

Sentiment = Literal["negative", "neutral", "positive"]

MAX_TEXTS = 10_000
"""No setting lets more texts through in one request; COLONNADE_MAX_BATCH is the cap in force."""
MAX_CHARS = 1_000_000
"""No setting lets a longer text through; COLONNADE_MAX_TEXT_CHARS is the cap in force."""


def _written_time(value: object) -> object:
    # pydantic would take 1763767000 for a moment too, and nobody could say in which unit it was meant.
    if not isinstance(value, str):
        raise ValueError("a time is a string in RFC 3339 with a zone, e.g. 2026-11-21T09:30:00+08:00")
    return value


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextIn(_Closed):
    """One text to analyse."""

    text: Annotated[
        SafeText, Field(min_length=1, max_length=MAX_CHARS, examples=["Orvane Foods cuts outlook"])
    ]
    lang: Annotated[str | None, Field(pattern=r"^[a-z]{2,3}$", description="ISO 639; else detected.")] = None
    published_at: Annotated[
        AwareDatetime | None,
        BeforeValidator(_written_time, json_schema_input_type=str | None),
        Field(description="RFC 3339 with a zone; comes back as it was sent."),
    ] = None


class AnalyzeIn(_Closed):
    """A batch of texts."""

    texts: Annotated[list[TextIn], Field(min_length=1, max_length=MAX_TEXTS)]


class SentimentOut(_Closed):
    """The sentiment of a whole text and the calibrated probability of each label; they sum to 1."""

    label: Sentiment
    probabilities: dict[Sentiment, float]


class EvidenceOut(_Closed):
    """A range of code points in the text as it was sent, end exclusive."""

    start: int
    end: int


class EntityOut(_Closed):
    """A company or security that the text speaks of."""

    id: str
    name: str
    ticker: str | None
    sentiment: Sentiment
    evidence: list[EvidenceOut]


class AnalysisOut(_Closed):
    """What is said about one text."""

    lang: str
    topics: Annotated[list[str], Field(description="Any number of the twenty topics, the likeliest first.")]
    topic_probabilities: dict[str, float]
    sentiment: SentimentOut
    entities: Annotated[list[EntityOut], Field(description="Empty for now; see the README.")]
    published_at: AwareDatetime | None
    model: Annotated[dict[str, str], Field(description="The model version that spoke, by task.")]


class AnalyzeOut(_Closed):
    """One analysis for each text, in the order of the texts."""

    data: list[AnalysisOut]


class DocumentIn(_Closed):
    """One text of a source, known by (source, external_id)."""

    source: Annotated[SafeText, Field(min_length=1, max_length=120)]
    external_id: Annotated[SafeText, Field(min_length=1, max_length=400)]
    title: Annotated[SafeText | None, Field(max_length=MAX_CHARS)] = None
    text: Annotated[SafeText | None, Field(max_length=MAX_CHARS)] = None
    lang: Annotated[str | None, Field(pattern=r"^[a-z]{2,3}$")] = None
    published_at: Annotated[
        AwareDatetime | None, BeforeValidator(_written_time, json_schema_input_type=str | None)
    ] = None


class DocumentsIn(_Closed):
    """A batch; each row is judged by itself, so that a bad one does not hold up the others."""

    documents: Annotated[
        list[dict[str, Any]],
        Field(
            min_length=1, max_length=MAX_TEXTS, json_schema_extra={"items": DocumentIn.model_json_schema()}
        ),
    ]


class IntakeOut(_Closed):
    """What became of one row."""

    index: int
    source: str | None
    external_id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    reason: str | None
    pointer: Annotated[str | None, Field(description="Where in the request the fault is.")] = None


class DocumentsOut(_Closed):
    """What became of each row, in their order, and the job that reads what is new."""

    accepted: int
    duplicate: int
    rejected: int
    data: list[IntakeOut]
    job_id: str | None


class DocumentOut(_Closed):
    """A document; sentiment and topics are null until it is read."""

    id: str
    source: str
    external_id: str
    text: str
    lang: str
    published_at: AwareDatetime | None
    received_at: AwareDatetime
    sentiment: SentimentOut | None
    topics: list[str] | None
    model: dict[str, str] | None
