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

from core.jobs.answer import answer
from core.jobs.wire import Spec, resolve
from core.observability.logs import configure
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


def run(spec: Spec, channel: Channel) -> None:
    """Run one handler to its end and report it."""

    def work() -> Mapping[str, Any] | None:
        handler, open_services = resolve(spec.handler), resolve(spec.services)
        with open_services(Settings(**spec.settings)) as services:
            result: Mapping[str, Any] | None = handler(services, spec.payload, channel.progress)
            return result

    channel.send(answer(work, spec.handler))


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
