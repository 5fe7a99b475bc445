"""What goes in and what comes out of the finance routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from core.text.language import code_of
from core.text.types import SafeText

Sentiment = Literal["negative", "neutral", "positive"]
Risk = Literal["high", "medium", "low"]

MAX_TEXTS = 10_000
"""No setting lets more texts through in one request; COLONNADE_MAX_BATCH is the cap in force."""
MAX_CHARS = 1_000_000
"""No setting lets a longer text through; COLONNADE_MAX_TEXT_CHARS is the cap in force."""
MAX_SOURCE, MAX_EXTERNAL_ID = 120, 400
"""Code points that the tables hold."""


def _written_time(value: object) -> object:
    # pydantic would take 1763767000 for a moment too, and nobody could say in which unit it was meant.
    if not isinstance(value, str):
        raise ValueError("a time is a string in RFC 3339 with a zone, e.g. 2026-11-21T09:30:00+08:00")
    return value


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Lang = Annotated[
    str | None,
    Field(
        pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,4}$",
        description="ISO 639, alone or in a tag such as zh-Hans-CN; else detected.",
    ),
    AfterValidator(lambda tag: None if tag is None else code_of(tag)),
]


class TextIn(_Closed):
    """One text to analyse."""

    text: Annotated[
        SafeText, Field(min_length=1, max_length=MAX_CHARS, examples=["Orvane Foods cuts outlook"])
    ]
    lang: _Lang = None
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
    """A company or security that the text speaks of, and what the text means for it."""

    id: Annotated[str | None, Field(description="Null for a company that no table knows.")]
    name: str
    ticker: str | None
    sentiment: Sentiment
    probabilities: dict[Sentiment, float]
    relevance: Annotated[float, Field(description="In [0, 1]: headline, number and share of mentions.")]
    evidence: list[EvidenceOut]


class ReasonOut(_Closed):
    """Why a text is a risk, for machines and for people, and where it says so."""

    code: str
    text: str
    evidence: list[EvidenceOut]


class RiskOut(_Closed):
    """How much of a risk the text is for those it speaks of; reasons for medium and high."""

    label: Risk
    probabilities: dict[Risk, float]
    reasons: list[ReasonOut]


class AnalysisOut(_Closed):
    """What is said about one text."""

    lang: str
    topics: Annotated[list[str], Field(description="Any number of the twenty topics, the likeliest first.")]
    topic_probabilities: dict[str, float]
    sentiment: SentimentOut
    entities: Annotated[list[EntityOut], Field(description="The most relevant first.")]
    risk: RiskOut
    published_at: AwareDatetime | None
    model: Annotated[dict[str, str], Field(description="The model version that spoke, by task.")]


class AnalyzeOut(_Closed):
    """One analysis for each text, in the order of the texts."""

    data: list[AnalysisOut]


class DocumentIn(_Closed):
    """One text of a source, known by (source, external_id)."""

    source: Annotated[SafeText, Field(min_length=1, max_length=MAX_SOURCE)]
    external_id: Annotated[SafeText, Field(min_length=1, max_length=MAX_EXTERNAL_ID)]
    title: Annotated[SafeText | None, Field(max_length=MAX_CHARS)] = None
    text: Annotated[SafeText | None, Field(max_length=MAX_CHARS)] = None
    lang: _Lang = None
    published_at: Annotated[
        AwareDatetime | None, BeforeValidator(_written_time, json_schema_input_type=str | None)
    ] = None
    revised_at: Annotated[
        AwareDatetime | None,
        BeforeValidator(_written_time, json_schema_input_type=str | None),
        Field(description="When this wording replaced an earlier one; the latest revision is kept."),
    ] = None


class DocumentsIn(_Closed):
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


class WindowOut(_Closed):
    """What is counted in [start, end), in event time."""

    start: AwareDatetime
    end: AwareDatetime
    count: Annotated[int, Field(description="Stories; reposts of one story are one.")]
    negative: Annotated[int, Field(description="Bad news among them.")]
    negative_share: Annotated[float | None, Field(description="Null where there is no story.")]
    reach: Annotated[int, Field(description="Documents.")]
    final: Annotated[
        bool, Field(description="Every source has come past it; a late document corrects it all the same.")
    ]
    complete: Annotated[
        bool, Field(description="It is over, and nothing that counts in it waits to be read.")
    ]


class TrendOut(_Closed):
    """Windows without a gap, oldest first."""

    data: list[WindowOut]
    window: Literal["15m", "1h", "1d", "7d"]
    as_of: Annotated[
        AwareDatetime | None,
        Field(description="Ask for this moment again to get the same counts, whatever comes later."),
    ]


_Cell = Annotated[SafeText, Field(max_length=200)]
_Cells = Annotated[list[_Cell], Field(max_length=200)]


class CompanyIn(_Closed):
    """A company of one's own; of the same id as a shipped one it stands in for that."""

    id: Annotated[SafeText, Field(pattern=r"^[\w.-]{1,200}$", examples=["orvane-foods"])]
    name: Annotated[SafeText, Field(min_length=1, max_length=200, examples=["Orvane Foods"])]
    name_zh: _Cell = ""
    ticker: Annotated[SafeText, Field(pattern=r"^[A-Za-z0-9.-]{0,12}$")] = ""
    exchange: Annotated[SafeText, Field(max_length=20)] = ""
    aliases: Annotated[
        _Cells,
        Field(description="Other names; further listings as SYMBOL@EXCHANGE or SYMBOL@EXCHANGE@FROM..UNTIL."),
    ] = []
    aliases_zh: _Cells = []
    industry: _Cell = ""
    ambiguous: Annotated[
        _Cells, Field(description="Names that mean something else as well, as they are written then.")
    ] = []
    cues: Annotated[_Cells, Field(description="Words beside which an ambiguous name is this company.")] = []
    parent: _Cell = ""
    lookalikes: Annotated[
        _Cells, Field(description="Phrases with one of its names that mean something else: amazon river.")
    ] = []


class CompaniesIn(_Closed):
    """Companies to add or replace."""

    companies: Annotated[list[CompanyIn], Field(min_length=1, max_length=MAX_TEXTS)]


class CompaniesOut(_Closed):
    """How many were stored."""

    stored: int


class CompanyOut(CompanyIn):
    """A company as it is stored."""
