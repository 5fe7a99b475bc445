"""The real e5: known vectors, and a folder that both libraries load without a word."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from core.models.folder import Weights

# First 8 of 384 numbers, mean over tokens at unit length, by transformers' BertModel. The C engine that comes
# with the 4-bit file says the same to 0.0015 (it rounds activations too): 0.04195, -0.01659, 0.00613, … .
KNOWN = {
    "query: The central bank cut interest rates": [.0423, -.0172, .0055, -.0845, .0524, -.0287, .0260, .0925],
    "query: 央行宣布下调利率": [.0655, -.0230, .0037, -.0770, .0671, -.0094, .0200, .0705],
    "passage: Shares of Northwind fell 8% after weak guidance.":
        [.0383, -.0175, .0131, -.0553, .0548, -.0464, -.0236, .0040],
    "passage: 公司净利润同比增长百分之十二": [.0487, -.0114, -.0291, -.0258, .0791, -.0083, -.0123, .0375],
}  # fmt: skip


@pytest.mark.slow
def test_the_vectors_are_the_known_ones(pretrained: Callable[[str], Weights]) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = pretrained("e5").path
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    batch = tokenizer(list(KNOWN), padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    vectors = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    for vector, known in zip(vectors, KNOWN.values(), strict=True):
        assert vector[:8].tolist() == pytest.approx(known, abs=2e-4)
    assert float(vectors[0] @ vectors[1]) == pytest.approx(0.8305, abs=1e-3)


_LOAD = """
import logging, sys, warnings
warnings.simplefilter("error")
logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
from transformers import AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar
disable_progress_bar()
model, info = AutoModel.from_pretrained(sys.argv[1], output_loading_info=True)
assert not any(info.values()), info
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
assert tokenizer.pad_token_id == model.config.pad_token_id
from sentence_transformers import SentenceTransformer
encoder = SentenceTransformer(sys.argv[1])
prompt = sys.argv[2] or None
vectors = encoder.encode(["profits rose"] * 2, prompt_name=prompt, show_progress_bar=False)
assert vectors.shape[0] == 2 and abs(float((vectors[0] * vectors[0]).sum()) - 1) < 1e-5
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "prompt"), [("e5", "query"), ("minilm", ""), ("tiny", "")])
def test_both_libraries_load_the_folder_in_silence(
    name: str, prompt: str, pretrained: Callable[[str], Weights]
) -> None:
    folder = pretrained(name).path

    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(folder), prompt], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_spacy_loads_its_pipeline(pretrained: Callable[[str], Weights]) -> None:
    import spacy

    pipeline = spacy.load(pretrained("spacy-en").path)

    document = pipeline("Apple bought a start-up in Paris for two million dollars.")

    assert {entity.label_ for entity in document.ents} >= {"GPE", "MONEY"}


@pytest.mark.parametrize("name", ["e5", "use", "minilm", "tiny", "spacy-en"])
def test_a_folder_carries_its_licence_and_sources(name: str, pretrained: Callable[[str], Weights]) -> None:
    weights = pretrained(name)

    notice = (weights.path / "NOTICE").read_text(encoding="utf-8")

    assert weights.licence in notice
    assert "sha256" in notice
    assert len(weights.fingerprint) == 64
    assert weights.dimension == {"e5": 384, "use": 512, "minilm": 384, "tiny": 128, "spacy-en": 0}[name]
    assert bool(weights.prefixes) is (name == "e5")
