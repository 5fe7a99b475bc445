"""Whoever trains on pretrained weights is told whose they are and under which licence."""

from __future__ import annotations

import pytest

from core.models.catalogue import ENTRIES, Entry
from tests.house.source import ROOT
from tools.write_docs import notice_page

FREE = {"MIT", "Apache-2.0", "BSD-3-Clause"}

_entries = pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)


@_entries
def test_every_weight_may_be_used_and_passed_on(entry: Entry) -> None:
    licences = {entry.model_licence, *(wheel.licence for wheel in entry.wheels)}

    assert licences <= FREE
    assert entry.notice.strip()


@_entries
def test_every_wheel_is_pinned_by_version_and_hash(entry: Entry) -> None:
    assert entry.wheels
    assert all(len(wheel.sha256) == 64 and wheel.version for wheel in entry.wheels)


def test_notice_credits_every_weight() -> None:
    assert (ROOT / "NOTICE").read_text(encoding="utf-8") == notice_page(), "run `make docs`"
