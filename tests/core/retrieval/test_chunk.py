"""Passages: along the structure, complete, bounded, in linear time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.retrieval.chunk import OVERLAP, TARGET, chunk
from core.retrieval.parse import parse
from core.retrieval.parse.draft import Writer
from core.retrieval.records import Parsed

_HAN_TARGET = 350


def _read(source: str, name: str = "a.md") -> Parsed:
    return parse(source.encode(), filename=name)


def _pieces(parsed: Parsed) -> list[tuple[str, str]]:
    return [(piece.heading, parsed.text[piece.start : piece.end]) for piece in chunk(parsed)]


def test_sections_are_not_mixed_and_headings_stay_with_their_text() -> None:
    returns = "Thirty days, counted from delivery. We pay the postage of every parcel that comes back."
    fees = "None for members, three euros for everybody else. The fee is taken off the refund."
    assert _pieces(_read(f"# Help\n\n## Returns\n\n{returns}\n\n## Fees\n\n{fees}\n")) == [
        ("Help › Returns", f"Help\n\nReturns\n\n{returns}"),
        ("Help › Fees", f"Fees\n\n{fees}"),
    ]


def test_tiny_sections_of_one_parent_are_joined_and_of_two_are_not() -> None:
    assert _pieces(_read("# Hours\n\n## Monday\n\n9-17\n\n## Tuesday\n\n9-12\n\n# Fax\n\nNone\n")) == [
        ("Hours", "Hours\n\nMonday\n\n9-17\n\nTuesday\n\n9-12"),
        ("Fax", "Fax\n\nNone"),
    ]


def test_every_row_is_a_passage_of_its_own() -> None:
    parsed = _read("question,answer\nA?,B.\nC?,D.\n", "a.csv")
    assert [text for _, text in _pieces(parsed)] == ["A?\nB.", "C?\nD."]


@pytest.mark.parametrize(("rows", "passages"), [(40, 1), (70, 1), (400, 8)])
def test_tables_are_whole_up_to_twice_the_target_and_are_cut_between_rows(rows: int, passages: int) -> None:
    table = "Item | Fee\n---|---\n" + "\n".join(f"Parcel {row:03} | {row:03} EUR" for row in range(rows))
    found = _pieces(_read(f"# Fees\n\n{table}\n"))
    assert abs(len(found) - passages) <= 2 * (passages > 1)
    for _, text in found:
        assert all(line.count("|") == 1 for line in text.split("\n") if line not in ("Fees", ""))


@pytest.mark.parametrize(
    ("sentence", "most"),
    [
        ("Parcel number {} is sent back to us by the carrier. ", TARGET),
        ("第{}个包裹由快递公司退回给我们的仓库。", _HAN_TARGET),
    ],
)
def test_long_paragraphs_are_cut_between_sentences_with_one_repeated(sentence: str, most: int) -> None:
    parsed = _read("".join(sentence.format(number) for number in range(200)), "a.txt")
    pieces = chunk(parsed)
    texts = [parsed.text[piece.start : piece.end] for piece in pieces]
    assert all(text[-1] in ".。" for text in texts)
    assert all(0.6 * most <= len(text) <= 1.2 * most for text in texts[:-1])
    assert all(second.start < first.end for first, second in pairwise(pieces))
    assert all(first.end - second.start <= OVERLAP for first, second in pairwise(pieces))


def test_a_sentence_over_the_target_is_cut_at_a_blank() -> None:
    parsed = _read("word " * 1000, "a.txt")
    assert {text.strip()[:4] for _, text in _pieces(parsed)} == {"word"}


def _weight(text: str) -> float:
    return sum(18 / 7 if ord(sign) > 0x2E7F else 1 for sign in text)


_word = st.sampled_from(
    ["parcel", "refund", "U.S.", "3.5", "退货", "须知。", "谢谢！", "a" * 30, "退" * 40, "e.g.", "?", "😀"]
)
_line = st.lists(_word, min_size=1, max_size=60).map(" ".join)
_kind = st.sampled_from(["heading", "paragraph", "list", "table", "row", "code"])
_block = st.tuples(_kind, st.lists(_line, min_size=1, max_size=6).map("\n".join), st.integers(1, 3))


def _written(blocks: list[tuple[str, str, int]], paged: bool) -> Parsed:
    writer = Writer()
    for number, (kind, text, level) in enumerate(blocks):
        writer.page = 1 + number // 5 if paged else None
        if kind == "heading":
            writer.heading(level, text.split("\n")[0])
        else:
            writer.add(kind, text)  # type: ignore[arg-type]
    draft = writer.draft()
    return Parsed(draft.text, draft.blocks, "t", "en")


@settings(max_examples=60, deadline=None)
@given(st.lists(_block, min_size=1, max_size=25), st.booleans(), st.sampled_from([60, 200, 900]))
def test_passages_cover_all_in_order_within_bounds(
    blocks: list[tuple[str, str, int]], paged: bool, target: int
) -> None:
    parsed = _written(blocks, paged)
    pieces = chunk(parsed, target=target, overlap=target // 8)
    reached = 0
    for piece in pieces:
        text = parsed.text[piece.start : piece.end]
        assert text == text.strip() != ""
        assert not parsed.text[reached : piece.start].strip()
        assert piece.end > reached
        assert _weight(text) <= 2.25 * target  # rows stay whole, with the words around them
        inside = [block for block in parsed.blocks if block.start < piece.end and block.end > piece.start]
        assert {block.page for block in inside} == {piece.page}
        named = piece.heading.split(" › ") if piece.heading else []
        assert all(list(block.heading[: len(named)]) == named or block.kind == "heading" for block in inside)
        reached = piece.end
    assert not parsed.text[reached:].strip()


@pytest.mark.parametrize(
    "unit",
    ["The parcel comes in two days. ", "包裹两天到。", "a", "字", "a b\n\n", "# H\n\n", "- x\n", "  \n"],
)
def test_a_million_characters_make_work_in_proportion(unit: str) -> None:
    # Counted, not timed: how many characters are looked at again must not grow with the text.
    counts = []
    for size in (20_000, 80_000):
        parsed = Parsed(("x" + unit * (size // len(unit)))[:size].rstrip(), (), "t", "en")
        writer = Writer()
        writer.add("paragraph", parsed.text)
        draft = writer.draft()
        pieces = chunk(Parsed(draft.text, draft.blocks, "t", "en"))
        counts.append(sum(piece.end - piece.start for piece in pieces) / len(draft.text))
    assert counts[1] <= 1.1 * counts[0] + 0.05
