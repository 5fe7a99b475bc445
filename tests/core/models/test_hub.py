"""A Hugging Face id: one commit, recorded, only safe files; the real client, a hub on the loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.models import layout
from core.models.safetensors_file import write_tensors
from tests.core.models.hub_server import MODEL, Hub, serving

pytestmark = pytest.mark.slow
COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PULL = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from core.errors import ColonnadeError
from core.models.fetch import open_weights
try:
    weights = open_weights(sys.argv[1], Path(sys.argv[2]))
except ColonnadeError as error:
    print(json.dumps({"error": type(error).__name__, "text": str(error)}))
else:
    print(json.dumps(asdict(weights), default=str))
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What the hub has: safe files, a pickle, a picture, and an export in another format."""
    files = tmp_path / "files"
    files.mkdir()
    write_tensors(files / "model.safetensors", {"w": np.ones(3, np.float32)})
    numbers = {
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 16,
    }
    layout.write_bert_config(files, **numbers)
    layout.write_sentence_modules(files, dimension=32, max_tokens=16, prefixes={"query": "q: "})
    layout.write_tokenizer_config(files, max_tokens=16, pad_token="[PAD]")
    (files / "tokenizer.json").write_text("{}", encoding="utf-8")
    (files / "pytorch_model.bin").write_bytes(b"a pickle")
    (files / "picture.png").write_bytes(b"png")
    (files / "onnx").mkdir()
    (files / "onnx" / "config.json").write_text("{}", encoding="utf-8")
    return files


def _pull(name: str, cache: Path, hub: Hub | None) -> dict[str, object]:
    """Pull in a process of its own: the client reads its address and its offline switch at import."""
    own = {"HF_HOME": str(cache / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
    if hub:
        own |= {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-c", _PULL, name, str(cache)],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


def test_a_model_is_pulled_recorded_and_then_needs_no_network(files: Path, tmp_path: Path) -> None:
    with serving(files, COMMIT) as hub:
        first = _pull(MODEL, tmp_path, hub)
        asked = set(hub.served)
    second = _pull(MODEL, tmp_path, None)

    assert first == second
    assert (first["name"], first["dimension"], first["licence"]) == (MODEL, 32, "mit")
    assert first["prefixes"] == {"query": "q: "}
    assert str(first["path"]).endswith(f"invented--encoder-{COMMIT[:16]}")
    assert asked == {name for name in hub.names() if not name.startswith(("onnx", "picture", "pytorch"))}
    folder = Path(str(first["path"]))
    sources = json.loads((folder / "weights.json").read_text(encoding="utf-8"))["sources"]
    assert sources == [{"commit": COMMIT, "hub": MODEL, "licence": "mit"}]


def test_a_moved_branch_does_not_move_what_was_pulled(files: Path, tmp_path: Path) -> None:
    with serving(files, COMMIT) as hub:
        before = _pull(MODEL, tmp_path, hub)
        (files / "sentence_bert_config.json").write_text('{"max_seq_length": 8}', encoding="utf-8")
        hub.commit = COMMIT[::-1]
        same = _pull(MODEL, tmp_path, hub)
        moved = _pull(f"{MODEL}@{COMMIT[::-1]}", tmp_path, hub)

    assert same == before
    assert moved["fingerprint"] != before["fingerprint"]


def test_a_model_with_only_pickles_is_refused(files: Path, tmp_path: Path) -> None:
    (files / "model.safetensors").unlink()
    with serving(files, COMMIT) as hub:
        answer = _pull(MODEL, tmp_path, hub)

        assert answer["error"] == "RefusedWeights"
        assert "pytorch_model.bin" not in hub.served
    assert not list((tmp_path / "weights").glob("invented*"))


def test_remote_code_on_a_hub_is_refused(files: Path, tmp_path: Path) -> None:
    config = json.loads((files / "config.json").read_text(encoding="utf-8"))
    layout.write_json(files / "config.json", {**config, "auto_map": {"AutoModel": "modeling.Evil"}})
    with serving(files, COMMIT) as hub:
        answer = _pull(MODEL, tmp_path, hub)

    assert answer["error"] == "RefusedWeights"
    assert "auto_map" in str(answer["text"])


def test_a_model_the_hub_does_not_have_is_not_found(files: Path, tmp_path: Path) -> None:
    with serving(files, COMMIT) as hub:
        assert _pull("invented/other", tmp_path, hub)["error"] == "NotFound"
        assert _pull("invented--encoder/x", tmp_path, hub)["error"] == "NotFound"


def test_without_a_network_the_mend_is_named(tmp_path: Path) -> None:
    answer = _pull(MODEL, tmp_path, None)

    assert answer["error"] == "Unavailable"
    assert "give a catalogue name or a folder" in str(answer["text"])


def test_a_hub_that_is_gone_is_unavailable(files: Path, tmp_path: Path) -> None:
    with serving(files, COMMIT) as hub:
        pass

    assert _pull(MODEL, tmp_path, hub)["error"] == "Unavailable"
