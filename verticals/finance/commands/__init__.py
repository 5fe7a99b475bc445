"""`colonnade finance …`, one subject a file; `commands` puts them together."""

from __future__ import annotations

from collections.abc import Callable

from cyclopts import App

from core.vertical import Services
from verticals.finance.commands import alerts, analyze, check, companies, ingest, replay, trends

_PARTS = (analyze.add, ingest.add, companies.add, trends.add, replay.add, alerts.add, check.add)


def commands(services: Callable[[], Services]) -> App:
    """Return the command group; the services are made when a command runs."""
    app = App(name="finance", help="Topic, sentiment, companies and risk of financial news and posts.")
    for add in _PARTS:
        add(app, services)
    return app
