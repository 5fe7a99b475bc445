"""From what the use cases return to what the routes and the command line answer."""

from __future__ import annotations

from verticals.medical.policy import Question, Reason
from verticals.medical.schemas import (
    NOTICE_EN,
    NOTICE_ZH,
    DecidedOut,
    DifferenceOut,
    EvidenceOut,
    PackOut,
    QuestionOut,
    ReasonOut,
    ReplayOut,
    ReviewDetailOut,
    ReviewOut,
    TriageOut,
)
from verticals.medical.service.replay import Replayed
from verticals.medical.service.reviews import Content, ReviewView
from verticals.medical.service.triage import Triaged


def answer(triaged: Triaged) -> TriageOut:
    """Return the advice, in the language of the complaint, evidence in the text as it was sent."""
    judged, decision = triaged.judged, triaged.judged.decision
    zh = decision.lang == "zh"
    return TriageOut(
        urgency=decision.level,
        level_name=decision.level_name_zh if zh else decision.level_name,
        level_name_en=decision.level_name,
        level_name_zh=decision.level_name_zh,
        department=decision.department,
        reasons=[_reason(triaged, reason, zh=zh) for reason in decision.reasons],
        red_flags=list(decision.red_flags),
        set=list(decision.level_set),
        abstained=decision.abstained,
        ask=[_question(question, zh=zh) for question in decision.ask],
        review=decision.review or judged.fault is not None,
        review_id=triaged.review_id,
        lang=decision.lang,
        pack=PackOut(name=judged.pack.id, version=judged.pack.version, sha256=judged.pack.sha256),
        model=dict(judged.models),
        faults=[judged.fault] if judged.fault else [],
        notice=NOTICE_ZH if zh else NOTICE_EN,
    )


def _reason(triaged: Triaged, reason: Reason, *, zh: bool) -> ReasonOut:
    spans = (triaged.places.span(span.start, span.end) for span in reason.evidence)
    return ReasonOut(
        code=reason.code,
        level=reason.level,
        text=reason.text_zh if zh else reason.text_en,
        text_en=reason.text_en,
        text_zh=reason.text_zh,
        evidence=[EvidenceOut(start=span.start, end=span.end) for span in spans],
    )


def _question(question: Question, *, zh: bool) -> QuestionOut:
    return QuestionOut(
        id=question.id,
        text=question.text_zh if zh else question.text_en,
        text_en=question.text_en,
        text_zh=question.text_zh,
    )


def review_out(review: ReviewView) -> ReviewOut:
    """Return a review as a list shows it."""
    decided = None
    if review.decided_at is not None:
        decided = DecidedOut(
            urgency=review.decided_urgency or review.urgency,
            department=review.decided_department or review.department,
            by=review.decided_by or "",
            at=review.decided_at,
        )
    return ReviewOut(
        id=review.id,
        state=review.state,
        needed=review.needed,
        urgency=review.urgency,
        department=review.department,
        lang=review.lang,
        reasons=list(review.reasons),
        red_flags=list(review.red_flags),
        set=list(review.level_set),
        abstained=review.abstained,
        faults=list(review.faults),
        pack=PackOut(name=review.pack, version=review.pack_version, sha256=review.pack_sha256),
        model=dict(review.models),
        created_at=review.created_at,
        decided=decided,
    )


def detail_out(review: ReviewView, content: Content | None) -> ReviewDetailOut:
    """Return a review with what it is about."""
    return ReviewDetailOut(
        **review_out(review).model_dump(),
        input=None if content is None else dict(content.input),
        decision=None if content is None else dict(content.decision),
        comment=None if content is None else content.comment,
    )


def replay_out(replayed: Replayed) -> ReplayOut:
    """Return what came of a replay."""
    return ReplayOut(
        review_id=replayed.review_id,
        identical=replayed.identical,
        intact=replayed.intact,
        same_basis=replayed.same_basis,
        differences=[DifferenceOut(**each) for each in replayed.differences],
        decision=dict(replayed.decision),
    )
