"""`POST /v1/chat/completions`: the help desk as OpenAI's clients know a model.

Errors are problem+json with a member `error` beside (`api.errors`), which is what the official client shows.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response, StreamingResponse

from core.errors import FieldError, InvalidInput
from core.security.caller import Caller
from core.text.segment import words
from core.vertical import Access
from verticals.service.routes.conversations import citations
from verticals.service.routes.scopes import CHAT
from verticals.service.schemas.completions import (
    ChatMessageOut,
    ChoiceOut,
    CompletionIn,
    CompletionOut,
    Extras,
    UsageOut,
    chunk,
)
from verticals.service.service import HelpDesk, Opening, Said

PATH = "/v1/chat/completions"
_PIECE = re.compile(r"\s*\S{1,24}\s*")
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


def mount(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    """Add the route; it runs in a thread: a model pass would block the loop."""

    talker = Depends(access.require(CHAT))

    @routes.post(
        PATH, response_model=CompletionOut, responses=_STREAM, summary="Chat, as OpenAI's clients do"
    )
    def complete(body: CompletionIn, caller: Caller = talker) -> Any:
        """Answer the user's last message; it begins a conversation, or goes on with `conversation_id`."""
        said = _answer(service, caller, body)
        number = sha256(said.message_id.encode()).hexdigest()[:29]
        identity = {"id": f"chatcmpl-{number}", "created": int(time.time())}
        usage = _usage(body, said)
        if not body.stream:
            return _whole(identity, said, usage)
        shown = usage if body.stream_options and body.stream_options.include_usage else None
        return _streamed(identity, said, shown)


def _answer(service: HelpDesk, caller: Caller, body: CompletionIn) -> Said:
    asked = [(place, each) for place, each in enumerate(body.messages) if each.role == "user"]
    if not asked:
        raise InvalidInput(
            "No message has the role user.",
            remedy="Send what the customer said as the last message, with the role user.",
            errors=[FieldError("/messages", "no message of the role user")],
        )
    place, last = asked[-1]
    pointer = f"/messages/{place}/content"
    if body.conversation_id is not None:
        return service.talk.say(
            caller.tenant, body.conversation_id, last.text, pointer=pointer, actor=caller.key_id
        )
    opening = Opening("openai", body.user, asked[-2][1].text if len(asked) > 1 else None)
    return service.talk.begin(caller.tenant, opening, last.text, pointer=pointer, actor=caller.key_id)


def _extras(said: Said) -> dict[str, Any]:
    return {
        "conversation_id": said.conversation_id,
        "message_id": said.message_id,
        "action": said.reply.action,
        "citations": citations(said),
        "intent": said.reply.reading.intent,
        "out_of_scope": said.reply.reading.out_of_scope,
        "confidence": said.reply.confidence,
    }


def _usage(body: CompletionIn, said: Said) -> UsageOut:
    read = sum(len(words(message.text)) for message in body.messages)
    spoken = len(words(said.reply.text))
    return UsageOut(prompt_tokens=read, completion_tokens=spoken, total_tokens=read + spoken)


def _whole(identity: dict[str, Any], said: Said, usage: UsageOut) -> CompletionOut:
    choice = ChoiceOut(message=ChatMessageOut(content=said.reply.text))
    return CompletionOut(**identity, **_extras(said), choices=[choice], usage=usage)


def _streamed(identity: dict[str, Any], said: Said, usage: UsageOut | None) -> Response:
    """Return the answer as server-sent events; it is known before the first, so no stream breaks off."""

    async def sent() -> AsyncIterator[str]:
        for event in _events(identity, said, usage):
            yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(sent(), media_type="text/event-stream")


def _events(identity: dict[str, Any], said: Said, usage: UsageOut | None) -> Iterator[dict[str, Any]]:
    yield chunk(identity, {"role": "assistant", "content": ""})
    for piece in _PIECE.findall(said.reply.text):
        yield chunk(identity, {"content": piece})
    extras = Extras(**_extras(said)).model_dump(mode="json")
    yield chunk(identity, {}, "stop", **extras)
    if usage is not None:
        yield chunk(identity, None, usage=usage.model_dump())
