"""The string types of every public face: no lone surrogates, no NUL, NFC; of names not blank either.

class Body(BaseModel):
    text: SafeText                                      # any length
    note: Annotated[SafeText, Field(max_length=200)]    # in code points, counted after NFC
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from core.errors import InvalidInput


def fault(text: str) -> str | None:
    """Return what makes `text` unsafe to store and to show, or None."""
    if "\x00" in text:
        return f"contains a NUL character (U+0000) at offset {text.index(chr(0))}"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"contains a lone surrogate (U+{ord(text[error.start]):04X}) at offset {error.start}"
    return None


def safe(text: str) -> str:
    """Return `text` in NFC.

    Raises:
        InvalidInput: it holds a lone surrogate or a NUL.
    """
    found = fault(text)
    if found is not None:
        raise InvalidInput(f"The text {found}.", remedy="Send valid Unicode without it.")
    return unicodedata.normalize("NFC", text)


def _refuse(value: object) -> object:
    # Runs before pydantic's own string check, whose message for a surrogate names neither fault nor place.
    if isinstance(value, str):
        found = fault(value)
        if found is not None:
            raise ValueError(f"the text {found}; send valid Unicode without it")
    return value


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


SafeText = Annotated[str, BeforeValidator(_refuse, json_schema_input_type=str), AfterValidator(_nfc)]
"""A string without lone surrogates and NUL, in NFC; add `Field(max_length=…)` for a cap in code points."""


def _visible(text: str) -> str:
    trimmed = text.strip()
    if not trimmed:
        raise ValueError("is blank; give it a name that people can tell it by")
    return trimmed


Name = Annotated[SafeText, AfterValidator(_visible)]
"""A name that people give: something stands in it, and no blanks around it."""
