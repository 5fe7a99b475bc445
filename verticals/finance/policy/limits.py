"""Which texts are refused. (Folding and masking are the same for all verticals: `core.inference.reading`.)"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import FieldError, InvalidInput, PayloadTooLarge
from core.settings import Settings
from core.text.normalise import for_model
from verticals.finance.intake import Story


def check_size(rows: int, settings: Settings, pointer: str) -> None:
    """Refuse a request of more rows than the cap.

    Raises:
        PayloadTooLarge: it has more than COLONNADE_MAX_BATCH.
    """
    if rows > settings.max_batch:
        raise PayloadTooLarge(
            f"{rows} texts in one request; the cap is {settings.max_batch}.",
            remedy="Send them in parts.",
            errors=[FieldError(pointer, f"more than {settings.max_batch} items")],
        )


def check(stories: Sequence[Story], settings: Settings) -> None:
    """Refuse a batch that is over a cap or holds a text with nothing to read.

    Raises:
        PayloadTooLarge: too many texts, or one that is too long.
        InvalidInput: a text of blanks and invisible characters only.
    """
    check_size(len(stories), settings, "/texts")
    long = [i for i, story in enumerate(stories) if len(story.text) > settings.max_text_chars]
    if long:
        fault = f"longer than {settings.max_text_chars} code points"
        raise PayloadTooLarge(
            f"{len(long)} of the texts are {fault}.",
            remedy="Send the headline or a summary.",
            errors=[FieldError(f"/texts/{i}/text", fault) for i in long],
        )
    fault = "holds only blanks or invisible characters"
    empty = [i for i, story in enumerate(stories) if not for_model(story.text)]
    if empty:
        raise InvalidInput(
            f"{len(empty)} of the texts hold nothing to read.",
            remedy="Leave them out.",
            errors=[FieldError(f"/texts/{i}/text", fault) for i in empty],
        )
