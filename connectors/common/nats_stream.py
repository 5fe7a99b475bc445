"""A JetStream stream, read from ordinary code: the client's event loop runs in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from types import TracebackType
from typing import Any, TypeVar

from core.errors import ColonnadeError, InvalidInput, MissingExtra, Unavailable

_WAIT = 10.0
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a stream.

    Attributes:
        sequence: Its number in the stream.
        left: How many wait behind it.
        at: When the server took it.
        given_id: Its Nats-Msg-Id, if it has one.
    """

    sequence: int
    left: int
    at: datetime
    given_id: str
    subject: str
    data: bytes


class Stream:
    """A connection to one stream; a context manager.

    Args:
        servers: E.g. `nats://broker:4222`.
        name: Of the stream.
        subject: Only messages under it; default: all.
        user: With it the secret is its password; without, a token.
        secret: Password or token.
    """

    def __init__(
        self, servers: Sequence[str], name: str, *, subject: str | None, user: str | None, secret: str | None
    ) -> None:
        self._servers = list(servers)
        self._name = name
        self._subject = subject
        self._credentials = {"user": user, "password": secret} if user else {"token": secret}
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._client: Any = None
        self._pulling: Any = None

    def __enter__(self) -> Stream:
        """Connect.

        Raises:
            Unavailable: no server answers.
            InvalidInput: the credentials are refused.
            MissingExtra: the client is not installed.
        """
        self._thread.start()
        try:
            self._run(self._connected())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection and end the thread."""
        self._close()

    def behind(self, sequence: int) -> tuple[int, int]:
        """Begin behind a message; return how many wait there, and the first number the stream still holds.

        Raises:
            Unavailable: the server does not answer.
            InvalidInput: no such stream, one that hands out each message once, or one that was made anew.
        """
        return self._run(self._begun(sequence))

    def take(self, most: int) -> list[Message]:
        """Return the next messages, one at least.

        Raises:
            Unavailable: none came.
        """
        return [_message(told) for told in self._run(self._pulling.fetch(most, timeout=_WAIT / 2))]

    async def _connected(self) -> None:
        try:
            from nats.aio.client import Client
        except ModuleNotFoundError as error:
            raise MissingExtra(
                "Reading NATS needs its client.", remedy="pip install 'colonnade[nats]'."
            ) from error

        given = {name: value for name, value in self._credentials.items() if value}
        self._client = Client()
        await self._client.connect(
            self._servers, allow_reconnect=False, connect_timeout=5, error_cb=_ignored, **given
        )

    async def _begun(self, sequence: int) -> tuple[int, int]:
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy

        stream = self._client.jetstream(timeout=5)
        info = await stream.stream_info(self._name)
        if info.config.retention not in (None, RetentionPolicy.LIMITS):
            raise InvalidInput(
                f"The stream {self._name} drops what was taken once.",
                remedy="Read a stream with retention by limits, such as a mirror of it.",
            )
        if info.state.last_seq < sequence:
            raise InvalidInput(
                f"The stream {self._name} ends at {info.state.last_seq}, before {sequence}.",
                remedy="It was made anew: remove the connection and make it again.",
            )
        # The place is in our cursor, not at the server: nothing is acknowledged, and the consumer goes away.
        wanted = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=sequence + 1,
            ack_policy=AckPolicy.NONE,
            filter_subject=self._subject,
            inactive_threshold=60.0,
            mem_storage=True,
        )
        consumer = await stream.add_consumer(self._name, wanted)
        self._pulling = await stream.pull_subscribe_bind(consumer.name, stream=self._name)
        return int(consumer.num_pending or 0), int(info.state.first_seq)

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(_WAIT)
        except (ColonnadeError, KeyboardInterrupt):
            raise
        except Exception as error:  # of five families that have nothing in common
            raise _trouble(error, self._name) from error

    def _close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._closed(), self._loop).result(_WAIT)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WAIT)
        self._loop.close()

    async def _closed(self) -> None:
        if self._client is not None:
            # A server that is gone, or that refused us, cannot say goodbye.
            with suppress(OSError, asyncio.TimeoutError):
                await self._client.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _ignored(_: Exception) -> None:
    """Take the client's report of an error that it raises as well."""


def _trouble(error: Exception, name: str) -> ColonnadeError:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    if "Authorization" in words or "AuthorizationError" in kinds:
        return InvalidInput("NATS refuses the credentials.", remedy="Check user and secret.")
    if kinds & {"NotFoundError", "BadRequestError"}:
        return InvalidInput(f"NATS, stream {name}: {words}.", remedy="Check the names of stream and subject.")
    if kinds & {"Error", "OSError", "TimeoutError", "CancelledError"}:
        return Unavailable(
            f"NATS does not answer: {words}.", remedy="It is tried again later.", retry_after=10
        )
    return InvalidInput(f"NATS: {words}.", remedy="Check the configuration.")


def _message(told: Any) -> Message:
    meta = told.metadata
    given = (told.headers or {}).get("Nats-Msg-Id", "")
    return Message(meta.sequence.stream, meta.num_pending, meta.timestamp, given, told.subject, told.data)
