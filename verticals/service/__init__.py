"""Customer service: what a message wants, an answer that can be looked up, or a person."""

from verticals.service.vertical import vertical

__all__ = ["vertical"]
