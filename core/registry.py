"""Finds verticals and connectors by entry point; a plug-in that fails stops the start, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from core.errors import PluginError
from core.vertical import Vertical

VERTICALS = "colonnade.verticals"
CONNECTORS = "colonnade.connectors"


def _load(point: EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:
        raise PluginError(
            f"Entry point {point.group}:{point.name} ({point.value}) cannot be loaded: {error!r}.",
            remedy="Repair or uninstall the package that declares it.",
        ) from error


def _unique(points: Iterable[EntryPoint]) -> Iterable[EntryPoint]:
    seen: dict[str, str] = {}
    for point in sorted(points, key=lambda p: p.name):
        if seen.setdefault(point.name, point.value) != point.value:
            raise PluginError(
                f"Two packages declare {point.group}:{point.name}: {seen[point.name]} and {point.value}.",
                remedy="Uninstall one of them.",
            )
        yield point


def find_verticals() -> tuple[Vertical, ...]:
    """Return every installed vertical, sorted by name.

    Raises:
        PluginError: an entry point cannot be loaded, is no Vertical, or is named unlike its manifest.
    """
    found: dict[str, Vertical] = {}
    for point in _unique(entry_points(group=VERTICALS)):
        vertical = _load(point)
        if not isinstance(vertical, Vertical) or vertical.name != point.name:
            raise PluginError(
                f"Entry point {point.group}:{point.name} ({point.value}) is no Vertical {point.name!r}.",
                remedy="Export `vertical = Vertical(name=…)` with the entry point's own name.",
            )
        found[vertical.name] = vertical
    return tuple(found.values())


def find_connectors() -> Mapping[str, Any]:
    """Return every installed connector factory by name."""
    return {point.name: _load(point) for point in _unique(entry_points(group=CONNECTORS))}
