"""`colonnade train`, `evaluate` and `predict`: from a file of labelled rows to a model, and through it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from api.terminal import COMMON, Common, notes, progress, write_json
from core.errors import InvalidInput
from core.records import Example, Prediction
from core.settings import Settings

if TYPE_CHECKING:
    from core.inference.classifier import Classifier
    from core.models.manifest import Manifest
    from core.models.versions import Versions
    from core.training.recipe import Task

_ACTOR = "cli"
_BATCH = 256
_Pairs = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]


@contextmanager
def _opened(owner: str | None = None) -> Iterator[tuple[Settings, Versions]]:
    """Open the models; a tenant that is to own one is made where it is missing."""
    from api.bootstrap import limit_threads, open_storage
    from core.models.versions import Versions
    from core.security.tenants import Tenants

    settings = Settings()
    limit_threads(settings)
    with open_storage(settings) as storage:
        if owner is not None:
            Tenants(storage).ensure(owner, actor=_ACTOR)
        yield settings, Versions(storage, settings.data)


def known_task(name: str) -> Task | None:
    """Return the vertical's own task of that name, or None for one of the user's own."""
    from core.registry import find_verticals

    return next((task for vertical in find_verticals() for task in vertical.tasks if task.name == name), None)


def _mapping(pairs: Sequence[str], option: str) -> dict[str, str]:
    out = {}
    for pair in ",".join(pairs).split(",") if pairs else ():
        left, equals, right = pair.partition("=")
        if not (left and equals and right):
            raise InvalidInput(
                f"{option} {pair!r} is not of the form a=b.", remedy="Write --map text=headline."
            )
        out[left.strip()] = right.strip()
    return out


def train(
    task: str,
    /,
    *,
    data: Path,
    dev: Path | None = None,
    recipe: Path | None = None,
    method: str | None = None,
    out: Path | None = None,
    map_: Annotated[_Pairs, Parameter(name="--map")] = (),
    label_separator: str | None = None,
    multi: bool | None = None,
    force: bool = False,
    common: Common = COMMON,
) -> int:
    """Train a task beside two baselines, and promote the model unless one of them is better.

    Args:
        task: Task name: a vertical's, e.g. finance.sentiment, or one of your own.
        data: CSV, JSONL or Parquet with `text` and `label`.
        dev: Rows to choose by; default: the file's `split` column, else a share of it.
        recipe: JSON or YAML file of hyper-parameters.
        method: auto, head or full.
        out: Also copy the artefact into this folder.
        map_: Columns by field, e.g. text=headline.
        label_separator: Between several labels in a cell; default `;`.
        multi: Whether a text may have several labels; default: as the task is, or yes with a label separator.
        force: Promote even a model that a baseline beats.
        common: Options of every command.
    """
    from core.training.run import TrainingRequest, read_recipe, run_training, task_for

    if out is not None:
        _check_free(out)
    known = known_task(task)
    several = multi if multi is not None else (True if label_separator and known is None else None)
    overrides = read_recipe(recipe) if recipe else {}
    wanted = task_for(task, known, multi=several, method=method, overrides=overrides)
    request = TrainingRequest(wanted, data, dev, _mapping(map_, "--map"), label_separator or ";", force)
    with _opened(common.tenant) as (settings, versions), progress(quiet=common.json) as move:
        result = run_training(request, common.tenant, settings, versions, move, actor=_ACTOR)
    if out is not None:
        shutil.copytree(result.path, out, dirs_exist_ok=True)
    if common.json:
        write_json(result.report())
    else:
        from api.commands.reports import show_training

        show_training(result)
    return 0


def _check_free(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInput(f"{out} is there already.", remedy="Give a new or empty folder to --out.")


def _predict_with(
    settings: Settings, versions: Versions, tenant: str, task: str, model: str | None
) -> tuple[Callable[[Sequence[Example]], list[Prediction]], Manifest]:
    """Return what predicts, and its manifest; `model` is an id or an artefact's folder."""
    from core.inference.classifier import EncoderPool, open_classifier
    from core.inference.predictor import LocalPredictor

    if model is not None and Path(model).is_dir():
        chosen: dict[str, Classifier] = {task: open_classifier(Path(model), EncoderPool(settings))}
        return lambda items: LocalPredictor.with_classifiers(chosen, items)[task], chosen[task].manifest
    predictor = LocalPredictor(versions, EncoderPool(settings))
    manifest = predictor.version(tenant, task, model).manifest
    return lambda items: predictor.predict(tenant, [task], items, model=model)[task], manifest


def evaluate(
    task: str,
    /,
    *,
    data: Path,
    model: str | None = None,
    map_: Annotated[_Pairs, Parameter(name="--map")] = (),
    label_map: _Pairs = (),
    label_separator: str = ";",
    common: Common = COMMON,
) -> int:
    """Measure a model on labelled rows: with intervals, per class and language, calibration, slices.

    Args:
        task: Task name.
        data: CSV, JSONL or Parquet with `text` and `label`.
        model: A version's id or an artefact's folder; default: the one that serves.
        map_: Columns by field, e.g. text=headline.
        label_map: Labels of the data by those of the model, e.g. bullish=positive.
        label_separator: Between several labels in a cell.
        common: Options of every command.
    """
    from core.training.dataset import load
    from core.training.evaluate import renamed, report

    with _opened() as (settings, versions), progress(quiet=common.json) as move:
        predict_rows, manifest = _predict_with(settings, versions, common.tenant, task, model)
        columns = _mapping(map_, "--map")
        found = load(
            data,
            kind="multi" if manifest.kind == "multi" else "single",
            mapping=columns,
            label_separator=label_separator or ";",
            focus=_focus(manifest),
            max_chars=settings.max_text_chars,
        )
        rows = renamed(found.test or (*found.train, *found.dev), _mapping(label_map, "--label-map"))
        said: list[Prediction] = []
        for start in range(0, len(rows), _BATCH):
            said += predict_rows(rows[start : start + _BATCH])
            move(len(said) / len(rows), f"{len(said):,} of {len(rows):,} rows")
    measured = [f"only the {len(found.test):,} rows of the split 'test' were measured"] if found.test else []
    multi, reject = manifest.kind == "multi", manifest.reject.label if manifest.reject else ""
    outcome = {**report(rows, said, multi=multi, reject=reject), "notes": [*found.warnings, *measured]}
    if common.json:
        write_json(outcome)
    else:
        from api.commands.reports import show_evaluation

        show_evaluation(outcome)
    return 0


def predict(
    task: str,
    /,
    *,
    in_: Annotated[str, Parameter(name="--in")] = "-",
    out: str = "-",
    model: str | None = None,
    map_: Annotated[_Pairs, Parameter(name="--map")] = (),
    common: Common = COMMON,
) -> int:
    """Predict every row of a file of any size; `-` is JSON lines on standard input or output.

    Args:
        task: Task name.
        in_: CSV, JSONL or Parquet with `text`, or `-`.
        out: The same rows with `prediction`, `probability` and `probabilities`; CSV, JSONL, Parquet or `-`.
        model: A version's id or an artefact's folder; default: the one that serves.
        map_: Columns by field, e.g. text=headline.
        common: Options of every command.
    """
    from core.inference.row_writer import open_writer
    from core.inference.rows import read_chunks
    from core.training.dataset import text_columns

    mapping = _mapping(map_, "--map")
    columns: dict[str, str] = {}
    done = skipped = 0
    with _opened() as (settings, versions), open_writer(out, sys.stdout) as write:
        predict_rows, manifest = _predict_with(settings, versions, common.tenant, task, model)
        for chunk in read_chunks(in_, sys.stdin):
            names = dict.fromkeys(key for row in chunk for key in row)
            columns = columns or text_columns(list(names), mapping, focus=_focus(manifest))
            rows, empty = _predicted(chunk, columns, predict_rows, multi=manifest.kind == "multi")
            write(rows)
            done, skipped = done + len(rows), skipped + empty
    if not common.json:
        notes().print(f"{done:,} rows, {skipped:,} of them without text and left unpredicted")
    elif out != "-":
        write_json({"rows": done, "without_text": skipped, "out": out})
    return 0


def _focus(manifest: Manifest) -> bool:
    """Whether the model is asked about one thing in a text, which the column `entity` names."""
    return bool(manifest.recipe.get("focus"))


def _predicted(
    chunk: Sequence[dict[str, Any]],
    columns: Mapping[str, str],
    predict_rows: Callable[[Sequence[Example]], list[Prediction]],
    *,
    multi: bool,
) -> tuple[list[dict[str, Any]], int]:
    """Return the rows with what was predicted, and how many had no text."""
    from core.training.dataset import example_of

    items = [example_of(row, columns) for row in chunk]
    said = iter(predict_rows([item for item in items if item is not None]))
    out = []
    for row, item in zip(chunk, items, strict=True):
        each = next(said) if item is not None else None
        out.append({**row, **_columns_of(each, multi=multi)})
    return out, sum(item is None for item in items)


def _columns_of(said: Prediction | None, *, multi: bool) -> dict[str, Any]:
    if said is None:
        return {"prediction": None, "probability": None, "probabilities": None}
    label: Any = ";".join(said.labels) if multi else said.labels[0]
    return {"prediction": label, "probability": said.probability, "probabilities": dict(said.probabilities)}
