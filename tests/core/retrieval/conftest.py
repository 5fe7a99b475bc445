from core.testing.postgres import postgres_server, postgres_url
from core.testing.storage import database_url, sqlite_storage, sqlite_url, storage
from core.testing.weights import pretrained

__all__ = [
    "database_url",
    "postgres_server",
    "postgres_url",
    "pretrained",
    "sqlite_storage",
    "sqlite_url",
    "storage",
]
