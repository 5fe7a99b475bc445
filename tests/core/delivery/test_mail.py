"""Mails against a real SMTP server: TLS, refusals, hanging, and nothing that breaks out of a header."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from core.delivery.channels import ChannelView
from core.delivery.message import Message
from core.errors import InvalidInput
from core.net.client import SafeClient
from tests.core.delivery.conftest import House
from tests.core.net.test_tls import NAME, certificate

__all__ = ["certificate"]


@dataclass
class Postbox:
    """What an aiosmtpd server hands over; `replies` are given in turn, the last for all that follow."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    replies: list[str] = field(default_factory=lambda: ["250 OK"])
    unknown: tuple[str, ...] = ()
    port: int = 0

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.unknown:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        if reply.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(list(envelope.rcpt_tos))
        return reply


class _Implicit(Controller):
    """Connects to itself at the start to see whether it runs, and does not prove a name to itself."""

    def _trigger_server(self) -> None:
        with socket.create_connection((self.hostname, self.port), 5):
            return


def _serve(postbox: Postbox, **options: Any) -> Controller:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        postbox.port = probe.getsockname()[1]
    kind = _Implicit if "ssl_context" in options else Controller
    controller = kind(postbox, hostname="127.0.0.1", port=postbox.port, **options)
    controller.start()
    return controller


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    made = Postbox()
    controller = _serve(made)
    yield made
    controller.stop()


def _channel(house: House, postbox: Postbox, **config: Any) -> ChannelView:
    given = {
        "host": "127.0.0.1",
        "port": postbox.port,
        "security": "none",
        "sender": "colonnade@example.org",
        "recipients": ["a@example.org"],
        **config,
    }
    secret = given.pop("secret", None)
    return house.channels.put("demo", "email", "mail", given, secret, actor="test")


def test_a_retry_has_the_same_message_id(lite: House, postbox: Postbox) -> None:
    postbox.replies = ["451 greylisted, try later", "250 OK"]
    delivery = lite.queue(
        _channel(lite, postbox), "k", Message("亏损收窄", "正文\n第二行", "high", "https://e.org/")
    )
    lite.dispatcher.step()
    lite.clock.move(10)
    lite.dispatcher.step()

    [mail] = postbox.mails
    assert mail["Message-ID"] == f"<{delivery}@example.org>"
    assert mail["Subject"] == "[high] 亏损收窄"
    assert (mail["From"], mail["To"]) == ("colonnade@example.org", "a@example.org")
    assert mail.get_content().splitlines()[:4] == ["正文", "第二行", "", "https://e.org/"]
    assert lite.outcomes(delivery) == [("retry", 451), ("delivered", 250)]


@pytest.mark.parametrize(
    "title", ["x\r\nBcc: evil@example.org", "x\nBcc: evil@example.org", "x\u2028Bcc: y\r\n\r\nbody"]
)
def test_a_title_breaks_out_of_no_header(lite: House, postbox: Postbox, title: str) -> None:
    lite.queue(_channel(lite, postbox), "k", Message(title, "body"))
    lite.dispatcher.step()

    [mail] = postbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == " ".join(title.split())
    assert postbox.recipients == [["a@example.org"]]
    assert mail.get_content().startswith("body")


@pytest.mark.parametrize(
    "fault",
    [
        {"sender": "a@example.org\r\nBcc: b@example.org"},
        {"sender": "a@example.org\n"},
        {"recipients": ["a@example.org, b@example.org"]},
        {"recipients": ["a@example.org>\r\nRCPT TO:<b@example.org"]},
        {"recipients": []},
        {"sender": "A <a@example.org>"},
        {"host": "10.0.0.1"},
        {"host": "2130706433"},
        {"host": "mail.example\r\n"},
        {"port": 0},
        {"security": "maybe"},
        {"bcc": "b@example.org"},
    ],
)
def test_a_config_that_could_break_out_is_refused(
    lite: House, postbox: Postbox, fault: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        _channel(lite, postbox, **fault)

    assert caught.value.errors[0].pointer.startswith(f"/config/{next(iter(fault))}")


def test_a_mail_that_will_never_be_taken_is_not_sent_again(lite: House, postbox: Postbox) -> None:
    postbox.replies = ["554 spam"]
    delivery = lite.queue(_channel(lite, postbox))
    lite.dispatcher.step()

    assert lite.outcomes(delivery) == [("refused", 554)]
    assert lite.state(delivery) == ("failed", 1)


def test_one_unknown_recipient_does_not_tell_the_others_twice(lite: House, postbox: Postbox) -> None:
    postbox.unknown = ("b@example.org",)
    delivery = lite.queue(_channel(lite, postbox, recipients=["a@example.org", "b@example.org"]))
    lite.dispatcher.step()

    assert postbox.recipients == [["a@example.org"]]
    [receipt] = lite.deliveries.get("demo", delivery).receipts
    assert (receipt.outcome, receipt.error) == ("delivered", "1 of the recipients were not accepted")


def test_a_server_inside_gets_no_connection(lite: House, postbox: Postbox) -> None:
    delivery = lite.queue(_channel(lite, postbox, host="inside.example"))
    client = SafeClient(False, resolve=lambda _host, _port: ["127.0.0.1"])
    dispatcher = lite.another()
    dispatcher._client = client
    dispatcher.step()

    assert lite.outcomes(delivery) == [("retry", None)]
    assert postbox.mails == []


def test_a_server_without_starttls_is_not_spoken_to_in_the_clear(lite: House, postbox: Postbox) -> None:
    delivery = lite.queue(_channel(lite, postbox, security="starttls"))
    lite.dispatcher.step()

    assert lite.outcomes(delivery)[0][0] == "retry"
    assert postbox.mails == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_proves_the_name_and_then_the_password_goes(
    lite: House, certificate: Path, security: str
) -> None:
    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"user", b"pass")
        return AuthResult(success=right)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    key = "tls_context" if security == "starttls" else "ssl_context"
    postbox = Postbox()
    # Implicit TLS is TLS to us; aiosmtpd counts STARTTLS only, and warns of the rest.
    strict = security == "starttls"
    options = {"authenticator": login, "auth_required": strict, "auth_require_tls": strict}
    controller = _serve(postbox, **{key: context, **options})
    try:
        config = {"security": security, "username": "user", "secret": "pass"}
        good = lite.queue(_channel(lite, postbox, host=NAME, **config))
        dispatcher = lite.another()
        trusting = ssl.create_default_context(cafile=certificate)
        dispatcher._client = SafeClient(True, resolve=lambda _h, _p: ["127.0.0.1"], tls=trusting)
        dispatcher.step()
        assert lite.outcomes(good) == [("delivered", 250)]

        bad = lite.queue(_channel(lite, postbox, host="other.example", **config), "bad name")
        dispatcher.step()
        assert lite.outcomes(bad) == [("retry", None)]
    finally:
        controller.stop()
    assert len(postbox.mails) == 1


def test_a_server_that_drips_is_cut_off(lite: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.delivery.senders.mail._SECONDS", 0.3)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            sock, _ = listening.accept()
            with sock:
                while not done.wait(0.05):
                    try:
                        sock.sendall(b"2")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        postbox = Postbox(port=listening.getsockname()[1])
        delivery = lite.queue(_channel(lite, postbox))
        assert lite.dispatcher.step() == 1
        done.set()
        thread.join()

    assert lite.outcomes(delivery)[0][0] == "retry"
