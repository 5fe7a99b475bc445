"""Web hooks in the Standard Webhooks form: https://www.standardwebhooks.com, version 1.0.0."""

from __future__ import annotations

from core.delivery.senders.answers import ANSWER_BYTES, by_status
from core.delivery.senders.parcel import Outcome, Parcel, encoded
from core.delivery.senders.signing import signature
from core.net.client import SafeClient


def send(parcel: Parcel, client: SafeClient) -> Outcome:
    """Post `{"type", "timestamp", "data"}`; the bytes and the id are the same in every try."""
    body = encoded(
        {
            "type": parcel.message.topic,
            "timestamp": parcel.created_at.isoformat(),
            "data": parcel.message.payload(),
        }
    )
    moment = int(parcel.now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": parcel.id,
        "webhook-timestamp": str(moment),
        "webhook-signature": signature(parcel.id, moment, body, parcel.secrets),
    }
    url = str(parcel.config["url"])
    answer = client.request("POST", url, headers=headers, content=body, max_bytes=ANSWER_BYTES, cut=True)
    return by_status(answer, parcel.now)
