"""Durable rows on SQLite or PostgreSQL: tenants kept apart, an outbox and an audit chain."""
