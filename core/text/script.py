"""Traditional Chinese characters made simplified, one for one, so that every place in a text stays.

For comparing texts and searching them with patterns; what people read stays as it came. The table is that of
OpenCC (https://github.com/BYVoid/OpenCC), characters only: words that regions use differently stay different.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")


def simplified(text: str) -> str:
    """Return `text` with simplified characters; as long as it was."""
    if text.isascii():
        return text
    return text.translate({ord(each): _character(each) for each in set(_HAN.findall(text))})


@cache
def _character(character: str) -> str:
    found: str = _converter().convert(character)
    return found if len(found) == 1 else character


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
