"""The custom bot of Feishu and Lark: a post, a signature in the body, and errors in answers of HTTP 200.

Source: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot. Errors: 19021 (signature or an hour's
difference), 9499 and 11232 (too often: 100 a minute, 5 a second), 19001 (no such bot). A body has at most
20 KB.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any

from core.delivery.senders.answers import ANSWER_BYTES, by_code
from core.delivery.senders.cutting import cut, fitted
from core.delivery.senders.parcel import Outcome, Parcel, encoded
from core.net.client import SafeClient

_BODY, _TITLE = 20_000, 300
_LIMITED = {9499: 60.0, 11232: 60.0, 11233: 60.0}


def send(parcel: Parcel, client: SafeClient) -> Outcome:
    """Post a message; `code` 0 says that it arrived."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    url = str(parcel.config["url"])
    answer = client.request(
        "POST", url, headers=headers, content=body(parcel), max_bytes=ANSWER_BYTES, cut=True
    )
    return by_code(answer, parcel.now, field="code", limited=_LIMITED)


def signature(secret: str, moment: int) -> str:
    """Return the signature: the secret is in the key, and what is signed is empty."""
    return base64.b64encode(hmac.digest(f"{moment}\n{secret}".encode(), b"", "sha256")).decode()


def body(parcel: Parcel) -> bytes:
    """Return the message, cut to what a bot takes; in a post no tag of a text is read as a mention."""
    message = parcel.message
    title = cut(message.heading(), _TITLE)
    tail: list[list[dict[str, str]]] = [[{"tag": "text", "text": parcel.id}]]
    if message.url:
        tail.insert(0, [{"tag": "a", "text": message.url, "href": message.url}])

    def build(text: str) -> bytes:
        content = [[{"tag": "text", "text": text}], *tail]
        post = {"post": {"zh_cn": {"title": title, "content": content}}}
        return encoded({**_stamp(parcel), "msg_type": "post", "content": post})

    return fitted(build, message.text(), _BODY)


def _stamp(parcel: Parcel) -> dict[str, Any]:
    if not parcel.secrets:
        return {}
    moment = int(parcel.now.timestamp())
    return {"timestamp": str(moment), "sign": signature(parcel.secrets[0], moment)}
