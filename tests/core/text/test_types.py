from __future__ import annotations

import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from core.errors import InvalidInput
from core.text.types import SafeText, fault, safe


class Body(BaseModel):
    text: SafeText
    short: Annotated[SafeText, Field(max_length=3)] = ""


@pytest.mark.parametrize(
    ("text", "part"),
    [("a\ud800b", "lone surrogate (U+D800) at offset 1"), ("ab\x00", "NUL character (U+0000) at offset 2")],
)
def test_refused_with_fault_and_place(text: str, part: str) -> None:
    with pytest.raises(ValidationError, match="send valid Unicode") as caught:
        Body(text=text)
    assert part in str(caught.value)
    with pytest.raises(InvalidInput) as refused:
        safe(text)
    assert part in refused.value.detail


def test_other_control_characters_pass() -> None:
    assert Body(text="a\tb\r\n\x1b[0m").text == "a\tb\r\n\x1b[0m"


def test_length_is_counted_after_composition() -> None:
    assert Body(text="x", short="e\u0301e\u0301e\u0301").short == "ééé"
    with pytest.raises(ValidationError, match="at most 3"):
        Body(text="x", short="abcd")


def test_a_number_is_no_text() -> None:
    with pytest.raises(ValidationError, match="valid string"):
        Body.model_validate({"text": 1})


def test_json_schema_is_a_string() -> None:
    schema = Body.model_json_schema()["properties"]["short"]
    assert (schema["type"], schema["maxLength"]) == ("string", 3)


@given(st.text(st.characters(exclude_categories=[])))
def test_what_passes_is_nfc_and_can_be_written_down(text: str) -> None:
    if fault(text) is None:
        taken = Body(text=text).text
        assert unicodedata.is_normalized("NFC", taken)
        assert taken.encode("utf-8").decode("utf-8") == safe(text)
    else:
        with pytest.raises(ValidationError):
            Body(text=text)
