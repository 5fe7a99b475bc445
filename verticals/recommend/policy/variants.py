"""Variants of one thing: by what the shop says, else by titles that differ in size and colour alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.text.normalise import for_model
from verticals.recommend.recipe import GROUPED_WORDS

_WORDS = re.compile(r"[^\W_]+")
_CHINESE = tuple(sorted((word for word in GROUPED_WORDS if not word.isascii()), key=len, reverse=True))


def group(item_id: str, title: Any, variant_of: str | None) -> str:
    """Return what variants of one thing share.

    Numbers count: "Lamp 2" is another lamp than "Lamp 3", so sizes in figures need `variant_of`.

    Args:
        item_id: For a title that is nothing but sizes and colours.
        title: One text, or one by language.
        variant_of: The item or group that the shop names.
    """
    if variant_of is not None:
        return f"={variant_of}"
    text = " ".join(title[key] for key in sorted(title)) if isinstance(title, Mapping) else str(title)
    folded = for_model(text).casefold()
    for word in _CHINESE:
        folded = folded.replace(word, " ")
    words = sorted({word for word in _WORDS.findall(folded) if word not in GROUPED_WORDS})
    return f"~{' '.join(words)}" if words else f"={item_id}"
