"""A running child process as the worker sees it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

from core.jobs.wire import Spec
from core.observability.logs import get_logger

_MAX_LINE = 2**20
_LOG_LINE = 2_000


def child_environment(threads: int) -> dict[str, str]:
    """Return the environment of a child.

    Thread counts must stand there before numpy or torch is loaded; passive waiting keeps an idle OpenMP team
    from burning the core that the server answers on.
    """
    count = str(threads)
    limits = {
        name: count
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    }
    search = os.pathsep.join(path or os.getcwd() for path in sys.path)
    return {
        **os.environ,
        **limits,
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": search,
        "PYTHONUNBUFFERED": "1",
    }


def _is_event(text: str) -> bool:
    if not text.startswith("{"):
        return False
    try:
        fields = json.loads(text)
    except ValueError:
        return False
    return isinstance(fields, dict) and {"event", "level", "timestamp"} <= fields.keys()


class ChildProcess:
    """One child in a process group of its own.

    Args:
        spec: What it runs.
        threads: How many threads its numerical libraries may use.
        job_id: For the log.
    """

    def __init__(self, spec: Spec, *, threads: int, job_id: str) -> None:
        self._messages: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self._log = get_logger("core.jobs.child").bind(job=job_id)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "core.jobs.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(threads),
            start_new_session=True,
        )
        self._readers = [
            self._start(self._read_messages, self._process.stdout),
            self._start(self._read_log, self._process.stderr),
        ]
        self._send(spec)

    @property
    def pid(self) -> int:
        """Process id, equal to the process group's."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone (its last messages may still wait in the queue)."""
        return self._process.poll() is not None

    @property
    def silent(self) -> bool:
        """Whether nothing can come any more: the pipe is closed and every message has been taken."""
        return not self._readers[0].is_alive() and self._messages.empty()

    def message(self, timeout: float) -> Mapping[str, Any] | None:
        """Return the next message, or None when none came in `timeout` seconds."""
        try:
            return self._messages.get(timeout=timeout)
        except queue.Empty:
            return None

    def how_it_ended(self) -> str:
        """Return one line for people about the end of the process."""
        code = self._process.returncode
        if code is not None and code < 0:
            return f"The process was killed by {signal.Signals(-code).name}."
        return f"The process ended with exit code {code} before it had answered."

    def kill(self) -> None:
        """End the whole group at once and reap the child. Nothing happens when it is gone already."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader, stream in zip(self._readers, (self._process.stdout, self._process.stderr), strict=True):
            reader.join(timeout=2)
            # A grandchild that left the group may hold the pipe open: closing under a blocked reader would
            # hang.
            if stream is not None and not reader.is_alive():
                stream.close()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def _send(self, spec: Spec) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(spec.to_line())
            self._process.stdin.flush()
        except BrokenPipeError:
            self._log.warning("job.child_gone_at_start")

    def _start(self, target: Any, stream: IO[bytes] | None) -> threading.Thread:
        thread = threading.Thread(target=target, args=(stream,), daemon=True)
        thread.start()
        return thread

    def _read_messages(self, stream: IO[bytes]) -> None:
        while line := stream.readline(_MAX_LINE):
            try:
                self._messages.put(json.loads(line))
            except ValueError:
                self._log.warning("job.unreadable_message", size=len(line))

    def _read_log(self, stream: IO[bytes]) -> None:
        """Pass our own JSON lines through; wrap everything else (progress bars, tracebacks) into events."""
        while line := stream.readline(_MAX_LINE):
            text = line.decode("utf-8", "replace").strip()
            if _is_event(text):
                sys.stderr.write(text + "\n")
            elif text:
                self._log.info("job.output", line=text.rsplit("\r", 1)[-1][:_LOG_LINE])
