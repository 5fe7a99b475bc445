from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from threading import Thread
from typing import Any

import pytest

from connectors.finance import edgar
from connectors.finance.edgar import EdgarConnector
from connectors.finance.pace import Pace
from core.errors import InvalidInput, Unavailable
from core.net.client import SafeClient
from core.ports import Connector
from core.records import Record, Refused
from core.testing.connector_contract import ConnectorContract
from tests.connectors.web import Asked, Page, Site

AGENT = "Colonnade Tests tests@example.com"
HEAD = '<?xml version="1.0" encoding="ISO-8859-1" ?><feed xmlns="http://www.w3.org/2005/Atom">'


def entry(
    serial: int, form: str = "8-K", who: str = "ACME, INC./TX (0001234567) (Filer)", at: str = ""
) -> str:
    accession = f"0001234567-26-{serial:06d}"
    updated = at or f"2026-07-09T{10 + serial // 60:02d}:{serial % 60:02d}:01-04:00"
    page = f"https://www.sec.gov/Archives/edgar/data/1234567/{accession}-index.htm"
    return f"""<entry><title>{form} - {who}</title>
    <link rel="alternate" type="text/html" href="{page}"/>
    <summary type="html"> &lt;b&gt;Filed:&lt;/b&gt; 2026-07-09 &lt;b&gt;AccNo:&lt;/b&gt; {accession}
    &lt;b&gt;Size:&lt;/b&gt; 9 KB
    &lt;br&gt;Item 2.02: Results of Operations and Financial Condition&lt;br&gt;Item 9.01: Exhibits</summary>
    <updated>{updated}</updated><category scheme="https://www.sec.gov/" label="form type" term="{form}"/>
    <id>urn:tag:sec.gov,2008:accession-number={accession}</id></entry>"""


def feed(*entries: str) -> bytes:
    title = "<title>Latest Filings - Thu, 09 Jul 2026 10:16:48 EDT</title>"
    return f"{HEAD}{title}{''.join(entries)}</feed>".encode("iso-8859-1")


def submissions(times: Sequence[str], forms: Sequence[str] = ("8-K", "10-Q", "4")) -> bytes:
    count = range(len(times))
    recent: dict[str, list[Any]] = {
        "accessionNumber": [f"0000320193-26-{n:06d}" for n in count],
        "filingDate": ["2026-07-09" for _ in count],
        "reportDate": ["2026-06-30" for _ in count],
        "acceptanceDateTime": list(times),
        "act": ["34" for _ in count],
        "form": [forms[n % len(forms)] for n in count],
        "items": ["2.02,9.01" if n % len(forms) == 0 else "" for n in count],
        "size": [1_000 for _ in count],
        "isXBRL": [0 for _ in count],
        "primaryDocument": ["a.htm" if n else "" for n in count],
        "primaryDocDescription": ["QUARTERLY REPORT" for _ in count],
    }
    return json.dumps(
        {"cik": "320193", "name": "Apple Inc.", "filings": {"recent": recent, "files": []}}
    ).encode()


@pytest.fixture(autouse=True)
def _at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edgar, "PACE", Pace(10, sleep=lambda _: None))


Opened = Callable[..., EdgarConnector]


@pytest.fixture
def sec(site: Site, client: SafeClient) -> Opened:
    def opened(*entries: str, **given: Any) -> EdgarConnector:
        if entries:
            site.pages["/cgi-bin/browse-edgar"] = lambda asked: paged(asked, entries)
        return EdgarConnector(
            **{"user_agent": AGENT, "client": client, "www": site.url, "data": site.url, **given}
        )

    return opened


def paged(asked: Asked, entries: Sequence[str]) -> Page:
    """As the SEC does: the newest first, `count` from `start`, forms that begin with `type`."""
    form = asked.query.get("type", [""])[0]
    start, count = int(asked.query["start"][0]), int(asked.query["count"][0])
    chosen = [text for text in entries if text.startswith(f"<entry><title>{form}")]
    return Page(feed(*chosen[start : start + count]), headers={"Content-Type": "application/atom+xml"})


class TestCurrentContract(ConnectorContract):
    @pytest.fixture
    def connect(self, sec: Opened) -> Callable[[], Connector]:
        return lambda: sec(*(entry(n) for n in reversed(range(5))))


class TestSubmissionsContract(ConnectorContract):
    @pytest.fixture
    def connect(self, site: Site, sec: Opened) -> Callable[[], Connector]:
        site.pages["/submissions/CIK0000320193.json"] = Page(submissions(["2026-07-09T20:30:44.000Z"] * 4))
        return lambda: sec(ciks=["320193"])


def test_a_current_filing(site: Site, sec: Opened) -> None:
    ((record, _),) = sec(entry(1, who="CAF\xc9 CORP (Europe) (0001234567) (Filer)")).read(None)
    assert isinstance(record, Record)
    assert (record.source, record.external_id) == ("edgar", "0001234567-26-000001")
    assert record.published_at == datetime(2026, 7, 9, 14, 1, 1, tzinfo=UTC)
    assert record.payload["title"] == "CAFÉ CORP (Europe): 8-K"
    assert record.payload["content"].startswith(
        "Item 2.02: Results of Operations and Financial Condition\nItem 9.01"
    )
    assert record.payload["companies"] == [
        {"name": "CAFÉ CORP (Europe)", "cik": "0001234567", "role": "Filer"}
    ]
    assert record.payload["filed"] == "2026-07-09"
    assert site.asked[-1].headers["user-agent"] == AGENT
    assert site.asked[-1].query["output"] == ["atom"]


def test_one_filing_of_several_companies_is_one_record(sec: Opened) -> None:
    both = (
        entry(1, "144", "Niccolo C (0001995137) (Reporting)"),
        entry(1, "144", "Tankers (0001483934) (Subject)"),
    )
    ((record, _),) = sec(*both).read(None)
    assert isinstance(record, Record)
    assert [company["role"] for company in record.payload["companies"]] == ["Reporting", "Subject"]


def test_pages_are_turned_until_something_is_known(site: Site, sec: Opened) -> None:
    *_, (_, cursor) = sec(*(entry(n) for n in reversed(range(40)))).read(None)
    site.asked.clear()
    found = [record for record, _ in sec(*(entry(n) for n in reversed(range(300)))).read(cursor)]
    assert len(found) == 260
    assert [asked.query["start"] for asked in site.asked] == [["0"], ["100"], ["200"]]


def test_only_the_forms_asked_for(site: Site, sec: Opened) -> None:
    entries = [entry(n, form) for n, form in enumerate(["8-K", "4", "8-K/A", "10-Q", "8-K"])]
    records = [
        record for record, _ in sec(*entries, forms=["8-K", "10-Q"]).read(None) if isinstance(record, Record)
    ]
    assert [record.payload["form"] for record in records] == ["8-K", "10-Q", "8-K"]
    assert {asked.query["type"][0] for asked in site.asked} == {"8-K", "10-Q"}


def test_what_comes_out_late_is_not_lost(sec: Opened) -> None:
    *_, (_, cursor) = sec(entry(9, at="2026-07-13T09:00:00-04:00")).read(None)
    late = entry(3, at="2026-07-10T19:30:00-04:00")
    again = [record for record, _ in sec(entry(9, at="2026-07-13T09:00:00-04:00"), late).read(cursor)]
    assert [record.external_id for record in again if isinstance(record, Record)] == ["0001234567-26-000003"]


def test_an_odd_entry_is_refused_once_and_the_others_read(sec: Opened) -> None:
    odd = "<entry><title>8-K - X</title><id>urn:none</id><updated>2026-07-09</updated></entry>"
    found = list(sec(odd, entry(1)).read(None))
    assert [type(record) for record, _ in found] == [Refused, Record]
    assert list(sec(odd, entry(1)).read(found[-1][1])) == []


def test_submissions_of_a_company(site: Site, sec: Opened) -> None:
    site.pages["/submissions/CIK0000320193.json"] = Page(submissions(["2026-07-09T20:30:44.000Z"] * 3))
    records = [record for record, _ in sec(ciks=["320193"], forms=["8-K", "10-Q"]).read(None)]
    first, second = (record for record in records if isinstance(record, Record))
    assert first.payload["title"] == "Apple Inc.: 8-K QUARTERLY REPORT"
    assert first.payload["content"] == "Item 2.02\nItem 9.01"
    assert first.payload["url"].endswith(
        "/Archives/edgar/data/320193/000032019326000000/0000320193-26-000000-index.htm"
    )
    assert second.payload["url"].endswith("/000032019326000001/a.htm")
    assert first.published_at == datetime(2026, 7, 9, 20, 30, 44, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "first"),
    [
        # 00:18 UTC is 19:18 in New York; as New York's clock it would be at night.
        (["2026-02-19T00:18:28.000Z", "2026-02-18T16:00:00.000Z"], "2026-02-19T00:18:28+00:00"),
        # 07:30 UTC would be at night in New York: the Z is not true, of this one and of the others.
        (["2025-05-01T16:21:59.000Z", "2025-04-30T07:30:32.000Z"], "2025-05-01T16:21:59-04:00"),
        (["2026-01-15T16:21:59.000Z", "2026-01-15T07:30:32.000Z"], "2026-01-15T16:21:59-05:00"),
        # Both readings are possible.
        (["2026-07-09T14:00:00.000Z"], "2026-07-09T14:00:00+00:00"),
    ],
)
def test_a_filer_whose_z_is_new_yorks_clock(site: Site, sec: Opened, times: list[str], first: str) -> None:
    site.pages["/submissions/CIK0000320193.json"] = Page(submissions(times))
    found = {
        record.external_id: record
        for record, _ in sec(ciks=["320193"]).read(None)
        if isinstance(record, Record)
    }
    assert found["0000320193-26-000000"].published_at == datetime.fromisoformat(first)


@pytest.mark.parametrize("agent", ["", "Mozilla/5.0", "Colonnade", "a@b.c\r\nX: y"])
def test_nobody_asks_without_a_contact(sec: Opened, agent: str) -> None:
    with pytest.raises(InvalidInput, match="who asks"):
        sec(user_agent=agent)


@pytest.mark.parametrize(
    ("page", "error", "fault"),
    [
        (Page(b"<h1>Undeclared Automated Tool</h1>", 403), InvalidInput, "user agent"),
        (Page(b"Request Rate Threshold Exceeded", 403), Unavailable, "403"),
        (Page(b"", 429, {"Retry-After": "30"}), Unavailable, "429"),
        (Page(b"", 503), Unavailable, "503"),
        (Page(b"", 404), InvalidInput, "404"),
        (Page(b"", 301, {"Location": "http://elsewhere"}), InvalidInput, "301"),
        (Page(b"<html></html>"), InvalidInput, "no Atom feed"),
        (Page(b"not xml"), InvalidInput, "do not parse"),
        (
            Page(b'<!DOCTYPE f [<!ENTITY e SYSTEM "file:///etc/passwd">]><feed>&e;</feed>'),
            InvalidInput,
            "do not parse",
        ),
    ],
)
def test_answers_that_are_no_filings(
    site: Site, sec: Opened, page: Page, error: type[Exception], fault: str
) -> None:
    connector = sec()
    site.pages["/cgi-bin/browse-edgar"] = page
    with pytest.raises(error, match=fault) as caught:
        list(connector.read(None))
    if isinstance(caught.value, Unavailable):
        assert caught.value.retry_after == {b"": 30 if page.status == 429 else 60}.get(page.body, 600)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"cik": 1, "name": "x", "filings": {"recent": {"form": ["4"]}}}']
)
def test_submissions_of_another_shape_are_refused(site: Site, sec: Opened, body: bytes) -> None:
    site.pages["/submissions/CIK0000000001.json"] = Page(body)
    with pytest.raises(InvalidInput, match="another shape"):
        list(sec(ciks=["1"]).read(None))


def test_an_unknown_company_is_named(sec: Opened) -> None:
    with pytest.raises(InvalidInput, match="CIK 0000000002"):
        list(sec(ciks=["2"]).read(None))
    with pytest.raises(InvalidInput, match="Central Index Key"):
        sec(ciks=["AAPL"])


def test_all_threads_together_keep_the_pace() -> None:
    clock, waits = [0.0], []
    pace = Pace(10, now=lambda: clock[0], sleep=waits.append)
    threads = [Thread(target=lambda: [pace.wait() for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns = sorted([0.0, *waits])
    assert len(turns) == 100
    assert all(later - earlier >= 0.1 - 1e-9 for earlier, later in pairwise(turns))
    clock[0] = 60.0
    pace.wait()
    assert len(waits) == 99


def test_every_request_takes_its_turn(sec: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(edgar, "PACE", Pace(10, now=lambda: 0.0, sleep=waits.append))
    for _ in range(3):
        list(sec(entry(1)).read(None))
    assert waits == pytest.approx([0.1, 0.2])
