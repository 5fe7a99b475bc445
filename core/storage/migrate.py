"""Runs the Alembic versions of the core and of every vertical, in one transaction, one process at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from core.errors import ConfigurationError
from core.storage import postgres, statistics
from core.storage.rls import unprotected
from core.storage.tenancy import SYSTEM, catalogue, scoped

SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config(migrations: Sequence[Path] = ()) -> Config:
    """Return the configuration that sees the core's versions and those in `migrations`."""
    folders = [SCRIPTS / "versions", *migrations]
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(map(str, folders)).replace("%", "%%"))
    return config


def upgrade(engine: Engine, migrations: Sequence[Path]) -> None:
    """Bring every branch to its head.

    Raises:
        ConfigurationError: the database holds a revision that no installed part knows, or a tenant table was
            left without row level security.
    """
    with engine.connect() as connection, connection.begin(), scoped(connection, SYSTEM):
        if engine.dialect.name == "postgresql":
            postgres.enter(connection, SYSTEM)
            postgres.lock_migration(connection)
        _run(connection, migrations)
        if engine.dialect.name == "postgresql":
            _check_protection(connection)
        else:
            statistics.assume(connection)


def _run(connection: Connection, migrations: Sequence[Path]) -> None:
    config = alembic_config(migrations)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "heads")
    except (CommandError, ResolutionError) as error:
        raise ConfigurationError(
            f"The database cannot be migrated: {error}.",
            remedy="Install the Colonnade and the verticals that made this database, or newer ones.",
        ) from error


def _check_protection(connection: Connection) -> None:
    known = catalogue()
    bare = unprotected(connection, known.tenant | known.system - {"alembic_version"})
    if bare:
        raise ConfigurationError(
            f"Tables without row level security: {', '.join(bare)}.",
            remedy="Call core.storage.rls.protect(op, table) in the migration that makes the table.",
        )
