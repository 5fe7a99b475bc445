"""Which claims a worker process holds, in a file that the kernel unlocks when the process dies.

A lease tells of a dead worker after half a minute, and works across hosts. On one host there is a quicker
witness: each worker keeps a file locked for life, so a file that can be locked belongs to a dead one, and its
jobs can run again as soon as the next server starts.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from core.jobs.lease import Claim


class Holdings:
    """The open claims of this process; safe to use from several threads.

    Args:
        folder: Shared by all workers of one `COLONNADE_DATA`; made if absent.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(6)}.json"
        self._file = self._path.open("w+", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._claims: dict[str, Claim] = {}
        self._lock = threading.Lock()
        self._write()

    def add(self, claim: Claim) -> None:
        """Note that this process runs the claim."""
        with self._lock:
            self._claims[claim.job_id] = claim
            self._write()

    def remove(self, claim: Claim) -> None:
        """Note that this process is done with the claim."""
        with self._lock:
            self._claims.pop(claim.job_id, None)
            self._write()

    def close(self) -> None:
        """Give the file up; nothing is held any more."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def __enter__(self) -> Holdings:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _write(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        # The payload stays in the database: this file is a witness, not a copy.
        json.dump([{**asdict(claim), "payload": {}} for claim in self._claims.values()], self._file)
        self._file.flush()


def abandoned(folder: Path) -> Iterator[Claim]:
    """Yield the claims of dead workers and remove their files; a torn one counts as empty: leases run out."""
    for path in sorted(folder.glob("*.json")):
        try:
            file = path.open("r+", encoding="utf-8")
        except FileNotFoundError:
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            try:
                rows = json.load(file)
            except ValueError:
                rows = []
            yield from (Claim(**row) for row in rows)
            path.unlink(missing_ok=True)
