"""The `kafka` connector: the messages of a topic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from connectors.common.kafka_topic import Topic, taken_at
from connectors.common.messages import record_of
from connectors.common.times import zone_of
from core.errors import InvalidInput
from core.records import Record, Refused
from core.text.types import safe

if TYPE_CHECKING:
    from confluent_kafka import Message

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class KafkaConnector:
    """Reads the messages behind a place, partition by partition, until none is left or the pass is full.

    The cursor is JSON, partition to next offset: the place is stored with what was read, so there is no
    consumer group and nothing is committed at the broker. Each partition has its share of a pass, so that a
    busy one does not keep the others waiting. A message is a JSON object; its id is one that it tells, else
    its key, else its place (topic/partition/offset). Without a time of its own it appeared at its timestamp.

    Args:
        servers: One or more, e.g. `broker:9092`.
        topic: Its name.
        keyed: Whether a key names one thing; false where keys only spread messages over partitions.
        user: For SASL, with the secret as password; default: none is needed.
        mechanism: Of SASL.
        tls: Whether the connection is encrypted, and the broker's certificate checked.
        source: Name of this connection; default: the topic's name.
        zone: IANA zone of times that have none; default UTC.
        limit: Most messages of one pass, but one of each partition at least.
        secret: The password.
    """

    local = True

    def __init__(
        self,
        servers: str | Sequence[str],
        topic: str,
        *,
        keyed: bool = True,
        user: str | None = None,
        mechanism: Mechanism = "SCRAM-SHA-512",
        tls: bool = False,
        source: str | None = None,
        zone: str | None = None,
        limit: int = 10_000,
        secret: str | None = None,
    ) -> None:
        self._servers = [servers] if isinstance(servers, str) else list(servers)
        if any("@" in server for server in self._servers):
            raise InvalidInput("A server carries credentials.", remedy="Give them as user and secret.")
        if (user is None) != (secret is None):
            raise InvalidInput("User and secret belong together.", remedy="Give both or none.")
        protocol = ("SASL_" if user else "") + ("SSL" if tls else "PLAINTEXT")
        sasl = {"sasl.mechanism": mechanism, "sasl.username": user, "sasl.password": secret} if user else {}
        self._login: dict[str, str | None] = {"security.protocol": protocol, **sasl}
        self._topic, self._keyed = topic, keyed
        self._source = source or topic
        self._zone = zone_of(zone)
        self._limit = limit

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the records after `cursor`, at most `limit` of them.

        Messages that the topic dropped before they were read are told as one refused record a partition.

        Raises:
            Unavailable: no broker answers.
            InvalidInput: the cursor is not this connector's, or there is no such topic to be read.
        """
        done = _decoded(cursor)
        with Topic(self._servers, self._topic, self._login) as topic:
            first = topic.first()
            if done.keys() - first.keys():
                raise InvalidInput(
                    f"The topic {self._topic} has fewer partitions than before.",
                    remedy="It was made anew: remove the connection and make it again.",
                )
            # A partition that is not read yet has a place too: what it drops from now on is told.
            places = {number: done.get(number, low) for number, low in first.items()}
            left = max(self._limit, len(places))
            for waiting, number in enumerate(places):
                if first[number] > places[number]:
                    lost = self._lost(number, places[number], first[number] - 1)
                    places[number] = first[number]
                    yield lost, _encoded(places)
                share = -(-left // (len(places) - waiting))
                for message in topic.read(number, places[number], share):
                    places[number], left = (message.offset() or 0) + 1, left - 1
                    yield self._made(message), _encoded(places)

    def _lost(self, partition: int, first: int, last: int) -> Refused:
        reason = f"{last - first + 1} messages were dropped by the topic before they were read"
        return Refused(f"{self._topic}/{partition}/{first}-{last}", reason, "")

    def _made(self, message: Message) -> Record | Refused:
        place = f"{self._topic}/{message.partition()}/{message.offset()}"
        text = _text(message.value())
        return record_of(
            text, place, self._source, self._zone, given_id=self._key(message), at=taken_at(message)
        )

    def _key(self, message: Message) -> str:
        try:
            return safe(_text(message.key())) if self._keyed else ""
        except InvalidInput:  # bytes that are no text
            return ""


def _text(data: str | bytes | None) -> str:
    return data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data or ""


def _encoded(places: dict[int, int]) -> str:
    return json.dumps(places, separators=(",", ":"))


def _decoded(cursor: str | None) -> dict[int, int]:
    if cursor is None:
        return {}
    try:
        found = json.loads(cursor)
        places = {int(number): offset for number, offset in found.items()}
        if not all(type(each) is int and 0 <= each < 2**63 for pair in places.items() for each in pair):
            raise ValueError("no offset")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            f"{cursor[:40]!r} is no cursor of a topic.", remedy="Use one that this connector gave."
        ) from error
    return places
