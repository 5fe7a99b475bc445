"""What medical can do, put together out of the services; loads no model and reads no secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.jobs.queue import Jobs
from core.vertical import Services
from verticals.medical.service.opinion import Opinions
from verticals.medical.service.replay import Replay
from verticals.medical.service.reviews import Reviews
from verticals.medical.service.seal import Seal
from verticals.medical.service.triage import Triage

REPLAY = "medical.replay"
"""The kind of job that decides all reviews again."""


@dataclass(frozen=True, slots=True)
class Medical:
    """The use cases.

    Attributes:
        triage: Tell how urgent a complaint is; leaves a review.
        reviews: List them, decide them, forget what was said.
        replay: Decide again.
        jobs: Where deciding all of them again is queued.
    """

    triage: Triage
    reviews: Reviews
    replay: Replay
    jobs: Jobs

    def replay_later(self, tenant: str, since: datetime, *, actor: str) -> str:
        """Queue deciding again all reviews since a moment; return the job's id."""
        return self.jobs.submit(tenant, REPLAY, {"since": since.isoformat()}, actor=actor)


def build(services: Services) -> Medical:
    """Make the use cases."""
    seal = Seal(services.settings)
    opinions = Opinions(services.predictor)
    reviews = Reviews(services.storage, services.clock, seal)
    return Medical(
        triage=Triage(opinions, services.storage, services.settings, services.clock, seal),
        reviews=reviews,
        replay=Replay(services.storage, reviews, opinions, seal),
        jobs=services.jobs,
    )
