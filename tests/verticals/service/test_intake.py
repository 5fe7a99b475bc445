from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.records import Record
from verticals.service.intake import document_id, from_file, from_record


@pytest.mark.parametrize("name", ["returns.md", "shop:returns.md", "a"])
def test_a_plain_name_is_its_own_id(name: str) -> None:
    assert document_id(name) == name


def test_other_names_get_ids_of_their_own() -> None:
    names = ["退货.md", "换货.md", "a b", "a-b ", "..", "/", "x" * 300, "x" * 301]
    ids = [document_id(name) for name in names]
    assert len(set(ids)) == len(names)
    assert all(len(each) <= 120 and each[0].isalnum() and each.isascii() for each in ids)


def test_a_files_id_is_its_path_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    file = tmp_path / "shop" / "returns.md"
    file.write_text("# Returns")
    assert from_file(file, tmp_path).id == "shop:returns.md"
    assert from_file(file, file).id == "returns.md"


def test_an_article_of_a_help_desk_becomes_a_document() -> None:
    upload = from_record(Record("desk", "17", {"title": "Returns", "html": "<p>30 days.</p>"}))
    assert (upload.id, upload.filename, upload.title, upload.meta) == (
        "17",
        "17.html",
        "Returns",
        {"source": "desk"},
    )


def test_an_article_without_text_is_pointed_at() -> None:
    with pytest.raises(InvalidInput) as caught:
        from_record(Record("desk", "17", {"title": "Returns", "text": " "}))
    assert caught.value.errors[0].pointer == "desk:17"
