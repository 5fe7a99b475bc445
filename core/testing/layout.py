"""The files of a vertical: the same names in the same order everywhere, so that who knows one knows all."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from core.registry import VERTICALS

FILES = (
    "README.md",
    "__init__.py",
    "schemas.py",
    "intake.py",
    "tables.py",
    "recipe.py",
    "policy.py",
    "evaluate.py",
    "service.py",
    "routes.py",
    "commands.py",
    "jobs.py",
    "vertical.py",
    "data",
    "migrations",
)
"""Everything that may stand in a vertical's folder; a file too big may be a folder of the same name."""

REQUIRED = ("README.md", "__init__.py", "vertical.py")
"""What stands in every vertical; the others only where there is something to put into them."""

SECTIONS = ("## What goes in, what comes out", "## Limits", "## Not there yet")
"""Headings of a vertical's README, in their order."""

_IGNORED = {"__pycache__", "py.typed"}


def folder_of(name: str) -> Path:
    """Return the folder of an installed vertical.

    Raises:
        LookupError: no entry point of that name.
    """
    for point in entry_points(group=VERTICALS, name=name):
        spec = find_spec(point.module)
        if spec is not None and spec.origin is not None:
            return Path(spec.origin).parent
    raise LookupError(f"No package declares {VERTICALS}:{name}.")


def faults(folder: Path) -> list[str]:
    """Return what is wrong with the layout of a vertical's folder; an empty list where nothing is."""
    present = {entry.name for entry in folder.iterdir()} - _IGNORED
    allowed = {*FILES, *(Path(name).stem for name in FILES if name.endswith(".py"))}
    found = [f"{name} is missing" for name in REQUIRED if name not in present]
    found += [f"{name} has no place in a vertical" for name in sorted(present - allowed)]
    empty = (entry for entry in folder.glob("*.py") if not entry.read_text("utf-8").strip())
    found += [f"{entry.name} is empty: leave it out" for entry in empty]
    return found + _readme_faults(folder / "README.md")


def _readme_faults(readme: Path) -> list[str]:
    if not readme.is_file():
        return []
    lines = readme.read_text("utf-8").splitlines()
    headings = [line.strip() for line in lines if line.startswith("## ")]
    found = [f"README.md lacks the section {title!r}" for title in SECTIONS if title not in headings]
    if not found and [title for title in headings if title in SECTIONS] != list(SECTIONS):
        found.append("README.md has its sections in another order")
    return found
