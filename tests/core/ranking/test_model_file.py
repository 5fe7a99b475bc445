"""A saved model scores the same, bit for bit; a damaged file is refused."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import RefusedWeights
from core.models.safetensors_file import read_tensors, write_tensors
from core.ranking.blend import fit_blend
from core.ranking.interactions import Interactions, decayed
from core.ranking.model_file import _seal, load_model, save_model
from tests.core.ranking.shop import drifting


@pytest.fixture
def saved(tmp_path):
    model = fit_blend(Interactions.from_rows([*drifting(), ("顾客", "面膜 ✨", 1.0, 5.0)]))
    save_model(model, tmp_path / "model.safetensors")
    return model, tmp_path / "model.safetensors"


def test_scores_are_identical_after_save_and_load(saved) -> None:
    model, path = saved

    loaded = load_model(path)

    history = decayed(["g0-1", "g3-2", "面膜 ✨"])
    assert np.array_equal(loaded.scores(history), model.scores(history))
    assert loaded.top(history, 20) == model.top(history, 20)
    assert (loaded.kind, loaded.items, loaded.decay, loaded.parameters) == (
        model.kind,
        model.items,
        model.decay,
        model.parameters,
    )


def test_any_changed_byte_and_any_cut_is_refused(saved) -> None:
    _, path = saved
    sound = path.read_bytes()
    places = [*range(0, len(sound), max(1, len(sound) // 150)), len(sound) - 1]

    for place in places:
        broken = bytearray(sound)
        broken[place] ^= 0x10
        path.write_bytes(broken)
        with pytest.raises(RefusedWeights, match=r"model\.safetensors"):
            load_model(path)
    for length in (0, 5, 100, len(sound) - 1):
        path.write_bytes(sound[:length])
        with pytest.raises(RefusedWeights):
            load_model(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("targets", lambda found: found + 10_000),
        ("targets", lambda found: found - 10_000),
        ("indptr", lambda found: found[::-1].copy()),
        ("indptr", lambda found: found[:-1]),
        ("weights", lambda found: found * np.float32("nan")),
        ("weights", lambda found: found[:-1]),
        ("bias", lambda found: found[:-1]),
        ("ids", lambda found: np.frombuffer(b'["b","a"]', np.uint8)),
        ("ids", lambda found: np.frombuffer(b"[", np.uint8)),
        ("about", lambda found: np.frombuffer(b"{}", np.uint8)),
        ("weights", lambda found: found.astype(np.float64)),
    ],
)
def test_a_file_that_is_sealed_but_wrong_is_refused(saved, name, change) -> None:
    _, path = saved
    arrays = read_tensors(path)
    arrays[name] = change(arrays[name])
    del arrays["seal"]
    write_tensors(path, {**arrays, "seal": _seal(arrays)})

    with pytest.raises(RefusedWeights):
        load_model(path)


def test_a_missing_file_and_a_strange_one_are_refused(tmp_path) -> None:
    with pytest.raises(RefusedWeights, match="cannot be read"):
        load_model(tmp_path / "none.safetensors")
    write_tensors(tmp_path / "head.safetensors", {"weight": np.zeros((2, 2), np.float32)})
    with pytest.raises(RefusedWeights, match="arrays of an item model"):
        load_model(tmp_path / "head.safetensors")
