"""The web routes of finance."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from core.security.caller import Caller
from core.vertical import Access
from verticals.finance.intake import Story
from verticals.finance.schemas import AnalyzeIn, AnalyzeOut
from verticals.finance.service import Finance, answer

READ = "finance:read"


def router(service: Finance, access: Access) -> APIRouter:
    """Return the routes over the use case; they run in threads, because a model pass would block the loop."""
    routes = APIRouter(prefix="/v1/finance", tags=["finance"])
    reader = Depends(access.require(READ))

    @routes.post("/analyze", summary="Topic and sentiment of texts")
    def analyze(body: AnalyzeIn, caller: Caller = reader) -> AnalyzeOut:
        """Say what each text is about and whether it is good or bad news, in their order."""
        stories = [Story(item.text, item.lang, item.published_at) for item in body.texts]
        return AnalyzeOut(data=[answer(analysis) for analysis in service.analyze(caller.tenant, stories)])

    return routes
