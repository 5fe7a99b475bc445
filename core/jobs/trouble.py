"""What a worker outlives: a database or an operating system that does not answer for a while."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from core.errors import ColonnadeError

TROUBLE = (ColonnadeError, SQLAlchemyError, OSError)
