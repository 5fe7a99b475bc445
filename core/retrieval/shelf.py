"""The indexes that are in memory: one a collection, the ones not used for longest put away first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from core.retrieval.index import CollectionIndex, Space
from core.retrieval.published import folder_of, load, publish
from core.retrieval.sharing import SharedLock

CAPACITY = 1 << 30
"""Bytes of memory that all indexes of a process may take, about; one alone may be larger."""
PUBLISH_AFTER = 256
"""Passages that may come or go before an index is written to the disk; fewer are quickly read again."""


class Entry:
    """A collection's place on the shelf: its lock, and its index once somebody has asked."""

    def __init__(self) -> None:
        self.lock = SharedLock()
        self.index: CollectionIndex | None = None


class Shelf:
    """Indexes by tenant and collection.

    Args:
        data: COLONNADE_DATA.
        capacity: See CAPACITY.
        publish_after: See PUBLISH_AFTER.
    """

    def __init__(self, data: Path, capacity: int = CAPACITY, publish_after: int = PUBLISH_AFTER) -> None:
        self._data = data
        self._capacity = capacity
        self._publish_after = publish_after
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._guard = threading.Lock()

    def entry(self, tenant: str, collection: str) -> Entry:
        """Return a collection's place, the last to be put away from now on."""
        key = (tenant, collection)
        with self._guard:
            entry = self._entries.setdefault(key, Entry())
            self._entries.move_to_end(key)
            return entry

    def opened(
        self, entry: Entry, tenant: str, collection: str, space: Space, *, vectors: bool
    ) -> CollectionIndex:
        """Return the entry's index, from the disk or empty where it has none; hold its lock alone."""
        if entry.index is None or entry.index.space != space:
            root = folder_of(self._data, tenant, collection)
            entry.index = load(root, space, vectors=vectors) or CollectionIndex(space, vectors=vectors)
        return entry.index

    def publish(self, entry: Entry, tenant: str, collection: str) -> None:
        """Write the entry's index to the disk where enough has changed; hold its lock, shared will do.

        Raises:
            StorageFull, Unavailable: see `core.retrieval.published.publish`; it is not tried again before
                as much has changed once more.
        """
        index = entry.index
        if index is not None and index.changed >= self._publish_after:
            index.changed = 0
            publish(folder_of(self._data, tenant, collection), index)

    def forget(self, tenant: str, collection: str) -> None:
        """Take a collection's place away: there is no such collection."""
        with self._guard:
            self._entries.pop((tenant, collection), None)

    def put_away(self) -> None:
        """Let go of the indexes not used for longest, until the rest fits; hold no lock.

        A search that holds such an entry finishes on it; the next one gets a new one.
        """
        with self._guard:
            sizes = {key: entry.index.size for key, entry in self._entries.items() if entry.index is not None}
            total = sum(sizes.values())
            for key in list(self._entries)[:-1]:
                if total <= self._capacity:
                    break
                del self._entries[key]
                total -= sizes.get(key, 0)

    def __len__(self) -> int:
        """Return how many collections have a place."""
        return len(self._entries)
