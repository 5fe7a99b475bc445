"""A news desk with alerts: news by the hour, rules made short, and what was queued for delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.delivery.channels import Channels
from core.delivery.tables import Delivery
from core.storage.tables import AuditEntry, OutboxEvent
from core.streams.windows import start_of
from tests.verticals.finance.desk import Desk, doc
from verticals.finance.intake import Document
from verticals.finance.service import AlertView, Change, RuleView, SubscriberView
from verticals.finance.tables import FinanceCell, FinanceSource

HOUR = timedelta(hours=1)
LETTERS = str.maketrans("0123456789", "ghijklmnop")


def story(number: int, at: datetime, *, bad: bool = True, topic: str = "", source: str = "wire") -> Document:
    """Return news that is like no other."""
    hexes = (sha256(f"{source} {number} {place}".encode()).hexdigest() for place in range(9))
    words = " ".join(each[:9].translate(LETTERS) for each in hexes)
    mood = "bad" if bad else "good"
    text = f"{words} {mood} {f'#{topic}' if topic else ''}"
    return doc(f"{source}-{number}", text, at, source=source)


class Alerting:
    """Short ways to what a test of alerts does.

    Args:
        desk: Where it works.
        defaults: Whether the rules that everybody begins with are left on.
    """

    def __init__(self, desk: Desk, *, defaults: bool = False) -> None:
        self.desk = desk
        self._number = 0
        if not defaults:
            for view in desk.finance.rules.list(desk.tenant):
                desk.finance.rules.delete(desk.tenant, view.rule.id, actor="test")

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    def news(self, number: int = 1, *, live: bool = True, read: bool = True, **how: Any) -> None:
        """Send stories that happen now."""
        at = how.pop("at", self.now)
        self.desk.send(*self.stories(number, at, **how), live=live, read=read)

    def stories(self, number: int, at: datetime, **how: Any) -> list[Document]:
        self._number += number
        return [story(self._number - each, at, **how) for each in range(number)]

    def history(
        self,
        days: int = 40,
        *,
        source: str = "wire",
        topic: str = "",
        entity: str = "",
        live: bool = True,
        **each: int,
    ) -> None:
        """Write down what a source brought every hour up to an hour ago, as it is counted."""
        amounts = {"count": 5, "negative": 1, "reach": 5, **each}
        start = start_of(self.now, "1h") - days * 24 * HOUR
        moments = [start + number * HOUR for number in range(days * 24)]
        place = {"topic": topic, "entity": entity, "source": source, "whole_day": False, "live": live}

        def write(session: Session) -> None:
            session.add_all(FinanceCell(start=at, **place, **amounts) for at in moments)
            session.merge(
                FinanceSource(
                    tenant_id=self.desk.tenant,
                    source=source,
                    first_at=moments[0],
                    latest_at=moments[-1],
                    heard_at=moments[-1],
                )
            )

        self.desk.services.storage.write(self.desk.tenant, write)

    def rule(self, **values: Any) -> RuleView:
        given = {"name": f"rule {self.now} {values}"[:120], "kind": "threshold", "window": "1h", **values}
        return self.desk.finance.rules.create(self.desk.tenant, given, actor="test")

    def look(self, minutes: float = 0) -> list[Change]:
        """Let time pass, then judge."""
        self.desk.clock.move(60 * minutes)
        return self.desk.finance.monitor.evaluate(self.desk.tenant, self.now)

    def alerts(self, **asked: Any) -> Sequence[AlertView]:
        return self.desk.finance.alerts.list(self.desk.tenant, **asked)

    def only(self) -> AlertView:
        [alert] = self.alerts()
        return self.desk.finance.alerts.get(self.desk.tenant, alert.id)

    def states(self) -> list[str]:
        return [alert.state for alert in reversed(self.alerts())]

    def channel(self, name: str = "desk") -> str:
        services = self.desk.services
        channels = Channels(services.storage, services.settings, services.clock)
        config = {"url": "https://hooks.example.com/x"}
        return channels.put(self.desk.tenant, "webhook", name, config, actor="test").id

    def subscriber(self, name: str = "desk", **values: Any) -> SubscriberView:
        given = {"name": name, "channel_id": values.pop("channel_id", None) or self.channel(name), **values}
        return self.desk.finance.subscribers.create(self.desk.tenant, given, actor="test")

    def sent(self) -> list[tuple[str, str]]:
        """Return (name of the channel's kind of notice, channel id) of what was queued, in order."""
        with self.desk.services.storage.read(self.desk.tenant) as session:
            rows = session.scalars(select(Delivery).order_by(Delivery.id))
            return [(row.message["topic"].removeprefix("finance.alert."), row.channel_id) for row in rows]

    def messages(self) -> list[dict[str, Any]]:
        with self.desk.services.storage.read(self.desk.tenant) as session:
            return [row.message for row in session.scalars(select(Delivery).order_by(Delivery.id))]

    def steps(self) -> list[str]:
        return [step for step, _channel in self.sent()]

    def events(self) -> list[str]:
        with self.desk.services.storage.read(self.desk.tenant) as session:
            query = select(OutboxEvent.topic).where(OutboxEvent.topic.like("finance.alert.%"))
            topics = session.scalars(query.order_by(OutboxEvent.id))
            return [topic.removeprefix("finance.alert.") for topic in topics]

    def audit(self) -> list[tuple[str, str]]:
        with self.desk.services.storage.read(self.desk.tenant) as session:
            query = select(AuditEntry).where(AuditEntry.action.like("finance.alert.%"))
            rows = session.scalars(query.order_by(AuditEntry.sequence))
            return [(row.action.removeprefix("finance.alert."), row.actor) for row in rows]
