"""TLS to a pinned address still proves the name."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import Unavailable
from core.net.client import SafeClient

NAME = "receiver.example"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for NAME that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "certificate.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    raw, _ = listening.accept()
                except OSError:
                    return
                with suppress(OSError), raw, context.wrap_socket(raw, server_side=True) as sock:
                    sock.recv(65536)
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _client(trusted: Path | None) -> SafeClient:
    tls = ssl.create_default_context(cafile=trusted)
    return SafeClient(["127.0.0.1/32"], resolve=lambda _host, _port: ["127.0.0.1"], tls=tls)


def test_the_right_name_is_served(certificate: Path, port: int) -> None:
    assert _client(certificate).request("GET", f"https://{NAME}:{port}/").body == b"ok"


def test_another_name_at_the_same_address_is_not_believed(certificate: Path, port: int) -> None:
    with pytest.raises(Unavailable, match="certificate"):
        _client(certificate).request("GET", f"https://other.example:{port}/")


def test_an_unknown_authority_is_not_believed(port: int) -> None:
    with pytest.raises(Unavailable, match="certificate"):
        _client(None).request("GET", f"https://{NAME}:{port}/")
