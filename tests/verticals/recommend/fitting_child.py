"""Run as a process: fits a shop and dies when the models' folder is touched for the n-th time.

Usage: fitting_child.py FOLDER TENANT STEP
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from core.testing.clock import StandingClock
from tests.verticals.recommend.conftest import open_storage, services_over
from verticals.recommend.service import FitRequest, build

_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


def main() -> int:
    folder, tenant, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    models, seen = str(folder / "models"), 0

    def watch(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _EVENTS and models in str(args[0]):
            seen += 1
            if seen > step:
                os.kill(os.getpid(), signal.SIGKILL)

    with open_storage(folder) as storage:
        service = build(services_over(storage, folder, StandingClock()))
        sys.addaudithook(watch)
        service.fit(tenant, FitRequest(force=True), lambda _share, _line: None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
