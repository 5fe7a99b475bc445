"""The `feed` connector: RSS and Atom over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.common.feed_entries import Entry, entries_of
from connectors.common.feed_source import source_of
from connectors.common.payloads import refused
from connectors.common.seen import Seen
from connectors.common.times import zone_of
from core.errors import InvalidInput
from core.jobs.clock import SystemClock
from core.net.client import Response, SafeClient
from core.net.fetch import fetch
from core.net.targets import parse
from core.ports import Clock
from core.records import Record, Refused

_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8"
_AHEAD = timedelta(hours=1)


class FeedConnector:
    """Reads what is new in a feed, and what was revised: an entry with another text comes again.

    The cursor holds ETag, Last-Modified and a short hash of each entry seen. A feed that has not changed is
    not sent again. An entry is known by its id, else its link, else its content; it does not matter in which
    order entries stand. A page that goes back to what it showed before brings nothing. A time in the future,
    or one that cannot be read, is no moment: it stays in the payload as it came.

    Args:
        url: Of the feed.
        client: Sends the requests.
        source: Name of this connection; default: the feed's host.
        zone: IANA zone of dates that have none, and of CST; default UTC.
        secret: Sent as `Authorization: Bearer …`, where the feed asks for one.
        clock: Tells what is in the future.
    """

    def __init__(
        self,
        url: str,
        *,
        client: SafeClient,
        source: str | None = None,
        zone: str | None = None,
        secret: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._url = url
        self._client = client
        self._source = source or parse(url).host
        self._zone = zone_of(zone)
        self._secret = secret
        if secret and not _sendable(secret):
            raise InvalidInput("The feed's secret has characters that no header may hold.")
        self._clock = clock or SystemClock()

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the entries that are new or revised, the oldest first.

        Raises:
            Unavailable: the server does not answer, or asks to wait; `retry_after` says how long.
            InvalidInput: the cursor is not this connector's, the answer is no feed, or it is dangerous.
            PayloadTooLarge: the answer is longer than the client takes.
        """
        seen = Seen.decoded(cursor, "feed")
        now = self._clock.now()
        answer = fetch(self._client, self._url, headers=self._headers(seen), now=now)
        if answer is None:
            return
        source = source_of(answer.body, answer.headers.get("content-type", ""))
        entries = entries_of(source, base=answer.url, zone=self._zone, latest=now + _AHEAD)
        seen.refresh(entry.mark for entry in entries)
        fresh = sorted((entry for entry in entries if entry.mark not in seen), key=_age)
        for number, entry in enumerate(fresh, 1):
            seen.add(entry.mark, most=len(entries))
            # Only who has read all of an answer may say next time that he knows it.
            if number == len(fresh):
                seen.validators = _validators(answer)
            yield self._made(entry), seen.encoded()

    def _headers(self, seen: Seen) -> dict[str, str]:
        headers = {"Accept": _ACCEPT}
        if self._secret:
            headers["Authorization"] = f"Bearer {self._secret}"
        return {**headers, **seen.validators}

    def _made(self, entry: Entry) -> Record | Refused:
        try:
            payload = entry.payload()
            return Record(self._source, entry.external_id, payload, entry.published_at, entry.revised_at)
        except InvalidInput as error:
            return refused(f"{self._source}:{entry.external_id}", error, entry.fields)


def _age(entry: Entry) -> tuple[bool, Any, str]:
    at: datetime | None = entry.published_at
    return at is None, at.timestamp() if at else 0, entry.mark


def _validators(answer: Response) -> dict[str, str]:
    asked = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
    told = {name: answer.headers.get(header, "") for name, header in asked.items()}
    return {name: value for name, value in told.items() if 0 < len(value) < 500 and _sendable(value)}


def _sendable(value: str) -> bool:
    return value.isascii() and value.isprintable()
