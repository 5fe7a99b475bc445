"""Alembic's environment: runs on the connection that core.storage.migrate hands in."""

from __future__ import annotations

from alembic import context

import core.collecting.tables
import core.delivery.tables
import core.retrieval.tables  # noqa: F401
from core.errors import ConfigurationError
from core.storage.tables import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise ConfigurationError(
        "Migrations run by Storage.migrate().", remedy="Start Colonnade, or call it in Python."
    )
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
