"""Writes down what was shown with which chance, so that another policy can be judged from it later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from core.errors import StorageFull, Unavailable
from core.observability.logs import get_logger
from core.ports import Clock
from core.storage.engine import Storage
from verticals.recommend import recipe
from verticals.recommend.schemas.lists import RecommendIn
from verticals.recommend.service.choose import Place
from verticals.recommend.tables import RecommendImpression

_log = get_logger(__name__)


def policy_version(model: str | None) -> str:
    """Return the name of a policy: its model, and a digest of the numbers that lists are made with."""
    numbers = {
        "shares": dict(recipe.SHARES),
        "k": recipe.FUSION_K,
        "seen": recipe.SEEN_FACTOR,
        "cold": recipe.COLD_FACTOR,
        "weights": dict(recipe.WEIGHTS),
    }
    digest = sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:12]
    return f"{model or 'live'}/{digest}"


class Impressions:
    """A tenant's shown lists."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def log(
        self, tenant: str, list_id: str, asked: RecommendIn, places: Sequence[Place], model: str | None
    ) -> bool:
        """Store a list; False where there is no room or no database: a person still gets the list."""
        row = RecommendImpression(
            id=list_id,
            user_id=asked.user_id,
            session_id=asked.session_id,
            at=self._clock.now(),
            policy=policy_version(model),
            items=[
                {
                    "item_id": place.candidate.item,
                    "rank": rank,
                    "propensity": place.propensity,
                    "sources": list(place.candidate.ranks),
                }
                for rank, place in enumerate(places, 1)
            ],
            k=asked.k,
            diversity=asked.diversity,
            explore=asked.explore,
        )
        try:
            self._storage.write(tenant, lambda session: session.add(row))
        except (StorageFull, Unavailable) as error:
            _log.warning("recommend.impression_lost", error=type(error).__name__)
            return False
        return True
