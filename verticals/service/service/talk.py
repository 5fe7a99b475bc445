"""The use case: a customer's message comes in, is kept, and gets a reply that is kept too."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.ports import Clock
from core.settings import Settings
from core.storage import outbox
from core.storage.engine import Storage
from core.storage.ids import new_id
from core.text.language import UNDETERMINED
from core.text.mask import mask
from verticals.service.service.conversations import begun, enter, found
from verticals.service.service.knowledge import HELP
from verticals.service.service.quotes import kept
from verticals.service.service.reply import Heard, Reply, Respond, hushed
from verticals.service.service.seal import seal
from verticals.service.tables import Conversation, Message


@dataclass(frozen=True, slots=True)
class Said:
    """A reply, and where it is kept."""

    conversation_id: str
    message_id: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Opening:
    """How a conversation begins that begins with its first message.

    Attributes:
        channel: Where it takes place.
        external_user: Who the customer is elsewhere; only a keyed hash of it is kept.
        previous: What they wrote before, where the client tells.
    """

    channel: str = "api"
    external_user: str | None = None
    previous: str | None = None


class Talk:
    """Takes messages.

    Args:
        storage: Where they are kept.
        clock: Tells when.
        settings: For the secret that customers' ids are hashed with.
        respond: Finds the reply.
    """

    def __init__(self, storage: Storage, clock: Clock, settings: Settings, respond: Respond) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._respond = respond

    def say(
        self, tenant: str, conversation_id: str, text: str, *, pointer: str = "/text", actor: str
    ) -> Said:
        """Answer a message; message and reply are durable when this returns.

        A conversation that was handed over stays silent: `handoff` with an empty text.

        Args:
            tenant: Whose conversation.
            conversation_id: Which.
            text: What the customer wrote; masked before anything else sees it.
            pointer: Where the text stands in the request, for errors.
            actor: Who sent it, for the audit of a hand-over.

        Raises:
            NotFound: this tenant has no such conversation.
            Conflict: it is closed.
            InvalidInput, PayloadTooLarge: the text is blank or too long.
            Unavailable: a model is still being loaded or trained.
        """
        with self._storage.read(tenant) as session:
            conversation = found(session, tenant, conversation_id)
            _check_open(conversation)
            heard = _heard(session, conversation, mask(text))
            silent = conversation.state == "handed_over"
        respond = self._respond.silent if silent else self._respond
        reply = respond(tenant, heard, pointer=pointer)

        def write(session: Session) -> Said:
            row = found(session, tenant, conversation_id)
            _check_open(row)
            # Somebody may have handed it over while the reply was being found.
            final = hushed(reply) if row.state == "handed_over" else reply
            return self._keep(session, row, heard.text, final, actor)

        return self._storage.write(tenant, write)

    def begin(self, tenant: str, opening: Opening, text: str, *, pointer: str = "/text", actor: str) -> Said:
        """Answer the first message of a conversation, which begins with it; see `say`."""
        heard = Heard(mask(text), mask(opening.previous) if opening.previous else None)
        reply = self._respond(tenant, heard, pointer=pointer)
        user = seal(self._settings, tenant, opening.channel, opening.external_user)

        def write(session: Session) -> Said:
            row = begun(session, opening.channel, user, self._clock.now())
            return self._keep(session, row, heard.text, reply, actor)

        return self._storage.write(tenant, write)

    def _keep(self, session: Session, row: Conversation, text: str, reply: Reply, actor: str) -> Said:
        moment = self._clock.now()
        question = Message(
            id=new_id(),
            conversation_id=row.id,
            role="user",
            text=text,
            lang=reply.reading.lang,
            citations=[],
            created_at=moment,
        )
        answer = _row(row.id, reply)
        answer.created_at = row.updated_at = moment
        session.add_all((question, answer))
        row.failures = row.failures + 1 if reply.failed else 0
        if reply.action == "handoff" and row.state == "open":
            enter(session, row, "handed_over", moment, actor)
        session.flush()
        told = {"conversation_id": row.id, "id": answer.id, "action": reply.action, "source": reply.source}
        outbox.emit(session, "service.message.answered", told)
        return Said(row.id, answer.id, reply)


def _check_open(row: Conversation) -> None:
    if row.state == "closed":
        raise Conflict("The conversation is closed.", remedy="Open it again, or begin another.")


def _heard(session: Session, conversation: Conversation, text: str) -> Heard:
    last = session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.role == "user")
        .order_by(Message.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return Heard(text, failures=conversation.failures)
    lang = None if last.lang == UNDETERMINED else last.lang
    return Heard(text, last.text, lang, conversation.failures)


def _row(conversation_id: str, reply: Reply) -> Message:
    """Return the row of a reply: an answer from documents keeps places only, so that deleting one counts."""
    quoted = reply.source == "documents"
    return Message(
        id=new_id(),
        conversation_id=conversation_id,
        role="assistant",
        text="" if quoted else reply.text,
        lang=reply.lang,
        action=reply.action,
        source=reply.source,
        intent=reply.reading.intent,
        out_of_scope=reply.reading.out_of_scope,
        confidence=reply.confidence,
        citations=[kept(citation) for citation in reply.citations],
        collection=HELP if quoted else None,
        model=reply.reading.said.model,
    )
