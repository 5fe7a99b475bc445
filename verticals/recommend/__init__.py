"""Recommendation: items for a person, similar items, and the reasons. Not finished: it mounts no route."""

from verticals.recommend.vertical import vertical

__all__ = ["vertical"]
