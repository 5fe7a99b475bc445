"""The books: the same documents in any order, late knowledge kept apart, and nothing counted twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.verticals.finance.desk import DAY, Desk, doc, open_desk
from verticals.finance.intake import Document
from verticals.finance.service.recount import Cells, booked
from verticals.finance.service.trends import Asked, Trend, Window
from verticals.finance.tables import FinanceDocument, FinanceLedger

ROUNDS = int(os.environ.get("COLONNADE_TORTURE_ROUNDS", "20"))
HOUR = timedelta(hours=1)
_NAMES = count()
_TEXTS = (
    "Orvane Foods cuts its full-year outlook after weak sales of chilled meals bad #guidance",
    "Orvane Foods cuts its full-year outlook after weak sales of chilled meals, shares fall bad #guidance",
    "Orvane Foods cuts its full-year outlook by 7 percent after weak sales of chilled meals bad #guidance",
    "Correction: Orvane Foods cuts its full-year outlook after weak sales of chilled meals #guidance",
    "Orvane Foods denies that it cuts its full-year outlook after weak sales of chilled meals",
    "Retracted: Orvane Foods cuts its full-year outlook after weak sales of chilled meals bad #guidance",
    "Tarn Lithium wins a five-year supply deal with a maker of buses good #contracts",
    "Tarn Lithium wins a five-year supply deal with a maker of buses #contracts #operations",
    "Tarn Lithium loses a five-year supply deal with a maker of buses bad #contracts",
    "Brackwell Steel is sued by its pension fund over late payments bad #legal",
)


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("ledger")
    with open_desk(f"sqlite:///{folder / 'c.db'}", folder, DAY + timedelta(days=3)) as opened:
        yield opened


_documents = st.lists(
    st.tuples(
        st.sampled_from(_TEXTS),
        st.integers(0, 120).map(lambda tenth: DAY + tenth * timedelta(minutes=6)),
        st.sampled_from(("a", "b", "c")),
        st.one_of(st.none(), st.sampled_from(_TEXTS)),
    ),
    min_size=1,
    max_size=8,
)


def _made(rows: list[tuple[str, Any, str, str | None]]) -> list[Document]:
    """Return the documents of a run, and behind them the revisions of some."""
    first = [doc(number, text, at, source=source) for number, (text, at, source, _) in enumerate(rows)]
    again = [
        doc(number, revised, at, source=source, revised_at=at + HOUR)
        for number, (_, at, source, revised) in enumerate(rows)
        if revised is not None
    ]
    return first + again


def _played(desk: Desk, documents: list[Document], cuts: list[int]) -> Cells:
    """Send documents in parts, in a tenant of their own; return the cells they end in."""
    desk.tenant = f"t{next(_NAMES)}"
    for start, end in zip([0, *cuts], [*cuts, len(documents)], strict=True):
        desk.send(*documents[start:end])
    balance = desk.balance()
    assert balance.right, balance
    with desk.services.storage.read(desk.tenant) as session:
        return booked(session)


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=_documents, data=st.data())
def test_any_order_of_arrival_ends_in_the_same_cells(
    shared_desk: Desk, rows: list[tuple[str, Any, str, str | None]], data: st.DataObject
) -> None:
    documents = _made(rows)
    cut = st.lists(st.integers(0, len(documents)), max_size=3).map(sorted)
    once = _played(shared_desk, documents, data.draw(cut))
    shuffled = data.draw(st.permutations(documents))
    assert _played(shared_desk, shuffled, data.draw(cut)) == once


def _seen(trend: Trend) -> list[tuple[Any, ...]]:
    def shown(window: Window) -> tuple[Any, ...]:
        return window.start, window.count, window.negative, window.reach, window.final

    return [shown(window) for window in trend.windows]


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=_documents, moves=st.lists(st.integers(-90_000, 90_000), min_size=16, max_size=16))
def test_an_answer_as_of_a_moment_never_changes(
    shared_desk: Desk, rows: list[tuple[str, Any, str, str | None]], moves: list[int]
) -> None:
    """Whatever comes later, and whatever the clock does meanwhile."""
    desk = shared_desk
    desk.tenant = f"t{next(_NAMES)}"
    given_then = []
    for document, seconds in zip(_made(rows), moves, strict=False):
        desk.send(document)
        asked = Asked(DAY - HOUR, DAY + 13 * HOUR, "1h")
        told = desk.finance.trends.ask(desk.tenant, asked)
        given_then.append((told.as_of, _seen(told)))
        desk.clock.move(seconds)
    desk.clock.move(-sum(moves[: len(given_then)]))
    for as_of, seen in given_then:
        asked = Asked(DAY - HOUR, DAY + 13 * HOUR, "1h", as_of=as_of)
        again = desk.finance.trends.ask(desk.tenant, asked)
        assert (again.as_of, _seen(again)) == (as_of, seen)


def test_before_anything_was_known_there_is_nothing(any_desk: Desk) -> None:
    any_desk.send(doc(1, _TEXTS[0], DAY + HOUR))
    asked = Asked(DAY, DAY + 3 * HOUR, "1h", as_of=any_desk.clock.now() - HOUR)
    told = any_desk.finance.trends.ask(any_desk.tenant, asked)
    assert told.as_of is None
    assert not any(window.count or window.final for window in told.windows)


def test_doing_it_again_changes_nothing(any_desk: Desk) -> None:
    documents = [doc(number, text, DAY + HOUR) for number, text in enumerate(_TEXTS)]
    any_desk.send(*documents)
    with any_desk.services.storage.read(any_desk.tenant) as session:
        before = session.scalar(select(func.count()).select_from(FinanceLedger)), booked(session)
    any_desk.send(*documents)

    def unread(session: Any) -> None:
        for row in session.scalars(select(FinanceDocument)):
            row.read_at = None
            row.revised_at = DAY + 2 * HOUR  # as a document that has been in the books before

    any_desk.services.storage.write(any_desk.tenant, unread)
    assert any_desk.read() == len(documents)
    with any_desk.services.storage.read(any_desk.tenant) as session:
        after = session.scalar(select(func.count()).select_from(FinanceLedger)), booked(session)
    assert after == before


_CHILD = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.verticals.finance.desk import DAY, doc, open_desk

url, folder, first = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
with open_desk(url, folder) as desk:
    desk.read()
    number = first
    while True:
        documents = [
            doc(
                n,
                f"Company {n % 40} of town {n % 13} sells {n % 11} mills #operations bad",
                DAY + n % 1000 * timedelta(minutes=1),
            )
            for n in range(number, number + 7)
        ]
        desk.finance.documents.take("demo", documents, actor="t")
        sys.stdout.write(f"{number} {number + 6}\\n")
        sys.stdout.flush()
        desk.read()
        number += 7
"""


def _killed(url: str, folder: Path, first: int, lines: int) -> int:
    """Let a child work until it has acknowledged so many batches; return the number behind the last."""
    child = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _CHILD, url, str(folder), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert child.stdout is not None
    seen = [child.stdout.readline() for _ in range(lines)]
    child.send_signal(signal.SIGKILL)
    seen += child.stdout.read().splitlines(keepends=True)
    child.stdout.close()
    assert child.wait(30) == -signal.SIGKILL
    return int([line for line in seen if line.endswith("\n")][-1].split()[1]) + 1


@pytest.mark.slow
@pytest.mark.torture
def test_kill_9_loses_and_doubles_nothing(sqlite_url: str, tmp_path: Path) -> None:
    chance, acknowledged = random.Random(0), 0
    for _ in range(ROUNDS):
        acknowledged = _killed(sqlite_url, tmp_path, acknowledged, chance.randint(1, 6))
        with open_desk(sqlite_url, tmp_path) as desk:
            with desk.services.storage.read("demo") as session:
                taken = session.scalar(select(func.count()).select_from(FinanceDocument)) or 0
            # What was taken and not acknowledged any more is taken again, and known.
            assert acknowledged <= taken <= acknowledged + 7
            balance = desk.balance()
            assert balance.right, balance
    with open_desk(sqlite_url, tmp_path) as desk:
        desk.read()
        balance = desk.balance()
        assert balance.right
        reach = sum(w.reach for w in desk.finance.trends.windows("demo", from_=DAY, to=DAY + 24 * HOUR))
        assert balance.documents == reach >= acknowledged > 0
