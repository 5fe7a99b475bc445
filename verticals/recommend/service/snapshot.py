"""All that one answer is made from, of one moment: items, the person, the last weeks, the fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.ports import Clock
from core.storage.engine import Storage
from verticals.recommend.policy.rules import Filters, Wishes
from verticals.recommend.schemas.lists import FiltersIn
from verticals.recommend.service.catalogue import Catalogue, Catalogues
from verticals.recommend.service.person import Person, person
from verticals.recommend.service.recent import Recent, Recents
from verticals.recommend.service.serving import Models, Serving
from verticals.recommend.tables import RecommendState


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """See the module."""

    catalogue: Catalogue
    person: Person
    recent: Recent
    serving: Serving


class Snapshots:
    """Takes snapshots.

    Args:
        storage: Where everything is kept; one read a snapshot.
        models: Which model serves.
        clock: Tells what `now` is for windows of repurchase.
    """

    def __init__(self, storage: Storage, models: Models, clock: Clock) -> None:
        self._storage = storage
        self._models = models
        self._clock = clock
        self._catalogues = Catalogues()
        self._recents = Recents()

    def take(
        self, tenant: str, user_id: str | None = None, session_id: str | None = None, now: Sequence[str] = ()
    ) -> Snapshot:
        """Read all that an answer needs.

        Args:
            tenant: Whose shop.
            user_id: For whom; None for a stranger.
            session_id: For whom, where the user is not known.
            now: Items at hand, the newest last.
        """
        serving = self._models.of(tenant)
        with self._storage.read(tenant) as session:
            state = session.get(RecommendState, tenant)  # held, so that those below find it in the session
            whom = person(session, tenant, user_id, session_id, now)
            catalogue = self._catalogues.of(session, tenant)
            recent = self._recents.of(session, tenant)
            del state
            return Snapshot(catalogue, whom, recent, serving)

    def wishes(
        self, snapshot: Snapshot, filters: FiltersIn | None = None, exclude: Sequence[str] = ()
    ) -> Wishes:
        """Return what the rules are asked with."""
        return Wishes(
            now=self._clock.now(),
            bought=snapshot.person.bought,
            disliked=snapshot.person.disliked,
            exclude=frozenset(exclude),
            filters=as_filters(filters or FiltersIn()),
        )


def as_filters(given: FiltersIn) -> Filters:
    """Return the filters in the form in which the rules take them."""
    categories = [given.category] if isinstance(given.category, str) else (given.category or [])
    wanted = {
        name: tuple(value) if isinstance(value, list) else (value,)
        for name, value in given.attributes.items()
    }
    return Filters(frozenset(categories), given.min_price, given.max_price, wanted)
