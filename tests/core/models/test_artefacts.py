"""Artefacts: published whole, named by content, verified file by file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import IntegrityFailure, InvalidInput, NotFound, RefusedWeights, StorageFull, Unavailable
from core.models import durable
from core.models.artefacts import MANIFEST, DataRef, EncoderRef, Manifest, load_manifest, publish
from core.models.manifest import RejectRef

_WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def manifest(**changes: object) -> Manifest:
    """A manifest with something in every field."""
    facts: dict[str, object] = {
        "task": "finance.sentiment",
        "kind": "single",
        "method": "head",
        "labels": ["negative", "neutral", "正面"],
        "encoder": EncoderRef(name="tiny", fingerprint="f" * 64),
        "recipe": {"epochs": 4, "learning_rate": 1e-4},
        "data": DataRef(fingerprint="d" * 64, rows=300, files=["train.csv"]),
        "metrics": {"macro_f1": {"value": 0.8, "low": 0.75, "high": 0.85}, "accuracy": 0.82},
        "baselines": {"tfidf": {"macro_f1": 0.7}},
        "licences": ["MIT"],
        "temperature": 1.25,
        "thresholds": {"positive": 0.5},
        "created_at": _WHEN,
    }
    return Manifest.model_validate(facts | changes)


def build(folder: Path) -> None:
    (folder / "head").mkdir()
    (folder / "head" / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")


def test_what_is_published_is_read_back(tmp_path: Path) -> None:
    folder = publish(build, manifest(), tmp_path / "artefacts")

    read = load_manifest(folder)

    assert folder.parent == tmp_path / "artefacts"
    assert read.id == folder.name
    assert sorted(read.files) == ["head/model.safetensors", "tokenizer.json"]
    assert read.model_copy(update={"id": "", "files": {}}) == manifest()


def test_the_id_stands_for_the_content(tmp_path: Path) -> None:
    def other(folder: Path) -> None:
        build(folder)
        (folder / "tokenizer.json").write_text("{ }", encoding="utf-8")

    first = publish(build, manifest(), tmp_path)

    assert publish(build, manifest(), tmp_path) == first
    assert publish(other, manifest(), tmp_path) != first
    assert publish(build, manifest(temperature=1.5), tmp_path) != first


def test_publishing_again_over_a_broken_folder_is_noticed(tmp_path: Path) -> None:
    folder = publish(build, manifest(), tmp_path)
    (folder / "tokenizer.json").write_text("{}!", encoding="utf-8")

    with pytest.raises(IntegrityFailure, match=r"tokenizer\.json"):
        publish(build, manifest(), tmp_path)


@pytest.mark.parametrize("name", ["head/model.safetensors", "tokenizer.json"])
def test_a_flipped_byte_names_its_file(name: str, tmp_path: Path) -> None:
    folder = publish(build, manifest(), tmp_path)
    raw = bytearray((folder / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / name).write_bytes(raw)

    with pytest.raises(IntegrityFailure, match=name) as caught:
        load_manifest(folder)

    assert caught.value.remedy
    assert load_manifest(folder, verify=False).id == folder.name


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "is missing"),
        (lambda folder: (folder / "extra.bin").write_bytes(b"x"), "was not published"),
        (lambda folder: (folder / "link").symlink_to("/etc/hosts"), "neither a plain file"),
    ],
)
def test_a_folder_that_lost_or_gained_a_file_is_found(
    spoil: Callable[[Path], None], fault: str, tmp_path: Path
) -> None:
    folder = publish(build, manifest(), tmp_path)
    spoil(folder)

    with pytest.raises(IntegrityFailure, match=fault):
        load_manifest(folder)


@pytest.mark.parametrize("field", ["metrics", "temperature", "files", "id"])
def test_a_changed_manifest_is_found(field: str, tmp_path: Path) -> None:
    folder = publish(build, manifest(), tmp_path)
    path = folder / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    changes: dict[str, object] = {"metrics": {"macro_f1": 0.99}, "temperature": 9.0, "files": {}, "id": "m-1"}
    path.write_text(json.dumps({**content, field: changes[field]}), encoding="utf-8")

    with pytest.raises(IntegrityFailure, match=MANIFEST):
        load_manifest(folder)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"task": 1}', b"\xff\xfe"])
def test_a_manifest_that_cannot_be_read_is_named(raw: bytes, tmp_path: Path) -> None:
    folder = publish(build, manifest(), tmp_path)
    (folder / MANIFEST).write_bytes(raw)

    with pytest.raises(IntegrityFailure, match=MANIFEST):
        load_manifest(folder)


def test_a_folder_without_a_manifest_is_no_artefact(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no artefact"):
        load_manifest(tmp_path)


def test_a_manifest_takes_only_what_json_and_people_can_read() -> None:
    for wrong in (
        {"temperature": float("nan")},
        {"created_at": datetime(2026, 1, 1)},
        {"extra": 1},
        {"task": ""},
    ):
        with pytest.raises(ValidationError):
            manifest(**wrong)


def test_what_build_raises_comes_out_and_nothing_is_published(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        build(folder)
        raise KeyError("training went wrong")

    with pytest.raises(KeyError, match="training"):
        publish(fail, manifest(), tmp_path)

    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    "name", ["training_args.bin", "optimizer.pt", "head.pkl", "model.joblib", "modeling.py"]
)
def test_pickles_and_code_are_not_published(name: str, tmp_path: Path) -> None:
    def unsafe(folder: Path) -> None:
        build(folder)
        (folder / "head" / name).write_bytes(b"x")

    with pytest.raises(RefusedWeights, match=name):
        publish(unsafe, manifest(), tmp_path)

    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {"value": object()}])
def test_a_figure_without_a_json_form_is_refused_by_name(value: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"finance\.sentiment"):
        publish(build, manifest(metrics={"macro_f1": value}), tmp_path)


def test_an_error_of_the_trainer_is_not_taken_for_the_disks(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (tmp_path / "no such file").read_bytes()

    with pytest.raises(FileNotFoundError, match="no such file"):
        publish(fail, manifest(), tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written_is_unavailable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(Unavailable, match="Cannot write"):
        publish(build, manifest(), tmp_path)


def test_a_root_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(Unavailable, match="Cannot write"):
        publish(build, manifest(), tmp_path / "file")


@pytest.mark.parametrize(
    "text", ["I/O error: No space left on device (os error 28)", "Os { code: 28, kind: x }"]
)
def test_a_full_disk_is_known_from_writers_outside_python(text: str, tmp_path: Path) -> None:
    from safetensors import SafetensorError

    with pytest.raises(StorageFull, match="nothing was published"), durable.writing(tmp_path):
        raise SafetensorError(text)


def test_the_id_of_an_artefact_from_before_a_field_was_added_stays() -> None:
    """Taken from the first version of the manifest, which had no `reject`."""
    old = Manifest(
        task="toy.mood", kind="single", method="head", created_at=datetime(2026, 11, 21, tzinfo=UTC)
    )
    assert old.content_id() == "m-76b14e37593c765812cfe547"
    changed = old.model_copy(update={"reject": RejectRef(label="none", limit=1.0, scale=1.0)})
    assert changed.content_id() != old.content_id()
