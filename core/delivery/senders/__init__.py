"""One sender for each kind of channel."""

from __future__ import annotations

from collections.abc import Mapping

from core.delivery.senders import dingtalk, feishu, mail, slack, webhook, wecom
from core.delivery.senders.parcel import Send

SENDERS: Mapping[str, Send] = {
    "webhook": webhook.send,
    "email": mail.send,
    "slack": slack.send,
    "dingtalk": dingtalk.send,
    "feishu": feishu.send,
    "wecom": wecom.send,
}
