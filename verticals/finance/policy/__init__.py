"""What is refused, which companies a text speaks of, and why a text is a risk."""

from verticals.finance.policy.limits import check, check_size

__all__ = ["check", "check_size"]
