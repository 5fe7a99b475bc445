"""The entries of a feed, whatever dialect it is written in."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urljoin
from xml.parsers import expat

from connectors.common.markup import one_space, text_of
from connectors.common.payloads import digest, plain
from connectors.common.seen import mark_of
from connectors.common.times import moment
from core.errors import InvalidInput

_DATES = ("published", "updated", "created")
_REVISED = ("updated",)
# feedparser reads what is no XML slowly: some seconds for so many bytes.
_MENDABLE = 256 * 1024
_UNKNOWN_ZONE = re.compile(r"(?<![A-Za-z])(?!GMT|UTC|Z$|[AP]M$)[A-Za-z]+(?:\s\d{4})?$")
_HTML = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        external_id: Its id, else its link, else the hash of its content.
        fields: Title, content, url, author, tags, language and dates, those that it has, as they came.
        published_at: None where it tells no moment, or one in the future.
        revised_at: When it was last changed, likewise.
        mark: Short hash of id and content: a revised entry has another.
    """

    external_id: str
    fields: Mapping[str, Any]
    published_at: datetime | None
    revised_at: datetime | None
    mark: str

    def payload(self) -> dict[str, Any]:
        """Return the fields as JSON values.

        Raises:
            InvalidInput: a text cannot be stored.
        """
        return {name: plain(value) for name, value in self.fields.items()}


def entries_of(source: str, *, base: str, zone: tzinfo, latest: datetime) -> list[Entry]:
    """Return the entries of a feed; of several with one id, the one that tells the latest time.

    Args:
        source: The feed, from `source_of`.
        base: Its address, for relative links.
        zone: Of dates that have none.
        latest: What is told to be later is no moment.

    Raises:
        InvalidInput: it does not parse as a feed.
    """
    import feedparser  # type: ignore[import-untyped]

    data = source.encode("utf-8", "replace")
    _check_length(data)
    # Handed over as UTF-8 in a stream: as a string, feedparser would take it for a URL or a file to open.
    headers = {"content-type": "application/xml; charset=utf-8"}
    # No HTML of it is ever shown: only its text is kept, so it need not be made harmless first.
    parsed = feedparser.parse(
        io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not parsed["version"] and not parsed["entries"]:
        raise InvalidInput("The feed does not parse.", remedy="Configure the address of an RSS or Atom feed.")
    language = str(parsed["feed"].get("language") or "")
    # As plain dicts: feedparser's own answer a question for `updated` with `published`, and warn.
    entries = [dict(entry) for entry in parsed["entries"]]
    # In Atom a text says what it is; in RSS it may always be HTML.
    html = not str(parsed["version"]).startswith("atom")
    raw = [_fields(entry, base, language, html) for entry in entries]
    newest: dict[str, Entry] = {}
    for identity, fields, entry in zip(_identities(entries, raw), raw, entries, strict=True):
        told, changed = (_moment(entry, names, zone, latest) for names in (_DATES, _REVISED))
        made = Entry(identity, fields, told, changed, mark_of(identity + digest(fields)))
        before = newest.get(identity)
        if before is None or _time(before) < _time(made):
            newest[identity] = made
    return list(newest.values())


def _check_length(data: bytes) -> None:
    if len(data) <= _MENDABLE:
        return
    parser = expat.ParserCreate()
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InvalidInput(
            f"The feed is not well-formed XML ({error}), and too long to be mended.",
            remedy="Tell its publisher.",
        ) from error


def _time(entry: Entry) -> float:
    return max((at.timestamp() for at in (entry.published_at, entry.revised_at) if at), default=0.0)


def _identities(entries: Sequence[Mapping[str, Any]], raw: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    links: defaultdict[str, set[str]] = defaultdict(set)
    for entry, fields in zip(entries, raw, strict=True):
        links[entry.get("id", "")].add(fields.get("url", ""))
    for entry, fields in zip(entries, raw, strict=True):
        given, url = entry.get("id", ""), fields.get("url", "")
        # An id that stands beside several links is none, such as a number that a template forgot to count up.
        if given and len(links[given]) == 1:
            yield str(given)
        else:
            yield str(url) or digest(fields)


def _fields(entry: Mapping[str, Any], base: str, language: str, html: bool) -> dict[str, Any]:
    bodies = [*entry.get("content", ()), entry.get("summary_detail", {})]
    fields = {
        "title": _text(entry.get("title_detail", {}), html).replace("\n", " "),
        "content": max((_text(body, html) for body in bodies), key=len, default=""),
        "url": _absolute(base, str(entry.get("link") or "")),
        "author": one_space(str(entry.get("author", "") or "")),
        "tags": [str(tag["term"]) for tag in entry.get("tags", ()) if tag.get("term")],
        "lang": language,
        **{name: str(entry.get(name, "") or "") for name in _DATES},
    }
    return {name: value for name, value in fields.items() if value}


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link) if link else ""
    except ValueError:
        return link


def _text(detail: Mapping[str, Any], html: bool) -> str:
    value = str(detail.get("value") or "")
    return text_of(value) if html or detail.get("type") in _HTML else one_space(value)


def _moment(
    entry: Mapping[str, Any], names: Sequence[str], zone: tzinfo, latest: datetime
) -> datetime | None:
    for name in names:
        told = str(entry.get(name) or "")
        if not told:
            continue
        try:
            found = moment(told, zone, mail=True)
        except InvalidInput:
            found = _parsed(entry.get(f"{name}_parsed"), told, zone)
        return found if found is not None and _utc(found) <= latest else None
    return None


def _parsed(told: Any, text: str, zone: tzinfo) -> datetime | None:
    """Return a time in a form that only feedparser reads, such as W3CDTF without minutes or Korean ones."""
    if told is None or ":" not in text or _UNKNOWN_ZONE.search(text):
        return None
    # feedparser takes a time without a zone for UTC: that stands only where the text says so.
    year, month, day, hour, minute, second = told[:6]
    stands = UTC if text.endswith(("Z", "GMT", "UTC")) else zone
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=stands)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
