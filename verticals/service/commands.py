"""`colonnade service …`: fill the knowledge base, ask it, tell intents, measure retrieval."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.errors import ColonnadeError, InvalidInput, Unavailable
from core.registry import find_connectors
from core.security.tenants import Tenants
from core.text.types import safe
from core.vertical import Services
from verticals.service.intake import from_file
from verticals.service.service import HELP, Heard, HelpDesk, Reply, build

ServicesFactory = Callable[[], Services]


def commands(services: ServicesFactory) -> App:
    """Return the command group; the services are made when a command runs."""
    app = App(name="service", help="Customer service: cited answers from your own documents, and intents.")
    _knowledge(app, services)
    _reading(app, services)
    return app


def _knowledge(app: App, services: ServicesFactory) -> None:
    @app.command
    def ingest(*paths: Path, collection: str = HELP, tenant: str = "demo", json: bool = False) -> None:
        """Read files, or all files below folders, into the knowledge base; the same again changes nothing.

        Args:
            paths: PDF, HTML, Markdown, text or CSV.
            collection: The set of documents that they join; customers are answered from `help`.
            tenant: Whose knowledge base.
            json: One JSON object a file.
        """
        if not paths:
            raise InvalidInput("No file was named.", remedy="Say `ingest FILE…` or `ingest FOLDER`.")
        ready = services()
        Tenants(ready.storage).ensure(tenant, actor="cli")
        desk, console, failed = build(ready), Console(), 0
        for file, root in _files(paths):
            row = _ingested(desk, tenant, collection, file, root)
            failed += "error" in row
            _say(console, row, as_json=json)
        if failed:
            raise Unavailable(f"{failed} of the files were not taken.", remedy="Mend what stands above.")

    @app.command
    def ask(question: str, /, *, collection: str = HELP, tenant: str = "demo", json: bool = False) -> None:
        """Answer a question as a customer would be answered; nothing is stored.

        Args:
            question: The question.
            collection: The set of documents that is asked.
            tenant: Whose knowledge base.
            json: One JSON object.
        """
        reply = build(services()).respond(tenant, Heard(safe(question)), collection=collection)
        _show_reply(Console(), reply, as_json=json)


def _reading(app: App, services: ServicesFactory) -> None:
    @app.command
    def intents(
        text: str | None = None,
        /,
        *,
        in_: Annotated[Path | None, Parameter(name="--in")] = None,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Say what a text, or each row of a file, wants.

        Args:
            text: The text.
            in_: A CSV, JSONL or Parquet file with a column `text`.
            tenant: Whose model is asked.
            json: One JSON object a text instead of a table.
        """
        ready, console = services(), Console()
        desk, texts = build(ready), _texts(text, in_)
        while batch := list(islice(texts, ready.settings.max_batch)):
            for said, one in zip(desk.read(tenant, batch), batch, strict=True):
                row = {"intent": said.intent, "confidence": said.confidence, "lang": said.lang}
                if json:
                    row |= {"out_of_scope": said.out_of_scope, "probabilities": dict(said.probabilities)}
                _say(console, row | {"text": one}, as_json=json)

    @app.command
    def eval_retrieval(
        *,
        corpus: Path,
        queries: Path,
        qrels: Path,
        limit: int | None = None,
        tenant: str = "demo",
        json: bool = False,
    ) -> None:
        """Measure words, vectors and both together on judged questions: nDCG@10 and recall@10.

        Args:
            corpus: corpus.jsonl, gzipped or not: `_id`, `title`, `text`.
            queries: queries.jsonl: `_id`, `text`.
            qrels: Tab-separated: query-id, corpus-id, score.
            limit: Only the first so many judged questions.
            tenant: Makes no difference: every tenant's passages are read by the same encoder.
            json: One JSON object instead of a table.
        """
        del tenant
        from core.retrieval.judged import measure, read_judged

        figures = measure(read_judged(corpus, queries, qrels, limit=limit), services().encoder)
        _show_figures(Console(), figures, as_json=json)


def _files(paths: tuple[Path, ...]) -> Iterator[tuple[Path, Path]]:
    for path in paths:
        if not path.exists():
            raise InvalidInput(f"There is no {path}.", remedy="Name files or folders that exist.")
        if path.is_file():
            yield path, path
        else:
            files = (each for each in sorted(path.rglob("*")) if each.is_file())
            yield from ((file, path) for file in files if not file.name.startswith("."))


def _ingested(desk: HelpDesk, tenant: str, collection: str, file: Path, root: Path) -> dict[str, Any]:
    try:
        info = desk.knowledge.put(tenant, from_file(file, root), actor="cli", collection=collection, now=True)
    except (ColonnadeError, OSError) as error:
        return {"file": str(file), "error": str(error)}
    version, passages = getattr(info, "version", None), getattr(info, "passages", None)
    return {"file": str(file), "id": info.id, "version": version, "passages": passages}


def _texts(text: str | None, file: Path | None) -> Iterator[str]:
    if (text is None) == (file is None):
        raise InvalidInput("Give either a text or a file.", remedy='Say intents "…" or --in FILE.')
    if text is not None:
        yield safe(text)
    else:
        for record, place in find_connectors()["file"](file).read(None):
            found = record.payload.get("text")
            if not isinstance(found, str):
                raise InvalidInput(f"Row {place} has no text.", remedy="Name the column `text`.")
            yield found


def _say(console: Console, row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.out(_json(row), highlight=False)
    else:
        console.print(
            "  ".join(f"{name}={value}" for name, value in row.items()), markup=False, highlight=False
        )


def _json(row: Any) -> str:
    import json

    return json.dumps(row, ensure_ascii=False)


def _show_reply(console: Console, reply: Reply, *, as_json: bool) -> None:
    cited = [
        {"document_id": c.document_id, "version": c.version, "start": c.start, "end": c.end, "page": c.page}
        | {"title": c.title, "quote": c.quote}
        for c in reply.citations
    ]
    row = {
        "action": reply.action,
        "text": reply.text,
        "citations": cited,
        "intent": reply.reading.intent,
        "out_of_scope": reply.reading.out_of_scope,
        "confidence": reply.confidence,
        "source": reply.source,
    }
    if as_json:
        console.out(_json(row), highlight=False)
        return
    console.print(Text(reply.text))
    for c in reply.citations:
        page = f", page {c.page}" if c.page else ""
        console.print(Text(f"  — {c.title} ({c.document_id}, version {c.version}{page}, {c.start}–{c.end})"))
    console.print(Text(f"[{reply.action}, {reply.reading.intent}, {reply.confidence:.2f}]"))


def _show_figures(console: Console, figures: dict[str, dict[str, float]], *, as_json: bool) -> None:
    if as_json:
        console.out(_json(figures), highlight=False)
        return
    names = [name for name in next(iter(figures.values())) if not name.endswith(("_low", "_high"))]
    table = Table("mode", *names)
    for mode, found in figures.items():
        cells = (
            f"{found[name]:.3f} [{found[f'{name}_low']:.3f}–{found[f'{name}_high']:.3f}]" for name in names
        )
        table.add_row(mode, *cells)
    console.print(table)
