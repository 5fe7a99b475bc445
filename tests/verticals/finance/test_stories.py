from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from string import ascii_lowercase as LETTERS

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.storage.engine import Storage
from core.storage.ids import new_id
from tests.verticals.finance.newsroom import NINE, Item, groups, put, rows_of, told
from verticals.finance.service.stories import Stories
from verticals.finance.vertical import vertical

RISE = "Orvane Foods profit rises 5 % on strong demand for chilled meals in northern Europe"
FALL = RISE.replace("rises", "falls")
CUT_ZH = "澜石科技下调全年指引，公司预计四季度收入低于此前预期"
JOBS = "Brackwell Steel to cut 900 jobs at its largest plant, union says"


@pytest.fixture
def storage(database_url: str) -> Iterator[Storage]:
    assert vertical.migrations is not None
    with Storage.open(database_url, migrations=[vertical.migrations]) as opened:
        opened.migrate()
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """One database for all examples; each takes a tenant of its own."""
    assert vertical.migrations is not None
    path: Path = tmp_path_factory.mktemp("stories") / "c.db"
    with Storage.open(f"sqlite:///{path}", migrations=[vertical.migrations]) as opened:
        opened.migrate()
        yield opened


def test_five_hundred_reposts_are_one_story_of_that_reach(shared: Storage) -> None:
    items = [
        Item(f"s{place}", RISE if place % 2 else f"NEW YORK (Agency) - {RISE}", place / 60)
        for place in range(500)
    ]
    joined = put(shared, items, "reposts", at_once=True)
    (story,) = told(shared, "reposts").values()
    assert (story.reach, story.lead, story.counted) == (500, "s0/1", True)
    assert sum(each.created for each in joined) == 1
    assert sum(each.compared for each in joined) <= 2, "the same text is never compared with itself"


def test_texts_of_one_pattern_are_not_compared_with_each_other(shared: Storage) -> None:
    texts = [f"Quarterly filing: {n + 1} shares of issue {n * 37 + 11} were sold" for n in range(300)]
    items = [Item(f"s{place}", text, place / 60) for place, text in enumerate(texts)]
    joined = put(shared, items, "pattern", at_once=True)
    assert sum(each.created for each in joined) == len(items)
    assert sum(each.compared for each in joined) < 3 * len(items), "each finds 299 others under its keys"


def test_a_story_is_the_same_on_both_databases(storage: Storage) -> None:
    put(
        storage,
        [Item("a", RISE), Item("b", f"{RISE} - Daily Wire", 1), Item("c", CUT_ZH, 2), Item("d", FALL, 3)],
    )
    put(
        storage,
        [Item("e", f"晨澜财经11月17日讯（记者 张三）{CUT_ZH}", 4), Item("f", f"Correction: {FALL}", 5)],
    )
    assert groups(storage) == [["a", "b"], ["c", "e"], ["d", "f"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Orvane Foods third-quarter profit +5 %", "Orvane Foods third-quarter profit \u22125 %"),
        (RISE, FALL),
        (RISE, RISE.replace("5 %", "50 %")),
        ("澜石科技三季度净利润同比增长5%，云业务订单充足", "澜石科技三季度净利润同比增长50%，云业务订单充足"),
        ("澜石科技三季度净利润1.2亿元，云业务订单充足", "澜石科技三季度净利润1.2万元，云业务订单充足"),
        ("澜石科技三季度净利润增长，云业务订单充足", "澜石科技二季度净利润增长，云业务订单充足"),
        ("栖霞银行因信贷管理不到位被罚款1200万元并问责", "云岭银行因信贷管理不到位被罚款1200万元并问责"),
        (
            "Stocks close lower on Monday as traders await data",
            "Stocks close lower on Tuesday as traders await data",
        ),
        (
            "Corvid Airways grounds jets from Nov 17 after checks",
            "Corvid Airways grounds jets from Nov 19 after checks",
        ),
        ("Tarn says rates will stay on hold next year", "Powys says rates will stay on hold next year"),
    ],
)
def test_differing_figures_dates_and_names_are_no_repetition(shared: Storage, one: str, other: str) -> None:
    tenant = f"t{new_id()}"
    put(shared, [Item("a", one), Item("b", other, 1)], tenant)
    assert groups(shared, tenant) == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RISE, f"NEW YORK, Nov 18 (Agency) -- {RISE}"),
        (RISE, f"RT @wire: {RISE} https://t.co/x1"),
        (RISE, RISE.replace("5 %", "５％")),
        (
            "Tarn Lithium books sales of 120 million dollars",
            "Tarn Lithium books sales of 120,000,000 dollars",
        ),
        ("澜石科技营收１．２亿元，云业务订单充足", "澜石科技营收12000万元，云业务订单充足"),
        (CUT_ZH, f"【快讯】{CUT_ZH}"),
        (CUT_ZH, f"据晨澜财经报道，{CUT_ZH}"),
        (CUT_ZH, CUT_ZH.replace("，", " ")),
        (CUT_ZH, "瀾石科技下調全年指引，公司預計四季度收入低於此前預期"),
        ("澜石科技营收1.2亿元，云业务订单充足", "【快訊】瀾石科技營收1.2億元，雲業務訂單充足"),
        (RISE, RISE.replace("strong", "very strong")),
    ],
)
def test_dress_is_no_difference(shared: Storage, one: str, other: str) -> None:
    tenant = f"t{new_id()}"
    put(shared, [Item("a", one), Item("b", other, 1)], tenant)
    assert groups(shared, tenant) == [["a", "b"]]


def test_other_companies_veto_and_a_company_more_does_not(shared: Storage) -> None:
    text = "Maker of chilled meals warns that costs of cold stores will weigh on its margins"
    items = [Item("a", text, 0, ("orv",)), Item("b", text, 1, ("brk",)), Item("c", text, 2)]
    put(shared, items, "companies")
    assert groups(shared, "companies") == [["a", "c"], ["b"]], "what names nobody goes with the earliest"


def test_the_same_words_a_week_later_are_news_again(shared: Storage) -> None:
    put(shared, [Item("a", RISE), Item("b", RISE, 72), Item("c", RISE, 24 * 14)], "weeks")
    assert groups(shared, "weeks") == [["a", "b"], ["c"]]


def test_a_body_that_all_pieces_of_a_programme_share_joins_none(shared: Storage) -> None:
    body = "Host Ada Renn answers questions of callers on their shares, one after the other, at rapid speed."
    pieces = [
        f"Renn's quick round: {word}" for word in ("I like ferries more than trams", "No insurers here")
    ]
    put(shared, [Item(f"s{place}", f"{each}\n{body}") for place, each in enumerate(pieces)], "programme")
    assert groups(shared, "programme") == [["s0"], ["s1"]]
    put(shared, [Item("again", f"{pieces[0]} today\n{body}", 1)], "programme")
    assert groups(shared, "programme") == [["again", "s0"], ["s1"]]


def test_new_texts_cost_no_statement_of_their_own(shared: Storage) -> None:
    def cost(tenant: str, count: int) -> int:
        chance = Random(count)
        words = [" ".join("".join(chance.choices(LETTERS, k=6)) for _ in range(12)) for _ in range(count)]
        items = [Item(f"s{place}", text) for place, text in enumerate(words)]
        sent: list[str] = []

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            sent.append(statement)

        def join(session: Session) -> None:
            rows = rows_of(session, tenant, items)
            session.flush()
            sent.clear()
            joined = Stories.join_all(session, tenant, rows)
            assert all(each.created for each in joined)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            shared.write(tenant, join)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return len(sent)

    assert cost("many", 60) <= cost("few", 6) + 4


def test_what_is_pruned_is_not_missed_by_what_comes_in_time(shared: Storage) -> None:
    day = 24.0
    early = [
        Item("old", RISE, 0),
        Item("a", JOBS, 24 * day),
        Item("b", CUT_ZH, 29 * day),
        Item("new", FALL, 60 * day),
    ]
    late = [
        Item("deny", "Brackwell Steel denies it plans to cut 900 jobs at its largest plant", 31 * day),
        Item("c", CUT_ZH, 31.5 * day),
    ]
    stories = Stories(shared)
    for tenant in ("pruned", "kept"):
        put(shared, early, tenant)
    assert stories.prune("pruned") > 0
    assert stories.prune("pruned") == 0, "what is gone is gone"
    for tenant in ("pruned", "kept"):
        put(shared, late, tenant)
    assert told(shared, "pruned") == told(shared, "kept")
    assert told(shared, "pruned")[frozenset({"a/1"})].counted is False
    assert groups(shared, "pruned") == [["a"], ["b", "c"], ["deny"], ["new"], ["old"]]
    assert stories.prune("nobody") == 0


def test_an_older_document_that_comes_late_leads(shared: Storage) -> None:
    (first,) = put(shared, [Item("a", RISE, 5)], "late")
    (late,) = put(shared, [Item("b", f"(Agency) - {RISE}", 1)], "late")
    (story,) = told(shared, "late").values()
    assert (story.lead, story.event_at, story.reach) == ("b/1", NINE + timedelta(hours=1), 2)
    assert (late.created, late.changed) == (False, (first.story_id,))


def test_a_document_between_two_stories_makes_them_one(shared: Storage) -> None:
    text = "copper miners warn that drought closes mills while ports strike and smelters wait for ore"
    words = text.split()
    ends = [" ".join(["Tarn", *words[:12]]), " ".join(["Tarn", *words[2:12], "again", "now", "there"])]
    apart = put(shared, [Item("a", ends[0]), Item("b", ends[1], 1)], "bridge")
    assert groups(shared, "bridge") == [["a"], ["b"]]
    (joined,) = put(shared, [Item("c", " ".join(["Tarn", *words[1:12], "again"]), 2)], "bridge")
    assert groups(shared, "bridge") == [["a", "b", "c"]]
    assert len(joined.absorbed) == 1
    ids = {each.story_id for each in apart}
    assert ids == {joined.story_id, *joined.absorbed}
    views = [Stories(shared).view("bridge", id_) for id_ in ids]
    assert views[0] == views[1], "an absorbed story is found under its old id"
    assert [each.source for each in Stories(shared).documents("bridge", joined.absorbed[0])] == [
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize(
    ("report", "remark"),
    [
        (JOBS, "Brackwell Steel denies it plans to cut 900 jobs at its largest plant"),
        (JOBS, "Retraction: Brackwell Steel to cut 900 jobs at its largest plant"),
        (CUT_ZH, "辟谣：网传澜石科技下调全年指引不实"),
        (CUT_ZH, "澜石科技否认下调全年指引"),
        (CUT_ZH, "闢謠：網傳瀾石科技下調全年指引不實"),
        (
            RISE.replace("5 %", "50 %"),
            "Correction: Orvane Foods profit rose 5 %, not 50 %, on chilled meals demand",
        ),
        (RISE.replace("5 %", "50 %"), f"CORRECTED-{RISE}"),
        ("澜石科技三季度净利润增长50%，订单充足", "更正：澜石科技三季度净利润增长50%应为增长5%，订单充足"),
    ],
)
@pytest.mark.parametrize("early", [False, True])
def test_what_is_taken_back_counts_no_more(shared: Storage, report: str, remark: str, early: bool) -> None:
    tenant = f"t{new_id()}"
    items = [Item("a", report), Item("b", f"(Agency) - {report}", 1), Item("c", remark, 4)]
    joined = put(shared, reversed(items) if early else items, tenant)
    stories = told(shared, tenant)
    report_, remark_ = stories[frozenset({"a/1", "b/1"})], stories[frozenset({"c/1"})]
    assert (report_.counted, report_.retracted_at) == (False, NINE + timedelta(hours=4))
    assert remark_.counted is (remark_.kind == "correction"), "a correction stands for it, a denial does not"
    assert sum(len(each.corrected) for each in joined) == 1


@pytest.mark.parametrize(
    "remark",
    [
        "Corvid Airways denies it plans to ground its jets",
        "Brackwell Steel denies talks on a sale of its shipyard",
        "Correction: Brackwell Steel to cut 900 jobs at its largest plant",
    ],
)
def test_a_remark_on_something_else_takes_nothing_back(shared: Storage, remark: str) -> None:
    tenant = f"t{new_id()}"
    put(shared, [Item("a", JOBS), Item("b", remark, 2)], tenant)
    assert all(story.counted for story in told(shared, tenant).values())


def test_what_comes_after_a_denial_is_not_denied(shared: Storage) -> None:
    put(shared, [Item("a", "Brackwell Steel denies it plans to cut 900 jobs at its largest plant")], "after")
    put(shared, [Item("b", JOBS, 30)], "after")
    assert all(story.counted for story in told(shared, "after").values())


def test_a_revised_text_leaves_its_story(shared: Storage) -> None:
    put(shared, [Item("a", RISE), Item("b", f"{RISE} - Daily Wire", 1)], "revised")
    before = told(shared, "revised")
    (again,) = put(shared, [Item("b", f"{RISE} - Daily Wire", 1)], "revised")
    assert again.changed == ()
    assert told(shared, "revised") == before, "a step done twice changes nothing"
    put(shared, [Item("a", JOBS)], "revised")
    assert told(shared, "revised")[frozenset({"b/1"})].lead == "b/1"
    (back,) = put(shared, [Item("a", RISE)], "revised")
    assert told(shared, "revised") == before
    assert len(back.absorbed) == 1


def test_a_story_of_another_tenant_is_not_found(shared: Storage) -> None:
    (joined,) = put(shared, [Item("a", RISE)], "own")
    assert Stories(shared).view("own", joined.story_id).headline == RISE
    with pytest.raises(NotFound):
        Stories(shared).view("foreign", joined.story_id)
    with pytest.raises(NotFound):
        Stories(shared).documents("foreign", joined.story_id)


POOL = [
    Item("a", RISE, 0, ("orv",)),
    Item("b", f"NEW YORK (Agency) - {RISE}", 1, ("orv",)),
    Item("c", FALL, 2, ("orv",)),
    Item("d", RISE.replace(" 5 %", ""), 3, ("orv",)),
    Item("e", RISE.replace("rises 5 % ", ""), 1, ()),
    Item("f", RISE.replace("5 %", "7 %").replace("Orvane", "Correction: Orvane"), 5, ("orv",)),
    Item("g", f"Correction: {RISE.replace('5 %', '7 %, not 5 %,')}", 6, ("orv",)),
    Item("h", RISE.replace("northern", "all of northern"), 40, ("orv",)),
    Item("i", RISE, 70),
    Item("j", RISE, 130, ("orv",)),
    Item("k", CUT_ZH, 0, ("lan",)),
    Item("l", f"晨澜财经11月17日讯 {CUT_ZH}", -2),
    Item("m", "辟谣：网传澜石科技下调全年指引不实", 4, ("lan",)),
    Item("n", "辟谣：网传澜石科技下调全年指引不实！", 9, ("lan",)),
    Item("o", JOBS, 0),
    Item("p", "Brackwell Steel denies it plans to cut 900 jobs at its largest plant", 6),
    Item("q", JOBS.replace("900", "1,900"), 8),
    Item("r", JOBS, 12),
    Item("s", JOBS.replace("to cut", "not to cut"), 3),
    Item("t", f"Retracted: {JOBS}", 5),
    Item("u", JOBS.replace("900", "nine hundred"), 2),
]


@pytest.mark.slow
@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(POOL), min_size=2, max_size=12, unique=True), st.randoms(use_true_random=False)
)
def test_any_order_of_arrival_makes_the_same_stories(
    shared: Storage, items: list[Item], chance: object
) -> None:
    shuffled = list(items)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second, third = f"t{new_id()}", f"t{new_id()}", f"t{new_id()}"
    put(shared, items, first)
    put(shared, shuffled, second)
    put(shared, shuffled, third, at_once=True)
    assert told(shared, first) == told(shared, second) == told(shared, third)
    assert sum(story.reach for story in told(shared, first).values()) == len(items)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.sampled_from(POOL), min_size=2, max_size=8, unique=True), st.sampled_from(POOL))
def test_revised_texts_end_where_the_last_version_would_have(
    shared: Storage, items: list[Item], revision: Item
) -> None:
    first, second = f"t{new_id()}", f"t{new_id()}"
    revised = Item(items[0].source, revision.text, items[0].hour, revision.companies)
    put(shared, [*items, revised], first)
    put(shared, [revised, *items[1:]], second)
    assert told(shared, first) == told(shared, second)
    third = f"t{new_id()}"
    put(shared, items[:1], third)
    put(shared, [*items[1:], revised], third, at_once=True)
    assert told(shared, first) == told(shared, third), "in one batch with documents that take its place"
