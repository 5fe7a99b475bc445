"""A news system in a process of its own, that reads simple words: `live_child serve|work|take`.

Its settings come from the environment. `serve` is `colonnade serve`, `work` is `colonnade worker` and says at
its end how many texts it has read, `take` is a worker that takes documents from its standard input as well:
JSON lines of `[[number, moment], …]`, each answered with the numbers when they are durable.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from datetime import datetime

from api.bootstrap import Container, build, limit_threads, observe
from core.settings import Settings
from core.testing.encoder import FixedEncoder
from tests.verticals.finance.alert_desk import story
from tests.verticals.finance.desk import WordPredictor
from verticals.finance import vertical

_TENANT = "demo"


def _say(line: object) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


def _serve(container: Container) -> None:
    from api.app import create_app
    from api.server import run

    run(create_app(container=container), container.settings, ready=lambda: _say("ready"))


def _work(container: Container) -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopped.set())
    assert container.worker is not None
    container.worker.start()
    _say("ready")
    stopped.wait()
    container.close()
    assert isinstance(container.predictor, WordPredictor)
    _say(container.predictor.texts)


def _take(container: Container) -> None:
    assert container.worker is not None
    container.worker.start()
    _say("ready")
    for line in sys.stdin:
        rows = [(number, datetime.fromisoformat(at)) for number, at in json.loads(line)]
        documents = [story(number, at, topic=f"t{number}") for number, at in rows]
        container.use_cases["finance"].documents.take(_TENANT, documents, actor="test")
        _say([number for number, _ in rows])


if __name__ == "__main__":
    settings = Settings()
    limit_threads(settings)
    observe(settings)
    parts = build(
        settings, verticals=[vertical], predictor=WordPredictor(), encoder=FixedEncoder(), with_worker=True
    )
    {"serve": _serve, "work": _work, "take": _take}[sys.argv[1]](parts)
