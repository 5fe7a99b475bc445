"""What recommend can do, put together out of the services; loads no model."""

from __future__ import annotations

from dataclasses import dataclass

from core.jobs.queue import Jobs
from core.models.versions import Versions
from core.settings import Settings
from core.vertical import Services
from verticals.recommend.service.events import Events
from verticals.recommend.service.explain import Explain
from verticals.recommend.service.fit import Fit
from verticals.recommend.service.impressions import Impressions
from verticals.recommend.service.items import Items
from verticals.recommend.service.lists import Lists
from verticals.recommend.service.serving import Models
from verticals.recommend.service.snapshot import Snapshots


@dataclass(frozen=True, slots=True)
class Recommend:
    """The use cases.

    Attributes:
        items: Put items in and out.
        events: Take events in, each once.
        lists: Lists for a person, similar items, trending, rerank.
        explain: Why an item is on a list, or why not.
        fit: Fit a model and promote it if it is better.
        jobs: Where a fit is submitted.
        settings: For the caps.
    """

    items: Items
    events: Events
    lists: Lists
    explain: Explain
    fit: Fit
    jobs: Jobs
    settings: Settings


def build(services: Services) -> Recommend:
    """Make the use cases; loads no model."""
    versions = Versions(services.storage, services.settings.data)
    snapshots = Snapshots(services.storage, Models(versions), services.clock)
    items = Items(services.storage, services.encoder, services.clock, services.settings)
    impressions = Impressions(services.storage, services.clock)
    return Recommend(
        items=items,
        events=Events(services.storage, services.clock),
        lists=Lists(snapshots, impressions, services.encoder),
        explain=Explain(snapshots),
        fit=Fit(services.storage, versions, items, services.settings),
        jobs=services.jobs,
        settings=services.settings,
    )
