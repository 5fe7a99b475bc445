"""Folders that must not be loaded are refused, with the file and the fault in the message."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import RefusedWeights
from core.models import config_keys, layout, safety
from core.models.safetensors_file import write_tensors

_BERT = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 10,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
}


class _Bomb:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(Path(os.environ["COLONNADE_DATA"]).parent / "exploded"),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is accepted."""
    folder = tmp_path / "model"
    folder.mkdir()
    write_tensors(folder / "model.safetensors", {"w": np.ones(3, np.float32)})
    layout.write_bert_config(folder, **_BERT)
    layout.write_tokenizer_config(folder, max_tokens=16, pad_token="[PAD]")
    layout.write_sentence_modules(folder, dimension=32, max_tokens=16)
    (folder / "tokenizer.json").write_text('{"version": "1.0"}', encoding="utf-8")
    return folder


def _edit(path: Path, **changes: Any) -> None:
    config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**config, **changes}), encoding="utf-8")


def test_a_plain_folder_is_accepted(folder: Path) -> None:
    assert safety.check_folder(folder) == "bert"


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "model.pkl", "m.ckpt", "m.pickle", "tf_model.h5"]
)
def test_weights_that_are_only_pickles_are_refused_unread(name: str, folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(_Bomb()))

    with pytest.raises(RefusedWeights, match=name) as caught:
        safety.check_folder(folder)

    assert "safetensors" in caught.value.remedy
    assert not (tmp_path / "exploded").exists()


def test_a_pickle_beside_safetensors_is_left_unread(folder: Path, tmp_path: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Bomb()))

    safety.check_folder(folder)

    assert not (tmp_path / "exploded").exists()


def test_a_pickle_in_a_modules_own_folder_is_refused(folder: Path) -> None:
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"x")

    with pytest.raises(RefusedWeights, match="2_Dense"):
        safety.check_folder(folder)


def test_python_beside_weights_is_refused(folder: Path) -> None:
    (folder / "modeling_x.py").write_text("import os", encoding="utf-8")

    with pytest.raises(RefusedWeights, match="modeling_x"):
        safety.check_folder(folder)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("config.json", {"auto_map": {"AutoModel": "owner/repo--modeling.Evil"}}),
        ("config.json", {"trust_remote_code": True}),
        ("config.json", {"id2label": {"0": {"auto_map": "x"}}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["x.Evil", None]}}),
        ("config_sentence_transformers.json", {"model_kwargs": {"trust_remote_code": True}}),
        ("1_Pooling/config.json", {"auto_map": {}}),
        ("preprocessor_config.json", {"custom_pipelines": {"x": {"impl": "evil.Pipe"}}}),
        ("tokenizer.json", {"auto_map": {}}),
    ],
)
def test_remote_code_is_refused_wherever_it_is_named(
    name: str, changes: dict[str, Any], folder: Path
) -> None:
    _edit(folder / name, **changes)

    with pytest.raises(RefusedWeights, match=r"remote code|not known") as caught:
        safety.check_folder(folder)

    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"run_this": "rm"}, "'run_this' is not known"),
        ({"_attn_implementation": "owner/kernel"}, "_attn_implementation"),
        ({"quantization_config": {"quant_method": "custom"}}, "quantization_config"),
        ({"model_type": "evil"}, "model type 'evil'"),
        ({"model_type": None}, "model type None"),
        ({"model_type": ["bert"]}, "model type"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({"vocab_size": 2**62}, "vocab_size"),
        ({"hidden_size": "32"}, "hidden_size"),
        ({"hidden_size": True}, "hidden_size"),
        ({"max_position_embeddings": -5}, "max_position_embeddings"),
        ({"intermediate_size": 1e300}, "intermediate_size"),
    ],
)
def test_an_unknown_or_absurd_config_is_refused(changes: dict[str, Any], fault: str, folder: Path) -> None:
    _edit(folder / "config.json", **changes)

    with pytest.raises(RefusedWeights, match=fault):
        safety.check_folder(folder)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"null", b"{", b"\xff\xfe{\x00}\x00\x00", b"[" * 200_000, b'{"a":' + b"1" * 9999 + b"}"],
)
def test_a_config_that_is_no_object_is_refused(raw: bytes, folder: Path) -> None:
    (folder / "config.json").write_bytes(raw)

    with pytest.raises(RefusedWeights, match=r"config\.json"):
        safety.check_folder(folder)


def test_a_huge_config_is_not_read(folder: Path) -> None:
    with (folder / "config.json").open("wb") as file:
        file.truncate(safety.MAX_JSON + 1)

    with pytest.raises(RefusedWeights, match="at most"):
        safety.check_folder(folder)


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        ({"type": "os.system", "path": ""}, "os.system"),
        ({"type": "evil.models.Transformer", "path": ""}, "evil"),
        ({"type": "sentence_transformers.models.Evil", "path": ""}, "Evil"),
        ({"type": "sentence_transformers.models.Pooling", "path": "../../elsewhere"}, "leaves the folder"),
        ({"type": "sentence_transformers.models.Pooling", "path": "/etc"}, "leaves the folder"),
        ({"type": 7}, "without a type"),
        ("sentence_transformers.models.Pooling", "without a type"),
    ],
)
def test_an_unknown_module_is_refused(module: object, fault: str, folder: Path) -> None:
    layout.write_json(folder / "modules.json", [module])

    with pytest.raises(RefusedWeights, match=fault):
        safety.check_folder(folder)


def test_an_activation_from_elsewhere_is_refused(folder: Path) -> None:
    layout.write_json(
        folder / "modules.json", [{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]
    )
    layout.write_json(folder / "2_Dense" / "config.json", {"activation_function": "os.system"})

    with pytest.raises(RefusedWeights, match=r"os\.system"):
        safety.check_folder(folder)


def test_arguments_for_loaders_are_refused(folder: Path) -> None:
    _edit(folder / "sentence_bert_config.json", model_args={"revision": "x"})

    with pytest.raises(RefusedWeights, match="model_args"):
        safety.check_folder(folder)


@pytest.mark.parametrize("shard", ["../other.safetensors", "/etc/passwd", "missing.safetensors", 5])
def test_an_index_that_points_elsewhere_is_refused(shard: object, folder: Path) -> None:
    layout.write_json(folder / "model.safetensors.index.json", {"weight_map": {"w": shard}})

    with pytest.raises(RefusedWeights, match="shard"):
        safety.check_folder(folder)


def test_unsound_safetensors_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(RefusedWeights, match=r"model\.safetensors"):
        safety.check_folder(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_folder_that_lacks_something_is_refused(name: str, folder: Path) -> None:
    (folder / name).unlink()

    with pytest.raises(RefusedWeights, match=r"no (safetensors|config|tokenizer)"):
        safety.check_folder(folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(config_keys.BY_TYPE.keys() - {"use-multilingual"}))
def test_the_accepted_keys_are_those_of_transformers(kind: str) -> None:
    from transformers import CONFIG_MAPPING

    config = CONFIG_MAPPING[kind]().to_dict()

    assert set(config) <= config_keys.BY_TYPE[kind]
    assert safety.check_config(Path("config.json"), {**config, "model_type": kind}) == kind
