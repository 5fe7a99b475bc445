"""The use case: a tenant's approved answers, one an intent, given word by word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ports import Clock
from core.storage import audit, outbox
from core.storage.engine import Storage
from verticals.service.policy.phrases import language
from verticals.service.tables import Template


@dataclass(frozen=True, slots=True)
class TemplateView:
    """An approved answer as it stood when it was read; None where a language has none."""

    intent: str
    en: str | None
    zh: str | None
    updated_at: datetime


class Templates:
    """A tenant's approved answers.

    Args:
        storage: Where they are kept.
        clock: Tells when they changed.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def text(self, tenant: str, intent: str, lang: str) -> str | None:
        """Return the approved answer to an intent in the customer's language; None where there is none."""
        with self._storage.read(tenant) as session:
            row = session.get(Template, (tenant, intent))
            return getattr(row, language(lang)) if row is not None else None

    def put(self, tenant: str, intent: str, *, en: str | None, zh: str | None, actor: str) -> TemplateView:
        """Keep an approved answer in place of the one there was."""
        return self.put_all(tenant, {intent: {"en": en, "zh": zh}}, actor=actor)[0]

    def put_all(
        self, tenant: str, answers: Mapping[str, Mapping[str, str | None]], *, actor: str
    ) -> list[TemplateView]:
        """Keep several approved answers at once; what is there already in the same words is left alone."""

        def write(session: Session) -> list[TemplateView]:
            return [self._put(session, tenant, intent, said, actor) for intent, said in answers.items()]

        return self._storage.write(tenant, write)

    def _put(
        self, session: Session, tenant: str, intent: str, said: Mapping[str, str | None], actor: str
    ) -> TemplateView:
        row = session.get(Template, (tenant, intent)) or Template(intent=intent)
        if row.updated_at is None or (row.en, row.zh) != (said.get("en"), said.get("zh")):
            row.en, row.zh, row.updated_at = said.get("en"), said.get("zh"), self._clock.now()
            session.add(row)
            session.flush()
            _tell(session, "stored", intent, actor)
        return _view(row)

    def delete(self, tenant: str, intent: str, *, actor: str) -> None:
        """Delete an approved answer.

        Raises:
            NotFound: this tenant has none to this intent.
        """

        def change(session: Session) -> None:
            row = session.get(Template, (tenant, intent))
            if row is None:
                raise NotFound(f"No approved answer to {intent!r}.", remedy="List them.")
            session.delete(row)
            session.flush()
            _tell(session, "deleted", intent, actor)

        self._storage.write(tenant, change)

    def list(self, tenant: str, *, after: str | None = None, limit: int = 50) -> Sequence[TemplateView]:
        """Return approved answers in the order of their intents, those behind the intent `after`."""
        query = select(Template).order_by(Template.intent).limit(limit)
        if after is not None:
            query = query.where(Template.intent > after)
        with self._storage.read(tenant) as session:
            return [_view(row) for row in session.scalars(query)]


def _view(row: Template) -> TemplateView:
    return TemplateView(row.intent, row.en, row.zh, row.updated_at)


def _tell(session: Session, what: str, intent: str, actor: str) -> None:
    outbox.emit(session, f"service.template.{what}", {"intent": intent})
    audit.record(session, actor=actor, action=f"template.{what}", subject=intent)
