"""The values that pass between floors; all frozen, none knows an industry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

ASSUMED = timezone(timedelta(0), "UTC")
"""UTC as the zone of a time that bears none, nobody having named one: `is` tells it from one borne."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a connector yields: one thing of an outside system, as it was there.

    Attributes:
        source: Name of the configured connection.
        external_id: The thing's id in that system; (source, external_id) is its identity.
        payload: The fields, as JSON values.
        published_at: When the system says it appeared, with a zone, `ASSUMED` where that is a guess; None
            where it does not say.
        revised_at: When the system says it was last changed, with a zone; None where it does not say.
    """

    source: str
    external_id: str
    payload: Mapping[str, Any]
    published_at: datetime | None = None
    revised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What a connector yields in place of a Record it cannot make; reading goes on behind it.

    Attributes:
        place: Where it stands, e.g. `news.csv:17` or the id of the feed's entry.
        reason: What is wrong with it, for a person.
        raw: It, as it came, as far as it can be shown.
    """

    place: str
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range [start, end) of Unicode code points in a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled or unlabelled row of a data set.

    Attributes:
        text: The text, never empty after stripping.
        labels: Its labels: one for single-label tasks, any number for multi-label tasks.
        text_pair: The second text of a pair task.
        lang: ISO 639-1 code where known.
        group: Rows of one group never stand on both sides of a split.
    """

    text: str
    labels: tuple[str, ...] = ()
    text_pair: str | None = None
    lang: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one text.

    Attributes:
        labels: The predicted labels; exactly one for single-label tasks, possibly none for multi-label.
        probability: Calibrated probability of the first label; of "no label at all" where labels is empty.
        probabilities: Calibrated probability of every label; they sum to 1 for single-label tasks only.
        model: Id of the model version that said so.
    """

    labels: tuple[str, ...]
    probability: float
    probabilities: Mapping[str, float] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote of a document: its text[start:end] == quote.

    Attributes:
        version: The version of the document that offsets refer to.
        start: In code points of the document's text.
        end: One past the last.
        page: From 1; None where the format has no pages.
    """

    document_id: str
    version: int
    start: int
    end: int
    quote: str
    page: int | None
    title: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What documents say to a question, in their own words, or that they do not say.

    Attributes:
        text: The quotes; empty where it abstained.
        citations: Where they stand; none where it abstained.
        confidence: Calibrated probability that the documents answer the question.
        abstained: Whether no answer is given.
        suspicious: What was found hidden or like an instruction to a machine in what is cited.
    """

    text: str
    citations: tuple[Citation, ...]
    confidence: float
    abstained: bool
    suspicious: tuple[Any, ...] = ()
