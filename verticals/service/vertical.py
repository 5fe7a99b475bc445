"""The manifest of service; unfinished, so there is nothing to tie together yet."""

from __future__ import annotations

from core.vertical import Vertical

vertical = Vertical(
    name="service",
    summary="Customer service: intents, cited answers from your own documents, and hand-over to people.",
    finished=False,
)
