"""What a model reads of an example: the same in training and in serving, folded and without personal data."""

from __future__ import annotations

from core.ports import Text
from core.records import Example
from core.text.mask import mask
from core.text.normalise import for_model


def as_text(item: Example) -> Text:
    """Return the example's text, or its pair, as an encoder gets it.

    Posts hold phone numbers and mail addresses; neither a model nor a cache of vectors needs them. Whoever
    folds and masks elsewhere would train on one text and serve another, so it is done here alone.
    """
    text = mask(for_model(item.text))
    return text if item.text_pair is None else (text, mask(for_model(item.text_pair)))
