"""The manifest that ties service together; importing it loads neither a model nor a web framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.vertical import Access, RestExample, Services, Vertical
from verticals.service import jobs
from verticals.service.recipe import INTENT
from verticals.service.service import INGEST, HelpDesk, build

_CHAT = "/v1/chat/completions"
_DOCUMENT = {
    "title": "Delivery",
    "text": "# Delivery\n\nParcels inside the country arrive within three working days.",
    "meta": {"company": "lumora"},
}


def _router(service: HelpDesk, access: Access) -> Any:
    from verticals.service.routes import router

    return router(service, access)


def _commands(services: Callable[[], Services]) -> Any:
    from verticals.service.commands import commands

    return commands(services)


def _asked(question: str, **more: Any) -> RestExample:
    return RestExample(
        method="POST",
        path=_CHAT,
        scope="service:chat",
        body={"model": "colonnade-service", "messages": [{"role": "user", "content": question}], **more},
        expect=("choices", "usage", "action", "citations", "intent", "confidence", "conversation_id"),
        shown=not more,
    )


vertical = Vertical(
    name="service",
    summary="Customer service: intents, cited answers from your own documents, and hand-over to people.",
    finished=True,
    tasks=(INTENT,),
    scopes=("service:read", "service:write", "service:chat"),
    build=build,
    router=_router,
    commands=_commands,
    jobs={INGEST: jobs.ingest},
    migrations=Path(__file__).parent / "migrations",
    seed=jobs.seed,
    paths=(_CHAT,),
    examples=(
        _asked("How long do I have to send something back?"),
        _asked("银行卡丢了怎么办？"),
        _asked(
            "Where is my parcel?",
            user="customer-1",
            temperature=0.2,
            stream=False,
            stream_options={"include_usage": True},
        ),
        RestExample(
            method="POST",
            path="/v1/service/intents",
            scope="service:read",
            body={"texts": ["Where is my parcel?", "怎么退货？", "Cancel my gym membership."]},
            expect=("data",),
        ),
        RestExample(
            method="POST",
            path="/v1/service/documents",
            scope="service:write",
            body={"id": "delivery", "media_type": "text/markdown", "filename": "delivery.md", **_DOCUMENT},
            expect=("id", "version", "passages"),
        ),
        RestExample(
            method="PUT",
            path="/v1/service/documents/opening-hours",
            scope="service:write",
            body={"filename": "hours.txt", "content_base64": "T3BlbiBmcm9tIG5pbmUgdG8gZml2ZS4="},
            expect=("id", "version", "passages"),
        ),
        RestExample(method="GET", path="/v1/service/documents", scope="service:read", expect=("data",)),
        RestExample(
            method="POST",
            path="/v1/service/search",
            scope="service:read",
            body={
                "query": "when do parcels arrive",
                "k": 3,
                "mode": "hybrid",
                "filters": {"documents": ["delivery"], "lang": "en", "meta": {"company": "lumora"}},
            },
            expect=("data",),
        ),
        RestExample(
            method="POST",
            path="/v1/service/conversations",
            scope="service:chat",
            body={"channel": "web", "external_user": "customer-1"},
            expect=("id", "state"),
        ),
        RestExample(
            method="PUT",
            path="/v1/service/templates/shop_coupon",
            scope="service:write",
            body={
                "en": "Enter the code in the basket, one an order.",
                "zh": "请在购物车中输入优惠码，每单一个。",
            },
            expect=("intent", "en", "zh"),
        ),
        RestExample(method="GET", path="/v1/service/templates", scope="service:read", expect=("data",)),
    ),
)
