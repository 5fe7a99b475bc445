"""Names that are too long for their column, cut so that two of them stay two."""

from __future__ import annotations

from hashlib import sha256


def shortened(name: str, length: int) -> str:
    """Return a name of at most `length` code points; what is cut off stays told apart by its hash.

    Args:
        name: Anything; a lone surrogate is hashed as itself.
        length: At least 65.
    """
    if len(name) <= length:
        return name
    return f"{name[: length - 65]}…{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"
