"""How long to wait before the next try: twice as long each time, never quite as long as the neighbour."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waits with jitter.

    Attributes:
        first: Seconds after the first failure.
        longest: No wait is longer.
    """

    first: float = 2.0
    longest: float = 600.0

    def seconds(
        self, failures: int, *, at_least: float = 0.0, chance: Callable[[], float] = random.random
    ) -> float:
        """Return the seconds to wait.

        Args:
            failures: How often it has failed, from 1.
            at_least: What the other side asked for (Retry-After).
            chance: A number in [0, 1); the upper half of a wait is left to it, so that many who failed
                together do not come back together.
        """
        full = min(self.longest, self.first * 2.0 ** min(failures - 1, 60))
        return min(self.longest, max(at_least, full * (0.5 + chance() / 2)))
