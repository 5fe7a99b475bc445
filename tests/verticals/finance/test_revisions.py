"""What becomes of a document that its source words anew: which wording stands, and since when."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from itertools import permutations

import pytest
from sqlalchemy.orm import Session

from core.records import Record
from core.storage.tables import Tenant
from core.storage.tenancy import SYSTEM
from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance import jobs
from verticals.finance.service import DocumentView

HOUR = timedelta(hours=1)


def entry(title: str, published: datetime | None = None, revised: datetime | None = None) -> Record:
    return Record("feed", "1", {"title": title}, published, revised)


def bring(desk: Desk, *records: Record, at_once: bool = False) -> DocumentView:
    """Hand records over, at once or a minute apart; return the document that they make."""
    for batch in [records] if at_once else [[each] for each in records]:
        desk.clock.move(60)
        assert set(jobs.sink(desk.services, desk.tenant, batch, False)) == {None}
        desk.read()
    [row] = desk.finance.documents.list(desk.tenant)
    assert desk.balance().right
    return row


def test_another_text_under_a_known_id_is_a_revision(any_desk: Desk) -> None:
    bring(any_desk, entry("Orvane files for bankruptcy bad", DAY))
    row = bring(any_desk, entry("CORRECTED: Orvane does not file for bankruptcy good", DAY))
    assert (row.sentiment, row.published_at) == ("positive", DAY)
    assert row.text.startswith("CORRECTED")
    assert row.revised_at == any_desk.clock.now(), "nobody said when, so it was when it was seen"
    again = bring(any_desk, entry("CORRECTED: Orvane does not file for bankruptcy good", DAY))
    assert again == row, "the same again changes nothing"


@pytest.mark.parametrize(
    "versions",
    [
        [entry("Orvane files bad", DAY, DAY + n * HOUR) for n in (0, 1)]
        + [entry("Orvane does not file good", DAY, DAY + 2 * HOUR)],
        [entry(f"Orvane files {word}", None, DAY + n * HOUR) for n, word in enumerate(("bad", "good", "x"))],
        # RSS: all that a source gives is the date of publication, and it gives a new one.
        [entry(f"Orvane files {word}", DAY + n * HOUR) for n, word in enumerate(("bad", "good", "bad"))],
        [entry("It files bad", DAY), entry("It does not good", DAY + HOUR), entry("x", DAY, DAY + 2 * HOUR)],
        [entry("a bad", DAY + HOUR), entry("a good", DAY, DAY + 2 * HOUR), entry("a bad", DAY, DAY + HOUR)],
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [False, True])
def test_where_times_are_given_the_order_of_arrival_makes_no_difference(
    desk: Desk, versions: list[Record], at_once: bool
) -> None:
    told = set()
    for number, order in enumerate(permutations(versions)):
        desk.tenant = f"t{number}"
        desk.services.storage.write(SYSTEM, partial(Session.merge, instance=Tenant(id=desk.tenant, name="x")))
        row = bring(desk, *order, *order[:2], at_once=at_once)
        trend = desk.finance.trends.windows(desk.tenant, from_=DAY, to=DAY + 2 * HOUR, width="1h")
        counts = tuple((each.count, each.negative) for each in trend)
        told.add((row.text, row.published_at, row.revised_at, row.dated, row.sentiment, counts))
    assert len(told) == 1, told
    [(text, published, revised, *_)] = told
    latest = max(versions, key=lambda each: max(filter(None, (each.revised_at, each.published_at))))
    assert text == latest.payload["title"]
    assert revised == max(filter(None, (latest.revised_at, latest.published_at)))
    first = [each.published_at for each in versions if each.published_at]
    assert published == (min(first) if first else None)


def test_where_no_time_tells_them_apart_what_was_seen_last_counts(desk: Desk) -> None:
    for word in ("bad", "good", "bad", "good"):
        row = bring(desk, entry(f"Orvane files {word}"))
        assert row.text.endswith(word)
    row = bring(desk, entry("Orvane files late", DAY, DAY), entry("Orvane files later", DAY, DAY))
    assert (row.text, row.revised_at) == ("Orvane files later", desk.clock.now())
    row = bring(desk, entry("Orvane files at last", DAY, DAY + HOUR))
    assert row.text == "Orvane files at last", "what the source says is not held against when we saw the last"
    row = bring(desk, entry("Orvane files late", DAY, DAY))
    assert row.text == "Orvane files at last"


def test_a_time_ahead_of_the_clock_does_not_shut_out_later_wordings(desk: Desk) -> None:
    bring(desk, entry("Orvane files bad", DAY, DAY + timedelta(days=4_000)))
    row = bring(desk, entry("Orvane does not file good", DAY))
    assert row.text == "Orvane does not file good"


def test_only_a_connection_revises_without_saying_so(desk: Desk) -> None:
    bring(desk, entry("Orvane files bad", DAY))
    [known] = desk.finance.documents.list("demo")
    taken, job = desk.finance.documents.take(
        "demo", [doc(1, "Orvane does not file good", DAY, source="feed")], actor="a"
    )
    assert (taken[0].status, job) == ("duplicate", None)
    assert desk.finance.documents.list("demo") == [known]
