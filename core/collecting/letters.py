"""Dead letters: what was not taken, kept with its reason for somebody to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.collecting.tables import DeadLetter
from core.records import Record, Refused
from core.text.shorten import shortened

FILES = "file:"
"""What the letters of files are kept under begins so; no connection's id does."""
_ID, _PLACE, _REASON, _RAW = 80, 400, 1_000, 10_000
_MOST = 10_000
"""Letters of one connection that are kept; a source of nothing but rubbish must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One refusal, in a form that every database can hold."""

    place: str
    reason: str
    raw: str


def letter(item: Record | Refused, reason: str = "") -> Letter:
    """Return the letter of a refused thing.

    Args:
        item: What the connector yielded.
        reason: Why the sink refused a record; a Refused has its own.
    """
    if isinstance(item, Refused):
        return Letter(shortened(_clean(item.place), _PLACE), _cut(item.reason, _REASON), _cut(item.raw, _RAW))
    raw = json.dumps(dict(item.payload), ensure_ascii=False, default=str)
    return Letter(shortened(_clean(item.external_id), _PLACE), _cut(reason, _REASON), _cut(raw, _RAW))


def of_file(file: Path) -> str:
    """Return under what the letters of a file are kept that a command read, where there is no connection."""
    return f"{FILES}{shortened(file.name, _ID - len(FILES))}"


def forget(session: Session, tenant: str, connection_id: str) -> None:
    """Delete letters in the caller's transaction."""
    own = (DeadLetter.tenant_id == tenant, DeadLetter.connection_id == connection_id)
    session.execute(delete(DeadLetter).where(*own))


def keep(session: Session, tenant: str, connection_id: str, letters: Sequence[Letter], now: datetime) -> None:
    """Store letters in the caller's transaction; of one place the last is kept."""
    if not letters:
        return
    own = (DeadLetter.tenant_id == tenant, DeadLetter.connection_id == connection_id)
    room = _MOST - (session.scalar(select(func.count()).select_from(DeadLetter).where(*own)) or 0)
    places = {each.place: each for each in letters}
    known = {
        row.place: row
        for row in session.scalars(select(DeadLetter).where(*own, DeadLetter.place.in_(places)))
    }
    for place, each in places.items():
        if place in known:
            row = known[place]
            row.reason, row.raw, row.at = each.reason, each.raw, now
        elif room > 0:
            room -= 1
            session.add(
                DeadLetter(
                    tenant_id=tenant,
                    connection_id=connection_id,
                    place=place,
                    reason=each.reason,
                    raw=each.raw,
                    at=now,
                )
            )


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _cut(text: str, length: int) -> str:
    clean = _clean(text)
    return clean if len(clean) <= length else clean[: length - 1] + "…"
