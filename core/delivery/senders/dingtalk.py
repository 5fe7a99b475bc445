"""DingTalk's custom robot: markdown, a signature in the URL, and errors in answers of HTTP 200.

Source: open.dingtalk.com/document/robots/custom-robot-access. Errors: 310000 (signature, keyword or
address not accepted), 130101 (more than 20 in a minute; the robot is then blocked for ten minutes).
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote

from core.delivery.senders.answers import ANSWER_BYTES, by_code
from core.delivery.senders.cutting import cut, fitted
from core.delivery.senders.parcel import Outcome, Parcel, encoded
from core.net.client import SafeClient

_BODY, _TITLE = 20_000, 200
_LIMITED = {130101: 600.0, 130102: 600.0, -1: 10.0}
_TOO_LONG = (460101,)


def send(parcel: Parcel, client: SafeClient) -> Outcome:
    """Post a message; `errcode` 0 says that it arrived."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = client.request(
        "POST", signed(parcel), headers=headers, content=body(parcel), max_bytes=ANSWER_BYTES, cut=True
    )
    return by_code(answer, parcel.now, field="errcode", limited=_LIMITED, refused=_TOO_LONG)


def signed(parcel: Parcel) -> str:
    """Return the URL with timestamp (milliseconds) and signature, where the robot has a secret."""
    url = str(parcel.config["url"])
    if not parcel.secrets:
        return url
    secret = parcel.secrets[0]
    moment = int(parcel.now.timestamp() * 1000)
    digest = hmac.digest(secret.encode(), f"{moment}\n{secret}".encode(), "sha256")
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}timestamp={moment}&sign={quote(base64.b64encode(digest), safe='')}"


def body(parcel: Parcel) -> bytes:
    """Return the message, cut to the 20,000 bytes that a robot takes."""
    message = parcel.message
    title = cut(message.heading(), _TITLE)
    link = f"\n\n{message.url}" if message.url else ""

    def build(text: str) -> bytes:
        whole = f"### {title}\n\n{text}{link}\n\n> {parcel.id}"
        return encoded({"msgtype": "markdown", "markdown": {"title": title, "text": whole}})

    return fitted(build, message.text(), _BODY)
