"""The web routes of medical."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.vertical import Access
from verticals.medical.intake import from_payload
from verticals.medical.schemas import (
    JobOut,
    ReplayOut,
    ReplaysIn,
    ReviewDetailOut,
    ReviewOut,
    State,
    TriageIn,
    TriageOut,
    VerdictIn,
)
from verticals.medical.service import Medical, Verdict, answer, detail_out, place, replay_out, review_out

TRIAGE, READ, REVIEW = "medical:triage", "medical:read", "medical:review"


def router(service: Medical, access: Access) -> APIRouter:
    """Return the routes over the use cases; they run in threads: a model pass would block the loop."""
    routes = APIRouter(prefix="/v1/medical", tags=["medical"])
    triager = Depends(access.require(TRIAGE))

    @routes.post("/triage", summary="How urgent, which department, and why")
    def triage(body: TriageIn, caller: Caller = triager) -> TriageOut:
        """Advise trained staff on one complaint; it is no diagnosis.

        The most urgent of rules and model wins. Where a model fails, or the review queue does, the answer is
        safe and says so in `faults`. Every case waits for a person under /v1/medical/reviews.
        """
        complaint = from_payload(body.model_dump(exclude={"pack"}))
        return answer(service.triage(caller.tenant, complaint, pack=body.pack, actor=caller.key_id))

    _review_routes(routes, service, access)
    _replay_routes(routes, service, access)
    return routes


def _review_routes(routes: APIRouter, service: Medical, access: Access) -> None:
    reader, reviewer = Depends(access.require(READ)), Depends(access.require(REVIEW))

    @routes.get("/reviews", summary="The review queue")
    def list_reviews(
        cursor: Cursor = None,
        limit: Limit = 50,
        state: Annotated[State | None, Query()] = None,
        needed: Annotated[bool | None, Query(description="Whether the decision asks for a person.")] = None,
        caller: Caller = reader,
    ) -> Page[ReviewOut]:
        """List cases, the most urgent first and of those the oldest; what was said stands in the case."""
        rows = service.reviews.list(
            caller.tenant, state=state, needed=needed, after=after(cursor), limit=limit + 1
        )
        return page(rows, limit, review_out, place)

    @routes.get("/reviews/{review_id}", summary="One case")
    def get_review(review_id: str, caller: Caller = reader) -> ReviewDetailOut:
        """Return a case with what was said, de-identified; evidence points into the text of `input`."""
        return detail_out(*service.reviews.get(caller.tenant, review_id))

    @routes.post("/reviews/{review_id}/decision", summary="What a person decides")
    def decide(review_id: str, body: VerdictIn, caller: Caller = reviewer) -> ReviewOut:
        """Confirm the advice or change it; a decision is final, a second one is a conflict."""
        verdict = Verdict(body.urgency, body.department, body.comment)
        return review_out(service.reviews.decide(caller.tenant, review_id, verdict, actor=caller.key_id))


def _replay_routes(routes: APIRouter, service: Medical, access: Access) -> None:
    reader, reviewer = Depends(access.require(READ)), Depends(access.require(REVIEW))

    @routes.get("/reviews/{review_id}/replay", summary="Decide a case again")
    def replay(review_id: str, caller: Caller = reader) -> ReplayOut:
        """Decide again on the stored input, rules and model versions, and say what differs."""
        return replay_out(service.replay.one(caller.tenant, review_id))

    @routes.post("/replays", status_code=202, summary="Decide all cases again")
    def replay_all(body: ReplaysIn, caller: Caller = reviewer) -> JobOut:
        """Queue deciding all cases since a moment again, on the rules and models that serve now.

        The job's result counts what stays, what is raised and what is lowered; no case is changed.
        """
        return JobOut(job_id=service.replay_later(caller.tenant, body.since, actor=caller.key_id))
