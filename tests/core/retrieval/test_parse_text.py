"""Plain text and CSV: encodings, paragraphs, rows, formulas, refusals."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput, PayloadTooLarge
from core.retrieval.parse import draft, parse
from core.retrieval.records import Parsed


def _blocks(parsed: Parsed) -> list[str]:
    return [parsed.text[block.start : block.end] for block in parsed.blocks]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_is_read_in_its_encoding(encoding: str) -> None:
    parsed = parse("退货须在七天内提出。\r\n\r\n退款需要三天。".encode(encoding), filename="退货.txt")
    assert _blocks(parsed) == ["退货须在七天内提出。", "退款需要三天。"]
    assert (parsed.title, parsed.lang, parsed.suspicious) == ("退货", "zh", ())


def test_lines_broken_at_a_margin_become_a_paragraph_and_short_ones_stay() -> None:
    wrapped = (
        "A parcel that comes back to us within thirty days of the delivery is\n"
        "refunded in full, postage of the first delivery included, as soon as our ware-\n"
        "house has seen that nothing is broken.\n\nOpening hours\nMonday 9-17\nTuesday 9-12\n"
    )
    first, second = _blocks(parse(wrapped.encode(), filename="a.txt"))
    assert first.count("\n") == 0
    assert "delivery is refunded in full" in first
    assert "our warehouse has seen" in first
    assert second == "Opening hours\nMonday 9-17\nTuesday 9-12"


@pytest.mark.parametrize("data", [b"", b" \n\t\n", "\u200b\u200c\ufeff".encode(), b"\x00\x01"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.html"])
def test_nothing_to_read_is_an_error(data: bytes, name: str) -> None:
    with pytest.raises(InvalidInput, match="no text"):
        parse(data, filename=name)


@pytest.mark.parametrize("name", ["a.docx", "a", "a.exe", "a.pdf"])
def test_other_kinds_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"not read|is none"):
        parse(b"PK\x03\x04 something", filename=name)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidInput):
        parse(bytes(range(256)) * 40, filename="a.txt")


@pytest.mark.parametrize(
    ("name", "media_type", "found"),
    [("a.md", "application/octet-stream", "T"), ("a.md", "text/plain", "T"), ("a.txt", "text/markdown", "T")],
)
def test_the_media_type_counts_where_it_says_something(name: str, media_type: str, found: str) -> None:
    assert parse(b"# T\n\nx", filename=name, media_type=media_type).blocks[0].heading == (found,)


def test_a_text_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "MAX_CHARACTERS", 100)
    with pytest.raises(PayloadTooLarge):
        parse(b"word " * 50, filename="a.txt")


def test_a_row_is_a_block_question_first() -> None:
    data = "分类,答案,问题\n售后,七天内可以退货。,怎么退货？\n物流,两天。,多久到？\n"
    parsed = parse(data.encode(), filename="faq.csv")
    assert _blocks(parsed) == ["怎么退货？\n七天内可以退货。\n分类: 售后", "多久到？\n两天。\n分类: 物流"]
    assert {block.kind for block in parsed.blocks} == {"row"}


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_columns_of_any_name_and_delimiter_are_kept(mark: str) -> None:
    rows = [["Item", "Fee", "Note"], ["Small parcel", "3.50", 'a "b"'], ["Large", "", "x"]]
    data = "\n".join(mark.join(row) for row in rows)
    parsed = parse(data.encode(), filename="fees.csv")
    assert _blocks(parsed)[1] == "Item: Large\nNote: x"
    assert "Fee: 3.50" in _blocks(parsed)[0]


def test_a_table_without_names_keeps_its_first_row() -> None:
    parsed = parse(b"How do I return it?,Within 30 days.\nWho pays?,We do.\n", filename="a.csv")
    assert _blocks(parsed) == ["How do I return it?\nWithin 30 days.", "Who pays?\nWe do."]


def test_formulas_are_text_and_are_shown_as_suspicious() -> None:
    data = 'question,answer\nTotal?,"=HYPERLINK(""http://x"",""y"")"\n'
    data += "Minus?,-5\nCall?,+86 10 1234\nOk?,@SUM(A1)\n"
    parsed = parse(data.encode(), filename="a.csv")
    assert '=HYPERLINK("http://x","y")' in parsed.text
    flagged = [parsed.text[found.start : found.end].split("\n")[0] for found in parsed.suspicious]
    assert flagged == ["Total?", "Ok?"]


def test_an_endless_cell_is_an_error_with_its_place() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(b'question,answer\na,"' + b"x" * 200_000, filename="a.csv")
    assert caught.value.errors[0].pointer.startswith("file:")


@pytest.mark.parametrize("given", ["Given\nTitle", None])
def test_the_title_is_the_given_one_or_the_files(given: str | None) -> None:
    parsed = parse(b"Text", filename="C:\\docs\\Price list.txt", title=given)
    assert parsed.title == ("Given Title" if given else "Price list")
