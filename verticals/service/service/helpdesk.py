"""What service can do, put together out of the services; loads no model."""

from __future__ import annotations

from dataclasses import dataclass

from core.retrieval.answer import Answerer
from core.retrieval.gate import Gate
from core.retrieval.library import Library
from core.retrieval.search import Searcher
from core.vertical import Services
from verticals.service.recipe import GATE
from verticals.service.service.conversations import Conversations
from verticals.service.service.feedback import Rate
from verticals.service.service.knowledge import Knowledge
from verticals.service.service.reading import Read
from verticals.service.service.reply import Answers, Respond
from verticals.service.service.talk import Talk
from verticals.service.service.templates import Templates


@dataclass(frozen=True, slots=True)
class HelpDesk:
    """The use cases.

    Attributes:
        read: Tell what texts want; nothing is stored.
        knowledge: Documents: put, listed, searched, deleted.
        answers: Answers a question out of the documents; nothing is stored.
        templates: Approved answers.
        conversations: Conversations and what was said in them.
        respond: Find the reply to a message; nothing is stored.
        talk: Answer a customer's message.
        rate: Keep feedback on a reply.
    """

    read: Read
    knowledge: Knowledge
    answers: Answers
    templates: Templates
    conversations: Conversations
    respond: Respond
    talk: Talk
    rate: Rate


def build(services: Services, *, gate: Gate | None = None) -> HelpDesk:
    """Make the use cases; loads no model.

    Args:
        services: What they are made of.
        gate: When documents answer; default: the one that ships.
    """
    storage, clock, settings = services.storage, services.clock, services.settings
    searcher = Searcher(storage, services.encoder, settings)
    knowledge = Knowledge(
        storage, Library(storage, services.encoder), searcher, services.jobs, clock, settings
    )
    read, templates = Read(services.predictor, settings), Templates(storage, clock)
    answers = Answerer(searcher, services.encoder, gate or Gate.load(GATE))
    respond = Respond(read, templates, answers)
    return HelpDesk(
        read=read,
        knowledge=knowledge,
        answers=answers,
        templates=templates,
        conversations=Conversations(storage, clock, settings),
        respond=respond,
        talk=Talk(storage, clock, settings, respond),
        rate=Rate(storage, clock),
    )
