from core.testing.storage import sqlite_storage, sqlite_url
from core.testing.weights import pretrained, tiny_settings, wheel

__all__ = ["pretrained", "sqlite_storage", "sqlite_url", "tiny_settings", "wheel"]
