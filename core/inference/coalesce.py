"""Joins the texts of requests that wait at the same time into one pass of the encoder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.inference.wrapped import WrappedEncoder
from core.ports import Encoder, Role, Text

Floats = NDArray[np.float32]


@dataclass(eq=False)
class _Request:
    texts: list[Text]
    role: Role
    rows: Floats | None = None
    error: BaseException | None = field(default=None)

    @property
    def done(self) -> bool:
        return self.rows is not None or self.error is not None


class CoalescingEncoder(WrappedEncoder):
    """The Encoder port over another one, for many threads.

    Whoever finds the encoder free takes all that wait, encodes it in one call and hands everybody his rows;
    nobody waits for a timer, and a lone request pays nothing. A text that is refused is refused to its caller
    only.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self._waiting: list[_Request] = []
        self._queue = threading.Lock()
        self._turn = threading.Lock()
        self.passes = 0

    def encode(self, texts: Sequence[Text], *, role: Role = "query") -> Floats:
        """Return unit vectors of shape (len(texts), dimension)."""
        request = _Request(list(texts), role)
        with self._queue:
            self._waiting.append(request)
        with self._turn:
            if not request.done:
                self._serve()
        if request.error is not None:
            raise request.error
        assert request.rows is not None
        return request.rows

    def _serve(self) -> None:
        with self._queue:
            taken, self._waiting = self._waiting, []
        for role in dict.fromkeys(request.role for request in taken):
            self._pass([request for request in taken if request.role == role], role)

    def _pass(self, requests: Sequence[_Request], role: Role) -> None:
        try:
            rows = self._encoder.encode([text for request in requests for text in request.texts], role=role)
        except Exception as error:  # noqa: BLE001 - handed to the caller whose texts it came from
            self._failed(requests, role, error)
            return
        self.passes += 1
        start = 0
        for request in requests:
            request.rows = rows[start : start + len(request.texts)]
            start += len(request.texts)

    def _failed(self, requests: Sequence[_Request], role: Role, error: Exception) -> None:
        """Give the error to a request that was alone; of several, find out whose it is."""
        if len(requests) == 1:
            requests[0].error = error
            return
        for request in requests:
            self._pass([request], role)
