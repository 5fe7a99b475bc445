"""Resident handlers, and a worker process that runs them, for the job tests."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.jobs.clock import SystemClock
from core.jobs.effects import once
from core.jobs.lease import Leases
from core.jobs.worker import Worker
from core.ports import Progress
from core.settings import Settings
from core.storage import outbox
from core.storage.engine import Storage

STEPS = 5


def effects(storage: Storage, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Do five effects, each in a transaction of its own, so that a kill can fall between any two."""
    for step in range(STEPS):

        def write(session, step=step):
            if once(session, payload, f"step {step}"):
                outbox.emit(session, "toy.effect", {"job": payload["job_id"], "step": step})

        storage.write(payload["tenant"], write)
        progress(step / STEPS, "")
        time.sleep(0.005)
    return {"steps": STEPS}


def main(data: str) -> None:
    settings = Settings(data=Path(data), threads=1, datasets=None)
    with Storage.open(settings.resolved_database_url) as storage:
        worker = Worker(
            # On a slow machine one job may be hit by every kill; setting it aside is another test's subject.
            Leases(storage, SystemClock(), max_tries=1_000),
            settings,
            handlers={},
            services="none:none",
            residents=[{"effects": effects}],
            resident_services=storage,
        )
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        worker.run()


if __name__ == "__main__":
    main(sys.argv[1])
