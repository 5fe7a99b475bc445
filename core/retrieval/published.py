"""Indexes on the disk, so that a restart need not read every passage again.

    COLONNADE_DATA/index/<tenant>/<collection>/gen-<generation>-<encoder>/
        manifest.json        generation, encoder, sha256 of each file, and a digest of itself
        lexical.jsonl        the terms of each passage
        dense.safetensors    ids and vectors

A folder appears whole or not at all (core.models.durable). Loading checks every byte; a folder that is not
what its manifest says is deleted and the index is made from the database.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from pathlib import Path
from typing import Any

from core.errors import IntegrityFailure
from core.models.durable import publish_folder
from core.models.hashing import hash_folder, sha256_text, verify_folder
from core.retrieval.dense import FaissIndex
from core.retrieval.index import CollectionIndex, Space
from core.retrieval.lexical import LexicalIndex
from core.retrieval.terms import VERSION

_log = logging.getLogger(__name__)
_MANIFEST, _WORDS, _VECTORS = "manifest.json", "lexical.jsonl", "dense.safetensors"
_MAX_MANIFEST = 1 << 20
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_NAME = re.compile(r"gen-(\d{12})-[0-9a-f]{12}")
_MEND = "Nothing: the index is made again from the database."


def folder_of(data: Path, tenant: str, collection: str) -> Path:
    """Return where the indexes of a collection lie below COLONNADE_DATA."""
    safe = collection if _PLAIN.fullmatch(collection) else f"-{sha256_text(collection)[:40]}"
    return data / "index" / tenant / safe


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def _sealed(body: dict[str, Any]) -> str:
    return _canonical({**body, "digest": sha256_text(_canonical(body))})


def publish(root: Path, index: CollectionIndex) -> Path:
    """Write an index below `root` and delete what is older.

    Raises:
        StorageFull: no room; nothing was published.
        Unavailable: the disk refuses.
    """

    def build(part: Path) -> str:
        index.lexical.save(part / _WORDS)
        if index.dense is not None:
            index.dense.save(part / _VECTORS)
        body = {**_described(index.space), "generation": index.generation, "files": hash_folder(part)}
        (part / _MANIFEST).write_text(_sealed(body), encoding="utf-8")
        return f"gen-{index.generation:012d}-{sha256_text(index.space.encoder)[:12]}"

    folder = publish_folder(root, build)
    for older in _newest_first(root):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)
    return folder


def _described(space: Space) -> dict[str, Any]:
    return {"terms": VERSION, "encoder": space.encoder, "dimension": space.dimension}


def _newest_first(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted((path for path in root.iterdir() if _NAME.fullmatch(path.name)), reverse=True)


def load(root: Path, space: Space, *, vectors: bool = True) -> CollectionIndex | None:
    """Return the newest index below `root` that is sound and of this encoder; None where there is none.

    Args:
        root: See `folder_of`.
        space: The encoder in use.
        vectors: Whether it must hold vectors; False where the database keeps them.
    """
    for folder in _newest_first(root):
        try:
            return _load(folder, space, vectors=vectors)
        except (IntegrityFailure, OSError) as error:
            _log.warning("A published index is not used: %s", error)
            shutil.rmtree(folder, ignore_errors=True)
    return None


def _load(folder: Path, space: Space, *, vectors: bool) -> CollectionIndex:
    body = _manifest(folder)
    if any(body.get(name) != value for name, value in _described(space).items()):
        raise IntegrityFailure(f"{folder} is of another encoder or another version.", remedy=_MEND)
    if (_VECTORS in body["files"]) != vectors:
        raise IntegrityFailure(f"{folder} was made for another kind of vectors.", remedy=_MEND)
    verify_folder(folder, body["files"], without=frozenset({_MANIFEST}))
    index = CollectionIndex(space, vectors=vectors)
    index.lexical = LexicalIndex.load(folder / _WORDS)
    if vectors:
        index.dense = FaissIndex.load(folder / _VECTORS, space.dimension)
    index.generation = body["generation"]
    return index


def _manifest(folder: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises:
        IntegrityFailure: a byte of it is not as it was written.
    """
    path = folder / _MANIFEST
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_MANIFEST)
        body = json.loads(raw)
        del body["digest"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IntegrityFailure(f"{path} cannot be read: {error}.", remedy=_MEND) from error
    if _sealed(body).encode() != raw:
        raise IntegrityFailure(f"{path} was changed after it was published.", remedy=_MEND)
    return dict(body)
