"""The use case: find what to say to one message. Nothing is stored here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from core.records import Answer, Citation
from core.retrieval.records import Filters
from core.text.language import UNDETERMINED
from core.text.segment import words
from verticals.service.policy import phrases
from verticals.service.policy.question import question_of
from verticals.service.policy.reading import Reading
from verticals.service.policy.thresholds import (
    MOST_FAILURES,
    STRICT,
    close_intents,
    confident,
    wants_person,
)
from verticals.service.recipe import PERSON
from verticals.service.service.knowledge import HELP
from verticals.service.service.reading import Read
from verticals.service.service.templates import Templates

Action = Literal["answer", "clarify", "abstain", "handoff"]
Source = Literal["template", "documents", "fixed", "none"]


class Answers(Protocol):
    """Answers questions out of documents, word by word, or abstains: `core.retrieval.answer.Answerer`."""

    def answer(
        self, tenant: str, collection: str, question: str, *, k: int = 8, filters: Filters | None = None
    ) -> Answer:
        """Return quotes that answer the question, or an abstention; always of one snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What a customer said, and what came before it.

    Attributes:
        text: The message, masked.
        previous: The customer's message before it, masked; None where there is none.
        lang: The language of the conversation so far; None at its beginning.
        failures: Replies in a row before this one that answered nothing.
    """

    text: str
    previous: str | None = None
    lang: str | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say.

    Attributes:
        text: For the customer; empty where the assistant is silent.
        source: Where the text comes from.
        confidence: That this is the right thing to say.
        suspicious: Whether a cited document holds hidden text or instructions to a machine.
    """

    action: Action
    text: str
    source: Source
    reading: Reading
    lang: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    suspicious: bool = False

    @property
    def failed(self) -> bool:
        """Whether it answers nothing."""
        return self.action in ("clarify", "abstain")


class Respond:
    """Finds replies: a person, an approved answer, a quote, a question back, or plainly nothing.

    Args:
        read: Tells intents.
        templates: The tenant's approved answers.
        answers: Answers out of the tenant's documents.
    """

    def __init__(self, read: Read, templates: Templates, answers: Answers) -> None:
        self._read = read
        self._templates = templates
        self._answers = answers

    def __call__(self, tenant: str, heard: Heard, *, pointer: str = "/text", collection: str = HELP) -> Reply:
        """Return what to say.

        Raises:
            InvalidInput, PayloadTooLarge: the message is blank or too long; `pointer` says where it stands.
            Unavailable: a model is still being loaded or trained.
        """
        reading = self._read.one(tenant, heard.text, pointer=pointer)
        lang = _language(reading.lang, heard.lang)
        if wants_person(reading):
            return self._hand_over(tenant, reading, lang)
        reply = (
            self._approved(tenant, reading, lang)
            or self._quoted(tenant, heard, reading, lang, collection)
            or _without_answer(heard, reading, lang)
        )
        if reply.failed and heard.failures >= MOST_FAILURES:
            return self._hand_over(tenant, reading, lang)
        return reply

    def silent(self, tenant: str, heard: Heard, *, pointer: str = "/text") -> Reply:
        """Return the reply of an assistant that was silenced: a person speaks now."""
        reading = self._read.one(tenant, heard.text, pointer=pointer)
        return hushed(Reply("handoff", "", "none", reading, _language(reading.lang, heard.lang), 1.0))

    def _hand_over(self, tenant: str, reading: Reading, lang: str) -> Reply:
        approved = self._templates.text(tenant, PERSON, lang)
        text, source = (approved, "template") if approved else (phrases.say("handoff", lang), "fixed")
        sure = reading.confidence if wants_person(reading) else 1.0
        return Reply("handoff", text, source, reading, lang, sure)  # type: ignore[arg-type]

    def _approved(self, tenant: str, reading: Reading, lang: str) -> Reply | None:
        if not confident(reading):
            return None
        approved = self._templates.text(tenant, reading.intent, lang)
        if approved:
            return Reply("answer", approved, "template", reading, lang, reading.confidence)
        phrase = phrases.FIXED.get(reading.intent)
        if phrase:
            return Reply("answer", phrases.say(phrase, lang), "fixed", reading, lang, reading.confidence)
        return None

    def _quoted(
        self, tenant: str, heard: Heard, reading: Reading, lang: str, collection: str
    ) -> Reply | None:
        question = question_of(heard.text, heard.previous)
        if not words(question):
            return None
        said = self._answers.answer(tenant, collection, question)
        if said.abstained or not said.citations or (reading.out_of_scope and said.confidence < STRICT):
            return None
        return Reply(
            action="answer",
            text=quoted(said.citations),
            source="documents",
            reading=reading,
            lang=lang,
            confidence=said.confidence,
            citations=said.citations,
            suspicious=bool(said.suspicious),
        )


def quoted(citations: tuple[Citation, ...]) -> str:
    """Return the text of an answer: its quotes in their order, one a line, word by word."""
    return "\n".join(citation.quote for citation in citations)


def hushed(reply: Reply) -> Reply:
    """Return a reply that says nothing to the customer."""
    return replace(
        reply, action="handoff", text="", source="none", citations=(), suspicious=False, confidence=1.0
    )


def _without_answer(heard: Heard, reading: Reading, lang: str) -> Reply:
    two = close_intents(reading)
    if two is not None:
        return Reply("clarify", phrases.ask_which(*two, lang), "fixed", reading, lang, reading.confidence)
    if not words(heard.text):
        return Reply("clarify", phrases.say("unclear", lang), "fixed", reading, lang, reading.confidence)
    sure = reading.confidence if reading.out_of_scope else 1.0 - reading.confidence
    return Reply("abstain", phrases.say("absent", lang), "fixed", reading, lang, round(sure, 6))


def _language(detected: str, before: str | None) -> str:
    return before or "en" if detected == UNDETERMINED else detected
