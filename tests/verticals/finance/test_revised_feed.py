"""A report that its feed corrects, over real HTTP: from the page to the trends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from connectors.common.feed import FeedConnector
from core.collecting.collector import Collector
from core.collecting.connections import Connections
from core.collecting.factories import Factories
from core.net.client import SafeClient
from tests.connectors.web import Page, Site, serving
from tests.verticals.finance.desk import DAY, Desk
from tests.verticals.finance.live import LOOPBACK
from verticals.finance import vertical
from verticals.finance.service import DocumentView

CONNECTORS = {"feed": FeedConnector}
REPORT = "Orvane Foods files for bankruptcy bad"
CORRECTED = "CORRECTED: Orvane Foods does not file for bankruptcy good"


class Reader:
    """A connection to a feed of one entry.

    Args:
        desk: Where it is read.
        site: Where it stands.
    """

    def __init__(self, desk: Desk, site: Site) -> None:
        self._desk, self._site = desk, site
        services, client = desk.services, SafeClient([LOOPBACK])
        offered = {"client": client, "clock": services.clock}
        factories = Factories(CONNECTORS, services.settings.data, offered=offered)
        connections = Connections(services.storage, services.settings, services.clock, factories, [vertical])
        config = {"url": f"{site.url}/feed", "zone": "Asia/Shanghai"}
        made = connections.create(
            "demo", name="wire", kind="feed", vertical="finance", config=config, live=True
        )
        self._id = made.id
        assert vertical.sink is not None
        self._collector = Collector(services, CONNECTORS, {"finance": vertical.sink}, offered=offered)

    def sees(self, body: str) -> int:
        """Read what the feed shows now, a minute later; return how many entries came."""
        self._desk.clock.move(60)
        self._site.pages["/feed"] = Page(body.encode(), headers={"Content-Type": "application/xml"})
        read = self._collector.collect("demo", self._id, lambda _share, _line: None)
        assert not read["refused"]
        self._desk.read()
        return int(read["records"])

    @property
    def document(self) -> DocumentView:
        [row] = self._desk.finance.documents.list("demo")
        return row

    @property
    def trend(self) -> tuple[int, int, float | None]:
        end = DAY + timedelta(days=1)
        [day] = self._desk.finance.trends.windows("demo", width="1d", from_=DAY, to=end)
        assert self._desk.balance().right
        return day.count, day.negative, day.negative_share


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as opened:
        yield opened


def rss(title: str) -> str:
    item = f"<guid>1</guid><title>{title}</title><pubDate>{format_datetime(DAY)}</pubDate>"
    return f'<rss version="2.0"><channel><title>w</title><item>{item}</item></channel></rss>'


def atom(title: str, hour: int) -> str:
    # Without a zone: they have that of the connection.
    times = f"<published>2026-11-20T09:30:00</published><updated>2026-11-20T{hour:02}:30:00</updated>"
    entry = f"<entry><id>1</id><title>{title}</title>{times}</entry>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>w</title>{entry}</feed>'


def test_rss_that_says_nothing_of_it(any_desk: Desk, site: Site) -> None:
    reader = Reader(any_desk, site)
    assert reader.sees(rss(REPORT)) == 1
    assert reader.trend == (1, 1, 1.0)
    before = any_desk.clock.now()
    assert reader.sees(rss(CORRECTED)) == 1
    assert reader.trend == (1, 0, 0.0)
    corrected = reader.document
    assert (corrected.text, corrected.sentiment, corrected.published_at) == (CORRECTED, "positive", DAY)
    assert corrected.revised_at == any_desk.clock.now()
    then = any_desk.finance.trends.windows(
        "demo", width="1d", from_=DAY, to=DAY + timedelta(days=1), as_of=before
    )
    assert [day.negative for day in then] == [1], "what was known before stays what it was"
    assert [reader.sees(rss(each)) for each in (REPORT, CORRECTED, REPORT)] == [0, 0, 0]
    assert reader.document == corrected


def test_atom_that_says_when(any_desk: Desk, site: Site) -> None:
    reader = Reader(any_desk, site)
    reader.sees(atom(REPORT, 10))
    assert reader.trend == (1, 1, 1.0)
    reader.sees(atom(CORRECTED, 12))
    assert reader.trend == (1, 0, 0.0)
    corrected = reader.document
    assert (corrected.text, corrected.revised_at) == (CORRECTED, DAY + timedelta(hours=4.5))
    assert reader.sees(atom("Orvane Foods will file for bankruptcy bad", 11)) == 1, "a page of long ago"
    assert reader.document == corrected
    assert reader.trend == (1, 0, 0.0)
