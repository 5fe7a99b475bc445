"""The child process of one job: `python -m core.jobs.child`, started by the worker and by nobody else.

It reads its Spec from stdin, keeps the first stdout for messages to the worker, and sends everything a
handler or a library prints to stderr. When stdin closes, the worker is gone, and the whole process group ends
itself: a server killed with −9 leaves no training behind that would write into a job that runs again
elsewhere.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

from core.errors import ColonnadeError, Unavailable
from core.jobs.wire import Spec, resolve
from core.observability.logs import configure, get_logger
from core.settings import Settings
from core.text.mask import mask


class Channel:
    """Writes messages to the worker; safe to use from several threads."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message and flush it."""
        line = json.dumps(message, default=str).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()

    def progress(self, share: float, line: str) -> None:
        """A `core.ports.Progress`."""
        self.send({"percent": 100.0 * share, "line": line})


def _die_with_worker(stdin: BinaryIO) -> None:
    stdin.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _take_stdout() -> BinaryIO:
    """Return the real stdout for ourselves alone and point descriptor 1 at stderr."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def describe(error: ColonnadeError) -> dict[str, Any]:
    """Return an error in the form a job keeps it in."""
    return {
        "slug": error.slug,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "remedy": error.remedy,
        "errors": [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.errors],
    }


def _unexpected(error: BaseException) -> dict[str, Any]:
    # Only the type: the message of a foreign exception may quote the user's texts.
    return {
        "slug": ColonnadeError.slug,
        "title": ColonnadeError.title,
        "status": ColonnadeError.status,
        "detail": f"The job stopped with an unexpected {type(error).__name__}.",
        "remedy": "See the server's log for the traceback.",
    }


def run(spec: Spec, channel: Channel) -> None:
    """Run one handler to its end and report it."""
    try:
        handler, open_services = resolve(spec.handler), resolve(spec.services)
        with open_services(Settings(**spec.settings)) as services:
            result = handler(services, spec.payload, channel.progress)
        channel.send({"result": dict(result or {})})
    except ColonnadeError as error:
        channel.send({"error": describe(error), "retry": isinstance(error, Unavailable)})
    except Exception as error:  # noqa: BLE001 - the process boundary: whatever a handler raises becomes the job's error
        get_logger(__name__).exception("job.raised", handler=spec.handler)
        channel.send({"error": _unexpected(error), "retry": False})


def main() -> None:
    """Entry point."""
    channel = Channel(_take_stdout())
    stdin = sys.stdin.buffer
    spec = Spec.from_line(stdin.readline())
    threading.Thread(target=_die_with_worker, args=(stdin,), daemon=True).start()
    configure(spec.settings["log_level"], mask=mask)
    run(spec, channel)
    # No clean-up by libraries that may hang in their exit handlers: the answer has been given.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
