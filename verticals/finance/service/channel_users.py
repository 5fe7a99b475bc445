"""Who of a tenant names a channel, so that none is deleted under somebody who waits to be told."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from verticals.finance.tables import FinanceRule, FinanceSubscriber


def channel_users(session: Session, channel_id: str) -> list[str]:
    """Return the rules and subscribers that name a channel, as a person knows them."""
    rules = session.scalars(select(FinanceRule).order_by(FinanceRule.id))
    people = session.scalars(select(FinanceSubscriber).order_by(FinanceSubscriber.id))
    return [
        *(f"rule {row.name!r}" for row in rules if channel_id in row.channels),
        *(
            f"subscriber {row.name!r}"
            for row in people
            if channel_id in (row.channel_id, (row.escalate or {}).get("channel_id"))
        ),
    ]
