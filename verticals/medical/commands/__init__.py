"""`colonnade medical …`."""

from __future__ import annotations

from verticals.medical.commands.app import commands

__all__ = ["commands"]
