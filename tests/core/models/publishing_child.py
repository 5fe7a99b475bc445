"""Run as a process: publishes an artefact, and dies or runs out of room at a chosen step.

Usage: publishing_child.py ROOT kill STEP | publishing_child.py ROOT limit BYTES

A step is any moment at which the file system is about to be touched: an open, mkdir, rename or removal (seen
through Python's audit hook) or an fsync. A child that lives through all of them prints how many there were.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from core.errors import StorageFull
from core.models.artefacts import publish
from tests.core.models.test_artefacts import manifest

_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


def _big(folder: Path) -> None:
    (folder / "head").mkdir()
    for name in ("a.safetensors", "b.safetensors", "head/c.safetensors"):
        (folder / name).write_bytes(os.urandom(1 << 18))


class _Reaper:
    def __init__(self, step: int) -> None:
        self.step = step
        self.seen = 0

    def count(self) -> None:
        self.seen += 1
        if self.seen > self.step:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, root: str) -> None:
        sync = os.fsync

        def fsync(descriptor: int) -> None:
            self.count()
            sync(descriptor)

        os.fsync = fsync
        sys.addaudithook(
            lambda event, args: self.count() if event in _EVENTS and root in str(args[0]) else None
        )


def main() -> int:
    root, how, number = sys.argv[1:]
    reaper = _Reaper(int(number))
    if how == "kill":
        reaper.watch(root)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(number), int(number)))
    try:
        publish(_big, manifest(), Path(root))
    except StorageFull as error:
        sys.stderr.write(f"{error}\n")
        return 7
    sys.stdout.write(str(reaper.seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
