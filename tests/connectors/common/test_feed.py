from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors.common.feed import FeedConnector
from core.errors import InvalidInput, PayloadTooLarge, Unavailable
from core.net.client import SafeClient
from core.ports import Connector
from core.records import Record
from core.testing.clock import StandingClock
from core.testing.connector_contract import ConnectorContract
from tests.connectors.web import Asked, Page, Site

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ITEM = "<item><guid>{id}</guid><link>/n/{id}</link><title>{title}</title><pubDate>{date}</pubDate></item>"


def rss(*items: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>News</title>{"".join(items)}</channel></rss>'


def item(id: str, title: str = "title", date: str = "Fri, 20 Nov 2026 09:30:00 GMT") -> str:
    return ITEM.format(id=id, title=title, date=date)


@pytest.fixture
def feed(site: Site, client: SafeClient) -> Callable[..., FeedConnector]:
    def opened(body: str | bytes = "", **given: object) -> FeedConnector:
        if body:
            whole = body.encode() if isinstance(body, str) else body
            site.pages["/feed"] = Page(whole, headers={"Content-Type": "application/rss+xml"})
        return FeedConnector(f"{site.url}/feed", client=client, clock=StandingClock(NOW), **given)  # type: ignore[arg-type]

    return opened


Opened = Callable[..., FeedConnector]


def records(connector: Connector, cursor: str | None = None) -> list[Record]:
    found = [record for record, _ in connector.read(cursor)]
    assert all(isinstance(record, Record) for record in found)
    return [record for record in found if isinstance(record, Record)]


class TestContract(ConnectorContract):
    """The server sends validators, so that a cursor in the middle must not hide the rest."""

    @pytest.fixture
    def connect(self, site: Site, feed: Opened) -> Callable[[], Connector]:
        body = rss(
            *(item(str(n), f"title {n}") for n in range(4)), "<item><title>no id</title></item>"
        ).encode()

        def answer(asked: Asked) -> Page:
            headers = {"ETag": '"v1"', "Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT"}
            known = asked.headers.get("if-none-match") == '"v1"'
            return Page(status=304, headers=headers) if known else Page(body, headers=headers)

        site.pages["/feed"] = answer
        return lambda: feed()


def test_an_unchanged_feed_is_not_sent_again(site: Site, feed: Opened) -> None:
    site.pages["/feed"] = Page(
        rss(item("a"), item("b")).encode(), headers={"ETag": 'W/"x"', "Last-Modified": "then"}
    )
    *_, (_, cursor) = feed().read(None)
    assert records(feed(), cursor) == []
    assert site.asked[-1].headers["if-none-match"] == 'W/"x"'
    assert site.asked[-1].headers["if-modified-since"] == "then"


def test_only_what_is_new_comes_whatever_the_order(feed: Opened) -> None:
    *_, (_, cursor) = feed(rss(item("b"), item("a"))).read(None)
    assert [r.external_id for r in records(feed(rss(item("a"), item("c"), item("b"))), cursor)] == ["c"]


def test_a_revised_entry_comes_again_with_its_id(feed: Opened) -> None:
    *_, (_, cursor) = feed(rss(item("a", "profit up"), item("b"))).read(None)
    again = records(feed(rss(item("a", "profit down"), item("b"))), cursor)
    assert [(r.external_id, r.payload["title"]) for r in again] == [("a", "profit down")]


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>n</title>{}</feed>"""
TIMES = "<published>2026-11-20T09:30:00Z</published><updated>{}</updated>"


@pytest.mark.parametrize(
    ("updated", "hours"),
    [
        ("2026-11-20T11:00:00Z", 11),
        ("Fri, 20 Nov 2026 19:00:00", 11),
        ("2099-11-20T11:00:00Z", None),
        ("2026-11-20", None),
        ("lately", None),
    ],
)
def test_an_entry_tells_when_it_was_changed(feed: Opened, updated: str, hours: int | None) -> None:
    body = ATOM.format(f"<entry><id>a</id><title>t</title>{TIMES.format(updated)}</entry>")
    [record] = records(feed(body, zone="Asia/Shanghai"))
    day = datetime(2026, 11, 20, tzinfo=UTC)
    assert record.published_at == day + timedelta(hours=9.5)
    assert record.revised_at == (None if hours is None else day + timedelta(hours=hours))


def test_of_two_wordings_in_one_feed_the_later_comes(feed: Opened) -> None:
    entry = "<entry><id>a</id><title>{}</title>{}</entry>"
    times = [TIMES.format(f"2026-11-20T{hour}:00:00Z") for hour in (10, 12, 11)]
    body = ATOM.format("".join(entry.format(f"t{n}", time) for n, time in enumerate(times)))
    assert [r.payload["title"] for r in records(feed(body))] == ["t1"]


def test_a_page_that_flips_back_is_not_a_revision(feed: Opened) -> None:
    cursor = None
    for title, comes in (("profit up", 1), ("profit down", 1), ("profit up", 0), ("profit down", 0)):
        found = list(feed(rss(item("a", title))).read(cursor))
        assert len(found) == comes
        cursor = found[-1][1] if found else cursor


def test_the_cursor_stays_small_and_forgets_nothing_that_is_still_there(feed: Opened) -> None:
    cursor = None
    for start in range(0, 3_000, 250):
        window = rss(item("sticky"), *(item(f"n{n}") for n in range(start, start + 300)))
        found = list(feed(window).read(cursor))
        assert len(found) == (301 if cursor is None else 250)
        cursor = found[-1][1]
    assert cursor is not None
    assert len(cursor) < 20_000


def test_the_oldest_comes_first(feed: Opened) -> None:
    dates = [f"Fri, 20 Nov 2026 0{hour}:00:00 GMT" for hour in (3, 1, 2)]
    body = rss(item("x", date=""), *(item(f"n{n}", date=date) for n, date in enumerate(dates)))
    assert [r.external_id for r in records(feed(body))] == ["n1", "n2", "n0", "x"]


@pytest.mark.parametrize(
    ("date", "zone", "hours"),
    [
        ("Fri, 20 Nov 2026 09:30:00 EST", None, 14.5),
        ("Mon, 20 Jul 2026 09:30:00 EDT", None, 13.5),
        ("Fri, 20 Nov 2026 09:30:00 CST", None, 15.5),
        ("Fri, 20 Nov 2026 09:30:00 CST", "Asia/Shanghai", 1.5),
        ("Fri, 20 Nov 2026 09:30:00 CST", "America/New_York", 15.5),
        ("Fri, 20 Nov 2026 09:30:00 CST", "Asia/Hong_Kong", 1.5),
        ("2026-11-20 09:30 CST", None, None),
        ("Fri Nov 20 09:30:00 CST 2026", None, None),
        ("Fri Nov 20 09:30:00 CST 2026", "Asia/Shanghai", 1.5),
        ("2026年11月20日 上午9时30分", "Asia/Shanghai", 1.5),
        ("2026-11-20 09:30", "Asia/Shanghai", 1.5),
        ("2026-11-20 09:30:00", None, 9.5),
        ("Fri, 20 Nov 2026 09:30:00 +0800", "America/New_York", 1.5),
        ("2026-11-20T09:30Z", "Asia/Shanghai", 9.5),
        ("Nov 19, 2026 9:30 PM EST", None, 2.5),
        ("2026-11-20", "Asia/Shanghai", None),
        ("Fri, 20 Nov 2026", None, None),
        ("Fri, 20 Nov 2026 09:30:00 IST", None, None),
        ("yesterday", None, None),
        ("", None, None),
        ("Fri, 20 Nov 2099 09:30:00 GMT", None, None),
    ],
)
def test_dates(feed: Opened, date: str, zone: str | None, hours: float | None) -> None:
    (record,) = records(feed(rss(item("a", date=date)), zone=zone))
    day = datetime(2026, 7 if "Jul" in date else 11, 20, tzinfo=UTC)
    assert record.published_at == (None if hours is None else day + timedelta(hours=hours))
    assert record.payload.get("published", "") == date


def test_titles_lose_their_html_and_keep_their_signs(feed: Opened) -> None:
    titles = {
        "1": "AT&amp;T &lt;b&gt;gains&lt;/b&gt; 5&amp;nbsp;%",
        "2": "AT&T & R&D &nbsp;up",
        "3": "<![CDATA[<p>A &amp; B</p><script>alert(1)</script><!-- hidden -->]]>",
        "4": "loss &lt; 5 %, R&amp;D &gt; 3",
        "5": "净利润&#x589E;长 😀\x0b",
    }
    found = {
        r.external_id: r.payload["title"] for r in records(feed(rss(*(item(*t) for t in titles.items()))))
    }
    assert found == {
        "1": "AT&T gains 5 %",
        "2": "AT&T & R&D up",
        "3": "A & B",
        "4": "loss < 5 %, R&D > 3",
    } | {"5": "净利润增长 😀"}


def test_atom_and_rdf_are_read(feed: Opened) -> None:
    atom = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><entry>
    <title type="text">1 &lt; 2 &lt;b&gt;</title><id>urn:1</id><updated>2026-11-20T09:30:00+08:00</updated>
    <link href="/a"/><category term="markets"/><author><name>Ann</name></author>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>two <b>three</b></p></div>
    </content></entry></feed>"""
    (record,) = records(feed(atom))
    assert record.external_id == "urn:1"
    assert record.published_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    told = {name: record.payload[name] for name in ("title", "content", "author", "tags", "lang")}
    assert told == {
        "title": "1 < 2 <b>",
        "content": "One\ntwo three",
        "author": "Ann",
        "tags": ["markets"],
        "lang": "en",
    }
    assert record.payload["url"].endswith("/a")
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="urn:2"><title>t</title><link>/b</link>
    <dc:date>2026-11-20T09:30:00Z</dc:date></item></rdf:RDF>"""
    assert records(feed(rdf))[0].published_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_ids_fall_back_to_the_link_and_then_to_the_content(feed: Opened) -> None:
    links = "".join(f"<item><title>t{n}</title><link>http://e.com/{n}</link></item>" for n in range(2))
    same = "".join(
        f"<item><guid>0</guid><title>s{n}</title><link>http://e.com/s{n}</link></item>" for n in range(2)
    )
    found = records(feed(rss(links, same, "<item><title>x</title></item>", "<item><title>y</title></item>")))
    ids = sorted(r.external_id for r in found)
    assert [i for i in ids if i.startswith("http")] == [f"http://e.com/{n}" for n in ("0", "1", "s0", "s1")]
    assert len(set(ids)) == 6


def test_long_ids_stay_apart(feed: Opened) -> None:
    link = "http://e.com/" + "a" * 1_200
    found = records(feed(rss(*(f"<item><title>t</title><link>{link}{n}</link></item>" for n in range(2)))))
    assert {r.external_id for r in found} == {f"{link}0", f"{link}1"}


def test_of_two_entries_with_one_id_the_later_counts(feed: Opened) -> None:
    body = rss(item("a", "old"), item("a", "new", "Fri, 20 Nov 2026 11:00:00 GMT"))
    assert [r.payload["title"] for r in records(feed(body))] == ["new"]


CHINESE = "净利润大增，公司回应传闻"


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8-sig", "utf-8", None),
        ("utf-16", "utf-16", None),
        ("utf-16-le", None, None),
        ("gbk", "gbk", None),
        ("gb18030", "gb2312", None),
        ("gbk", None, "gbk"),
        ("gbk", "utf-8", "utf-8"),
        ("gbk", None, None),
        ("utf-8", "iso-8859-1", None),
        ("utf-8", "gbk", "gb2312"),
        ("utf-8", "nonsense", "nonsense"),
        ("utf-8", "rot13", "utf-7"),
        ("big5", "big5", None),
    ],
)
def test_encodings_declared_or_not(
    site: Site, feed: Opened, encoding: str, declared: str | None, header: str | None
) -> None:
    title = CHINESE if encoding != "big5" else "淨利潤大增，公司回應傳聞"
    head = f'<?xml version="1.0"{f" encoding={declared!r}" if declared else ""}?>'
    kind = "text/xml" + (f"; charset={header}" if header else "")
    body = rss(*(item(str(n), title) for n in range(5)), head=head).encode(encoding)
    site.pages["/feed"] = Page(body, headers={"Content-Type": kind})
    assert {r.payload["title"] for r in records(feed())} == {title}


def test_one_broken_character_does_not_lose_a_feed(feed: Opened) -> None:
    body = rss(*(item(str(n), CHINESE) for n in range(50))).encode().replace("净".encode(), b"\xe5\x87", 1)
    assert len(records(feed(body))) == 50


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<html><body>Not found</body></html>", "no RSS or Atom"),
        ("{}", "no RSS or Atom"),
        ("   ", "no RSS or Atom"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "no RSS or Atom|no encoding|binary|encoding of text"),
        (rss(item("a", "&e;"), head='<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "entities"),
        (rss(item("a", "&l9;"), head=f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>'), "entities"),
        (
            rss(item("a"), head='<!-- <rss> --><!doctype r [<!ENTITY % p SYSTEM "http://127.0.0.1/x">%p;]>'),
            "entities",
        ),
        (rss(item("a"), head='<!DOCTYPE r [<!ENTITY e "x">]>').encode("utf-16"), "entities"),
        ("<rss>" + "<b>" * 200_000, "not well-formed"),
    ],
)
def test_what_is_no_feed_or_a_dangerous_one_is_refused(feed: Opened, body: str | bytes, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        list(feed(body).read(None))


def test_a_doctype_without_entities_does_no_harm(feed: Opened) -> None:
    head = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss.dtd">'
    assert len(records(feed(rss(item("a"), head=head)))) == 1


def test_utf_7_cannot_hide_entities(feed: Opened) -> None:
    hidden = '+ADwAIQ-DOCTYPE r [+ADwAIQ-ENTITY e SYSTEM "file:///etc/hostname">]>'
    with pytest.raises(InvalidInput, match="no RSS or Atom"):
        list(
            feed('<?xml version="1.0" encoding="utf-7"?>' + hidden + rss(item("a", "&e;"), head="")).read(
                None
            )
        )


def test_bombs_and_endless_bodies_are_cut(site: Site, feed: Opened) -> None:
    bomb = gzip.compress(rss(item("a", "x" * 50_000_000)).encode())
    site.pages["/feed"] = Page(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(PayloadTooLarge):
        list(feed().read(None))
    site.pages["/feed"] = Page(b"<rss>" * 1_000, endless=True)
    with pytest.raises(PayloadTooLarge):
        list(feed().read(None))


@pytest.mark.parametrize(
    ("status", "retry", "seconds"),
    [
        (429, "120", 120),
        (503, format_datetime(NOW + timedelta(seconds=90)), 91),
        (500, None, 60),
        (502, "soon", 60),
        (503, "99999999999999", 86_400),
        (429, "-5", 60),
    ],
)
def test_a_busy_server_says_when_to_come_back(
    site: Site, feed: Opened, status: int, retry: str | None, seconds: int
) -> None:
    site.pages["/feed"] = Page(status=status, headers={"Retry-After": retry} if retry else {})
    with pytest.raises(Unavailable) as caught:
        list(feed().read(None))
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "fault"), [(404, "404"), (401, "401"), (410, "410"), (301, "moved to 'http://e")]
)
def test_a_refusal_is_final(site: Site, feed: Opened, status: int, fault: str) -> None:
    site.pages["/feed"] = Page(status=status, headers={"Location": "http://elsewhere/"})
    with pytest.raises(InvalidInput, match=fault):
        list(feed().read(None))


def test_no_server_is_a_reason_to_ask_later(client: SafeClient) -> None:
    with pytest.raises(Unavailable):
        list(FeedConnector("http://127.0.0.1:9/feed", client=client).read(None))


def test_the_inside_is_not_reached() -> None:
    with pytest.raises(InvalidInput):
        list(FeedConnector("http://127.0.0.1:9/feed", client=SafeClient()).read(None))


def test_the_secret_is_sent_and_must_fit_a_header(site: Site, feed: Opened) -> None:
    list(feed(rss(item("a")), secret="s3cret").read(None))
    assert site.asked[-1].headers["authorization"] == "Bearer s3cret"
    with pytest.raises(InvalidInput, match="header"):
        feed(secret="s3\r\ncret")


@pytest.mark.parametrize(
    "cursor", ["[]", "5", '["feed",[],""]', '["feed",{},"abc"]', '["edgar",{},""]', '["feed",{"a":1},""]']
)
def test_cursors_that_are_none(feed: Opened, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="no cursor"):
        list(feed(rss(item("a"))).read(cursor))
