"""From a name in the settings or a recipe to an encoder that is loaded and checked."""

from __future__ import annotations

from core.inference.sentence_encoder import SentenceEncoder, device_of, load_module
from core.inference.use_encoder import UseEncoder
from core.models.fetch import open_weights
from core.ports import Encoder, Progress
from core.settings import Settings


def load_encoder(name: str, settings: Settings, progress: Progress | None = None) -> Encoder:
    """Load an encoder.

    Args:
        name: `e5`, `use`, `minilm`, a Hugging Face id, or a folder.
        settings: Where the cache lies, how many threads.
        progress: Called while weights are fetched.

    Raises:
        NotFound, RefusedWeights, Unavailable, StorageFull: see `core.models.fetch.pull`.
    """
    weights = open_weights(name, settings.cache, progress=progress)
    if weights.kind == "use":
        return UseEncoder(weights)
    import torch

    torch.set_num_threads(settings.threads)
    return SentenceEncoder(weights, load_module(weights, device_of(settings)))
