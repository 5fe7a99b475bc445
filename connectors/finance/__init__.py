"""Connectors to what only finance reads."""
