"""Labelled rows out of files as people have them; what is wrong is told by row, column and mend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import InvalidInput, NotFound
from core.records import Example
from core.training.dataset import MAX_FAULTS, check_trainable, load


def _csv(folder: Path, text: str, *, name: str = "rows.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def _jsonl(folder: Path, *rows: dict[str, Any]) -> Path:
    return _csv(folder, "".join(json.dumps(row) + "\n" for row in rows), name="rows.jsonl")


def _pointers(error: InvalidInput) -> list[str]:
    return [fault.pointer for fault in error.errors]


def test_text_and_label(tmp_path: Path) -> None:
    data = load(_csv(tmp_path, 'text,label\n"Profit rose, again",good\n  Sales fell ,bad\n'))

    assert data.train == (Example("Profit rose, again", ("good",)), Example("Sales fell", ("bad",)))
    assert (data.labels, data.rows, data.warnings, data.dev) == (("bad", "good"), 2, (), ())


@pytest.mark.parametrize("text", ["headline", "title", "content", "Text", " sentence ", "QUERY"])
@pytest.mark.parametrize("label", ["label", "Category", "class"])
def test_columns_are_recognised(text: str, label: str, tmp_path: Path) -> None:
    data = load(_csv(tmp_path, f"id,{text},{label}\n1,Profit rose,good\n"))

    assert data.train == (Example("Profit rose", ("good",)),)


def test_the_best_name_is_taken_and_a_mapping_overrides_it(tmp_path: Path) -> None:
    path = _csv(tmp_path, "title,text,label,mood\na title,a text,1,good\n")

    assert load(path).train[0].text == "a text"
    assert load(path, mapping={"text": "title", "label": "mood"}).train == (Example("a title", ("good",)),)


def test_a_wrong_column_lists_those_there_are_and_the_option(tmp_path: Path) -> None:
    path = _csv(tmp_path, "körper,sentiment\nx,y\n")

    with pytest.raises(
        InvalidInput, match=r"rows\.csv has no column 'text'; it has: körper, sentiment"
    ) as caught:
        load(path)
    assert "--map text=COLUMN" in caught.value.remedy
    with pytest.raises(InvalidInput, match="no column 'label'"):
        load(path, mapping={"text": "körper"})
    with pytest.raises(InvalidInput, match="no column 'nope'") as caught:
        load(path, mapping={"text": "nope"})
    assert _pointers(caught.value) == ["/0/nope"]
    with pytest.raises(InvalidInput, match="knows no field 'txt'"):
        load(path, mapping={"txt": "körper", "text": "körper", "label": "sentiment"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"\n\n", "no readable CSV"),
        ("a.csv", b"text,label\n", "a.csv has no rows"),
        ("a.csv", b"text,label\nx,y\nx,y,z\n", "no readable CSV"),
        ("a.csv", b"text,label\nx,y,z\nx,y,z\n", "more cells than the header"),
        ("a.csv", b'text,label\n"x,y\nx,y\n', "no readable CSV"),
        ("a.csv", bytes(range(256)) * 40, r"a\.csv"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + b"\xff\x00\xfe" * 99, r"a\.csv"),
        ("a.jsonl", b'{"text": "x", "label": "y"}\n{"text"\n', r"a\.jsonl, line 2"),
        ("a.jsonl", b'"text"\n', r"line 1: is no JSON object"),
        ("a.jsonl", b"[" * 50_000, r"line 1"),
        ("a.parquet", b"PAR1PAR1", "no readable Parquet"),
        ("a.xls", b"text", "a.xls is none of"),
        ("a", b"text", "a is none of"),
    ],
)
def test_files_that_cannot_be_read(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InvalidInput, match=message) as caught:
        load(tmp_path / name)

    assert caught.value.remedy


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "folder.csv", tmp_path / "none.csv"):
        with pytest.raises(NotFound, match="There is no file"):
            load(path)


def test_a_broken_json_line_has_its_number_as_pointer(tmp_path: Path) -> None:
    path = _csv(tmp_path, '{"text": "x", "label": "y"}\n\n{"text": NaN', name="a.jsonl")

    with pytest.raises(InvalidInput) as caught:
        load(path)

    assert _pointers(caught.value) == ["/3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gbk", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings(encoding: str, newline: str, tmp_path: Path) -> None:
    rows = ["text,label", *(f"公司第{n}季度净利润同比增长，股价上涨,利好" for n in range(10))]

    data = load(_csv(tmp_path, newline.join(rows), encoding=encoding))

    assert data.labels == ("利好",)
    assert data.train[3].text == "公司第3季度净利润同比增长，股价上涨"


@pytest.mark.parametrize(
    "text",
    [
        "😀👩‍👩‍👧 up",
        "\u202eright to left\u202c שלום",
        "营收１２３４万元",
        "e\u0301",
        "a\nb",
        'say "no"',
        "NA",
        "null",
        "-",
    ],
)
def test_texts_are_kept_as_they_are(text: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": [text], "label": ["x"]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "a.parquet")

    for name in ("a.csv", "a.jsonl", "a.parquet"):
        assert load(tmp_path / name).train == (Example(text, ("x",)),)


def test_a_text_of_ten_megabytes_is_refused_where_it_stands(tmp_path: Path) -> None:
    path = _csv(tmp_path, "text,label\nfine,x\n" + "很长" * 2_000_000 + ",x\n")

    with pytest.raises(InvalidInput, match=r"row 2, column 'text': has 4,000,000 characters") as caught:
        load(path)

    assert _pointers(caught.value) == ["/2/text"]
    assert len(str(caught.value)) < 300


def test_cells_that_are_wrong_are_all_told_by_row_and_column(tmp_path: Path) -> None:
    path = _csv(tmp_path, "headline,label\nfine,a\n,a\nno label,\nnul \0,a\nfine too,b\n")

    with pytest.raises(
        InvalidInput, match="3 cells are wrong, the first at row 2, column 'headline'"
    ) as caught:
        load(path)

    assert _pointers(caught.value) == ["/2/headline", "/3/label", "/4/headline"]


def test_many_faults_are_counted_and_some_shown(tmp_path: Path) -> None:
    path = _csv(tmp_path, "text,label\n" + "x,\n" * 500)

    with pytest.raises(InvalidInput, match="500 cells are wrong") as caught:
        load(path)

    assert len(caught.value.errors) == MAX_FAULTS


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        ({"text": "half \ud83d", "label": "a"}, "/1/text"),
        ({"text": None, "label": "a"}, "/1/text"),
        ({"text": ["a", "b"], "label": "a"}, "/1/text"),
        ({"text": {"a": 1}, "label": "a"}, "/1/text"),
        ({"text": "x", "label": None}, "/1/label"),
        ({"text": "x", "label": []}, "/1/label"),
        ({"text": "x", "label": ["a", "b"]}, "/1/label"),
        ({"text": "x", "label": "a", "text_pair": ""}, "/1/text_pair"),
    ],
)
def test_odd_json_values(row: dict[str, Any], pointer: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(_jsonl(tmp_path, row))

    assert _pointers(caught.value) == [pointer]


def test_numbers_are_text_and_labels(tmp_path: Path) -> None:
    data = load(_jsonl(tmp_path, {"text": 1.5, "label": 1}, {"text": "x", "label": ["0"]}))

    assert data.train == (Example("1.5", ("1",)), Example("x", ("0",)))


def test_repeated_rows_are_kept_once_and_conflicts_left_out_and_told(tmp_path: Path) -> None:
    rows = ["same,a", "same,a", "torn,a", "torn,b", "torn,a", "one,b"]

    data = load(_csv(tmp_path, "text,label\n" + "\n".join(rows)))

    assert [row.text for row in data.train] == ["same", "one"]
    assert data.rows == 6
    assert data.warnings == (
        "1 repeated rows left out",
        "3 rows left out: the same text with different labels",
    )


def test_a_pair_makes_the_row(tmp_path: Path) -> None:
    data = load(_csv(tmp_path, "text,text_pair,label\nsame,one,a\nsame,two,b\nsame,two,b\n"))

    assert [(row.text_pair, row.labels) for row in data.train] == [("one", ("a",)), ("two", ("b",))]


def test_several_labels_in_a_cell_or_a_list(tmp_path: Path) -> None:
    path = _csv(tmp_path, "text,labels\none,a; b;a\ntwo,\nthree,c\n")
    spaced = _csv(tmp_path, "text,label\none,a  b\ntwo,c\n", name="spaced.csv")
    lists = _jsonl(tmp_path, {"text": "one", "label": ["a", "b", "a"]}, {"text": "two", "label": None})
    table = tmp_path / "a.parquet"
    pd.DataFrame({"text": ["one", "two"], "label": [["a", "b"], []]}).to_parquet(table)

    assert [row.labels for row in load(path, kind="multi").train] == [("a", "b"), (), ("c",)]
    assert [row.labels for row in load(lists, kind="multi").train] == [("a", "b"), ()]
    assert [row.labels for row in load(table, kind="multi").train] == [("a", "b"), ()]
    read = load(spaced, kind="multi", label_separator=" ")
    assert [row.labels for row in read.train] == [("a", "b"), ("c",)]


def test_the_order_of_labels_is_no_conflict(tmp_path: Path) -> None:
    data = load(_csv(tmp_path, "text,label\nx,a;b\nx,b;a\n"), kind="multi")

    assert len(data.train) == 1


def test_group_language_and_split(tmp_path: Path) -> None:
    path = _csv(
        tmp_path,
        "text,label,lang,group,split\n1,a,en,g1,train\n2,a,zh,,Dev\n3,b,,g2,validation\n4,b,,,test\n5,c,,,\n",
    )

    data = load(path)

    assert data.train == (Example("1", ("a",), lang="en", group="g1"), Example("5", ("c",)))
    assert data.dev == (Example("2", ("a",), lang="zh"), Example("3", ("b",), group="g2"))
    assert data.test == (Example("4", ("b",)),)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_no_row_is_learnt_and_tested(split: str, tmp_path: Path) -> None:
    data = load(_csv(tmp_path, f"text,label,split\nx,a,train\ny,b,train\nx,a,{split}\n"))

    assert [row.text for row in data.train] == ["y"]
    assert data.warnings == ("1 training rows left out: they stand in the held-out rows too",)


def test_a_table_without_labels(tmp_path: Path) -> None:
    data = load(_csv(tmp_path, "text\nx\nx\n"), labelled=False)

    assert data.train == (Example("x"), Example("x"))


def test_the_fingerprint_is_of_the_rows_that_are_used(tmp_path: Path) -> None:
    one = load(_csv(tmp_path, "text,label\nx,a\ny,b\n"))
    same = load(_csv(tmp_path, "label,text,id\na,x,1\na,x,2\nb,y,3\n", name="b.csv"))
    other = load(_csv(tmp_path, "text,label\ny,b\nx,a\n", name="c.csv"))
    shifted = load(_csv(tmp_path, "text,label\nxa,a\ny,b\n", name="d.csv"))

    assert one.fingerprint == same.fingerprint
    assert len({one.fingerprint, other.fingerprint, shifted.fingerprint}) == 3


@pytest.mark.parametrize(
    ("rows", "kind", "message"),
    [
        (["x,a"], "single", "has 1 usable rows"),
        ([f"{n},{n % 2}" for n in range(7)], "single", "has 7 usable rows"),
        ([f"{n},a" for n in range(50)], "single", "has 1 class in its training rows: a"),
        ([f"{n}," for n in range(50)], "multi", "has 0 class in its training rows: none"),
    ],
)
def test_too_little_to_learn_from(rows: list[str], kind: Any, message: str, tmp_path: Path) -> None:
    data = load(_csv(tmp_path, "text,label\n" + "\n".join(rows)), kind=kind)

    with pytest.raises(InvalidInput, match=rf"rows\.csv {message}") as caught:
        check_trainable(data, kind)

    assert caught.value.remedy


def test_tabs(tmp_path: Path) -> None:
    data = load(_csv(tmp_path, "text\tlabel\nwith, comma\ta\n", name="a.tsv"))

    assert data.train == (Example("with, comma", ("a",)),)


def test_the_entity_that_a_row_asks_about_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,entity,label\nA sues B,A,ok\nA sues B,B,bad\nA sues B,C,ok\n", "utf-8")
    asked = load(path, focus=True).train
    assert [(row.text, row.labels) for row in asked] == [
        ("A: « A » sues B", ("ok",)),
        ("B: A sues « B »", ("bad",)),
        ("C: A sues B", ("ok",)),
    ]
    assert len({row.group for row in asked}) == 1, "one text stays on one side of a split"
    assert load(path, mapping={"entity": "entity"}).train == asked


def test_a_column_of_entities_is_read_only_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,entity,label\nA sues B,A,ok\n", "utf-8")
    assert load(path).train[0].text == "A sues B"
    path.write_text("text,label\nA sues B,ok\n", "utf-8")
    with pytest.raises(InvalidInput, match="no column 'entity'"):
        load(path, focus=True)
