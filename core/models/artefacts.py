"""Trained artefacts on disk: a folder with a manifest, published whole or not at all, named by content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from core.errors import IntegrityFailure, InvalidInput, NotFound, RefusedWeights
from core.models.durable import publish_folder
from core.models.hashing import hash_folder, list_files, verify_folder
from core.models.layout import write_json
from core.models.manifest import DataRef, EncoderRef, Manifest
from core.models.safety import PICKLES

MANIFEST = "manifest.json"
_MAX_MANIFEST = 16 << 20
_BESIDE = frozenset({MANIFEST})

__all__ = ["MANIFEST", "DataRef", "EncoderRef", "Manifest", "load_manifest", "publish"]


def publish(build: Callable[[Path], None], manifest: Manifest, root: Path) -> Path:
    """Write an artefact and publish it below `root`.

    Args:
        build: Writes the weights and whatever belongs to them into the empty folder it is given.
        manifest: Everything but `id` and `files`, which are filled in.
        root: Where artefacts live; made if absent.

    Returns:
        `root/<id>`; `load_manifest` reads its manifest.

    Raises:
        StorageFull: no room; nothing was published.
        Unavailable: the disk refuses.
        InvalidInput: the manifest holds NaN or something else without a JSON form.
        RefusedWeights: `build` wrote a pickle or code.
        Whatever `build` raises; nothing was published.
    """

    def fill(part: Path) -> str:
        build(part)
        _check_files(part)
        (part / MANIFEST).unlink(missing_ok=True)
        whole = manifest.model_copy(update={"id": "", "files": hash_folder(part)})
        whole = whole.model_copy(update={"id": whole.content_id()})
        write_json(part / MANIFEST, whole.model_dump(mode="json"))
        return whole.id

    folder = publish_folder(root, fill)
    load_manifest(folder)  # the name was taken already: what lies there must be whole
    return folder


def _check_files(folder: Path) -> None:
    """Refuse what would run code when it is loaded; an artefact is safetensors and JSON.

    Raises:
        RefusedWeights: there is a pickle or Python code; the message names the file.
    """
    for name in list_files(folder):
        if Path(name).suffix.lower() in {*PICKLES, ".py", ".so"}:
            raise RefusedWeights(
                f"{folder / name}: artefacts hold no pickles and no code.",
                remedy="Write arrays as safetensors.",
            )


def _read(path: Path) -> Manifest:
    try:
        if path.stat().st_size > _MAX_MANIFEST:
            raise IntegrityFailure(
                f"{path} is over {_MAX_MANIFEST} bytes.", remedy="Publish the artefact again."
            )
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise NotFound(
            f"{path.parent} is no artefact: it has no {MANIFEST}.", remedy="Give a trained folder."
        ) from None
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise IntegrityFailure(
            f"{path} cannot be read: {reason}.", remedy="Publish the artefact again."
        ) from error


def _is_own(manifest: Manifest) -> bool:
    try:
        return manifest.id == manifest.content_id()
    except InvalidInput:
        return False


def load_manifest(path: Path, verify: bool = True) -> Manifest:
    """Read an artefact's manifest.

    Args:
        path: The artefact's folder.
        verify: Also compare the id and the sha256 of every file; do so before loading any of them.

    Raises:
        NotFound: no manifest there.
        IntegrityFailure: a file is missing, was added, or has other bytes; the message names it.
        RefusedWeights: one of its files would run code when loaded.
    """
    manifest = _read(path / MANIFEST)
    if not verify:
        return manifest
    if not _is_own(manifest):
        raise IntegrityFailure(
            f"{path / MANIFEST} was changed after it was published: its id does not stand for its content.",
            remedy="Restore it from a backup or publish again.",
        )
    verify_folder(path, manifest.files, without=_BESIDE)
    _check_files(path)
    return manifest
