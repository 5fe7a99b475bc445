"""Which topics a tenant's news can have: asked for by name, so that a slip of the pen is not a calm topic."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from sqlalchemy import select

from core.errors import FieldError, InvalidInput
from core.models.versions import Versions
from core.storage.engine import Storage
from verticals.finance.recipe import TOPIC
from verticals.finance.tables import FinanceCell

_SHOWN = 40


class Topics:
    """A tenant's topics; loads no model.

    Args:
        storage: Where the books are.
        versions: Tells which model serves.
    """

    def __init__(self, storage: Storage, versions: Versions) -> None:
        self._storage = storage
        self._versions = versions

    def known(self, tenant: str) -> Sequence[str]:
        """Return the labels of the model that serves; those of the recipe where none does yet."""
        serving = self._versions.production(tenant, TOPIC.name)
        return TOPIC.labels if serving is None else serving.manifest.labels

    def check(self, tenant: str, topic: str, pointer: str = "query:topic") -> str:
        """Return a topic that the tenant's news has, or may come to have.

        Args:
            tenant: Whose.
            topic: Its name, as it is written.
            pointer: Where it stands in the request.

        Raises:
            InvalidInput: the model has no such label, and the books no such topic of an earlier model.
        """
        known = self.known(tenant)
        if topic in known or self._counted(tenant, topic):
            return topic
        folded = topic.strip().lower().replace(" ", "_").replace("-", "_")
        near = get_close_matches(folded, known, n=3)
        mend = f"Is {' or '.join(near)} meant? " if near else ""
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        raise InvalidInput(
            f"No topic is called {topic[:60]!r}.",
            remedy=f"{mend}There are {', '.join(known[:_SHOWN])}{more}.",
            errors=[FieldError(pointer, "no such topic")],
        )

    def _counted(self, tenant: str, topic: str) -> bool:
        query = select(FinanceCell.topic).where(FinanceCell.topic == topic).limit(1)
        with self._storage.read(tenant) as session:
            return session.scalar(query) is not None
