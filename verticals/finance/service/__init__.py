"""The use cases of finance: one file each, and what builds them."""

from verticals.finance.service.analyze import Analysis, answer
from verticals.finance.service.documents import READ, Documents, DocumentView, Intake
from verticals.finance.service.finance import Finance, build

__all__ = ["READ", "Analysis", "DocumentView", "Documents", "Finance", "Intake", "answer", "build"]
