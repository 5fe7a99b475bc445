"""The part of a Kafka broker that lets clients in; it keeps what SASL PLAIN tells it."""

from __future__ import annotations

import socketserver
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_VERSIONS, _HANDSHAKE, _AUTHENTICATE = 18, 17, 36
_OFFERED = ((3, 0, 9), (_HANDSHAKE, 0, 1), (_VERSIONS, 0, 3), (_AUTHENTICATE, 0, 0))


class _Door(socketserver.StreamRequestHandler):
    told: list[bytes]

    def handle(self) -> None:
        while head := self.rfile.read(4):
            asked = self.rfile.read(struct.unpack(">i", head)[0])
            kind, _, number, named = struct.unpack(">hhih", asked[:10])
            body = _answer(kind)
            if kind == _AUTHENTICATE:
                self.told.append(asked[10 + max(named, 0) + 4 :])
            elif kind not in (_VERSIONS, _HANDSHAKE):
                return  # let in: there is nothing behind the door
            self.wfile.write(struct.pack(">ii", 4 + len(body), number) + body)


def _answer(kind: int) -> bytes:
    if kind == _VERSIONS:
        offered = b"".join(struct.pack(">hhhx", *each) for each in _OFFERED)
        return struct.pack(">hB", 0, len(_OFFERED) + 1) + offered + struct.pack(">ix", 0)
    if kind == _HANDSHAKE:
        return struct.pack(">hih5s", 0, 1, 5, b"PLAIN")
    return struct.pack(">hhi", 0, -1, 0)


@contextmanager
def door(tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the address of the door, and the list of what it was told."""
    told: list[bytes] = []
    kind = type("Door", (_Door,), {"told": told})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", told
        server.shutdown()
