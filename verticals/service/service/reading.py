"""The use case: tell what texts want, with "none of it" among the answers."""

from __future__ import annotations

from collections.abc import Sequence

from core.ports import Predictor
from core.records import Example
from core.settings import Settings
from core.text.language import detect
from verticals.service.policy.caps import check_text, check_texts
from verticals.service.policy.reading import Reading
from verticals.service.recipe import INTENT


class Read:
    """Tells intents for a tenant.

    Args:
        predictor: Serves the tenant's model of `service.intent`.
        settings: For the caps.
    """

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictor = predictor
        self._settings = settings

    def __call__(self, tenant: str, texts: Sequence[str], *, pointer: str = "/texts") -> list[Reading]:
        """Return what each text wants, in their order.

        Args:
            tenant: Whose model.
            texts: As customers wrote them; the model sees them folded and masked.
            pointer: Where they stand in the request, for errors.

        Raises:
            InvalidInput, PayloadTooLarge: see `policy.caps.check_texts`.
            Unavailable: the model is still being loaded or trained.
        """
        check_texts(texts, self._settings, pointer)
        return self._read(tenant, texts)

    def one(self, tenant: str, text: str, *, pointer: str = "/text") -> Reading:
        """Return what one text wants; see `__call__`."""
        check_text(text, self._settings, pointer)
        return self._read(tenant, [text])[0]

    def _read(self, tenant: str, texts: Sequence[str]) -> list[Reading]:
        languages = [detect(text) for text in texts]
        items = [Example(text=text, lang=lang) for text, lang in zip(texts, languages, strict=True)]
        said = self._predictor.predict(tenant, (INTENT.name,), items)[INTENT.name]
        return [Reading(lang, each) for lang, each in zip(languages, said, strict=True)]
