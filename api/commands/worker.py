"""`colonnade worker`: jobs, schedules, connections and deliveries, without the web."""

from __future__ import annotations

import signal
import threading

from api.terminal import COMMON, Common, notes


def worker(*, common: Common = COMMON) -> None:
    """Run background work until a signal; for servers started with `--no-worker`, and beside them for more.

    Args:
        common: Options of every command.
    """
    del common
    from core.settings import Settings

    settings = Settings()

    # Before numpy is imported by anything below.
    from api.bootstrap import build, limit_threads, observe

    limit_threads(settings)
    observe(settings)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    container = build(settings, with_worker=True)
    try:
        assert container.worker is not None
        container.worker.start()
        notes().print("Waiting for jobs. Ctrl-C stops.")
        while container.worker.alive and not stopped.wait(1.0):
            pass
    finally:
        container.close()
