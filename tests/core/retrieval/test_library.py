"""The library on both databases: versions, deletion, tenants, races."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import func, select

from core.errors import Conflict, InvalidInput, NotFound, PayloadTooLarge
from core.ports import Role, Text
from core.retrieval.chunk import chunk
from core.retrieval.library import Library
from core.retrieval.parse import parse
from core.retrieval.records import DocumentInfo
from core.retrieval.tables import Collection, Document, Passage, Removal
from core.storage import audit
from core.storage.engine import Storage
from core.storage.tables import AuditEntry, OutboxEvent
from core.testing.encoder import FixedEncoder

_ONE = b"# Returns\n\nThirty days, and we pay the postage.\n"
_TWO = (
    b"# Returns\n\nFourteen days, and you pay the postage.\n\n# Fees\n\n"
    + b"A fee is due for large parcels. " * 60
)


class _Pausing(FixedEncoder):
    """Waits in the middle of a put until it is told to go on; keeps what it read."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.read: list[Text] = []

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> NDArray[np.float32]:
        self.read.extend(texts)
        self.reached.set()
        assert self.go_on.wait(60)
        return super().encode(texts, role=role)


@pytest.fixture
def library(storage: Storage) -> Library:
    return Library(storage, FixedEncoder())


def _put(library: Library, data: bytes = _ONE, name: str = "d1", **more: object) -> DocumentInfo:
    return library.put("demo", "kb", name, data, filename="returns.md", actor="test", **more)  # type: ignore[arg-type]


def _count(storage: Storage, table: type, tenant: str = "demo") -> int:
    with storage.read(tenant) as session:
        return session.scalar(select(func.count()).select_from(table).where(table.tenant_id == tenant)) or 0  # type: ignore[attr-defined]


def _generation(storage: Storage) -> int:
    with storage.read("demo") as session:
        return session.scalar(select(Collection.generation).where(Collection.tenant_id == "demo")) or 0


def _whole(storage: Storage, library: Library, data: bytes, info: DocumentInfo) -> None:
    """Assert that the passages stored are those of a fresh reading, of one version, with their vectors."""
    parsed = parse(data, filename="returns.md")
    with storage.read("demo") as session:
        mine = select(Passage).where(Passage.tenant_id == "demo", Passage.document_id == info.id)
        rows = session.scalars(mine.order_by(Passage.ordinal)).all()
    assert [(row.start, row.end, row.heading, row.page) for row in rows] == [
        (piece.start, piece.end, piece.heading, piece.page) for piece in chunk(parsed)
    ]
    assert library.text("demo", "kb", info.id) == parsed.text
    assert [row.ordinal for row in rows] == list(range(info.passages))
    for row in rows:
        assert row.text == parsed.text[row.start : row.end]
        assert row.version == info.version
        vector = np.frombuffer(row.vector, "<f2").astype(np.float32)
        assert vector.shape == (FixedEncoder.dimension,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-2)


def test_a_document_is_stored_whole(storage: Storage, library: Library) -> None:
    info = _put(library, _TWO, meta={"shop": "berlin"})
    assert (info.version, info.title, info.lang, dict(info.meta)) == (1, "Returns", "en", {"shop": "berlin"})
    assert info.passages >= 3
    assert library.get("demo", "kb", "d1") == info
    assert info.characters == len(library.text("demo", "kb", "d1"))
    _whole(storage, library, _TWO, info)


def test_the_same_again_changes_nothing(storage: Storage, library: Library) -> None:
    first = _put(library)
    assert _put(library) == first
    assert _generation(storage) == 1
    assert _count(storage, OutboxEvent) == _count(storage, AuditEntry) == 1


@pytest.mark.parametrize("change", [{"data": _TWO}, {"title": "New"}, {"meta": {"a": "b"}}])
def test_any_change_is_the_next_version(
    storage: Storage, library: Library, change: dict[str, object]
) -> None:
    first = _put(library)
    second = _put(library, **change)  # type: ignore[arg-type]
    assert (second.version, second.created_at) == (2, first.created_at)
    assert _generation(storage) == 2
    assert _count(storage, Removal) == first.passages
    assert _count(storage, Passage) == second.passages
    _whole(storage, library, _TWO if "data" in change else _ONE, second)


def test_another_encoder_makes_new_vectors(storage: Storage, library: Library) -> None:
    class Other(FixedEncoder):
        fingerprint = "0" * 64

    _put(library)
    assert _put(Library(storage, Other())).version == 2
    with storage.read("demo") as session:
        assert set(session.scalars(select(Passage.encoder))) == {"0" * 64}


def test_deleted_is_gone_and_numbers_are_not_used_again(storage: Storage, library: Library) -> None:
    first = _put(library, _TWO)
    library.delete("demo", "kb", "d1", actor="test")
    for call in (library.get, library.text):
        with pytest.raises(NotFound):
            call("demo", "kb", "d1")
    with pytest.raises(NotFound):
        library.delete("demo", "kb", "d1", actor="test")
    assert (_count(storage, Document), _count(storage, Passage)) == (0, 0)
    assert library.list("demo", "kb") == []
    again = _put(library, _TWO)
    assert again.version == 2
    with storage.read("demo") as session:
        old, new = set(session.scalars(select(Removal.passage_id))), set(session.scalars(select(Passage.id)))
        assert len(old) == first.passages
        assert min(new) > max(old)
        audit.verify(session)
        assert session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id)).all() == [
            "retrieval.document.stored",
            "retrieval.document.deleted",
            "retrieval.document.stored",
        ]


def test_another_tenants_document_is_not_there(storage: Storage, library: Library) -> None:
    _put(library)
    for call in (library.get, library.text):
        with pytest.raises(NotFound):
            call("other", "kb", "d1")
    with pytest.raises(NotFound):
        library.delete("other", "kb", "d1", actor="test")
    assert library.list("other", "kb") == []
    mine = library.put("other", "kb", "d1", _TWO, filename="a.md", actor="test")
    assert mine.version == 1
    library.delete("other", "kb", "d1", actor="test")
    assert library.get("demo", "kb", "d1").version == 1
    assert _count(storage, Removal, "demo") == 0


def test_lists_come_in_pages(library: Library) -> None:
    for number in range(5):
        _put(library, _ONE, f"d{number}")
    library.put("demo", "another", "x", _ONE, filename="a.md", actor="test")
    first = library.list("demo", "kb", limit=3)
    rest = library.list("demo", "kb", cursor=first[-1].id, limit=3)
    assert [info.id for info in (*first, *rest)] == [f"d{number}" for number in range(5)]
    assert first[0] == library.get("demo", "kb", "d0")
    assert library.list("demo", "nothing") == []


def test_what_is_embedded_is_masked_and_what_is_stored_is_not(storage: Storage) -> None:
    encoder = _Pausing()
    encoder.go_on.set()
    library = Library(storage, encoder)
    library.put("demo", "kb", "d1", "# Ｃall\n\nMail li@example.com.".encode(), filename="a.md", actor="test")
    assert encoder.read == ["Call Call Mail <EMAIL>."]
    assert "li@example.com" in library.text("demo", "kb", "d1")
    with storage.read("demo") as session:
        told = (
            session.scalars(select(OutboxEvent.payload)).all(),
            session.scalars(select(AuditEntry.detail)).all(),
        )
    assert "example" not in str(told)


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a b", ".a", "a\x00", "文", "x" * 121, "a\n"])
def test_names_that_paths_and_addresses_trip_over_are_refused(library: Library, name: str) -> None:
    with pytest.raises(InvalidInput):
        library.put("demo", "kb", name, _ONE, filename="a.md", actor="test")
    with pytest.raises(InvalidInput):
        library.put("demo", name, "d1", _ONE, filename="a.md", actor="test")


@pytest.mark.parametrize(
    "meta", [{"a": 1}, {"": "x"}, {"k" * 65: "x"}, {"a": "x" * 401}, {"a": "\ud800"}, {"a\x00": "b"}]
)
def test_wrong_meta_is_refused(library: Library, meta: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        _put(library, meta=meta)


def test_a_file_over_the_cap_is_refused_before_it_is_read(storage: Storage) -> None:
    with pytest.raises(PayloadTooLarge):
        _put(Library(storage, FixedEncoder(), max_bytes=10))
    assert _count(storage, Document) == 0


def test_a_file_that_cannot_be_read_leaves_the_old_version(storage: Storage, library: Library) -> None:
    first = _put(library)
    with pytest.raises(InvalidInput):
        library.put("demo", "kb", "d1", b"%PDF-1.7 rubbish", filename="a.pdf", actor="test")
    assert library.get("demo", "kb", "d1") == first


def _while_putting(storage: Storage, data: bytes, then: object) -> list[object]:
    """Start a put, run `then` while it encodes, and return what became of the put."""
    encoder, outcome = _Pausing(), list[object]()

    def run() -> None:
        try:
            outcome.append(_put(Library(storage, encoder), data))
        except Conflict as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert encoder.reached.wait(60)
    then()  # type: ignore[operator]
    encoder.go_on.set()
    thread.join(60)
    return outcome


def test_deleted_while_it_is_read_leaves_no_orphan(storage: Storage, library: Library) -> None:
    _put(library)
    (outcome,) = _while_putting(storage, _TWO, lambda: library.delete("demo", "kb", "d1", actor="test"))
    assert isinstance(outcome, Conflict)
    assert (_count(storage, Document), _count(storage, Passage)) == (0, 0)


def test_put_and_deleted_while_the_first_put_is_read(storage: Storage, library: Library) -> None:
    def then() -> None:
        _put(library)
        library.delete("demo", "kb", "d1", actor="test")

    (outcome,) = _while_putting(storage, _TWO, then)
    assert isinstance(outcome, Conflict)
    assert (_count(storage, Document), _count(storage, Passage)) == (0, 0)


def test_replaced_while_it_is_read_keeps_the_newer(storage: Storage, library: Library) -> None:
    (outcome,) = _while_putting(storage, _TWO, lambda: _put(library))
    assert isinstance(outcome, Conflict)
    info = library.get("demo", "kb", "d1")
    assert info.version == 1
    _whole(storage, library, _ONE, info)


def test_the_same_put_twice_at_once_is_one(storage: Storage, library: Library) -> None:
    (outcome,) = _while_putting(storage, _ONE, lambda: _put(library))
    assert outcome == library.get("demo", "kb", "d1")
    assert _generation(storage) == 1


def test_many_puts_of_one_id_at_once_leave_one_whole_version(storage: Storage, library: Library) -> None:
    texts = [_ONE + f"\nText number {number}.\n".encode() * (number + 1) for number in range(8)]
    stored: list[tuple[bytes, DocumentInfo]] = []

    def run(data: bytes) -> None:
        try:
            stored.append((data, _put(library, data)))
        except Conflict:
            return

    threads = [threading.Thread(target=run, args=(data,)) for data in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    info = library.get("demo", "kb", "d1")
    assert sorted(item.version for _, item in stored) == list(range(1, info.version + 1))
    assert _generation(storage) == info.version
    (data,) = [data for data, item in stored if item.version == info.version]
    _whole(storage, library, data, info)
