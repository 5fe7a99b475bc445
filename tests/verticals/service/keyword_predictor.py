"""A predictor that goes by words: tests say which word means which intent, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.records import Example, Prediction
from verticals.service.recipe import LABELS, OUT_OF_SCOPE

KNOWN = {
    "hello": "general_greeting",
    "你好": "general_greeting",
    "person": "general_human_agent",
    "人工": "general_human_agent",
    "voucher": "shop_coupon",
    "优惠券": "shop_coupon",
    "turn on": "shop_subscription_on",
    "turn off": "shop_subscription_off",
    "return": "shop_return_item",
    "退货": "shop_return_item",
}
EITHER = "perhaps"
"""A message with this word is torn between a return and an exchange."""


class KeywordPredictor:
    """Implements `core.ports.Predictor` for `service.intent`; remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def predict(
        self, tenant: str, tasks: Sequence[str], items: Sequence[Example], *, model: str | None = None
    ) -> Mapping[str, list[Prediction]]:
        del tenant, model
        self.seen.extend(item.text for item in items)
        return {task: [_say(item.text) for item in items] for task in tasks}


def _say(text: str) -> Prediction:
    rest = dict.fromkeys(LABELS, 0.001)
    if EITHER in text.lower():
        return Prediction(
            ("shop_return_item",),
            0.45,
            rest | {"shop_return_item": 0.45, "shop_exchange_item": 0.44},
            "keywords",
        )
    for word, intent in KNOWN.items():
        if word in text.lower():
            return Prediction((intent,), 0.96, rest | {intent: 0.96}, "keywords")
    return Prediction((OUT_OF_SCOPE,), 0.9, rest | {OUT_OF_SCOPE: 0.9}, "keywords")
