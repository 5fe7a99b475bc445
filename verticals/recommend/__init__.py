"""Recommendation: items for a person, similar items, and the reasons."""

from verticals.recommend.vertical import vertical

__all__ = ["vertical"]
