"""Serves the production model of each task, per tenant: the Predictor port, in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.errors import InvalidInput, NotFound, Unavailable
from core.inference.classifier import Classifier, EncoderPool, open_classifier
from core.inference.reading import as_text
from core.models.versions import Version, Versions
from core.ports import Encoder
from core.records import Example, Prediction

# torch raises a plain RuntimeError where the machine has no memory; its allocator names itself in it.
_ALLOCATOR = "DefaultCPUAllocator"


@contextmanager
def _memory(doing: str) -> Iterator[None]:
    """Turn the ways in which Python, numpy and torch run out of memory into one error.

    Raises:
        Unavailable: no memory left.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and _ALLOCATOR not in str(error):
            raise
        raise Unavailable(
            f"No memory left to {doing}.",
            remedy="Send fewer texts at once, stop other programs or use a machine with more memory.",
            retry_after=30,
        ) from error


class LocalPredictor:
    """Loads model versions when they are first asked for and keeps the ones last used.

    Args:
        versions: Which version serves.
        pool: The encoders, shared with whoever else encodes.
        capacity: Loaded versions to keep.
    """

    def __init__(self, versions: Versions, pool: EncoderPool, capacity: int = 32) -> None:
        self._versions = versions
        self._pool = pool
        self._capacity = capacity
        self._loaded: OrderedDict[Path, Classifier] = OrderedDict()
        self._lock = threading.RLock()

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        """Predict every task for every item; tasks that share an encoder share one pass. See the port."""
        if model is not None and len(tasks) != 1:
            raise InvalidInput("A model serves one task; several were asked for.", remedy="Ask for one task.")
        chosen = {task: self._open(self.version(tenant, task, model).path) for task in tasks}
        return self.with_classifiers(chosen, items)

    @staticmethod
    def with_classifiers(
        chosen: Mapping[str, Classifier], items: Sequence[Example]
    ) -> Mapping[str, list[Prediction]]:
        """Predict with classifiers at hand, one pass for each distinct encoder."""
        texts = [as_text(item) for item in items]
        encoders: dict[str, Encoder] = {each.encoder.fingerprint: each.encoder for each in chosen.values()}
        with _memory("read the texts"):
            vectors = {key: encoder.encode(texts) for key, encoder in encoders.items()}
        return {
            task: each.head.predict(vectors[each.encoder.fingerprint], each.manifest.id)
            for task, each in chosen.items()
        }

    def version(self, tenant: str, task: str, model: str | None = None) -> Version:
        """Return the version that serves a task, or the one asked for.

        Raises:
            NotFound: no such model, or one of another task.
        """
        if model is not None:
            version = self._versions.get(tenant, model)
            if version.task != task:
                raise NotFound(
                    f"Model {model!r} is for the task {version.task!r}, not {task!r}.",
                    remedy="List models with `colonnade models list`.",
                )
            return version
        serving = self._versions.production(tenant, task)
        if serving is None:
            raise NotFound(
                f"No model serves the task {task!r}.",
                remedy=f"Train one: `colonnade train {task} --data FILE`.",
            )
        return serving

    def _open(self, path: Path) -> Classifier:
        with self._lock:
            if path not in self._loaded:
                with _memory(f"load {path.name}"):
                    self._loaded[path] = open_classifier(path, self._pool)
            self._loaded.move_to_end(path)
            while len(self._loaded) > self._capacity:
                self._loaded.popitem(last=False)
            return self._loaded[path]
