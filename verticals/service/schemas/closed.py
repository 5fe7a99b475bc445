"""What all bodies have in common: no unknown field, no unsafe text, and the caps that no setting lifts."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.text.types import SafeText

MAX_TEXTS = 10_000
"""No setting lets more texts through in one request; COLONNADE_MAX_BATCH is the cap in force."""
MAX_CHARS = 1_000_000
"""No setting lets a longer text through; COLONNADE_MAX_TEXT_CHARS is the cap in force."""

Message = Annotated[SafeText, Field(min_length=1, max_length=MAX_CHARS)]
Name = Annotated[SafeText, Field(min_length=1, max_length=200)]
DOCUMENT_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,119}$"
DocumentId = Annotated[str, Field(pattern=DOCUMENT_ID, max_length=120)]


class Closed(BaseModel):
    """A body that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)
