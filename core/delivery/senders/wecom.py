"""The group robot of WeCom: markdown of at most 4,096 bytes, and errors in answers of HTTP 200.

Source: developer.work.weixin.qq.com/document/path/91770. Errors: 45009 (more than 20 in a minute), 40058 (too
long), 93000 (the robot's URL is not valid, or it was taken out of the group).
"""

from __future__ import annotations

from core.delivery.senders.answers import ANSWER_BYTES, by_code
from core.delivery.senders.cutting import cut
from core.delivery.senders.parcel import Outcome, Parcel, encoded
from core.net.client import SafeClient

_CONTENT, _TITLE = 4_096, 200
_LIMITED = {45009: 60.0, 45033: 60.0, -1: 10.0}
_TOO_LONG = (40058,)
_NO_ROBOT = (93000,)


def send(parcel: Parcel, client: SafeClient) -> Outcome:
    """Post a message; `errcode` 0 says that it arrived."""
    content = encoded({"msgtype": "markdown", "markdown": {"content": markdown(parcel)}})
    headers = {"Content-Type": "application/json; charset=utf-8"}
    url = str(parcel.config["url"])
    answer = client.request("POST", url, headers=headers, content=content, max_bytes=ANSWER_BYTES, cut=True)
    return by_code(answer, parcel.now, field="errcode", limited=_LIMITED, gone=_NO_ROBOT, refused=_TOO_LONG)


def markdown(parcel: Parcel) -> str:
    """Return the text: the title, as much of the body as there is room for, the link and the id."""
    message = parcel.message
    head = f"### {cut(_tame(message.heading()), _TITLE)}\n"
    link = f"\n{message.url}" if message.url else ""
    tail = f"{cut(link, 1_000)}\n> {parcel.id}"
    room = _CONTENT - len((head + tail).encode("utf-8", "replace"))
    return head + cut(_tame(message.text()), room) + tail


def _tame(text: str) -> str:
    # <@userid> in a headline would call somebody.
    return text.replace("<@", "< @")
