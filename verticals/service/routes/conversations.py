"""Routes of conversations, their messages, and feedback on replies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from core.paging import Cursor, Limit, Page, after, page
from core.security.caller import Caller
from core.vertical import Access
from verticals.service.routes.scopes import CHAT, PREFIX, READ, WRITE
from verticals.service.schemas.conversations import (
    CitationOut,
    ConversationIn,
    ConversationOut,
    ConversationPatch,
    FeedbackIn,
    FeedbackOut,
    MessageIn,
    ReplyOut,
    State,
    StoredMessageOut,
)
from verticals.service.service import HelpDesk, Said
from verticals.service.service.conversations import ConversationView, MessageView
from verticals.service.service.quotes import shown


def mount(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    """Add the routes."""
    _conversations(routes, service, access)
    _messages(routes, service, access)


def _conversations(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    reader, writer = Depends(access.require(READ)), Depends(access.require(WRITE))
    talker = Depends(access.require(CHAT))

    @routes.post(f"{PREFIX}/conversations", status_code=201, summary="Begin a conversation")
    def start(body: ConversationIn, caller: Caller = talker) -> ConversationOut:
        """Begin a conversation with one customer."""
        begun = service.conversations.start(
            caller.tenant, channel=body.channel, external_user=body.external_user
        )
        return _conversation(begun)

    @routes.get(f"{PREFIX}/conversations", summary="Conversations")
    def list_conversations(
        cursor: Cursor = None,
        limit: Limit = 50,
        state: Annotated[State | None, Query(description="Only those in this state.")] = None,
        caller: Caller = reader,
    ) -> Page[ConversationOut]:
        """List conversations, the last begun first."""
        rows = service.conversations.list(caller.tenant, state=state, before=after(cursor), limit=limit + 1)
        return page(rows, limit, _conversation, lambda row: row.id)

    @routes.get(f"{PREFIX}/conversations/{{conversation_id}}", summary="A conversation")
    def get_conversation(conversation_id: str, caller: Caller = reader) -> ConversationOut:
        """Return one conversation."""
        return _conversation(service.conversations.get(caller.tenant, conversation_id))

    @routes.patch(
        f"{PREFIX}/conversations/{{conversation_id}}", summary="Hand over, reopen or close a conversation"
    )
    def change(conversation_id: str, body: ConversationPatch, caller: Caller = writer) -> ConversationOut:
        """Give a conversation another state; opened again, the assistant speaks again."""
        changed = service.conversations.change(
            caller.tenant, conversation_id, body.state, actor=caller.key_id
        )
        return _conversation(changed)


def _messages(routes: APIRouter, service: HelpDesk, access: Access) -> None:
    reader, talker = Depends(access.require(READ)), Depends(access.require(CHAT))

    @routes.post(
        f"{PREFIX}/conversations/{{conversation_id}}/messages", summary="Say something and get a reply"
    )
    def say(conversation_id: str, body: MessageIn, caller: Caller = talker) -> ReplyOut:
        """Answer a message: approved answer, cited quote, question back, plain "not known", or a person."""
        return reply(service.talk.say(caller.tenant, conversation_id, body.text, actor=caller.key_id))

    @routes.get(f"{PREFIX}/conversations/{{conversation_id}}/messages", summary="What was said")
    def messages(
        conversation_id: str, cursor: Cursor = None, limit: Limit = 50, caller: Caller = reader
    ) -> Page[StoredMessageOut]:
        """List messages in their order; a quote is null where its version of the document is gone."""
        rows = service.conversations.messages(
            caller.tenant, conversation_id, after=after(cursor), limit=limit + 1
        )
        return page(rows, limit, _message, lambda row: row.id)

    @routes.post(f"{PREFIX}/messages/{{message_id}}/feedback", summary="Say what you think of a reply")
    def feedback(message_id: str, body: FeedbackIn, caller: Caller = talker) -> FeedbackOut:
        """Keep what somebody thinks of a reply; the last word counts."""
        kept = service.rate(caller.tenant, message_id, body.rating, body.comment)
        return FeedbackOut(message_id=kept.message_id, rating=kept.rating, comment=kept.comment)


def reply(said: Said) -> ReplyOut:
    """Return the form in which a reply leaves the house."""
    given = said.reply
    return ReplyOut(
        conversation_id=said.conversation_id,
        message_id=said.message_id,
        action=given.action,
        text=given.text,
        citations=citations(said),
        intent=given.reading.intent,
        out_of_scope=given.reading.out_of_scope,
        confidence=given.confidence,
        lang=given.lang,
        source=given.source,
        suspicious=given.suspicious,
    )


def citations(said: Said) -> list[CitationOut]:
    """Return a reply's citations as they leave the house."""
    return [CitationOut(**asdict(shown(each))) for each in said.reply.citations]


def _conversation(row: ConversationView) -> ConversationOut:
    return ConversationOut(
        id=row.id,
        state=row.state,
        channel=row.channel,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _message(row: MessageView) -> StoredMessageOut:
    return StoredMessageOut.model_validate(
        {**asdict(row), "citations": [asdict(each) for each in row.citations]}
    )
