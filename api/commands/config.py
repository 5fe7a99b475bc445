"""`colonnade config`: every setting, what it is, and where its value comes from."""

from __future__ import annotations

import os
from typing import Any

from pydantic import SecretStr

from api.terminal import COMMON, Common, show_rows
from core.settings import Settings


def rows(settings: Settings) -> list[dict[str, Any]]:
    """Return one row a setting; the values of secrets are not in them."""
    found = []
    for field, info in type(settings).model_fields.items():
        variable = f"COLONNADE_{field.upper()}"
        # Variables are matched without regard to case, as pydantic-settings does.
        given = variable in {name.upper() for name in os.environ}
        value = getattr(settings, field)
        found.append(
            {
                "setting": variable,
                "value": "(hidden)"
                if isinstance(value, SecretStr)
                else None
                if value is None
                else str(value),
                "from": "environment" if given else "default",
                "meaning": info.description or "",
            }
        )
    return found


def config(*, common: Common = COMMON) -> None:
    """Print all settings, secrets hidden, each with where it comes from.

    Args:
        common: Options of every command.
    """
    show_rows(rows(Settings()), ("setting", "value", "from", "meaning"), json=common.json)
