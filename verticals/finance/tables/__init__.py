"""Rows of finance, one subject a file."""

from verticals.finance.tables.alerts import (
    FinanceAlert,
    FinanceAlertChange,
    FinanceNotice,
    FinanceRule,
    FinanceSubscriber,
    FinanceWatch,
)
from verticals.finance.tables.companies import FinanceCompany
from verticals.finance.tables.documents import FinanceDocument
from verticals.finance.tables.stories import (
    FinanceStory,
    FinanceStoryBand,
    FinanceStoryLink,
    FinanceStoryText,
)
from verticals.finance.tables.trends import FinanceCell, FinanceLedger, FinanceSource

__all__ = [
    "FinanceAlert",
    "FinanceAlertChange",
    "FinanceCell",
    "FinanceCompany",
    "FinanceDocument",
    "FinanceLedger",
    "FinanceNotice",
    "FinanceRule",
    "FinanceSource",
    "FinanceStory",
    "FinanceStoryBand",
    "FinanceStoryLink",
    "FinanceStoryText",
    "FinanceSubscriber",
    "FinanceWatch",
]
