"""What every test starts from: an environment without this machine in it, and a state folder of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

pytest_plugins = ["tests.system"]

# Spinning threads make two cores many times slower; it must be said before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"

# A busy machine is no fault, and a run that fails can be had again.
hypothesis_settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("house")

_KEPT = {"COLONNADE_CACHE", "COLONNADE_WHEELS", "COLONNADE_DATASETS", "COLONNADE_TORTURE_ROUNDS"}
"""Where weights and data sets lie is the machine's to say; all else is the test's."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("COLONNADE_") and name not in _KEPT]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLONNADE_DATA", str(tmp_path / "colonnade"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
