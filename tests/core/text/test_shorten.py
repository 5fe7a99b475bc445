from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.text.shorten import shortened


@given(st.text(max_size=300), st.integers(65, 200))
def test_a_name_fits_and_is_one_name(name: str, length: int) -> None:
    short = shortened(name, length)
    assert len(short) <= length
    assert short == shortened(name, length)
    assert (short == name) == (len(name) <= length)


def test_what_is_cut_off_tells_names_apart() -> None:
    assert len({shortened("n" * 500 + each, 400) for each in "ab"}) == 2
