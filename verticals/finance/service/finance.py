"""What finance can do, put together out of the services; loads no model."""

from __future__ import annotations

from dataclasses import dataclass

from core.vertical import Services
from verticals.finance.service.analyze import Analyze
from verticals.finance.service.documents import Documents


@dataclass(frozen=True, slots=True)
class Finance:
    """The use cases.

    Attributes:
        analyze: Tell topic and sentiment of texts; nothing is stored.
        documents: Take documents in, read them, list them.
    """

    analyze: Analyze
    documents: Documents


def build(services: Services) -> Finance:
    """Make the use cases; loads no model."""
    analyze = Analyze(services.predictor, services.settings)
    return Finance(analyze, Documents(services.storage, services.jobs, services.clock, analyze))
