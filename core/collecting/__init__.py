"""Configured connectors: what a tenant's connections read, how far, and what was refused."""
