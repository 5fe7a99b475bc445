from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.errors import InvalidInput
from core.streams.windows import Width
from tests.verticals.finance.desk import DAY, Desk, doc
from verticals.finance.service import Window
from verticals.finance.service.trends import MAX_WINDOWS, Asked

HOUR = timedelta(hours=1)
CUTS = "Orvane Foods cuts its full-year outlook after weak sales of chilled meals bad #guidance"
WINS = "Tarn Lithium wins a five-year supply deal with a maker of buses good #contracts"
SUED = "Brackwell Steel is sued by its pension fund over late payments bad #legal"
LENT = "Ostrava Bank lends 40 million to a builder of bridges #financing"


def windows(desk: Desk, width: Width = "1h", hours: float = 24, **asked: Any) -> list[Window]:
    span = {"from_": DAY, "to": DAY + hours * HOUR, "width": width, **asked}
    return desk.finance.trends.windows(desk.tenant, **span)


def sums(desk: Desk, width: Width = "1h", **asked: Any) -> tuple[int, int, int]:
    found = windows(desk, width, **asked)
    return sum(w.count for w in found), sum(w.negative for w in found), sum(w.reach for w in found)


def test_windows_count_in_event_time_and_empty_ones_are_there(any_desk: Desk) -> None:
    any_desk.send(doc(1, CUTS, DAY + HOUR), doc(2, WINS, DAY + 2 * HOUR + timedelta(minutes=59)))
    found = windows(any_desk, hours=5)
    assert [(w.start, w.end) for w in found] == [(DAY + n * HOUR, DAY + (n + 1) * HOUR) for n in range(5)]
    assert [w.count for w in found] == [0, 1, 1, 0, 0]
    assert [w.negative for w in found] == [0, 1, 0, 0, 0]
    assert [w.negative_share for w in found] == [None, 1.0, 0.0, None, None]
    quarters = windows(any_desk, "15m", hours=3)
    assert [w.start for w in quarters if w.count] == [DAY + HOUR, DAY + 2.75 * HOUR]
    assert any_desk.balance().right


def test_a_story_counts_once_and_each_document_is_reach(any_desk: Desk) -> None:
    reposts = [doc(n, CUTS, DAY + HOUR + n * timedelta(seconds=1), source=f"s{n % 7}") for n in range(500)]
    assert any_desk.send(*reposts) == 500
    assert sums(any_desk) == (1, 1, 500)
    assert sums(any_desk, source="s0")[0] == 1
    assert sums(any_desk, source="s1")[0] == 0
    assert any_desk.balance().right


def test_topic_and_source_narrow(any_desk: Desk) -> None:
    any_desk.send(
        doc(1, CUTS, DAY + HOUR), doc(2, WINS, DAY + HOUR, source="b"), doc(3, SUED, DAY + HOUR, source="b")
    )
    assert sums(any_desk, topic="guidance") == (1, 1, 1)
    assert sums(any_desk, topic="contracts") == (1, 0, 1)
    assert sums(any_desk, source="b") == (2, 1, 2)
    assert sums(any_desk, source="b", topic="legal") == (1, 1, 1)
    assert sums(any_desk, topic="no such topic") == (0, 0, 0)


def test_weeks_begin_on_mondays(desk: Desk) -> None:
    desk.send(doc(1, CUTS, datetime(2026, 11, 15, 23, 59, tzinfo=UTC)), doc(2, WINS, DAY))
    found = windows(desk, "7d", from_=DAY - timedelta(days=6))
    assert [(w.start, w.count) for w in found] == [
        (datetime(2026, 11, 9, tzinfo=UTC), 1),
        (datetime(2026, 11, 16, tzinfo=UTC), 1),
    ]


def test_an_earlier_document_moves_the_story_to_its_moment_and_source(any_desk: Desk) -> None:
    any_desk.send(doc(1, CUTS, DAY + 5 * HOUR, source="late"))
    any_desk.send(doc(1, CUTS, DAY + 2 * HOUR, source="early"))
    found = windows(any_desk, hours=6)
    assert [(w.count, w.reach) for w in found] == [(0, 0), (0, 0), (1, 1), (0, 0), (0, 0), (0, 1)]
    assert sums(any_desk, source="late") == (0, 0, 1)
    assert any_desk.balance().right


def test_a_late_batch_corrects_a_final_window(desk: Desk) -> None:
    desk.send(doc(1, CUTS, DAY + HOUR), doc(2, WINS, DAY + 6 * HOUR))
    before = windows(desk, hours=7)
    assert [w.final for w in before] == [True] * 5 + [False] * 2
    desk.send(doc(3, SUED, DAY + HOUR + timedelta(minutes=5)))
    after = windows(desk, hours=7)
    assert (before[1].count, after[1].count, after[1].final) == (1, 2, True)


def test_a_source_holds_its_windows_open_until_it_is_idle(desk: Desk) -> None:
    desk.send(doc(1, CUTS, DAY - timedelta(days=3), source="slow"), doc(2, WINS, DAY + 6 * HOUR))
    assert not any(w.final for w in windows(desk))
    assert windows(desk, source="wire")[0].final
    desk.clock.move(timedelta(days=9).total_seconds())
    desk.send(doc(3, SUED, DAY + timedelta(days=6)))
    assert all(w.final for w in windows(desk))


def test_what_waits_makes_a_window_incomplete(desk: Desk) -> None:
    desk.send(doc(1, CUTS, DAY + HOUR), read=False)
    assert [w.complete for w in windows(desk, hours=3)] == [True, False, True]
    desk.read()
    assert all(w.complete for w in windows(desk, hours=3))
    assert not windows(desk, "1d", from_=desk.clock.now(), to=desk.clock.now() + HOUR)[0].complete


def test_a_document_of_the_future_counts_when_it_came_and_says_so(desk: Desk) -> None:
    now = desk.clock.now()
    desk.send(doc(1, CUTS, now + timedelta(days=400)), doc(2, WINS, now + timedelta(minutes=2)))
    rows = {row.external_id: row for row in desk.finance.documents.list(desk.tenant)}
    assert (rows["1"].dated, rows["1"].counted_at) == ("future", now)
    assert rows["1"].published_at == now + timedelta(days=400)
    assert (rows["2"].dated, rows["2"].counted_at) == ("moment", now)
    assert sums(desk, from_=now - HOUR, to=now + HOUR) == (2, 1, 2)


def test_a_bare_date_piles_up_nowhere(desk: Desk) -> None:
    history = [
        doc(n, f"{text} {n}", day=date(2026, 3, 4), source=f"s{n}")
        for n, text in enumerate((CUTS, WINS, SUED))
    ]
    desk.send(*history, live=False)
    start = datetime(2026, 3, 4, tzinfo=UTC)
    for width in ("15m", "1h"):
        assert sums(desk, width, from_=start, to=start + timedelta(days=1)) == (0, 0, 0)
    assert sums(desk, "1d", from_=start, to=start + timedelta(days=1)) == (3, 2, 3)
    today = desk.clock.now()
    desk.send(doc(9, "Nothing to report today", day=today.date()))
    row = desk.finance.documents.list(desk.tenant, limit=1)[0]
    assert (row.dated, row.counted_at) == ("received", today), "live, it counts when it came"


def test_a_backfill_without_any_time_counts_in_no_window(desk: Desk) -> None:
    desk.send(doc(1, CUTS), live=False)
    assert sums(desk, "1d", from_=DAY - timedelta(days=30), to=DAY + timedelta(days=30)) == (0, 0, 0)
    assert desk.finance.documents.list(desk.tenant)[0].dated == "unknown"
    assert desk.balance().right


def test_bins_leave_a_backfill_out_where_it_could_alert(any_desk: Desk) -> None:
    any_desk.send(doc(1, CUTS, DAY + HOUR), doc(2, WINS, DAY + 6 * HOUR))
    any_desk.send(doc(3, SUED, DAY + HOUR), doc(4, LENT, DAY + 6 * HOUR), live=False)
    asked: dict[str, Any] = {"from_": DAY, "to": DAY + 24 * HOUR}
    everything = any_desk.finance.trends.bins(any_desk.tenant, **asked)
    assert [(b.start, b.count) for b in everything["wire"]] == [(DAY + HOUR, 2), (DAY + 6 * HOUR, 2)]
    judged = any_desk.finance.trends.bins(any_desk.tenant, live_from=DAY + 5 * HOUR, **asked)
    assert [(b.start, b.count, b.negative) for b in judged["wire"]] == [
        (DAY + HOUR, 2, 2),
        (DAY + 6 * HOUR, 1, 0),
    ]
    [series] = any_desk.finance.trends.series(any_desk.tenant, **asked)
    assert (series.source, series.since) == ("wire", DAY + HOUR)


def test_a_correction_lowers_what_was_counted(any_desk: Desk) -> None:
    any_desk.send(
        doc(1, "Orvane Foods reports a loss of 5 million dollars for the third quarter bad", DAY + HOUR)
    )
    assert sums(any_desk)[:2] == (1, 1)
    denial = "Retraction: Orvane Foods reports a loss of 5 million dollars for the third quarter was wrong"
    any_desk.send(doc(2, denial, DAY + 3 * HOUR))
    assert windows(any_desk)[1].count == 0
    assert any_desk.balance().right


def test_a_revision_takes_the_place_of_what_was_read(any_desk: Desk) -> None:
    any_desk.send(doc(1, CUTS, DAY + HOUR))
    any_desk.send(doc(1, WINS, DAY + HOUR, revised_at=DAY + 2 * HOUR))
    any_desk.send(doc(1, SUED, DAY + HOUR, revised_at=DAY + 1.5 * HOUR))
    assert sums(any_desk) == (1, 0, 1)
    assert sums(any_desk, topic="guidance") == (0, 0, 0)
    assert sums(any_desk, topic="contracts") == (1, 0, 1)
    assert any_desk.balance().right


def test_what_was_said_as_of_a_moment_stays(any_desk: Desk) -> None:
    desk = any_desk

    def said(as_of: datetime) -> list[tuple[int, int, bool, bool]]:
        found = windows(desk, hours=4, as_of=as_of)
        return [(w.count, w.negative, w.final, w.complete) for w in found]

    kept: dict[datetime, list[tuple[int, int, bool, bool]]] = {}

    def passes() -> None:
        desk.clock.move(60)
        kept[desk.clock.now()] = said(desk.clock.now())
        desk.clock.move(60)

    desk.send(doc(1, CUTS, DAY + HOUR), read=False)
    passes()
    desk.read()
    passes()
    desk.send(doc(1, WINS, DAY + HOUR, revised_at=DAY + 2 * HOUR), read=False)
    passes()
    desk.read()
    passes()
    desk.send(doc(2, SUED, DAY + 3 * HOUR))
    passes()
    assert [[row[3] for row in rows][1] for rows in kept.values()] == [False, True, True, True, True]
    assert {at: said(at) for at in kept} == kept


def test_tenants_do_not_meet(any_desk: Desk) -> None:
    any_desk.send(doc(1, CUTS, DAY + HOUR))
    any_desk.tenant = "other"
    assert sums(any_desk) == (0, 0, 0)
    any_desk.send(doc(1, WINS, DAY + HOUR))
    assert sums(any_desk) == (1, 0, 1)


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        (Asked(DAY, DAY), "query:from"),
        (Asked(DAY, DAY - HOUR), "query:from"),
        (Asked(DAY, DAY + (MAX_WINDOWS + 1) * HOUR, "1h"), "query:window"),
        (Asked(datetime.min.replace(tzinfo=UTC), DAY), "query:from"),
        (Asked(DAY, datetime.max.replace(tzinfo=UTC)), "query:to"),
    ],
)
def test_spans_that_are_refused(desk: Desk, asked: Asked, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        desk.finance.trends.ask(desk.tenant, asked)
    assert caught.value.errors[0].pointer == pointer


def test_as_many_windows_as_may_be(desk: Desk) -> None:
    asked = Asked(DAY, DAY + MAX_WINDOWS * HOUR, "1h")
    assert len(desk.finance.trends.ask(desk.tenant, asked).windows) == MAX_WINDOWS
