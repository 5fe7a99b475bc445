"""The background job of kind `train`: what POST /v1/training-jobs asks for, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from core.models.versions import Versions
from core.ports import Progress
from core.settings import Settings
from core.storage.engine import Storage
from core.training.recipe import Task
from core.training.run import TrainingRequest, recipe_from, run_training, task_for


class _Services(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def storage(self) -> Storage: ...


def run(services: _Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Train as the payload says and return the report.

    Args:
        services: Settings and storage.
        payload: `tenant`, `task`, `dataset_path`, and perhaps `kind`, `base_recipe` (the task's own),
            `recipe`, `method`, `map`, `label_separator`, `actor`.
        progress: Called as work moves on.

    Raises:
        InvalidInput, NotFound, StorageFull: see `run_training`; the serving model is unchanged.
    """
    tenant = str(payload["tenant"])
    known = Task(
        payload["task"],
        payload.get("kind") or "single",
        recipe=recipe_from(_BASE, _of(payload, "base_recipe")),
    )
    task = task_for(
        known.name, known, multi=None, method=payload.get("method"), overrides=_of(payload, "recipe")
    )
    request = TrainingRequest(
        task=task,
        data=Path(payload["dataset_path"]),
        mapping=_of(payload, "map"),
        label_separator=payload.get("label_separator") or ";",
        force=bool(payload.get("force")),
    )
    versions = Versions(services.storage, services.settings.data)
    actor = str(payload.get("actor") or "job")
    return run_training(request, tenant, services.settings, versions, progress, actor=actor).report()


_BASE = Task("any").recipe


def _of(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}
