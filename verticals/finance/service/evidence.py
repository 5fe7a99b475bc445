"""What an alert stands on: the stories of its window, and the fewest without which it would not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.storage.engine import Storage
from verticals.finance.policy.cancelling import Cancelling, Told, of_count, of_share, of_threshold
from verticals.finance.policy.rules import Watched
from verticals.finance.service.judging import Finding, Judging
from verticals.finance.tables import FinanceDocument, FinanceLedger, FinanceStory

SHOWN = 50
"""So many stories are shown of one alert ..."""
KEPT = 500
"""... and so many are kept by their ids."""
_TITLE = 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an alert stands on.

    Attributes:
        shown: JSON: `total`, and `stories` with id, title, source, event_at, negative, reach, document_id.
        story_ids: Of the stories that carry the measure.
        cancelling: JSON: `size`, `exact`, and `stories` (ids).
        entity_name: As the documents call the company; empty where there is none.
    """

    shown: Mapping[str, Any]
    story_ids: tuple[str, ...]
    cancelling: Mapping[str, Any]
    entity_name: str = ""


NOTHING = Evidence({"total": 0, "stories": []}, (), {"size": 0, "exact": True, "stories": []})


class Gathering:
    """Gathers evidence.

    Args:
        storage: Where the ledger is.
        judging: Asked again about surges, without some stories.
    """

    def __init__(self, storage: Storage, judging: Judging) -> None:
        self._storage = storage
        self._judging = judging

    def gather(self, tenant: str, finding: Finding, now: datetime) -> Evidence:
        """Return what a finding that holds stands on."""
        if finding.rule.kind == "silence":
            return NOTHING
        with self._storage.read(tenant) as session:
            told = _stories(session, finding, now)
            carrying = [one for one in told if _carries(finding, one)]
            shown = sorted(carrying, key=lambda one: (-one.reach, one.at, one.id))[:SHOWN]
            leads = _leads(session, shown)
        cancelling = self._cancelling(tenant, finding, told, now)
        return Evidence(
            {"total": len(carrying), "stories": [_shown(one, leads.get(one.id)) for one in shown]},
            tuple(sorted(one.id for one in carrying)[:KEPT]),
            {
                "size": len(cancelling.stories),
                "exact": cancelling.exact,
                "stories": list(cancelling.stories[:KEPT]),
            },
            _name(leads.values(), finding.watched),
        )

    def _cancelling(self, tenant: str, finding: Finding, told: Sequence[Told], now: datetime) -> Cancelling:
        rule = finding.rule
        if rule.kind == "threshold":
            return of_threshold(rule, told)
        again = self._judging.without(tenant, finding, now)

        def holds(rest: Sequence[Told]) -> bool:
            return again.holds(told, rest)

        return of_count(rule, told, holds) if rule.way == "count" else of_share(told, holds)


def _carries(finding: Finding, one: Told) -> bool:
    match finding.rule.measure:
        case "reach":
            return one.reach > 0
        case "count":
            return one.count > 0
        case _:
            return one.negative > 0


def _stories(session: Session, finding: Finding, now: datetime) -> list[Told]:
    """Return the stories of the window as the ledger adds them up.

    The ledger is added up by document: a document's story may have become another since it was booked.
    """
    watched, ledger, document = finding.watched, FinanceLedger, FinanceDocument
    sums = (func.sum(ledger.count), func.sum(ledger.negative), func.sum(ledger.reach))
    columns = (document.story_id, ledger.source, ledger.event_at)
    same = (document.tenant_id == ledger.tenant_id) & (document.id == ledger.document_id)
    query = (
        select(*columns, *sums)
        .join(document, same)
        .where(
            ledger.topic == watched.topic,
            ledger.entity == watched.entity,
            ledger.event_at >= finding.start,
            ledger.event_at <= now,
            ledger.live,
        )
    )
    if watched.source:
        query = query.where(ledger.source == watched.source)
    if finding.rule.window == "1h":
        query = query.where(ledger.whole_day.is_(False))
    parts = [
        Told(story, source, at, int(count), int(negative), int(reach))
        for story, source, at, count, negative, reach in session.execute(query.group_by(*columns))
        if story and (not finding.sources or source in finding.sources)
    ]
    return _merged(parts)


def _merged(parts: Sequence[Told]) -> list[Told]:
    """Return one for each story: it stands where it is counted, and has the reach of all its documents."""
    found: dict[str, Told] = {}
    for one in sorted(parts, key=lambda part: (part.id, -part.count, part.at, part.source)):
        known = found.get(one.id)
        if known is None:
            found[one.id] = one
        else:
            found[one.id] = Told(
                known.id,
                known.source,
                known.at,
                known.count + one.count,
                known.negative + one.negative,
                known.reach + one.reach,
            )
    return [one for one in found.values() if one.count > 0 or one.reach > 0]


def _leads(session: Session, stories: Sequence[Told]) -> dict[str, FinanceDocument]:
    ids = [one.id for one in stories]
    query = (
        select(FinanceStory.id, FinanceDocument)
        .join(
            FinanceDocument,
            (FinanceDocument.tenant_id == FinanceStory.tenant_id)
            & (FinanceDocument.id == FinanceStory.lead_id),
        )
        .where(FinanceStory.id.in_(ids))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _shown(one: Told, lead: FinanceDocument | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": lead.text.strip().partition("\n")[0][:_TITLE] if lead is not None else "",
        "source": one.source,
        "event_at": one.at.isoformat(),
        "negative": one.negative > 0,
        "reach": one.reach,
        "document_id": lead.id if lead is not None else None,
    }


def _name(leads: Any, watched: Watched) -> str:
    if watched.entity:
        for lead in leads:
            for entity in lead.entities or ():
                if entity.get("id") == watched.entity and entity.get("name"):
                    return str(entity["name"])[:_TITLE]
    return watched.entity
