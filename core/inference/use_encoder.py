"""USE-multilingual-v3 in numpy: an n-gram CNN and a small head over an 8-bit table; no torch.

A text becomes SentencePiece pieces between <s> and </s>. Each piece has a 512-value row of the table. Three
branches look at windows of 2, 3 and 5 pieces (256 values each): project, LayerNorm, two convolutions with a
residual. Row and branches (1,280 values) are normalised, summed over the text, mixed to 512 values, divided
by the square root of the length, and pass a head of four dense layers with skips; the tanh of that, at unit
length, is the vector.

Texts are laid end to end without padding, so batches need no sorting by length: a window that would reach
into the neighbouring text reads a row of zeros instead.

Source: Yang et al. 2020, "Multilingual Universal Sentence Encoder for Semantic Retrieval" (arXiv:1907.04307);
the exact shapes were read from the Apache-2.0 package that the weights come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput, RefusedWeights
from core.models.folder import Weights
from core.models.safetensors_file import read_tensors
from core.models.safety import read_json
from core.ports import Role, Text

Floats = NDArray[np.float32]

# (window, pieces to the left of the middle) of the three branches.
_ORDERS = ((2, 0), (3, 1), (5, 2))
_LEFT, _RIGHT = 2, 2
_WIDE, _NARROW = 512, 256
# Pieces of one batch: enough to stream each weight matrix once for many texts, few enough to stay in cache.
_BUDGET = 384
_UNKNOWN = 0


def _normalise(rows: Floats, weight: Floats, bias: Floats, epsilon: float) -> None:
    """Apply LayerNorm to every row of a (n, d) array, in place."""
    rows -= rows.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    rows *= (1.0 / np.sqrt(variance + epsilon))[:, None]
    rows *= weight
    rows += bias


def _windows(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (pieces, 5) row numbers of each piece's widest window; outside its text, the row behind all."""
    total = int(lengths.sum())
    ends = np.repeat(np.cumsum(lengths), lengths)[:, None]
    starts = ends - np.repeat(lengths, lengths)[:, None]
    rows = np.arange(total)[:, None] + np.arange(-_LEFT, _RIGHT + 1)
    return np.where((rows >= starts) & (rows < ends), rows, total)


def _joined(text: Text) -> str:
    """Return a pair as one text: the model knows no second segment."""
    return "\n".join(text) if isinstance(text, tuple) else text


class UseEncoder:
    """The Encoder port over USE-multilingual-v3; both roles are encoded alike.

    Args:
        weights: A folder of kind `use`.

    Raises:
        RefusedWeights: the folder's arrays are not those of this model.
    """

    def __init__(self, weights: Weights) -> None:
        from sentencepiece import SentencePieceProcessor

        config = read_json(weights.path / "config.json")
        self._weights = weights
        self._epsilon = float(config["epsilon"])
        self._chunks = int(config["chunks"])
        self._ends = (int(config["bos"]), int(config["eos"]))
        self._pieces: Any = SentencePieceProcessor(model_file=str(weights.path / "sp.model"))
        arrays = read_tensors(weights.path / "model.safetensors")
        try:
            self._arrays = arrays
            self._project, self._project_bias, self._norm, self._norm_bias = _stack(arrays)
        except (KeyError, ValueError) as error:
            raise RefusedWeights(
                f"{weights.path}: not the arrays of USE-multilingual: {error!r}.", remedy="Pull `use` again."
            ) from error

    @property
    def name(self) -> str:
        """Catalogue name or folder."""
        return self._weights.name

    @property
    def fingerprint(self) -> str:
        """Sha256 over weights, tokenizer and config."""
        return self._weights.fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return _WIDE

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> Floats:  # noqa: ARG002 - the port's
        """Return unit vectors of shape (len(texts), 512), in the order of `texts`.

        Raises:
            InvalidInput: one of `texts` is not a string.
        """
        vectors = np.empty((len(texts), _WIDE), dtype=np.float32)
        at = 0
        for group in self._batches([_joined(text) for text in texts]):
            vectors[at : at + len(group)] = self._encode_batch(group)
            at += len(group)
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[list[list[int]]]:
        """Yield runs of texts as piece ids, each run within the budget or a single text."""
        group: list[list[int]] = []
        size = 0
        for number, text in enumerate(texts):
            ids = self._tokenise(text, number)
            if group and size + len(ids) > _BUDGET:
                yield group
                group, size = [], 0
            group.append(ids)
            size += len(ids)
        if group:
            yield group

    def _tokenise(self, text: object, number: int) -> list[int]:
        if not isinstance(text, str):
            raise InvalidInput(
                f"Text {number} is {type(text).__name__}, not a string.", remedy="Send strings."
            )
        sound = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate becomes a question mark
        ids: list[int] = self._pieces.encode(sound) or [_UNKNOWN]
        if self._weights.max_tokens:
            ids = ids[: self._weights.max_tokens - 2]
        return [self._ends[0], *ids, self._ends[1]]

    def _rows(self, ids: NDArray[np.int64], out: Floats) -> None:
        """Write the table's rows of `ids`, widened to float32, into `out`."""
        chunk = ids % self._chunks
        np.copyto(out, self._arrays["table"][ids])
        out *= self._arrays["table.scale"][chunk, None]
        out += self._arrays["table.offset"][chunk, None]

    def _convolve(self, padded: Floats, windows: NDArray[np.int64], name: str) -> Floats:
        """Return relu(windows of `padded` · kernel + bias), shape (pieces, 256)."""
        joined = padded[windows].reshape(len(windows), -1)
        result: Floats = joined @ self._arrays[name]
        result += self._arrays[f"{name}.bias"]
        np.maximum(result, 0.0, out=result)
        return result

    def _branches(self, lengths: NDArray[np.int64], features: Floats) -> None:
        """Fill columns 512 and up of `features` from its first 512."""
        projected = features[:, :_WIDE] @ self._project
        projected += self._project_bias
        _normalise(projected, self._norm, self._norm_bias, self._epsilon)
        windows = _windows(lengths)
        padded = np.zeros((len(features) + 1, _NARROW), dtype=np.float32)
        for i, (order, left) in enumerate(_ORDERS):
            columns = windows[:, _LEFT - left : _LEFT - left + order]
            own = projected[:, i * _NARROW : (i + 1) * _NARROW]
            padded[:-1] = own
            hidden = self._convolve(padded, columns, f"order{order}.conv1")
            hidden += own
            padded[:-1] = hidden
            start = _WIDE + i * _NARROW
            features[:, start : start + _NARROW] = (
                self._convolve(padded, columns, f"order{order}.conv2") + hidden
            )

    def _head(self, x: Floats) -> Floats:
        """Return unit vectors of shape (texts, 512)."""
        a = self._arrays
        first = np.maximum(x @ a["head.0"], 0.0)
        second = np.maximum(x @ a["head.skip1"] + first @ a["head.1"], 0.0)
        third = np.maximum(second @ a["head.2"], 0.0)
        result: Floats = np.tanh(second @ a["head.skip3"] + third @ a["head.3"])
        norms = np.sqrt(np.maximum(np.einsum("ij,ij->i", result, result), self._epsilon))
        result /= norms[:, None]
        return result

    def _encode_batch(self, group: list[list[int]]) -> Floats:
        lengths = np.fromiter(map(len, group), dtype=np.int64, count=len(group))
        ids = np.fromiter(chain.from_iterable(group), dtype=np.int64, count=int(lengths.sum()))
        features = np.empty((len(ids), _WIDE + len(_ORDERS) * _NARROW), dtype=np.float32)
        self._rows(ids, features[:, :_WIDE])
        self._branches(lengths, features)
        _normalise(features, self._arrays["norm.weight"], self._arrays["norm.bias"], self._epsilon)
        # The sum over a text and the (linear) mix commute: mixing sums instead of pieces is far less work.
        sums = np.add.reduceat(features, np.cumsum(lengths) - lengths, axis=0)
        counts = lengths.astype(np.float32)[:, None]
        mixed = (sums @ self._arrays["mix"] + counts * self._arrays["mix.bias"]) / np.sqrt(counts)
        return self._head(mixed)


def _stack(arrays: dict[str, NDArray[Any]]) -> tuple[Floats, Floats, Floats, Floats]:
    """Lay the three branches' projections and norms side by side: one product instead of three."""
    parts = ("project", "project.bias", "norm.weight", "norm.bias")
    stacked = [np.concatenate([arrays[f"order{n}.{part}"] for n, _ in _ORDERS], axis=-1) for part in parts]
    if stacked[0].shape != (_WIDE, len(_ORDERS) * _NARROW) or arrays["table"].shape[1:] != (_WIDE,):
        raise ValueError(f"shape {stacked[0].shape}")
    return stacked[0], stacked[1], stacked[2], stacked[3]
