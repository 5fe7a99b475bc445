"""What finance can do, put together out of the services; loads no model."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import FieldError, InvalidInput
from core.models.versions import Versions
from core.vertical import Services
from verticals.finance.service.alerts import Alerts
from verticals.finance.service.analyze import Analyze
from verticals.finance.service.companies import Companies
from verticals.finance.service.documents import Documents
from verticals.finance.service.monitor import Monitor, build_monitor
from verticals.finance.service.reading import Reading
from verticals.finance.service.rules import Rules
from verticals.finance.service.stories import Stories
from verticals.finance.service.stream import Stream
from verticals.finance.service.subscribers import Subscribers
from verticals.finance.service.topics import Topics
from verticals.finance.service.trends import Trends


@dataclass(frozen=True, slots=True)
class Finance:
    """The use cases.

    Attributes:
        analyze: Tell topic and sentiment of texts; nothing is stored.
        documents: Take documents in, read them, list them.
        stories: Which documents are one story.
        trends: Count what was read, in windows of event time.
        stream: What happens, as it happens.
        companies: A tenant's own companies.
        topics: Which topics a tenant has.
        rules: What is watched, as data.
        alerts: What the rules raised.
        subscribers: Who is told.
        monitor: Judges the rules.
    """

    analyze: Analyze
    documents: Documents
    stories: Stories
    trends: Trends
    stream: Stream
    companies: Companies
    topics: Topics
    rules: Rules
    alerts: Alerts
    subscribers: Subscribers
    monitor: Monitor

    def entity(self, tenant: str, text: str, pointer: str = "query:entity") -> str:
        """Return the id of a company that is named by its id or by its ticker.

        Args:
            tenant: Whose directory.
            text: The id or the ticker.
            pointer: Where it stands in the request.

        Raises:
            InvalidInput: the tenant knows no such company.
        """
        directory = self.companies.directory(tenant)
        if directory.get(text) is not None:
            return text
        found = [each.company_id for each in directory.find(f"${text.upper()}") if each.company_id]
        if not found:
            raise InvalidInput(
                f"No company is known as {text[:60]!r}.",
                remedy="Give the id or the ticker of a company, or add it first.",
                errors=[FieldError(pointer, "no such company")],
            )
        return found[0]


def build(services: Services) -> Finance:
    """Make the use cases; loads no model."""
    companies = Companies(services.storage)
    analyze = Analyze(services.predictor, services.settings, companies.directory)
    storage, jobs, clock = services.storage, services.jobs, services.clock
    stories = Stories(storage)
    reading = Reading(storage, jobs, clock, analyze, stories)
    documents = Documents(storage, jobs, clock, reading)
    trends = Trends(storage, clock)
    rules = Rules(storage, clock)
    return Finance(
        analyze=analyze,
        documents=documents,
        stories=stories,
        trends=trends,
        stream=Stream(storage),
        companies=companies,
        topics=Topics(storage, Versions(storage, services.settings.data)),
        rules=rules,
        alerts=Alerts(storage, clock),
        subscribers=Subscribers(storage, clock),
        monitor=build_monitor(storage, rules, trends),
    )
