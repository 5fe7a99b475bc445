"""The `nats` connector: the messages of a JetStream stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.common.messages import record_of
from connectors.common.nats_stream import Message, Stream
from connectors.common.times import zone_of
from core.errors import InvalidInput
from core.records import Record, Refused

_BATCH = 256


class NatsConnector:
    """Reads the messages behind a sequence number, until none is left or the pass is full.

    The cursor is the sequence number: the place is stored with what was read, so nothing is acknowledged at
    the server and nothing can be acknowledged too early. The stream must keep its messages (retention by
    limits). A message is a JSON object; its id is one that it tells, else its Nats-Msg-Id, else its number.
    Without a time of its own it appeared when the server took it.

    Args:
        servers: One or more, e.g. `nats://broker:4222`.
        stream: Its name.
        subject: Only messages under it, e.g. `news.>`; default: all.
        user: With it the secret is its password; without, a token.
        source: Name of this connection; default: the stream's name.
        zone: IANA zone of times that have none; default UTC.
        limit: Most messages of one pass.
        secret: Password or token.
    """

    local = True

    def __init__(
        self,
        servers: str | Sequence[str],
        stream: str,
        *,
        subject: str | None = None,
        user: str | None = None,
        source: str | None = None,
        zone: str | None = None,
        limit: int = 10_000,
        secret: str | None = None,
    ) -> None:
        self._servers = [servers] if isinstance(servers, str) else list(servers)
        if any("@" in server for server in self._servers):
            raise InvalidInput("A server carries credentials.", remedy="Give them as user and secret.")
        self._stream, self._subject = stream, subject
        self._user, self._secret = user, secret
        self._source = source or stream
        self._zone = zone_of(zone)
        self._limit = limit

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the records after `cursor`, at most `limit` of them.

        Messages that the stream dropped before they were read are told as one refused record.

        Raises:
            Unavailable: no server answers.
            InvalidInput: the cursor is not this connector's, or there is no such stream to be read.
        """
        done = _position(cursor)
        opened = Stream(
            self._servers, self._stream, subject=self._subject, user=self._user, secret=self._secret
        )
        with opened as stream:
            left, first = stream.behind(done)
            if cursor is not None and first > done + 1 and self._subject is None:
                yield self._lost(done + 1, first - 1), str(first - 1)
            taken = 0
            while left and taken < self._limit:
                for message in stream.take(min(_BATCH, self._limit - taken, left)):
                    yield self._made(message), str(message.sequence)
                    taken, left = taken + 1, message.left

    def _lost(self, first: int, last: int) -> Refused:
        reason = f"{last - first + 1} messages were dropped by the stream before they were read"
        return Refused(f"{self._stream}:{first}-{last}", reason, "")

    def _made(self, message: Message) -> Record | Refused:
        place = f"{self._stream}:{message.sequence}"
        text = message.data.decode("utf-8", "surrogateescape")
        return record_of(
            text, place, self._source, self._zone, given_id=message.given_id or "", at=message.at
        )


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
        raise InvalidInput(
            f"{cursor[:40]!r} is no cursor of a stream.", remedy="Use one that this connector gave."
        )
    return int(cursor)
