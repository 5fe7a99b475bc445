"""A socket with one deadline for everything: connecting, the handshake, each byte sent and received."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from core.net.targets import Address


class Deadline:
    """A moment on the monotonic clock.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._end = now() + seconds

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: there are none.
        """
        seconds = self._end - self._now()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


class _Reader(io.RawIOBase):
    """Reads from a socket and closes it at the end: `http.client` lets go of the socket before the body."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def close(self) -> None:
        self._sock.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


class TimedSocket:
    """The part of a socket that `http.client` uses, under a deadline.

    A drip of single bytes renews the time limit of a plain socket for ever; it does not renew this one.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._read_from = False

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what the answer is read from."""
        del mode  # http.client asks for "rb" only
        self._read_from = True
        return io.BufferedReader(_Reader(self._sock, self._deadline))

    def close(self) -> None:
        """Close, or leave it to whoever still reads."""
        if not self._read_from:
            self._sock.close()


def connect(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address that answers.

    Args:
        addresses: Already checked; no name is looked up here.
        port: Of all of them.
        deadline: For all of them together.

    Raises:
        OSError: none answers.
    """
    trouble: OSError = TimeoutError("no address to connect to")
    for number, address in enumerate(addresses):
        # An address that swallows packets leaves the others their share.
        share = deadline.left() / (len(addresses) - number)
        try:
            return socket.create_connection((str(address), port), timeout=share)
        except OSError as error:
            trouble = error
    raise trouble
