"""Bodies of the template routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from core.text.types import SafeText
from verticals.service.schemas.closed import Closed

INTENT = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$"
_Answer = Annotated[SafeText, Field(min_length=1, max_length=8_000)]


class TemplateIn(Closed):
    """The approved answer to an intent, in one language or both; it is given word by word."""

    en: _Answer | None = None
    zh: _Answer | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.en or "").strip() and not (self.zh or "").strip():
            raise ValueError("give en, zh or both")
        return self


class TemplateOut(Closed):
    """An approved answer."""

    intent: str
    en: str | None
    zh: str | None
    updated_at: datetime
