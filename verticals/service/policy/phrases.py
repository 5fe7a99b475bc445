"""What the assistant says where neither an approved answer nor a document speaks: in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Literal

from verticals.service.recipe import DATA, GREETING, THANKS

Phrase = Literal["absent", "unclear", "either", "greeting", "thanks", "handoff"]

PHRASES: Mapping[Phrase, Mapping[str, str]] = {
    "absent": {
        "en": "I could not find this in the knowledge base, so I will not guess. You can ask in other words, "
        "or write that you would like to speak to a person.",
        "zh": "知识库中没有找到相关内容，我不会猜测答案。您可以换一种说法再问，或回复“转人工”。",
    },
    "unclear": {
        "en": "Could you tell me in a sentence what you need?",
        "zh": "请用一句话告诉我您需要什么帮助。",
    },
    "either": {
        "en": "Just to be sure: is this about {first}, or about {second}?",
        "zh": "请确认一下：您想问的是“{first}”，还是“{second}”？",
    },
    "greeting": {
        "en": "Hello! Tell me in a sentence what you need.",
        "zh": "您好！请用一句话告诉我您需要什么帮助。",
    },
    "thanks": {
        "en": "You're welcome. Just write if anything else comes up.",
        "zh": "不客气，有其他问题请随时留言。",
    },
    "handoff": {
        "en": "I am passing this conversation to a person, who will read what was written so far.",
        "zh": "正在为您转接人工客服，客服会看到之前的对话内容。",
    },
}

FIXED: Mapping[str, Phrase] = {GREETING: "greeting", THANKS: "thanks"}
"""Intents that are answered even where the tenant has no approved answer to them."""


def language(lang: str) -> str:
    """Return the one of our two languages that suits a customer who writes in `lang`."""
    return "zh" if lang == "zh" else "en"


def say(phrase: Phrase, lang: str) -> str:
    """Return a fixed text in the customer's language."""
    return PHRASES[phrase][language(lang)]


def ask_which(first: str, second: str, lang: str) -> str:
    """Return the question which of two intents is meant."""
    return say("either", lang).format(first=name_of(first, lang), second=name_of(second, lang))


def name_of(intent: str, lang: str) -> str:
    """Return what an intent is called towards a customer; one of the tenant's own by its label."""
    known = _names().get(intent)
    return known[language(lang)] if known else intent.replace("_", " ")


@cache
def _names() -> dict[str, dict[str, str]]:
    names: dict[str, dict[str, str]] = json.loads((DATA / "intents.json").read_text("utf-8"))
    return names
