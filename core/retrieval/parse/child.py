"""The child process that reads one file that may be hostile: `python -m core.retrieval.parse.child pdf`.

The file comes by stdin, the draft or the error goes to stdout as one JSON text. Limits of memory, time and
file size are set before the first byte is looked at.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from importlib import import_module
from typing import Any

from core.errors import ColonnadeError, InvalidInput
from core.retrieval.parse.draft import Draft
from core.retrieval.parse.html import read_html
from core.retrieval.parse.markdown import read_markdown
from core.retrieval.parse.pdf import read_pdf

MEMORY = 1_200 * 2**20
STEP_SECONDS = 2.0
"""Processor time for opening a file, and for each page of it."""
SECONDS_PER_MEGABYTE = 8.0
"""More of it for formats without pages."""
TOTAL_SECONDS = 180
"""Processor time for the whole."""


def _limit() -> None:
    # Where a system does not know a limit (macOS: RLIMIT_AS), the others hold.
    for name, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, TOTAL_SECONDS)):
        _, hard = resource.getrlimit(name)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(name, (ceiling, ceiling))
        except (ValueError, OSError):
            continue
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _begin_step(seconds: float = STEP_SECONDS) -> None:
    # SIGPROF ends the process; its parent knows what that means.
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _read(kind: str, data: bytes) -> Draft:
    if kind == "pdf":
        _begin_step()
        return read_pdf(data, each_page=_begin_step)
    _begin_step(STEP_SECONDS + SECONDS_PER_MEGABYTE * len(data) / 2**20)
    return read_html(data) if kind == "html" else read_markdown(data)


def _load(kind: str) -> None:
    # Loading a library is no fault of the file: it happens before the clock starts.
    for name in {"pdf": ("pypdf",), "html": ("lxml.html",), "markdown": ("markdown_it", "lxml.html")}[kind]:
        import_module(name)


def _failure(error: BaseException) -> dict[str, Any]:
    if isinstance(error, ColonnadeError):
        return {"slug": error.slug, "detail": error.detail, "remedy": error.remedy}
    reason = (
        "needs too much memory" if isinstance(error, MemoryError) else f"is broken ({type(error).__name__})"
    )
    return {
        "slug": InvalidInput.slug,
        "detail": f"The file {reason}.",
        "remedy": "Save it again and send that.",
    }


def main() -> None:
    """Entry point."""
    kind = sys.argv[1]
    data = sys.stdin.buffer.read()
    _load(kind)
    _limit()
    try:
        answer = {"draft": _read(kind, data).as_json()}
    except Exception as error:  # noqa: BLE001 - the process boundary: whatever a parser raises, the file is at fault
        answer = {"error": _failure(error)}
    signal.setitimer(signal.ITIMER_PROF, 0.0)
    sys.stdout.buffer.write(json.dumps(answer).encode())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
