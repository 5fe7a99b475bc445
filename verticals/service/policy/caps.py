"""Which texts are refused. (Folding and masking for models is `core.inference.reading`.)"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import FieldError, InvalidInput, PayloadTooLarge
from core.settings import Settings
from core.text.normalise import for_model


def check_texts(texts: Sequence[str], settings: Settings, pointer: str = "/texts") -> None:
    """Refuse a batch that is over a cap or holds a text with nothing to read.

    Raises:
        PayloadTooLarge: too many texts, or one that is too long.
        InvalidInput: a text of blanks and invisible characters only.
    """
    if len(texts) > settings.max_batch:
        raise PayloadTooLarge(
            f"{len(texts)} texts in one request; the cap is {settings.max_batch}.",
            remedy="Send them in parts.",
            errors=[FieldError(pointer, f"more than {settings.max_batch} items")],
        )
    for index, text in enumerate(texts):
        check_text(text, settings, f"{pointer}/{index}")


def check_text(text: str, settings: Settings, pointer: str) -> None:
    """Refuse a text that is too long or holds nothing to read; see `check_texts`."""
    if len(text) > settings.max_text_chars:
        fault = f"longer than {settings.max_text_chars} code points"
        raise PayloadTooLarge(
            f"A text is {fault}.", remedy="Send its essence.", errors=[FieldError(pointer, fault)]
        )
    if not for_model(text):
        raise InvalidInput(
            "A text holds nothing to read.",
            remedy="Leave it out.",
            errors=[FieldError(pointer, "holds only blanks or invisible characters")],
        )
