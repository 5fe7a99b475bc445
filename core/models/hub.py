"""Weights from a Hugging Face hub: one commit, only files that are safe to read, checked before use."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import ColonnadeError, NotFound, RefusedWeights, Unavailable
from core.models import safety
from core.models.assemble import describe
from core.models.cache import keep
from core.models.durable import fsync_path, writing
from core.models.folder import facts
from core.models.layout import write_json
from core.ports import Progress

WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model")
UNWANTED = ("onnx/*", "openvino/*", "*/onnx/*", "coreml/*", "tf/*", ".*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MEND = "Check the network, or give a catalogue name or a folder instead."


@contextmanager
def _asking(model: str) -> Iterator[None]:
    """Turn the hub client's errors into ours."""
    from huggingface_hub import errors

    # Whatever HTTP library the client brings: its error class is the first base of the client's own.
    transport: type[Exception] = errors.HfHubHTTPError.__bases__[0]
    try:
        yield
    except errors.GatedRepoError as error:
        raise Unavailable(
            f"{model} is gated: {error}.", remedy="Accept its terms and set HF_TOKEN."
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise NotFound(f"The hub has no {model}.", remedy="Check the id and the revision.") from error
    except errors.HFValidationError as error:
        raise NotFound(
            f"{model} is no Hugging Face id: {error}.", remedy="Write it as owner/model."
        ) from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, transport, ConnectionError) as error:
        raise Unavailable(f"{model} cannot be fetched: {error}.", remedy=_MEND, retry_after=60) from error


def _reference(cache: Path, model: str, revision: str | None) -> Path:
    plain = re.sub(r"[^\w.-]", "--", f"{model}@{revision or 'default'}", flags=re.ASCII)
    return cache / "weights" / "refs" / f"{plain}.json"


def _recorded(path: Path, model: str) -> str | None:
    """Return the commit that a name stood for when it was first pulled, or None."""
    try:
        noted = json.loads(path.read_bytes())
        owner, commit = noted["model"], str(noted["commit"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return commit if owner == model and _COMMIT.fullmatch(commit) else None


def _resolve(model: str, revision: str | None, path: Path) -> str:
    """Return the commit for a revision: itself, the recorded one, or what the hub says now."""
    if revision and _COMMIT.fullmatch(revision):
        return revision
    if known := _recorded(path, model):
        return known
    from huggingface_hub import HfApi

    with _asking(model):
        commit = HfApi().model_info(model, revision=revision).sha
    if not commit or not _COMMIT.fullmatch(commit):
        raise Unavailable(f"The hub names no commit for {model}.", remedy=_MEND)
    return commit


def _record(path: Path, model: str, commit: str) -> None:
    if _recorded(path, model) == commit:
        return
    with writing(path):
        part = path.with_suffix(".part")
        write_json(part, {"model": model, "commit": commit})
        fsync_path(part)
        part.rename(path)
        fsync_path(path.parent)


def _download(model: str, commit: str, folder: Path) -> None:
    from huggingface_hub import snapshot_download

    with _asking(model):
        snapshot_download(
            model,
            revision=commit,
            local_dir=folder,
            allow_patterns=list(WANTED),
            ignore_patterns=list(UNWANTED),
        )
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's own notes
    if not any(folder.glob("*.safetensors")):
        raise RefusedWeights(
            f"{model} at {commit} has no safetensors; pickles are not loaded.",
            remedy="Choose a model or a revision with safetensors.",
        )


def _licence(model: str, commit: str) -> str:
    """Return the licence the hub shows; `unknown` where it shows none or cannot be asked again."""
    from huggingface_hub import HfApi

    try:
        with _asking(model):
            card: Any = HfApi().model_info(model, revision=commit).card_data
    except ColonnadeError:
        return "unknown"
    return str(card.get("license") or "unknown") if card else "unknown"


def pull_from_hub(model: str, revision: str | None, cache: Path, progress: Progress) -> Path:
    """Return a checked folder with one commit of a hub's model.

    A branch or tag is resolved once; its commit is recorded in the cache and used from then on, so that the
    same name gives the same vectors and needs no network. Give another revision to move.

    Args:
        model: `owner/model`.
        revision: Branch, tag or commit; None for the default branch.
        cache: COLONNADE_CACHE.
        progress: Called as work moves on.

    Raises:
        NotFound: the hub has no such model or revision.
        RefusedWeights: it is not safe to load.
        Unavailable: the hub cannot be asked, and the commit is not in the cache.
        StorageFull: no room.
    """
    if "--" in model:  # which the hub forbids too; it stands for the slash in file names here
        raise NotFound(f"{model} is no Hugging Face id.", remedy="Write it as owner/model, without '--'.")
    reference = _reference(cache, model, revision)
    commit = _resolve(model, revision, reference)

    def build(folder: Path) -> None:
        progress(0.0, f"{model}: fetching {commit[:12]}")
        _download(model, commit, folder)
        safety.check_folder(folder)
        licence = _licence(model, commit)
        source = {"hub": model, "commit": commit, "licence": licence}
        kind = "sentence-transformers"
        describe(folder, name=model, kind=kind, licence=licence, sources=[source], **facts(folder))

    folder = keep(cache, f"{model.replace('/', '--')}-{commit[:16]}", build)
    _record(reference, model, commit)
    progress(1.0, f"{model}: ready in {folder}")
    return folder
