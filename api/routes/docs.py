"""The page `/docs`: Swagger UI out of the installation, so that it works where there is no internet."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.responses import HTMLResponse

PATH = "/docs"
ASSETS = f"{PATH}/assets"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def _page(title: str) -> str:
    # Relative addresses: they are right behind a proxy that serves below a prefix, too.
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=title,
        swagger_js_url="docs/assets/swagger-ui-bundle.js",
        swagger_css_url="docs/assets/swagger-ui.css",
        swagger_favicon_url="docs/assets/favicon.png",
        swagger_ui_parameters={"validatorUrl": None},  # it would send our address to a public validator
    )
    return bytes(page.body).decode()


def _policy(page: str) -> str:
    """Return a Content-Security-Policy that lets in our own assets and the page's own script, by its hash."""
    hashes = [b64encode(sha256(script.encode()).digest()).decode() for script in _INLINE.findall(page)]
    scripts = " ".join(f"'sha256-{value}'" for value in hashes)
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def mount(app: FastAPI) -> None:
    """Mount the page and its assets; neither needs a key, for neither tells more than the documentation."""
    page = _page(app.title)
    headers = {"Content-Security-Policy": _policy(page), "Referrer-Policy": "no-referrer"}

    def show(_request: Request) -> HTMLResponse:
        return HTMLResponse(page, headers=headers)

    app.add_route(PATH, show, include_in_schema=False)
    app.mount(ASSETS, StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-assets")
