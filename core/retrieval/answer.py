"""Answers questions with the words of documents, or says that they do not answer.

    Answerer(searcher, encoder, gate).answer("demo", "help", "How long can I return shoes?")

Every quote is the document's text[start:end], and all quotes of an answer are of one snapshot. Documents are
data: what stands in them is compared with the question and quoted or not, and never obeyed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np

from core.ports import Encoder
from core.records import Answer, Citation, Span
from core.retrieval.evidence import Evidence, Floats, best_of, gather, is_foreign, with_near
from core.retrieval.gate import Gate
from core.retrieval.records import Filters, Hit
from core.retrieval.search import Searcher
from core.retrieval.units import Unit, quote
from core.retrieval.wanted import figures

K = 8
"""So many passages may be quoted unless told otherwise; the gate is fitted with as many."""
_CLOSE = 1.0
"""A sentence whose rank score is at most so far below the best one's is said beside it, or instead of it."""
_JOINED = 2
"""Blanks and line ends between two quotes that are cited as one."""


class Answerer:
    """Answers questions out of collections. One object a process; safe to use from any thread.

    Args:
        searcher: Finds passages.
        encoder: Compares sentences with the question. One that the gate was not fitted with still finds
            passages, but is not asked about sentences: words alone decide then, and more is abstained from.
        gate: Ranks sentences and tells how likely the best one answers.
    """

    def __init__(self, searcher: Searcher, encoder: Encoder, gate: Gate) -> None:
        self._searcher = searcher
        self._encoder = encoder
        self._gate = gate

    def answer(
        self, tenant: str, collection: str, question: str, *, k: int = K, filters: Filters | None = None
    ) -> Answer:
        """Return quotes that answer the question, or an abstention.

        Args:
            tenant: Whose collection.
            collection: Its name; an empty or unknown one answers nothing.
            question: Any text, in any language that the encoder knows.
            k: So many passages may be quoted.
            filters: What they must fulfil.

        Raises:
            InvalidInput: k is out of range.
            Unavailable: the database does not answer.
        """
        evidence = self.evidence(tenant, collection, question, k=k, filters=filters)
        if not evidence.units:
            return _abstained(0.0, evidence.suspicious)
        model = self._gate.model(self._encoder.fingerprint)
        scores = model.scores(evidence.figures)
        best, margin = best_of(evidence, scores)
        confidence = round(model.probability(evidence.of_answer(best, margin)), 4)
        if confidence < model.threshold:
            return _abstained(confidence, evidence.suspicious)
        chosen = [evidence.units[place] for place in _said(evidence, scores, best)]
        citations = tuple(_cited(chosen))
        suspicious = {unit.hit.document_id for unit in chosen if unit.hit.suspicious}
        text = "\n".join(citation.quote for citation in citations)
        return Answer(text, citations, confidence, abstained=False, suspicious=tuple(sorted(suspicious)))

    def evidence(
        self, tenant: str, collection: str, question: str, *, k: int = K, filters: Filters | None = None
    ) -> Evidence:
        """Return what `answer` chooses from; the gate is fitted on this."""
        encoder = self._encoder if self._gate.knows(self._encoder.fingerprint) else None
        return gather(self._searcher, encoder, tenant, collection, question, k, filters)


def _abstained(confidence: float, suspicious: Iterable[str]) -> Answer:
    return Answer("", (), confidence, abstained=True, suspicious=tuple(sorted(suspicious)))


def _said(evidence: Evidence, scores: Floats, best: int) -> list[int]:
    """Return the places of what is quoted: the best, or its twin in the question's language, and one that
    contradicts it: where two documents say different numbers of the same thing, both are shown."""
    rivals = [place for place in np.argsort(-scores).tolist() if _is_rival(evidence, scores, best, place)]
    same = [place for place in rivals if _numbers(evidence, place) == _numbers(evidence, best)]
    if is_foreign(evidence.wanted, evidence.units[best].hit):
        twins = [place for place in same if not is_foreign(evidence.wanted, evidence.units[place].hit)]
        best = twins[0] if twins else best
    against = [place for place in rivals if _contradicts(evidence, best, place)]
    return [*with_near(evidence, scores, best), *against[:1]]


def _is_rival(evidence: Evidence, scores: Floats, best: int, place: int) -> bool:
    """Tell whether a sentence of another document says something of the same thing, nearly as well."""
    one, other = evidence.units[best], evidence.units[place]
    if one.hit.document_id == other.hit.document_id or scores[best] - scores[place] > _CLOSE:
        return False
    if evidence.vectors is None:
        return not is_foreign(evidence.wanted, other.hit) and _alike_words(evidence, best, place)
    between = float(evidence.vectors[best] @ evidence.vectors[place])
    return between > float(evidence.figures["cosine"][best])


def _alike_words(evidence: Evidence, best: int, place: int) -> bool:
    shared = evidence.figures["shared"]
    return bool(shared[place] >= shared[best] > 0.0)


def _contradicts(evidence: Evidence, best: int, place: int) -> bool:
    one, other = _numbers(evidence, best), _numbers(evidence, place)
    return evidence.wanted.number and bool(one and other) and not (one <= other or other <= one)


def _numbers(evidence: Evidence, place: int) -> frozenset[str]:
    return figures(evidence.units[place].text)


def _cited(units: Iterable[Unit]) -> Iterator[Citation]:
    """Yield the quotes of units; those of one passage that touch are one quote."""
    for _, group in groupby(units, key=lambda unit: unit.hit.passage_id):
        own = list(group)
        spans = {Span(unit.start, unit.end) for unit in own} | {unit.lead for unit in own if unit.lead}
        hit, joined = own[0].hit, list[Span]()
        for span in sorted(spans, key=lambda span: span.start):
            if joined and span.start - joined[-1].end <= _JOINED:
                joined[-1] = Span(joined[-1].start, max(span.end, joined[-1].end))
            else:
                joined.append(span)
        yield from (_citation(hit, span) for span in joined)


def _citation(hit: Hit, span: Span) -> Citation:
    return Citation(hit.document_id, hit.version, span.start, span.end, quote(hit, span), hit.page, hit.title)
