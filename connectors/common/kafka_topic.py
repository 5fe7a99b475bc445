"""A Kafka topic, read partition by partition: no consumer group, nothing committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import ColonnadeError, InvalidInput, MissingExtra, Unavailable

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Message

_WAIT = 10.0
_STEP = 0.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CREDENTIALS = {"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM"}
_REFUSALS = {
    *("TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PART", "TOPIC_EXCEPTION"),
    *("_INVALID_ARG", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"),
}
_OUTSIDE = {"_AUTO_OFFSET_RESET", "OFFSET_OUT_OF_RANGE"}
# The library looks for the coordinator of a group that we do not use, and may not be allowed to.
_NOT_OURS = {"GROUP_AUTHORIZATION_FAILED", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR"}
_Answer = TypeVar("_Answer")


class Topic:
    """A connection to one topic; a context manager.

    Args:
        servers: Where to ask first, e.g. `broker:9092`.
        name: Of the topic.
        login: The library's own settings for the way in.
    """

    def __init__(self, servers: Sequence[str], name: str, login: Mapping[str, str | None]) -> None:
        self._name = name
        self._why: KafkaError | None = None
        self._said: KafkaError | None = None
        self._settings: dict[str, Any] = {
            "bootstrap.servers": ",".join(servers),
            "group.id": "colonnade",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
            "error_cb": self._hear,
            "log_level": 0,
            **login,
        }
        self._consumer: Consumer

    def __enter__(self) -> Topic:
        """Make the client; it connects when it is asked something.

        Raises:
            InvalidInput: the settings are none.
            MissingExtra: the client is not installed.
        """
        try:
            from confluent_kafka import Consumer, KafkaException
        except ModuleNotFoundError as error:
            raise MissingExtra(
                "Reading Kafka needs its client.", remedy="pip install 'colonnade[kafka]'."
            ) from error
        try:
            self._consumer = Consumer(self._settings)
        except KafkaException as error:
            raise InvalidInput(
                f"Kafka: {_words(error.args[0])}.", remedy="Check the configuration."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._consumer.close()

    def first(self) -> dict[int, int]:
        """Return the first offset that each partition still holds.

        Raises:
            Unavailable: no broker answers.
            InvalidInput: there is no such topic, or the way in is refused.
        """
        from confluent_kafka import TopicPartition

        known = self._asked(lambda: self._consumer.list_topics(self._name, timeout=_STEP))
        found = known.topics[self._name]
        if found.error is not None:
            raise self._trouble(found.error)
        places = [TopicPartition(self._name, number) for number in sorted(found.partitions)]
        return {each.partition: self._low(each) for each in places}

    def read(self, partition: int, offset: int, most: int) -> Iterator[Message]:
        """Yield the messages of a partition from an offset, until its end or `most` of them.

        Raises:
            Unavailable: no broker answers, or messages were dropped while they were waited for.
            InvalidInput: the partition ends before the offset.
        """
        from confluent_kafka import TopicPartition

        self._consumer.assign([TopicPartition(self._name, partition, offset)])
        quiet = time.monotonic() + _WAIT
        while most:
            told = self._consumer.poll(_STEP)
            if told is None:
                if self._said is not None or time.monotonic() > quiet:
                    raise self._trouble(self._said)
                continue
            quiet = time.monotonic() + _WAIT
            fault = told.error()
            if fault is None:
                yield told
                most -= 1
            elif fault.name() == "_PARTITION_EOF":
                return
            elif fault.name() in _OUTSIDE:
                raise self._outside(partition, offset)
            elif fault.name() not in _NOT_OURS:
                raise self._trouble(fault)

    def _low(self, place: Any) -> int:
        def asked() -> tuple[int, int] | None:
            return self._consumer.get_watermark_offsets(place, timeout=_STEP)

        low, _ = self._asked(asked) or (0, 0)
        return max(0, low)

    def _asked(self, question: Callable[[], _Answer]) -> _Answer:
        from confluent_kafka import KafkaException

        until = time.monotonic() + _WAIT
        while True:
            try:
                return question()
            except KafkaException as error:
                self._consumer.poll(0)  # lets the library say what is behind it
                if self._said is not None or time.monotonic() > until:
                    raise self._trouble(self._said or error.args[0]) from None

    def _hear(self, error: KafkaError) -> None:
        if error.name() in _CREDENTIALS:
            self._said = error
        elif error.name() == "_ALL_BROKERS_DOWN":
            self._said = self._said or self._why or error
        else:
            self._why = error

    def _outside(self, partition: int, offset: int) -> ColonnadeError:
        from confluent_kafka import TopicPartition

        if self._low(TopicPartition(self._name, partition)) > offset:
            return Unavailable(
                f"{self._name}/{partition} dropped messages that were about to be read.",
                remedy="The next reading tells which.",
                retry_after=1,
            )
        return InvalidInput(
            f"{self._name}/{partition} ends before {offset}.",
            remedy="The topic was made anew: remove the connection and make it again.",
        )

    def _trouble(self, error: KafkaError | None) -> ColonnadeError:
        name = "" if error is None else error.name()
        words = "nothing came" if error is None else _words(error)
        if name in _CREDENTIALS:
            return InvalidInput("Kafka refuses the credentials.", remedy="Check user, secret and mechanism.")
        if name in _REFUSALS:
            return InvalidInput(f"Kafka, topic {self._name}: {words}.", remedy="Check the topic's name.")
        return Unavailable(
            f"Kafka does not answer: {words}.", remedy="It is tried again later.", retry_after=10
        )


def taken_at(message: Message) -> datetime | None:
    """Return the timestamp of a message, if it has one that is a moment."""
    kind, milliseconds = message.timestamp()
    if not kind or milliseconds < 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:  # a producer may write what it likes
        return None


def _words(error: KafkaError) -> str:
    return error.str().splitlines()[0][:200].rstrip(".")
