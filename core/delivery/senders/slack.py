"""Slack's incoming webhooks: `text` and `blocks`; the answer is a word (Slack's changelog, 17 May 2016)."""

from __future__ import annotations

from typing import Any

from core.delivery.senders.answers import ANSWER_BYTES, by_status
from core.delivery.senders.cutting import cut
from core.delivery.senders.parcel import Outcome, Parcel, encoded
from core.net.client import Response, SafeClient

# A header has 150 characters and a section 3,000; bytes are never fewer, and escapes count.
_HEADER, _SECTION, _SUMMARY = 150, 3_000, 1_000
_REFUSED = {"invalid_payload", "invalid_blocks", "invalid_blocks_format", "no_text"}
_GONE = {"channel_is_archived", "no_service", "no_active_hooks"}
_WORD = 100


def send(parcel: Parcel, client: SafeClient) -> Outcome:
    """Post a message; only the answer `ok` says that it arrived."""
    content, headers = encoded(body(parcel)), {"Content-Type": "application/json; charset=utf-8"}
    url = str(parcel.config["url"])
    answer = client.request("POST", url, headers=headers, content=content, max_bytes=ANSWER_BYTES, cut=True)
    return read(answer, parcel)


def body(parcel: Parcel) -> dict[str, Any]:
    """Return the message: a header, a section with the text, and the id."""
    message = parcel.message
    heading = cut(message.heading(), _HEADER)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": heading}}]
    if text := cut(_escaped(message.text()), _SECTION):
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    if message.url:
        blocks.append(_section(f"<{_escaped(message.url)}>"))
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": parcel.id}]})
    return {"text": cut(_escaped(message.heading()), _SUMMARY), "blocks": blocks}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, _SECTION)}}


def _escaped(text: str) -> str:
    # Unescaped, a headline with <!channel> in it would wake everybody.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def read(answer: Response, parcel: Parcel) -> Outcome:
    """Return what Slack's word says."""
    by_http = by_status(answer, parcel.now)
    word = answer.body[:_WORD].decode("utf-8", "replace").strip()
    if by_http.kind == "delivered" and word == "ok":
        return by_http
    known = word if word.replace("_", "").isalpha() and word.isascii() else "something else than ok"
    if word in _GONE or by_http.kind == "gone":
        return Outcome("gone", answer.status, f"Slack answered {known}")
    if word in _REFUSED:
        return Outcome("refused", answer.status, f"Slack answered {known}")
    return Outcome("retry", answer.status, f"Slack answered {known}", by_http.retry_after)
