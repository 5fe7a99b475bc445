"""Our flat top-level names are ours alone (docs/decisions/0001)."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, ROOT


@pytest.mark.parametrize("name", PACKAGES)
def test_no_installed_package_shadows_ours(name: str) -> None:
    others = set(packages_distributions().get(name, [])) - {"colonnade"}

    assert not others, (
        f"{sorted(others)} install a top-level `{name}` too: uninstall, or use an environment of its own"
    )


@pytest.mark.parametrize("name", PACKAGES)
def test_the_name_leads_to_this_checkout(name: str) -> None:
    spec = find_spec(name)

    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == ROOT / name / "__init__.py"
