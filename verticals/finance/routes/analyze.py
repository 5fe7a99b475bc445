"""POST /v1/finance/analyze: what texts say, without keeping them."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from core.security.caller import Caller
from core.vertical import Access
from verticals.finance.intake import Story
from verticals.finance.routes.scopes import READ
from verticals.finance.schemas.documents import AnalyzeIn, AnalyzeOut
from verticals.finance.service import Finance, answer


def mount(routes: APIRouter, service: Finance, access: Access) -> None:
    """Add the routes."""
    reader = Depends(access.require(READ))

    @routes.post("/analyze", summary="Topic, sentiment, companies and risk of texts")
    def analyze(body: AnalyzeIn, caller: Caller = reader) -> AnalyzeOut:
        """Say what each text is about, whether it is good or bad news and for whom, in their order."""
        stories = [Story(item.text, item.lang, item.published_at) for item in body.texts]
        return AnalyzeOut(data=[answer(analysis) for analysis in service.analyze(caller.tenant, stories)])
