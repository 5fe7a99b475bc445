"""The task of service as data: labels, starter examples, and how they are trained."""

from __future__ import annotations

from pathlib import Path

from core.training.recipe import Recipe, Task

DATA = Path(__file__).parent / "data"

GATE = DATA / "gate.json"
"""When documents answer a question; `python -m benchmarks.service_gate` fits it on `data/questions.jsonl`."""

OUT_OF_SCOPE = "out_of_scope"
"""The label of what is none of the intents, e.g. small talk or another company's business."""

GREETING, THANKS, PERSON = "general_greeting", "general_thanks_bye", "general_human_agent"

SHOP = (
    "shop_track_order",
    "shop_delivery_time",
    "shop_shipping_cost",
    "shop_change_address",
    "shop_cancel_order",
    "shop_keep_order",
    "shop_missing_item",
    "shop_damaged_item",
    "shop_return_item",
    "shop_exchange_item",
    "shop_refund_status",
    "shop_payment_failed",
    "shop_coupon",
    "shop_invoice",
    "shop_product_question",
    "shop_stock",
    "shop_subscription_on",
    "shop_subscription_off",
    "shop_account_login",
    "shop_delete_account",
    "shop_complaint",
)

BANK = (
    "bank_open_account",
    "bank_close_account",
    "bank_balance",
    "bank_statement",
    "bank_card_arrival",
    "bank_card_activate",
    "bank_card_lost",
    "bank_card_freeze",
    "bank_card_unfreeze",
    "bank_pin",
    "bank_atm_problem",
    "bank_transfer_failed",
    "bank_transfer_limit",
    "bank_fee",
    "bank_exchange_rate",
    "bank_loan",
    "bank_fraud",
)

LABELS = (GREETING, THANKS, PERSON, *SHOP, *BANK, OUT_OF_SCOPE)

LANGUAGES = ("en", "zh")

STARTER = tuple(
    DATA / f"starter_{lang}_{source}.csv" for lang in LANGUAGES for source in ("shop", "bank", "other")
)

INTENT = Task(
    name="service.intent",
    kind="single",
    labels=LABELS,
    starter=STARTER,
    recipe=Recipe(method="full", epochs=6, reject=OUT_OF_SCOPE),
)
