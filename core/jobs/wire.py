"""What the worker and its child say to each other: one JSON line down, any number up.

Down (stdin): a `Spec`. Up (the child's first stdout): `{"percent", "line"}` any number of times, then one
answer (core.jobs.answer). A child that ends without one has crashed.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core.errors import PluginError
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Spec:
    """One run of one handler.

    Attributes:
        handler: `module:function`, called with (services, payload, progress), returns a JSON object.
        services: `module:function`, called with Settings, returns a context manager that yields the services.
        settings: Values of every field of Settings, secrets in clear: they go through a pipe, not the
            environment.
        payload: The job's payload, plus `tenant`, `job_id` and `try`.
    """

    handler: str
    services: str
    settings: Mapping[str, Any]
    payload: Mapping[str, Any]

    def to_line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Spec:
        """Read it back."""
        return cls(**json.loads(line))


def settings_values(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON values from which `Settings(**values)` makes an equal object."""

    def plain(value: Any) -> Any:
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        if isinstance(value, tuple):
            return [plain(each) for each in value]
        return str(value) if isinstance(value, Path | IPv4Network | IPv6Network) else value

    return {name: plain(getattr(settings, name)) for name in type(settings).model_fields}


def path_of(function: Callable[..., Any]) -> str:
    """Return `module:qualname` of a handler.

    Raises:
        PluginError: it cannot be found again under that name, so no child process could run it.
    """
    path = f"{function.__module__}:{function.__qualname__}"
    if "<" in path or resolve(path) is not function:
        raise PluginError(
            f"The job handler {path} cannot be imported by name.",
            remedy="Make it a function at the top of a module.",
        )
    return path


def resolve(path: str) -> Any:
    """Return what `module:qualname` names.

    Raises:
        PluginError: there is no such module or name.
    """
    module, _, name = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"{path} cannot be imported: {error}.") from error
    return found
