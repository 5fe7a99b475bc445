"""Run as a process: loads the libraries once, then forks a child for each JSON line on stdin.

A line has `file`, `method`, `limit`, `data`, `url` and `cache`. The server prints the child's pid at once and
its wait status at its end. The child trains on the file for the tenant `demo`, as the command line does, with
files of `limit` bytes at most (0: any); it ends with 7 where there was no room.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

import sentence_transformers  # noqa: F401 - loaded once, for all children
import sklearn.linear_model
import sklearn.svm  # noqa: F401
import transformers.trainer  # noqa: F401

import core.training.network  # noqa: F401
from core.errors import StorageFull
from core.models.versions import Versions
from core.settings import Settings
from core.storage.engine import Storage
from core.training.recipe import Task
from core.training.run import TrainingRequest, run_training
from tests.core.training import toy


def _train(order: dict[str, Any]) -> int:
    settings = Settings(data=order["data"], cache=order["cache"], encoder="tiny", threads=1, device="cpu")
    recipe = toy.HEAD if order["method"] == "head" else toy.FULL.model_copy(update={"epochs": 1})
    with Storage.open(order["url"]) as storage:
        versions = Versions(storage, settings.data)
        if order["limit"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
        request = TrainingRequest(Task("toy.mood", recipe=recipe), Path(order["file"]), force=True)
        try:
            run_training(request, "demo", settings, versions, toy.silent, actor="child")
        except StorageFull as error:
            sys.stderr.write(f"{error}\n")
            return 7
    return 0


def _child(order: dict[str, Any]) -> None:
    code = 1
    try:
        code = _train(order)
    finally:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _child(json.loads(line))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
