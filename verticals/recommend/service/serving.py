"""The fitted model that serves a tenant; where its file is damaged the live methods go on, and say so."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from core.errors import IntegrityFailure, NotFound
from core.models.artefacts import load_manifest
from core.models.versions import Version, Versions
from core.observability.logs import get_logger
from core.ranking.item_model import ItemModel
from core.ranking.model_file import load_model
from verticals.recommend.recipe import MODEL_FILE, TASK

_log = get_logger(__name__)
_CAPACITY = 16
_RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Serving:
    """What serves now.

    Attributes:
        id: The version; None where none is in production.
        model: None where there is none, or where it cannot be loaded.
        degraded: What is wrong with it, for people.
    """

    id: str | None = None
    model: ItemModel | None = None
    degraded: str | None = None


class Models:
    """Loads versions when they are first asked for, checked byte by byte, and keeps those used last."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._loaded: OrderedDict[str, tuple[Serving, float]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tenant: str) -> Serving:
        """Return what is in production at this moment: a promotion or rollback counts at the next call."""
        version = self._versions.production(tenant, TASK)
        if version is None:
            return Serving()
        with self._lock:
            held = self._loaded.get(version.id)
            if held is not None and (held[0].model is not None or time.monotonic() < held[1]):
                self._loaded.move_to_end(version.id)
                return held[0]
        found = _open(version)
        with self._lock:
            self._loaded[version.id] = (found, time.monotonic() + _RETRY_SECONDS)
            while len(self._loaded) > _CAPACITY:
                self._loaded.popitem(last=False)
        return found


def _open(version: Version) -> Serving:
    try:
        load_manifest(version.path)
        return Serving(version.id, load_model(version.path / MODEL_FILE))
    except (IntegrityFailure, NotFound) as error:
        _log.error("recommend.model_damaged", model=version.id, error=type(error).__name__)
        said = f"The model {version.id} cannot be loaded; the list is made by live methods alone."
        return Serving(version.id, None, said)
