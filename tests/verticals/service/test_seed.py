"""The starter content: help centre and approved answers of two invented companies."""

from __future__ import annotations

import pytest

from api.bootstrap import Container
from core.security.tenants import Tenants
from verticals.service.jobs import seed
from verticals.service.service import HELP, HelpDesk

pytestmark = pytest.mark.slow


def test_seeding_again_changes_nothing(container: Container) -> None:
    Tenants(container.storage).ensure("demo")
    desk: HelpDesk = container.use_cases["service"]
    moved: list[float] = []
    seed(container.services, "demo", lambda share, _: moved.append(share))
    first = desk.knowledge.list("demo", limit=200), desk.templates.list("demo", limit=200)
    assert len(first[0]) == len(moved) >= 10
    assert moved == sorted(moved)
    assert moved[-1] == 1.0
    assert {document.meta["company"] for document in first[0]} == {"lumora", "harrow_finch"}
    assert {document.collection for document in first[0]} == {HELP}
    assert not [document.id for document in first[0] if document.suspicious]
    seed(container.services, "demo", lambda share, _: None)
    assert (desk.knowledge.list("demo", limit=200), desk.templates.list("demo", limit=200)) == first
