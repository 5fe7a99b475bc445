"""A real HTTP server on the loopback that counts connections and answers what a test puts there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

Answer = Callable[[socket.socket, bytes], None]


@dataclass
class Receiver:
    """Answers with raw bytes, so that it can break every rule."""

    port: int
    answer: Answer
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    def url(self, host: str = "127.0.0.1", path: str = "/x") -> str:
        return f"http://{host}:{self.port}{path}"

    def says(self, *raw: bytes) -> None:
        self.answer = lambda sock, _request: sock.sendall(b"".join(raw))

    def serve(self, sock: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request and (piece := sock.recv(65536)):
            request += piece
        self.requests.append(request)
        self.answer(sock, request)


def _ok(sock: socket.socket, _request: bytes) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nok")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Receiver(listening.getsockname()[1], _ok)
        threads = []

        def accept() -> None:
            while True:
                try:
                    sock, _ = listening.accept()
                except OSError:
                    return
                made.connections += 1
                threads.append(threading.Thread(target=handle, args=(sock,)))
                threads[-1].start()

        def handle(sock: socket.socket) -> None:
            with sock, suppress(OSError):
                made.serve(sock)

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()
        for thread in threads:
            thread.join()
