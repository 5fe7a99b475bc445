"""A spaCy pipeline out of its wheel: the folder as it is, loadable by `spacy.load(path)`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path


def build(sources: Mapping[str, Path], folder: Path) -> None:
    """Copy the pipeline's folder.

    Args:
        sources: `pipeline` (the folder with config.cfg).
        folder: An empty folder.
    """
    shutil.copytree(sources["pipeline"], folder, dirs_exist_ok=True)
