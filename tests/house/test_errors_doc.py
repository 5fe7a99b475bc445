"""docs/errors.md says what core/errors.py says, and every error says what to do."""

from __future__ import annotations

import inspect

from core import errors
from tests.house.source import ROOT
from tools.write_docs import errors_page

_KINDS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, errors.ColonnadeError) and not kind.__name__.startswith("_")
]


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == errors_page(), "run `make docs`"


def test_every_error_is_in_the_page_and_in_the_tree_at_the_top() -> None:
    page, tree = errors_page(), errors.__doc__ or ""

    missing = [kind.__name__ for kind in _KINDS if f"`{kind.slug}`" not in page or kind.__name__ not in tree]

    assert not missing


def test_every_error_has_a_name_of_its_own_and_a_status_that_exists() -> None:
    slugs = [kind.slug for kind in _KINDS]

    assert len(slugs) == len(set(slugs))
    assert all(400 <= kind.status < 600 for kind in _KINDS)
    # 422 is for payloads and for files that were sent, nothing else.
    assert {kind.__name__ for kind in _KINDS if kind.status == 422} == {"InvalidInput", "RefusedWeights"}


def test_an_error_is_one_line_on_the_command_line() -> None:
    error = errors.InvalidInput("The file\nis empty.", remedy="Send one\nwith rows.")

    assert str(error) == "The file is empty. Send one with rows."
