"""The use case: how urgent, which department, why; every answer leaves a review that a person can open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.errors import IntegrityFailure, StorageFull, Unavailable
from core.observability.logs import get_logger
from core.ports import Clock
from core.settings import Settings
from core.storage import audit, outbox
from core.storage.engine import Storage
from core.storage.ids import new_id
from verticals.medical.intake import Complaint
from verticals.medical.service.deidentify import Deidentified
from verticals.medical.service.judging import (
    DEFAULT_PACK,
    Judged,
    anonymous,
    check,
    judge,
    pack_of,
    without_queue,
)
from verticals.medical.service.opinion import Opinions
from verticals.medical.service.seal import Seal
from verticals.medical.service.stored import complaint_json, decision_json
from verticals.medical.tables import Review, ReviewContent

_log = get_logger(__name__)
_NO_QUEUE = (StorageFull, Unavailable, IntegrityFailure)


@dataclass(frozen=True, slots=True)
class Triaged:
    """A decision and where its evidence stands in the text as it was sent.

    Attributes:
        judged: The decision and what it was made on.
        places: The way back to the text as it was sent.
        review_id: Under which it can be reviewed; None where the queue could not take it.
    """

    judged: Judged
    places: Deidentified
    review_id: str | None


class Triage:
    """Answers one complaint at a time.

    Args:
        opinions: Asks the models.
        storage: Where reviews are kept.
        settings: The caps.
        clock: Tells when it was decided.
        seal: Makes keyed hashes.
    """

    def __init__(
        self, opinions: Opinions, storage: Storage, settings: Settings, clock: Clock, seal: Seal
    ) -> None:
        self._opinions = opinions
        self._storage = storage
        self._settings = settings
        self._clock = clock
        self._seal = seal

    def __call__(
        self, tenant: str, complaint: Complaint, *, pack: str = DEFAULT_PACK, actor: str = "cli"
    ) -> Triaged:
        """Decide and put the case into the review queue.

        A model that fails makes the answer safe and marked; so does a queue that cannot take it.

        Raises:
            PayloadTooLarge: the text is over the cap.
            InvalidInput: it says nothing, or there is no such pack.
        """
        check(complaint.text, self._settings)
        rules = pack_of(pack)
        masked, places = anonymous(complaint)
        judged = judge(tenant, masked, rules, self._opinions)
        try:
            review_id = self._keep(tenant, judged, complaint.encounter_id, actor)
        except _NO_QUEUE as error:
            _log.error("medical.review_not_stored", fault=error.slug)
            return Triaged(without_queue(judged), places, None)
        return Triaged(judged, places, review_id)

    def _keep(self, tenant: str, judged: Judged, encounter: str | None, actor: str) -> str:
        said, decided = complaint_json(judged.complaint), decision_json(judged.decision)
        values = _values(judged) | {
            "id": new_id(),
            "content_hash": self._seal(tenant, "content", [said, decided]),
            "encounter": None if encounter is None else self._seal(tenant, "encounter", encounter),
            "created_at": self._clock.now(),
        }
        told = {name: values[name] for name in ("id", "urgency", "needed", "faults")}
        names = ("content_hash", "pack", "pack_version", "pack_sha256", "models")
        basis = {name: values[name] for name in names}

        def insert(session: Session) -> str:
            session.add(Review(**values))
            session.flush()
            session.add(ReviewContent(review_id=values["id"], input=said, decision=decided))
            session.flush()
            outbox.emit(session, "medical.review.opened", told)
            subject = str(values["id"])
            audit.record(
                session, actor=actor, action="medical.triaged", subject=subject, detail={**told, **basis}
            )
            return subject

        return self._storage.write(tenant, insert)


def _values(judged: Judged) -> dict[str, Any]:
    """Return the columns of a review that the decision fills."""
    decision = judged.decision
    return {
        "state": "open",
        "needed": decision.review or judged.fault is not None,
        "urgency": decision.level,
        "department": decision.department,
        "lang": decision.lang,
        "reasons": [reason.code for reason in decision.reasons],
        "red_flags": list(decision.red_flags),
        "level_set": list(decision.level_set),
        "abstained": decision.abstained,
        "faults": [judged.fault] if judged.fault else [],
        "pack": judged.pack.id,
        "pack_version": judged.pack.version,
        "pack_sha256": judged.pack.sha256,
        "models": dict(judged.models),
    }
