"""`colonnade recommend …`: import a shop, fit, ask for a person, evaluate on events."""

from verticals.recommend.commands.app import commands

__all__ = ["commands"]
