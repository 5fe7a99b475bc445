"""What a vertical says of itself: its manifest, its folder, and that it costs nothing until it is used."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from core.jobs.wire import path_of, resolve
from core.registry import find_verticals
from core.testing.layout import faults, folder_of
from core.vertical import Access, Vertical

HEAVY = ("torch", "transformers", "sentence_transformers", "spacy", "sklearn", "pandas")
"""Libraries that building a vertical, its routes and its commands must not load."""

_WORD = re.compile(r"[a-z][a-z0-9]*")
_PART = re.compile(r"[a-z][a-z0-9_]*")

_BUILD = """
import sys
from core.registry import find_verticals
from core.settings import Settings
from core.vertical import Services
class Open:
    def require(self, scope):
        def caller(): ...
        return caller
vertical = next(v for v in find_verticals() if v.name == sys.argv[1])
services = Services(Settings(), None, None, None, None, None)
use_case = vertical.build(services) if vertical.build else None
if vertical.router: vertical.router(use_case, Open())
if vertical.commands: vertical.commands(lambda: services)
sys.stdout.write(" ".join(sorted(set(sys.argv[2:]) & set(sys.modules))))
"""


class RecordingAccess(Access):
    """An Access that lets nobody in and remembers which scopes were asked for."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def require(self, scope: str) -> object:  # type: ignore[override]
        """Note the scope and return a dependency that is never called."""
        self.scopes.append(scope)

        def caller() -> None:
            raise AssertionError("no request is sent here")

        return caller


class ManifestContract:
    """Checks that need no running application."""

    def test_registry_finds_it_by_its_name(self, vertical: Vertical) -> None:
        """The entry point is declared and leads to this very manifest."""
        assert any(found is vertical for found in find_verticals())
        assert _WORD.fullmatch(vertical.name), f"{vertical.name!r} is no lower-case word"
        assert vertical.summary.strip(), "the summary is empty"
        assert "\n" not in vertical.summary, "the summary is one line"

    def test_names_carry_its_prefix(self, vertical: Vertical) -> None:
        """Tasks and jobs are `<name>.<word>`, scopes `<name>:<word>`, and none stands twice."""
        names = [task.name for task in vertical.tasks] + list(vertical.jobs)
        for separator, group in ((".", names), (":", list(vertical.scopes))):
            assert len(set(group)) == len(group), f"named twice: {group}"
            for name in group:
                prefix, _, rest = name.partition(separator)
                assert prefix == vertical.name, f"{name} does not begin with {vertical.name}{separator}"
                assert _PART.fullmatch(rest), f"{name} ends in no word"

    def test_unfinished_mounts_nothing(self, vertical: Vertical) -> None:
        """An unfinished vertical has no router; a finished one is built, routed, and shows an example."""
        if not vertical.finished:
            assert vertical.router is None, "an unfinished vertical mounts no route"
            assert not vertical.examples, "an unfinished vertical answers no example"
        else:
            assert vertical.build is not None, "a finished vertical has a use case"
            assert vertical.router is not None, "a finished vertical has routes"
            assert any(e.shown for e in vertical.examples), "a finished vertical shows a request that works"

    def test_folder_and_readme_are_laid_out(self, vertical: Vertical) -> None:
        """Only known file names; a README with its sections (core.testing.layout)."""
        found = faults(folder_of(vertical.name))
        assert not found, "; ".join(found)

    def test_unfinished_readme_says_so(self, vertical: Vertical) -> None:
        """The README of an unfinished vertical tells that no route is mounted."""
        text = (folder_of(vertical.name) / "README.md").read_text("utf-8").lower()
        assert ("mounts no route" in text) is not vertical.finished

    def test_building_it_loads_nothing_heavy(self, vertical: Vertical) -> None:
        """A fresh process builds use case, routes and commands without any of the HEAVY libraries."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-W", "error", "-c", _BUILD, vertical.name, *HEAVY]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "", f"loaded: {done.stdout}"

    def test_jobs_are_found_by_their_path(self, vertical: Vertical) -> None:
        """Each handler is a function of a module: the process that runs a job imports it by name."""
        for kind, handler in vertical.jobs.items():
            assert resolve(path_of(handler)) is handler, f"{kind} cannot be imported by its path"

    def test_migrations_are_a_branch_of_their_own(self, vertical: Vertical) -> None:
        """The revisions in the vertical's folder are on one branch, labelled with its name."""
        if vertical.migrations is None:
            return
        from alembic.script import ScriptDirectory

        from core.storage.migrate import alembic_config

        script = ScriptDirectory.from_config(alembic_config([vertical.migrations]))
        own = [r for r in script.walk_revisions() if str(vertical.migrations) in str(r.path)]
        assert own, f"no revision in {vertical.migrations}"
        for revision in own:
            assert vertical.name in revision.branch_labels, (
                f"{revision.revision} is not on the branch {vertical.name}"
            )
