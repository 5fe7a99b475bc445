"""The manifest of recommend; unfinished, so there is nothing to tie together yet."""

from __future__ import annotations

from core.vertical import Vertical

vertical = Vertical(
    name="recommend",
    summary="Recommendation: items for a person, similar items, and the reasons.",
    finished=False,
)
