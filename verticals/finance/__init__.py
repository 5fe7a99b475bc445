"""Finance: what a piece of news or a post is about, and whether it is good or bad for whom it speaks of."""

from verticals.finance.vertical import vertical

__all__ = ["vertical"]
