"""The client against real sockets: what is refused makes no connection, what is endless ends."""

from __future__ import annotations

import gzip
import socket
import time
import zlib

import pytest

from core.errors import ColonnadeError, InvalidInput, PayloadTooLarge, Unavailable
from core.net.client import SafeClient
from tests.core.net.conftest import Receiver

LOOPBACK = ["127.0.0.0/8"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[ff02::1]",
        "[::]",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "①②⑦.⓪.⓪.①",
    ],
)
def test_an_address_inside_gets_no_connection(receiver: Receiver, host: str) -> None:
    with pytest.raises(InvalidInput):
        SafeClient().request("GET", receiver.url(host), timeout=5)

    assert receiver.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1:{port}/",
        "file:///etc/hosts",
        "gopher://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://example.org:80@127.0.0.1:{port}/",
        "http://@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@example.org/",
        "http://127.0.0.1:{port}/ HTTP/1.1\r\nX: y",
        "http://127.0.0.1:{port}/\n",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http:///path",
        "http://[fe80::1%25lo]:{port}/",
        "http://a..b/",
        "http://" + "a" * 64 + ".example/",
        "http://exa mple.org/",
        "",
    ],
)
def test_a_url_that_reads_two_ways_is_refused_even_where_all_is_allowed(receiver: Receiver, url: str) -> None:
    with pytest.raises(InvalidInput):
        SafeClient(True).request("GET", url.format(port=receiver.port))

    assert receiver.connections == 0


def test_a_name_that_resolves_inside_gets_no_connection(receiver: Receiver) -> None:
    client = SafeClient(resolve=lambda _host, _port: ["127.0.0.1", "::1", "::ffff:127.0.0.1"])

    with pytest.raises(InvalidInput):
        client.request("GET", receiver.url("inside.example"))

    assert receiver.connections == 0


def test_the_address_checked_is_the_one_connected_to(receiver: Receiver) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    client = SafeClient(LOOPBACK, resolve=rebinding)

    assert client.request("GET", receiver.url("rebinding.example")).status == 200
    assert asked == ["rebinding.example"]
    assert f"Host: rebinding.example:{receiver.port}".encode() in receiver.requests[0]
    with pytest.raises(InvalidInput):
        client.request("GET", receiver.url("rebinding.example"))
    assert receiver.connections == 1


def test_of_several_addresses_only_the_allowed_are_tried(receiver: Receiver) -> None:
    client = SafeClient(LOOPBACK, resolve=lambda _host, _port: ["10.255.255.1", "127.0.0.1"])

    assert client.request("GET", receiver.url("both.example"), timeout=5).body == b"ok"


def test_an_answer_has_its_headers_in_lower_case(receiver: Receiver) -> None:
    answer = SafeClient(LOOPBACK).request("POST", receiver.url(path="/a b?q=ü"[:2]), content=b"{}")

    assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"ok", "1, 2")
    assert b"Content-Length: 2" in receiver.requests[0]


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver) -> None:
    location = f"Location: {receiver.url(path='/elsewhere')}".encode()
    receiver.says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n" + location + b"\r\n\r\n")

    answer = SafeClient(LOOPBACK).request("GET", receiver.url())

    assert answer.status == 302
    assert receiver.connections == 1


def test_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert SafeClient(LOOPBACK).request("GET", receiver.url()).status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_answer_is_unpacked(receiver: Receiver, encoding: str) -> None:
    packed = gzip.compress(b"x" * 1000) if encoding == "gzip" else zlib.compress(b"x" * 1000)
    receiver.says(f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode(), packed)

    assert SafeClient(LOOPBACK).request("GET", receiver.url()).body == b"x" * 1000


def test_a_gzip_bomb_is_stopped_at_the_cap(receiver: Receiver) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    receiver.says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", bomb)
    client = SafeClient(LOOPBACK, max_bytes=100_000)

    with pytest.raises(PayloadTooLarge):
        client.request("GET", receiver.url())
    assert len(client.request("GET", receiver.url(), cut=True).body) == 100_000


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Encoding: gzip\r\n", b"no gzip"),
        (b"Content-Encoding: gzip\r\n", gzip.compress(b"x" * 1000, mtime=0)[:-12]),
        (b"Content-Encoding: br\r\n", b"x"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_refused(receiver: Receiver, head: bytes, body: bytes) -> None:
    receiver.says(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", body)

    with pytest.raises(InvalidInput):
        SafeClient(LOOPBACK).request("GET", receiver.url())


def test_an_endless_body_is_stopped_at_the_cap(receiver: Receiver) -> None:
    def endless(sock: socket.socket, _request: bytes) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            sock.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")

    receiver.answer = endless

    with pytest.raises(PayloadTooLarge):
        SafeClient(LOOPBACK, max_bytes=50_000).request("GET", receiver.url())


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_drip_of_bytes_ends_at_the_deadline(receiver: Receiver, start: bytes) -> None:
    """Each byte would renew the time limit of a plain socket."""

    def drip(sock: socket.socket, _request: bytes) -> None:
        sock.sendall(start)
        for byte in b"X-Header: " + b"y" * 2000:
            sock.sendall(bytes([byte]))
            time.sleep(0.02)

    receiver.answer = drip

    with pytest.raises(Unavailable, match="in time"):
        SafeClient(LOOPBACK).request("GET", receiver.url(), timeout=0.3)


@pytest.mark.parametrize(
    "raw", [b"", b"220 smtp ready\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000, b"\x00" * 100]
)
def test_what_is_no_http_is_unavailable_and_names_no_path(receiver: Receiver, raw: bytes) -> None:
    receiver.says(raw)

    with pytest.raises(Unavailable) as caught:
        SafeClient(LOOPBACK).request("GET", receiver.url(path="/services/SECRET?key=SECRET"), timeout=5)

    assert "SECRET" not in str(caught.value)


def test_a_closed_port_and_an_unknown_name_are_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("unknown")

    with pytest.raises(Unavailable, match="refused the connection"):
        SafeClient(LOOPBACK).request("GET", f"http://127.0.0.1:{port}/")
    with pytest.raises(Unavailable, match="not resolved"):
        SafeClient(resolve=unknown).request("GET", "http://nowhere.example/")


def test_a_resolver_that_hangs_is_left_behind(receiver: Receiver) -> None:
    def slow(_host: str, _port: int) -> list[str]:
        time.sleep(1)
        return ["127.0.0.1"]

    with pytest.raises(Unavailable):
        SafeClient(LOOPBACK, resolve=slow).request("GET", receiver.url("slow.example"), timeout=0.1)
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "headers", [{"X-A": "1\r\nX-B: 2"}, {"X-A\r\nX-B": "1"}, {"X-A": "a\nb"}], ids=["crlf", "name", "lf"]
)
def test_a_header_cannot_be_broken_out_of(receiver: Receiver, headers: dict[str, str]) -> None:
    with pytest.raises((ColonnadeError, ValueError)):
        SafeClient(LOOPBACK).request("GET", receiver.url(), headers=headers)

    assert b"X-B" not in b"".join(receiver.requests)
