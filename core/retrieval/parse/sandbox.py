"""Reads a file in a child process with limits, so that a bomb harms nobody but itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

from core.errors import InvalidInput, PayloadTooLarge, Unavailable
from core.retrieval.parse.draft import Draft
from core.retrieval.parse.formats import Format

_PATIENCE = 600.0
"""Seconds on the wall; the child's own limits are of processor time and come first."""
_TIMED_OUT = {-signal.SIGPROF, -signal.SIGXCPU, -signal.SIGKILL}
_REMEDY = "Save it again, simpler or in parts."


def read_in_child(kind: Format, data: bytes) -> Draft:
    """Read a file in a process of its own.

    Raises:
        InvalidInput: it is broken, or needs more time or memory than any honest file.
        PayloadTooLarge: its text is too long.
        Unavailable: the process did not come to an end.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "core.retrieval.parse.child", kind],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("Reading the file did not come to an end.", remedy="Try again.") from error
    if done.returncode in _TIMED_OUT:
        raise InvalidInput("The file takes too long to read.", remedy=_REMEDY)
    if done.returncode:
        raise InvalidInput("The file cannot be read: its reader broke down.", remedy=_REMEDY)
    answer = json.loads(done.stdout)
    if "error" in answer:
        fault = answer["error"]
        kind_of_error = PayloadTooLarge if fault["slug"] == PayloadTooLarge.slug else InvalidInput
        raise kind_of_error(fault["detail"], remedy=fault["remedy"])
    return Draft.from_json(answer["draft"])


def _environment() -> dict[str, str]:
    # No secrets, no settings: only what Python needs to find this package.
    search = os.pathsep.join(path or os.getcwd() for path in sys.path)
    kept = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ
    }
    return {**kept, "PYTHONPATH": search, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"}
