"""All settings, typed, from `COLONNADE_…` variables; `colonnade config` prints them."""

from __future__ import annotations

import os
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_CHECKOUT = Path(__file__).resolve().parent.parent
_Directory = Annotated[Path, AfterValidator(lambda path: path.expanduser().resolve())]


def _datasets() -> Path | None:
    folder = _CHECKOUT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def _networks(given: object) -> object:
    """Read a list that stands in one variable, separated by commas."""
    if not isinstance(given, str):
        return given
    return tuple(ip_network(part.strip()) for part in given.split(",") if part.strip())


_Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]


class Settings(BaseSettings):
    """One object handed down from the composition root; nothing else reads the environment."""

    model_config = SettingsConfigDict(env_prefix="COLONNADE_", frozen=True, extra="ignore")

    data: _Directory = Field(
        default=Path("~/.local/share/colonnade"),
        validate_default=True,
        description="State: database, artefacts, uploads.",
    )
    cache: _Directory = Field(
        default=Path("~/.cache/colonnade"),
        validate_default=True,
        description="Pretrained weights and encodings; can be deleted at any time.",
    )
    database_url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL; default: SQLite file in COLONNADE_DATA."
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Key for hashing API keys; default: a file made once in COLONNADE_DATA.",
    )
    encoder: str = Field(
        default="e5",
        description="Text encoder: e5, use, minilm, a Hugging Face id, or a folder.",
    )
    vectors: Literal["faiss", "pgvector"] = Field(
        default="faiss", description="What compares vectors: faiss in memory, or pgvector in PostgreSQL."
    )
    datasets: Path | None = Field(default_factory=_datasets, description="Where benchmark data sets lie.")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where models run; auto takes a GPU that torch can use."
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Threads for inference and training."
    )
    max_body_bytes: int = Field(default=8 * 2**20, ge=1024, description="Cap on a request body.")
    max_upload_bytes: int = Field(default=512 * 2**20, ge=1024, description="Cap on an uploaded data set.")
    max_json_depth: int = Field(default=32, ge=4)
    max_text_chars: int = Field(default=100_000, ge=1, description="Cap on one text, in code points.")
    max_batch: int = Field(default=256, ge=1, description="Cap on the texts of one request.")
    receive_timeout: float = Field(default=20.0, gt=0, description="Seconds a client may send a body for.")
    max_concurrency: int = Field(default=256, ge=1, description="Requests in flight before 429.")
    allow_private_addresses: _Networks = Field(
        default=(),
        description="Private networks that feeds and notifications may reach, e.g. 10.1.0.0/16,127.0.0.1/32.",
    )
    log_level: str = "INFO"

    @cached_property
    def resolved_database_url(self) -> str:
        """The database URL in force, secrets included."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / 'colonnade.db'}"
