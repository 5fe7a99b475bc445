"""The layout check sees what it should, on folders made here."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.registry import find_verticals
from core.testing.layout import FILES, SECTIONS, faults, folder_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "README.md").write_text("\n\n".join(SECTIONS))
    for name in ("__init__.py", "vertical.py", "service.py"):
        (tmp_path / name).write_text('"""A part."""\n')
    return tmp_path


def test_a_good_folder_has_no_faults(folder: Path) -> None:
    (folder / "routes").mkdir()
    (folder / "data").mkdir()
    assert faults(folder) == []


def test_faults_are_told(folder: Path) -> None:
    (folder / "utils.py").write_text("X = 1\n")
    (folder / "jobs.py").write_text("")
    (folder / "vertical.py").unlink()
    (folder / "README.md").write_text(f"{SECTIONS[1]}\n\n{SECTIONS[0]}\n")
    assert faults(folder) == [
        "vertical.py is missing",
        "utils.py has no place in a vertical",
        "jobs.py is empty: leave it out",
        f"README.md lacks the section {SECTIONS[2]!r}",
    ]
    (folder / "README.md").write_text("\n".join(reversed(SECTIONS)))
    assert faults(folder)[-1] == "README.md has its sections in another order"


def test_folders_are_found_by_entry_point() -> None:
    for vertical in find_verticals():
        assert folder_of(vertical.name).name == vertical.name
    with pytest.raises(LookupError, match="nobody"):
        folder_of("nobody")


def _shape(folder: Path) -> set[str]:
    """Return the parts of a vertical's folder: a part may be a file or a folder of the same name."""
    return {entry.name.removesuffix(".py") for entry in folder.iterdir()} - {"__pycache__", "py.typed"}


def test_the_columns_are_alike_inside() -> None:
    shapes = {v.name: _shape(folder_of(v.name)) for v in find_verticals() if v.finished}
    assert set(shapes) == {"finance", "medical", "recommend", "service"}
    parts = {name.removesuffix(".py") for name in FILES}
    for name, shape in shapes.items():
        assert shape == parts, f"{name}: {sorted(shape ^ parts)}"


def test_the_manifests_are_alike() -> None:
    for vertical in find_verticals():
        # What recommend fits, it fits to events and not to labelled texts: it has no task with starter rows.
        assert bool(vertical.tasks) is (vertical.name != "recommend"), vertical.name
        assert vertical.jobs, vertical.name
        assert vertical.scopes, vertical.name
        assert vertical.migrations is not None, vertical.name
        for part in (vertical.build, vertical.router, vertical.commands):
            assert part is not None, vertical.name
        golden = folder_of(vertical.name) / "data" / "golden.jsonl"
        assert len(golden.read_text("utf-8").splitlines()) >= 40, vertical.name
