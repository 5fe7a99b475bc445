from core.testing.postgres import postgres_server, postgres_url
from core.testing.storage import database_url, sqlite_storage, sqlite_url, storage

__all__ = ["database_url", "postgres_server", "postgres_url", "sqlite_storage", "sqlite_url", "storage"]
