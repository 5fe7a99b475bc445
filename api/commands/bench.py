"""`colonnade bench`: run a measurement of the checkout's benchmarks folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from api.terminal import write_line
from core.errors import NotFound

_FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def bench(name: str | None = None, /, *arguments: str) -> int:
    """List the measurements, or run one; each prints its configuration, its peer beside it, and the ratio.

    Args:
        name: Which; default: list them.
        arguments: Handed on, e.g. the names of data sets.
    """
    known = sorted(path.stem for path in _FOLDER.glob("*.py") if "def main" in path.read_text("utf-8"))
    if name is None:
        for each in known:
            write_line(each)
        return 0
    if name not in known:
        raise NotFound(
            f"There is no benchmark {name!r}.", remedy=f"There are: {', '.join(known) or 'none here'}."
        )
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, cwd=_FOLDER.parent, check=False).returncode
