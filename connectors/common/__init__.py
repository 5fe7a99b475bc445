"""Connectors that belong to no industry."""
