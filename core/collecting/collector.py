"""Reads a connection: from its cursor in batches, to the vertical's sink, then the cursor.

A reading that is killed between sink and cursor hands the same batch over again; the sink knows what it has
(core.vertical.Sink), so nothing is lost and nothing taken twice. What a connector cannot read and what the
sink refuses goes to the dead letters. A system that does not answer is left alone for a while, each longer
than the one before; other connections go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.collecting.connections import COLLECT
from core.collecting.factories import Factories
from core.collecting.letters import Letter, letter
from core.collecting.reading import Overtaken, Reading, Readings
from core.errors import ColonnadeError, NotFound, PluginError, StorageFull, TooManyRequests, Unavailable
from core.jobs.answer import describe
from core.ports import Progress
from core.records import Record, Refused
from core.security.sealed import unseal
from core.vertical import Services, Sink

__all__ = ["COLLECT", "Collector", "Limits"]

_HIDDEN = "***"
_PASSES = (Unavailable, TooManyRequests, StorageFull, NotFound)
Item = tuple[Record | Refused, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a connection is read at a time.

    Attributes:
        batch: Records that are handed over together.
        patience: Seconds after which a batch that is not full is handed over.
        slice: Seconds after which a reading makes room for others and goes on behind them.
    """

    batch: int = 200
    patience: float = 1.0
    slice: float = 5.0


@dataclass(slots=True)
class _Count:
    taken: int = 0
    refused: int = 0


class Collector:
    """Reads connections.

    Args:
        services: Handed to the sinks.
        connectors: Entry point name to factory.
        sinks: Vertical to sink.
        offered: For the connectors that ask: `client`, `clock`.
        readings: Default: one that waits half a minute to six hours after failures.
        limits: How much is read at a time.
        seconds: A clock that never goes back.
    """

    def __init__(
        self,
        services: Services,
        connectors: Mapping[str, Any],
        sinks: Mapping[str, Sink],
        *,
        offered: Mapping[str, Any] | None = None,
        readings: Readings | None = None,
        limits: Limits | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._inbox = services.settings.data / "inbox"
        self._factories = Factories(connectors, self._inbox, offered=offered)
        self._sinks = dict(sinks)
        self._readings = readings or Readings(services.storage, services.clock)
        self._limits = limits or Limits()
        self._seconds = seconds

    def run(self, services: Services, payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        """Do the job `collect`; the payload names the tenant and the connection."""
        del services  # they are those it was made with
        return self.collect(str(payload["tenant"]), str(payload["connection_id"]), progress)

    def collect(self, tenant: str, connection_id: str, progress: Progress) -> dict[str, Any]:
        """Read on from the cursor, for a while or to the end.

        Returns:
            `{records, refused, more}`; `{error}` where the system or the sink failed, `{gone}` where the
            connection is no more, `{overtaken}` where another reading was quicker.
        """
        reading = self._readings.begin(tenant, connection_id)
        if reading is None:
            return {"gone": True}
        count = _Count()
        try:
            more = self._read(reading, count, progress)
        except Overtaken:
            return {"overtaken": True}
        except ColonnadeError as error:
            return {"records": count.taken, "error": self._failed(reading, error)}
        except Exception as error:  # noqa: BLE001 - the border of a plug-in; what it raises ends the job
            raise self._broken(reading, error) from None
        self._readings.finish(reading, more=more)
        return {"records": count.taken, "refused": count.refused, "more": more}

    def _read(self, reading: Reading, count: _Count, progress: Progress) -> bool:
        """Hand over batch after batch; return whether there is more."""
        sink = self._sinks.get(reading.vertical)
        if sink is None:
            raise PluginError(f"The vertical {reading.vertical} takes no records.", remedy="Install it.")
        secret = self._secret(reading)
        connector = self._factories.open(
            reading.tenant, reading.kind, reading.config, name=reading.name, secret=secret
        )
        deadline = self._seconds() + self._limits.slice
        before = reading.cursor
        for batch in self._batches(connector.read(reading.cursor), deadline):
            letters = self._hand_over(reading, sink, [item for item, _ in batch], secret)
            taken, cursor = len(batch) - len(letters), batch[-1][1]
            self._readings.advance(reading, before=before, cursor=cursor, taken=taken, letters=letters)
            before = cursor
            count.taken, count.refused = count.taken + taken, count.refused + len(letters)
            progress(0.0, f"{count.taken} records, {count.refused} refused")
            if self._seconds() >= deadline:
                return True
        return False

    def _batches(self, items: Iterator[Item], deadline: float) -> Iterator[list[Item]]:
        """Yield what has come, before an error too: what was read well is not read again."""
        batch: list[Item] = []
        due = self._seconds() + self._limits.patience
        try:
            for item in items:
                batch.append(item)
                if len(batch) >= self._limits.batch or self._seconds() >= min(due, deadline):
                    yield batch
                    batch, due = [], self._seconds() + self._limits.patience
        except ColonnadeError:
            if batch:
                yield batch
            raise
        if batch:
            yield batch

    def _hand_over(
        self, reading: Reading, sink: Sink, items: list[Record | Refused], secret: str | None
    ) -> list[Letter]:
        records = [item for item in items if isinstance(item, Record)]
        letters = [self._letter(item, "", secret) for item in items if isinstance(item, Refused)]
        if records:
            reasons = sink(self._services, reading.tenant, records, reading.backfill)
            for record, reason in zip(records, reasons, strict=True):
                if reason is not None:
                    letters.append(self._letter(record, reason, secret))
        return letters

    @staticmethod
    def _letter(item: Record | Refused, reason: str, secret: str | None) -> Letter:
        made = letter(item, reason)
        if not secret:
            return made
        return Letter(*(each.replace(secret, _HIDDEN) for each in (made.place, made.reason, made.raw)))

    def _secret(self, reading: Reading) -> str | None:
        if reading.secret is None:
            return None
        place = f"{reading.tenant}/{reading.id}"
        return unseal(self._services.settings, reading.secret, place=place)

    def _failed(self, reading: Reading, error: ColonnadeError) -> str:
        """Note a failure; return it without what nobody is to see."""
        shown = {**describe(error), "errors": []}
        for key in ("detail", "remedy"):
            shown[key] = self._veiled(reading, str(shown[key]))
        passes = isinstance(error, _PASSES)
        wait = float(getattr(error, "retry_after", 0.0)) if passes else None
        self._readings.fail(reading, shown, retry_after=wait)
        return str(shown["detail"])

    def _broken(self, reading: Reading, error: Exception) -> PluginError:
        """Note that connector or sink is broken; the message of a foreign exception may quote anything."""
        what = PluginError(
            f"Reading a {reading.kind} connection for {reading.vertical} "
            f"stopped with an unexpected {type(error).__name__}{_where(error)}.",
            remedy="Report it to whoever wrote the connector or the vertical.",
        )
        self._failed(reading, what)
        return what

    def _veiled(self, reading: Reading, text: str) -> str:
        try:
            secret = self._secret(reading)
        except ColonnadeError:
            secret = None  # it does not open, which is what the text tells of
        if secret:
            text = text.replace(secret, _HIDDEN)
        return text.replace(f"{(self._inbox / reading.tenant).resolve()}/", "")


def _where(error: Exception) -> str:
    """Return the file and line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({trace.tb_frame.f_code.co_name}, line {trace.tb_lineno})" if trace is not None else ""
