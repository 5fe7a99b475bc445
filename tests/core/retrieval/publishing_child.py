"""Run as a process: publishes an index of generation 2 over one of generation 1 and dies at a chosen step.

Usage: publishing_child.py ROOT STEP. A child that lives through all steps prints how many there were.
"""

from __future__ import annotations

import sys
from pathlib import Path

from core.retrieval.published import publish
from tests.core.models.publishing_child import _Reaper
from tests.core.retrieval.indexes import made


def main() -> int:
    root, step = sys.argv[1:]
    index = made(2)
    reaper = _Reaper(int(step))
    reaper.watch(root)
    publish(Path(root), index)
    sys.stdout.write(str(reaper.seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
