from __future__ import annotations

import subprocess
import sys

import pytest

from core.text.near import PERMUTATIONS, bands, key, shingles, similarities, similarity, sketch

NEWS = "Brackwell Steel idles its second furnace because orders from builders are weak"
ZH = "澜石科技下调全年指引，公司预计四季度收入低于此前预期"


def test_words_and_characters_make_the_shingles() -> None:
    assert shingles("Steel cuts 900 jobs") == {"steel", "cuts", "jobs", "steel cuts", "cuts jobs"}
    assert shingles("下调指引") == {"下调", "调指", "指引"}
    assert shingles("ACME下调5%") == {"acme", "下调"}
    assert shingles("5 %, 7 %!") == frozenset()


def test_dress_and_figures_do_not_count() -> None:
    assert sketch("Profit +5 %") == sketch("ｐｒｏｆｉｔ  −7 %!")
    assert similarity(sketch(ZH).signature, sketch(ZH.replace("，", " ")).signature) > 0.85


@pytest.mark.parametrize(("one", "other"), [(NEWS, NEWS + " again"), (ZH, "公司公告称" + ZH)])
def test_the_estimate_is_near_the_share_that_is_common(one: str, other: str) -> None:
    left, right = shingles(one), shingles(other)
    exact = len(left & right) / len(left | right)
    assert similarity(sketch(one).signature, sketch(other).signature) == pytest.approx(exact, abs=0.14)


def test_like_texts_share_a_band_and_others_none() -> None:
    keys = set(bands(sketch(NEWS).signature))
    assert keys & set(bands(sketch(NEWS + " again").signature))
    assert not keys & set(bands(sketch(ZH).signature))
    assert not keys & set(bands(sketch(NEWS).signature, space="other"))
    assert all(0 <= each < 2**63 for each in keys)


def test_many_are_compared_as_one_by_one() -> None:
    one, others = (
        sketch(NEWS).signature,
        [sketch(NEWS + " again").signature, sketch(ZH).signature, b"", b"short"],
    )
    expected = [similarity(one, others[0]), 0.0, 0.0, 0.0]
    assert similarities(one, others) == pytest.approx(expected)
    assert similarities(b"", others) == [0.0] * 4


def test_a_text_without_shingles_is_like_none() -> None:
    nothing = sketch("5 % … 7 %")
    assert (nothing.signature, nothing.size) == (b"", 0)
    assert bands(nothing.signature) == ()
    assert similarity(nothing.signature, nothing.signature) == 0.0


def test_more_bands_than_the_signature_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="more than a signature has"):
        bands(sketch(NEWS).signature, count=PERMUTATIONS, rows=2)


def test_kept_sketches_are_the_same_in_every_process() -> None:
    code = "from core.text.near import key, sketch; import sys; print(key(sketch(sys.argv[1]).signature))"
    ran = subprocess.run([sys.executable, "-c", code, NEWS], capture_output=True, text=True, check=True)
    assert int(ran.stdout) == key(sketch(NEWS).signature)
