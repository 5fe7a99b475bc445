"""Customer service. Not finished: it mounts no route."""

from verticals.service.vertical import vertical

__all__ = ["vertical"]
