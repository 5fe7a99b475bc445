from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.retrieval.judged import Judged, measure, ndcg, read_judged, recall
from core.testing.encoder import FixedEncoder


def test_ndcg_by_hand() -> None:
    gains = {1: 2.0, 2: 1.0}
    ideal = 2.0 + 1.0 / math.log2(3)
    assert ndcg([1, 2, 3], gains) == pytest.approx(1.0)
    assert ndcg([3, 2, 1], gains) == pytest.approx((1.0 / math.log2(3) + 2.0 / 2.0) / ideal)
    assert ndcg([3] * 10 + [1], gains) == 0.0
    assert ndcg([], gains) == 0.0


def test_recall_counts_the_first_ten() -> None:
    assert recall([5, 1, 9], {1: 1.0, 2: 1.0}) == 0.5
    assert recall([*range(10, 20), 1], {1: 1.0}) == 0.0


def _write(folder: Path) -> tuple[Path, Path, Path]:
    corpus, queries, qrels = folder / "corpus.jsonl.gz", folder / "queries.jsonl", folder / "qrels.tsv"
    passages = {"a": "parcels arrive in three days", "b": "invoices come by mail", "c": "退货需要七天"}
    with gzip.open(corpus, "wt", encoding="utf-8") as file:
        file.writelines(
            json.dumps({"_id": key, "title": "", "text": text}) + "\n" for key, text in passages.items()
        )
    asked = {"1": "when do parcels arrive", "2": "退货要几天", "3": "nobody judged this"}
    queries.write_text("".join(json.dumps({"_id": k, "text": t}) + "\n" for k, t in asked.items()))
    qrels.write_text("query-id\tcorpus-id\tscore\n1\ta\t1\n1\tb\t0\n2\tc\t1\n")
    return corpus, queries, qrels


def test_a_set_is_read_and_measured_in_every_mode(tmp_path: Path) -> None:
    data = read_judged(*_write(tmp_path))
    assert data.relevant == ({0: 1.0}, {2: 1.0})
    figures = measure(data, FixedEncoder())
    assert figures.keys() == {"lexical", "dense", "hybrid"}
    assert figures["lexical"]["ndcg@10"] == figures["lexical"]["recall@10"] == 1.0
    assert figures["hybrid"]["recall@10"] == 1.0
    assert read_judged(*_write(tmp_path), limit=1).questions == ("when do parcels arrive",)


def test_a_passage_that_nothing_finds_counts_as_missed() -> None:
    passages = ("xylophone", *(f"parcel number {n}" for n in range(120)))
    figures = measure(Judged(passages, ("parcel number",), ({0: 1.0},)), FixedEncoder())
    assert figures["lexical"]["ndcg@10"] == figures["lexical"]["recall@10"] == 0.0


def test_intervals_hold_the_mean_and_widen_where_questions_differ() -> None:
    passages = ("parcels arrive", "invoices come", "cups break")
    asked = ("parcels arrive", "parcels arrive", "cups break", "cups break")
    found = measure(Judged(passages, asked, ({0: 1.0}, {1: 1.0}, {2: 1.0}, {0: 1.0})), FixedEncoder())[
        "lexical"
    ]
    assert found["ndcg@10_low"] < found["ndcg@10"] == 0.5 < found["ndcg@10_high"]


@pytest.mark.parametrize("judged", ["1\ta\t2\n2\tc\t1\n", "1 0 a 2\n2 0 c 1\n".replace(" ", "\t")])
def test_judgements_without_a_header_and_of_trec_are_read(tmp_path: Path, judged: str) -> None:
    files = _write(tmp_path)
    files[2].write_text(judged)
    assert read_judged(*files).relevant == ({0: 2.0}, {2: 1.0})


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("queries.jsonl", '{"_id": "1"}\n', "queries.jsonl:1"),
        ("queries.jsonl", "not JSON\n", "queries.jsonl:1"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\n1\tnobody\t1\n", "qrels.tsv:2"),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\n1\ta\tgood\n", "qrels.tsv:2"),
    ],
)
def test_a_wrong_row_is_pointed_at(tmp_path: Path, name: str, content: str, place: str) -> None:
    files = _write(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidInput) as caught:
        read_judged(*files)
    assert caught.value.errors[0].pointer == place


def test_files_without_a_common_id_are_refused(tmp_path: Path) -> None:
    corpus, queries, qrels = _write(tmp_path)
    queries.write_text('{"_id": "9", "text": "a"}\n')
    with pytest.raises(InvalidInput, match="No question has a judged passage"):
        read_judged(corpus, queries, qrels)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_judged(tmp_path / "none.jsonl", queries, qrels)
