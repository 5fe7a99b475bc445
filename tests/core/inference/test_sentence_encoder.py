"""The torch encoder keeps the promises of the Encoder port, and tuned copies share what they can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RefusedWeights
from core.inference.sentence_encoder import SentenceEncoder, stack_of
from core.models.folder import Weights
from core.ports import Text

ODD: list[Text] = [
    "Shares of Orvane fell 8% on Friday.",
    "央行宣布降息 25 个基点，股市应声上涨",
    "😀👩‍👩‍👧‍👦 profit ↑ 10 %",
    "\u202eright to left\u202c שלום مرحبا",
    "ｆｕｌｌ　ｗｉｄｔｈ１２３",
    "e\u0301 ﬁ ½ \u200b\ufeff",
    "line\nbreak\tand  blanks ",
    "",
    "   ",
    "nul \0 inside",
    "half a character \ud83d alone",
    "a word " * 700,
    ("profit rose", "shares rose"),
    ("", ""),
    ("half \udc00", "pair"),
]


@pytest.fixture(scope="module")
def encoder(pretrained: Callable[[str], Weights]) -> SentenceEncoder:
    return SentenceEncoder(pretrained("tiny"))


def _cosines(one: np.ndarray, other: np.ndarray) -> Any:
    return (one * other).sum(axis=1)


def test_every_text_has_a_unit_vector_in_its_place(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(ODD)

    assert vectors.shape == (len(ODD), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(ODD)), abs=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimension)
    assert _cosines(encoder.encode(ODD[::-1])[::-1], vectors).min() >= 0.9999


def test_the_same_call_gives_the_same_bytes(encoder: SentenceEncoder) -> None:
    assert np.array_equal(encoder.encode(ODD), encoder.encode(ODD))


def test_batch_mates_do_not_change_a_vector(encoder: SentenceEncoder) -> None:
    many: list[Text] = [text for n in range(12) for text in (f"n {n}", f"{'longer ' * 20 * n}{n}", *ODD[:6])]

    together = encoder.encode(many)
    alone = np.concatenate([encoder.encode([text]) for text in many])

    assert _cosines(together, alone).min() >= 0.9999


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_text_at_all(encoder: SentenceEncoder, texts: list[str]) -> None:
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])

    assert np.isfinite(together).all()
    assert _cosines(together, alone).min() >= 0.9999


def test_a_pair_is_read_as_a_pair(encoder: SentenceEncoder) -> None:
    pair, swapped, single, joined = encoder.encode([("a b", "c"), ("c", "a b"), "a b", "a b c"])

    for other in (swapped, single, joined):
        assert pair @ other < 0.9999


def test_a_text_cannot_write_the_separator(encoder: SentenceEncoder) -> None:
    pair, forged = encoder.encode([("profit rose", "shares fell"), "profit rose [SEP] shares fell"])

    assert pair @ forged < 0.9999


def test_texts_are_cut_where_the_model_ends(
    encoder: SentenceEncoder, pretrained: Callable[[str], Weights]
) -> None:
    head, whole = encoder.encode(["word " * 2_000, "word " * 2_000 + "and what comes behind"])
    assert head @ whole == pytest.approx(1.0, abs=1e-5)

    short = SentenceEncoder(pretrained("tiny"), max_tokens=8)
    cut, longer = short.encode(
        ["one two three four five six", "one two three four five six seven eight nine"]
    )
    assert cut @ longer == pytest.approx(1.0, abs=1e-5)


def _weight_of_the_last_layer(encoder: SentenceEncoder) -> tuple[str, np.ndarray]:
    named = [
        (name, p) for name, p in encoder.module.named_parameters() if "layer.1.output.dense.weight" in name
    ]
    name, parameter = named[0]
    return name, parameter.detach().numpy()


def test_a_tuned_copy_has_its_own_vectors_and_shares_the_table(encoder: SentenceEncoder) -> None:
    before = encoder.encode(["profit rose"])
    name, weight = _weight_of_the_last_layer(encoder)

    tuned = encoder.tuned({name: (weight * 1.5).astype(np.float16)}, "f" * 64, max_tokens=16)

    assert tuned.fingerprint == "f" * 64 != encoder.fingerprint
    assert tuned.name == encoder.name
    assert _cosines(tuned.encode(["profit rose"]), before)[0] < 0.9999
    assert np.array_equal(encoder.encode(["profit rose"]), before), "the base changed"
    shared = {p.data_ptr() for p in encoder.module.parameters()} & {
        p.data_ptr() for p in tuned.module.parameters()
    }
    sizes = {p.data_ptr(): p.numel() for p in encoder.module.parameters()}
    assert sum(sizes[pointer] for pointer in shared) >= 30522 * encoder.dimension


def test_a_tuned_copy_cuts_where_it_was_trained_to_and_the_base_does_not(encoder: SentenceEncoder) -> None:
    tuned = encoder.tuned({}, "e" * 64, max_tokens=8)
    texts: list[Text] = ["one two three four five six", "one two three four five six seven eight nine"]

    cut, whole = tuned.encode(texts), encoder.encode(texts)

    assert cut[0] @ cut[1] == pytest.approx(1.0, abs=1e-5)
    assert whole[0] @ whole[1] < 0.9999


def test_a_tuned_copy_may_keep_only_the_lower_layers(encoder: SentenceEncoder) -> None:
    before = encoder.encode(["profit rose"])

    tuned = encoder.tuned({}, "b" * 64, None, layers=1)

    assert (len(stack_of(tuned.module)), len(stack_of(encoder.module))) == (1, 2)
    assert tuned.dimension == encoder.dimension
    assert _cosines(tuned.encode(["profit rose"]), before)[0] < 0.9999
    assert np.array_equal(encoder.encode(["profit rose"]), before), "the base changed"
    name, weight = _weight_of_the_last_layer(encoder)
    with pytest.raises(RefusedWeights, match=r"layer\.1"):
        encoder.tuned({name: weight}, "b" * 64, None, layers=1)


def test_a_delta_for_the_table_leaves_the_base_alone(encoder: SentenceEncoder) -> None:
    before = encoder.encode(["profit rose"])
    name, table = next((n, p) for n, p in encoder.module.named_parameters() if "word_embeddings" in n)

    tuned = encoder.tuned({name: np.zeros(tuple(table.shape), np.float16)}, "d" * 64, None)

    assert _cosines(tuned.encode(["profit rose"]), before)[0] < 0.9999
    assert np.array_equal(encoder.encode(["profit rose"]), before)


def test_a_delta_of_another_model_is_refused_by_name(encoder: SentenceEncoder) -> None:
    name, weight = _weight_of_the_last_layer(encoder)

    with pytest.raises(RefusedWeights, match=r"layer\.99\.weight"):
        encoder.tuned({"layer.99.weight": weight}, "a" * 64, None)
    with pytest.raises(RefusedWeights, match=r"\(3, 3\) does not fit the encoder 'tiny'"):
        encoder.tuned({name: np.zeros((3, 3), np.float16)}, "a" * 64, None)


@pytest.mark.slow
def test_e5_reads_prefixes_and_both_languages(pretrained: Callable[[str], Weights]) -> None:
    encoder = SentenceEncoder(pretrained("e5"))

    zh, same, other = encoder.encode(["我想查询我的账户余额", "I want to check my balance", "It will rain"])
    query, passage = encoder.encode(["balance"]), encoder.encode(["balance"], role="passage")
    alone = encoder.encode(["It will rain"])

    assert zh @ same > zh @ other
    assert query[0] @ passage[0] < 0.9999
    assert alone[0] @ other >= 0.9999
