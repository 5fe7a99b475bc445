"""E-mail over SMTP; a retry has the same Message-ID, by which mail programs know a duplicate."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from email.message import EmailMessage
from email.policy import SMTP

from core.delivery.senders.parcel import Outcome, Parcel
from core.errors import Unavailable
from core.net.client import SafeClient
from core.net.targets import Address, read_host
from core.net.timed import Deadline, connect

_SECONDS = 20.0
_NAME = "colonnade"


class _Pinned(smtplib.SMTP):
    """A session with an address that was checked; the name is used for TLS only."""

    def __init__(self, host: str, port: int, addresses: list[Address], tls: ssl.SSLContext | None) -> None:
        self._addresses = addresses
        self._tls = tls
        self._alarm: threading.Timer | None = None
        super().__init__(host, port, local_hostname=_NAME, timeout=_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        raw = connect(self._addresses, port, Deadline(timeout))
        raw.settimeout(timeout)
        sock = raw if self._tls is None else self._tls.wrap_socket(raw, server_hostname=host)
        # The time limits of smtplib are for single reads: a drip of bytes would hold the thread for ever.
        self._alarm = threading.Timer(timeout, _cut_off, [sock])
        self._alarm.daemon = True
        self._alarm.start()
        return sock

    def close(self) -> None:
        """Close the connection."""
        if self._alarm is not None:
            self._alarm.cancel()
        super().close()


def send(parcel: Parcel, client: SafeClient) -> Outcome:
    """Hand the mail to the server.

    Raises:
        InvalidInput: the server's address is refused.
        Unavailable: it does not answer, or not in time.
    """
    config = parcel.config
    host, literal = read_host(str(config["host"]))
    addresses = client.guard.addresses(host, int(config["port"]), literal, _SECONDS)
    try:
        return _session(parcel, host, addresses, client.tls)
    except smtplib.SMTPRecipientsRefused as error:
        code = max((status for status, _ in error.recipients.values()), default=550)
        return _refused(code, "no recipient was accepted")
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, f"{type(error).__name__}")
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The mail server {host} broke off: {type(error).__name__}.") from error


def _session(parcel: Parcel, host: str, addresses: list[Address], tls: ssl.SSLContext) -> Outcome:
    config = parcel.config
    security = config["security"]
    server = _Pinned(host, int(config["port"]), addresses, tls if security == "tls" else None)
    try:
        if security == "starttls":
            server.starttls(context=tls)
        if config.get("username"):
            server.login(str(config["username"]), parcel.secrets[0] if parcel.secrets else "")
        missed = server.send_message(letter(parcel))
        # One of several recipients: trying again would tell the others twice.
        error = f"{len(missed)} of the recipients were not accepted" if missed else ""
        return Outcome("delivered", 250, error)
    finally:
        server.close()


def _cut_off(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already
        sock.shutdown(socket.SHUT_RDWR)


def _refused(code: int, error: str) -> Outcome:
    final = 500 <= code < 600 and code not in (530, 534, 535, 538)  # who may log in can be mended
    return Outcome("refused" if final else "retry", code, error)


def letter(parcel: Parcel) -> EmailMessage:
    """Return the mail; a title is one line, whatever stands in it."""
    message, config = parcel.message, parcel.config
    mail = EmailMessage(policy=SMTP)
    domain = str(config["sender"]).rpartition("@")[2]
    mail["From"] = config["sender"]
    mail["To"] = ", ".join(config["recipients"])
    mail["Subject"] = "".join(c if c.isprintable() else " " for c in message.heading())
    mail["Message-ID"] = f"<{parcel.id}@{domain}>"
    mail["Date"] = parcel.created_at
    mail["Auto-Submitted"] = "auto-generated"
    link = f"\n\n{message.url}" if message.url else ""
    text = f"{message.text()}{link}\n\n{parcel.id}\n"
    mail.set_content(text.encode("utf-8", "replace").decode(), cte="base64")
    return mail
