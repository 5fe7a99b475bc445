"""The index is a cache: whatever happens to it, the next search says what the database says."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.models.hashing import list_files, sha256_text
from core.ports import Role, Text
from core.retrieval.published import folder_of
from core.storage.engine import Storage
from core.testing.encoder import FixedEncoder
from core.testing.storage import open_storage
from tests.core.retrieval.shops import Shop

WORDS = [
    "refund",
    "parcel",
    "invoice",
    "garden",
    "bicycle",
    "lantern",
    "coffee",
    "window",
    "退货",
    "发票",
    "自行车",
    "咖啡",
]


@pytest.fixture
def reopened(sqlite_storage: Storage, tmp_path: Path) -> Callable[..., Shop]:
    """Return a function that makes a shop without anything in memory, over the same database and disk."""

    def shop(**options: int) -> Shop:
        return Shop(sqlite_storage, tmp_path / "data", **{"publish_after": 1, **options})

    return shop


def _published(tmp_path: Path, collection: str = "kb") -> list[Path]:
    root = folder_of(tmp_path / "data", "demo", collection)
    return sorted(root.glob("gen-*"))


def _answers(shop: Shop) -> list[list[tuple[str, int]]]:
    """Ask in all ways; scores are left out: document frequencies still count the freshly removed."""
    asked = [(word, mode) for word in WORDS for mode in ("lexical", "dense")]
    return [
        sorted((hit.document_id, hit.passage_id) for hit in shop.hits(word, mode=mode, k=100))
        for word, mode in asked
    ]


def test_an_index_that_followed_says_what_a_fresh_one_says(
    reopened: Callable[..., Shop], tmp_path: Path
) -> None:
    chance, shop = random.Random(7), reopened(publish_after=5)
    there: set[str] = set()
    for _ in range(40):
        name = f"d{chance.randrange(12)}"
        if name in there and chance.random() < 0.4:
            shop.delete(name)
            there.remove(name)
        else:
            shop.put(name, " ".join(chance.choices(WORDS, k=6)))
            there.add(name)
        if chance.random() < 0.5:
            assert {hit.document_id for hit in shop.hits("x", mode="dense", k=100)} == there

    followed = _answers(shop)
    assert followed == _answers(reopened())  # from what was published, and what came after
    shutil.rmtree(tmp_path / "data" / "index")
    assert followed == _answers(reopened())  # from the database alone
    assert {name for answer in followed for name, _ in answer} == there


def test_it_is_published_after_enough_changes_and_replaced_by_the_next(
    reopened: Callable[..., Shop], tmp_path: Path
) -> None:
    shop = reopened(publish_after=3)
    shop.put("a", "refund")
    shop.put("b", "parcel")
    assert shop.found("refund", mode="lexical") == ["a"]
    assert _published(tmp_path) == []

    shop.put("c", "invoice")
    shop.found("refund")
    first = _published(tmp_path)
    assert [path.name[:16] for path in first] == ["gen-000000000003"]
    for name in ("d", "e", "f"):
        shop.put(name, "garden")
    shop.found("refund")

    assert [path.name[:16] for path in _published(tmp_path)] == ["gen-000000000006"]


@pytest.mark.parametrize("name", ["manifest.json", "lexical.jsonl", "dense.safetensors"])
def test_a_published_index_with_another_byte_is_made_again(
    name: str, reopened: Callable[..., Shop], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = reopened()
    shop.put("a", "refund for a parcel")
    shop.put("b", "invoice by mail")
    expected = _answers(shop)
    [folder] = _published(tmp_path)
    assert sorted(list_files(folder)) == ["dense.safetensors", "lexical.jsonl", "manifest.json"]
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 4
    (folder / name).write_bytes(content)

    with caplog.at_level(logging.WARNING):
        assert _answers(reopened()) == expected

    assert "is not used" in caplog.text
    assert _published(tmp_path)


def test_a_database_that_went_back_in_time_is_believed(tmp_path: Path) -> None:
    file, kept = tmp_path / "colonnade.db", tmp_path / "backup.db"
    with open_storage(f"sqlite:///{file}", "demo", "other") as storage:
        shop = Shop(storage, tmp_path / "data", publish_after=1)
        shop.put("old", "refund of old")
    shutil.copy(file, kept)
    with open_storage(f"sqlite:///{file}") as storage:
        shop = Shop(storage, tmp_path / "data", publish_after=1)
        shop.put("new", "refund of new")
        shop.delete("old")
        assert shop.found("refund") == ["new"]
    for path in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        path.unlink(missing_ok=True)
    shutil.copy(kept, file)

    with open_storage(f"sqlite:///{file}") as storage:
        shop = Shop(storage, tmp_path / "data", publish_after=1)
        assert shop.found("refund") == ["old"]
        shop.put("newer", "refund of newer")  # takes the generation and the passage id that "new" had
        assert set(shop.found("refund")) == {"old", "newer"}


def test_an_index_that_lost_something_is_made_again(
    reopened: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = reopened()
    for name in ("a", "b", "c"):
        shop.put(name, f"refund {name}")
    [hit, *_] = shop.hits("refund")
    index = shop.shelf.entry("demo", "kb").index
    assert index is not None
    index.lexical.change([hit.passage_id], ())

    shop.put("d", "refund d")
    with caplog.at_level(logging.WARNING):
        assert set(shop.found("refund", mode="lexical")) == {"a", "b", "c", "d"}

    assert "made again" in caplog.text


def test_a_disk_that_refuses_does_not_stop_a_search(
    reopened: Callable[..., Shop], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "index").write_text("a file where a folder should be")
    shop = reopened()
    shop.put("a", "refund")

    with caplog.at_level(logging.WARNING):
        assert shop.found("refund") == ["a"]

    assert "not written to the disk" in caplog.text


def test_memory_holds_a_limited_number_of_collections(reopened: Callable[..., Shop]) -> None:
    shop = reopened(capacity=5000)
    for number in range(8):
        shop.put("only", f"refund number{number}", collection=f"kb{number}")
    for round_ in range(2):
        for number in range(8):
            assert shop.found(f"number{number}", collection=f"kb{number}", mode="lexical") == ["only"]
            assert len(shop.shelf) <= 3, f"round {round_}"


def test_one_collection_larger_than_the_limit_still_answers(reopened: Callable[..., Shop]) -> None:
    shop = reopened(capacity=1)
    shop.put("a", "refund")
    assert shop.found("refund") == shop.found("refund") == ["a"]
    assert len(shop.shelf) == 1


class _OtherEncoder(FixedEncoder):
    """Reads the same texts into another space: the other way round, and says so."""

    fingerprint = sha256_text("other")

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> NDArray[np.float32]:
        return np.ascontiguousarray(super().encode(texts, role=role)[:, ::-1])


def test_vectors_of_another_encoder_are_never_compared(sqlite_storage: Storage, tmp_path: Path) -> None:
    before = Shop(sqlite_storage, tmp_path / "data", publish_after=1)
    before.put("a", "refund for a parcel")
    before.put("b", "invoice by mail")
    assert len(before.hits("refund", mode="dense")) == 2

    after = Shop(sqlite_storage, tmp_path / "data", encoder=_OtherEncoder(), publish_after=1)

    assert after.hits("refund for a parcel", mode="dense") == []
    [hit] = after.hits("refund")
    assert (hit.document_id, hit.dense) == ("a", None)
    after.put("a", "refund for a parcel")
    [hit] = after.hits("refund for a parcel", mode="dense")
    assert (hit.document_id, hit.dense) == ("a", pytest.approx(1.0, abs=2e-3))
    assert before.found("refund for a parcel", mode="dense") == ["b"]
