"""Which companies a text speaks of: `Directory.find`."""

from verticals.finance.policy.companies.company import Company, checked, company
from verticals.finance.policy.companies.directory import Directory, Mention

__all__ = ["Company", "Directory", "Mention", "checked", "company"]
