"""Makes small PDFs by hand, so that tests know every operator in them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

FONTS = (
    b"<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> "
    b"/F2 << /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H /ToUnicode 4 0 R "
    b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /DW 1000 "
    b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >> >>"
)


def _unicode(text: str) -> bytes:
    """Return the map from codes to characters, of the characters that are used, as real files have it."""
    pairs = [f"<{ord(sign):04X}> <{ord(sign):04X}>" for sign in sorted(set(text)) if not sign.isascii()]
    parts = [pairs[place : place + 100] for place in range(0, len(pairs), 100)]
    maps = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def 1 begincodespacerange "
        f"<0000> <FFFF> endcodespacerange\n{maps}\nendcmap end end"
    ).encode()


def shown(line: str, x: float, y: float, *, size: float = 12, before: str = "") -> bytes:
    """Return operators that show one line; Chinese in the second font."""
    if line.isascii():
        text, font = f"({line})".replace("((", "(\\(").encode(), "F1"
    else:
        text, font = f"<{line.encode('utf-16-be').hex()}>".encode(), "F2"
    return f"BT {before} /{font} {size} Tf 1 0 0 1 {x} {y} Tm ".encode() + text + b" Tj ET\n"


def page(lines: Sequence[str]) -> bytes:
    """Return the operators of a page of lines from the top."""
    return b"".join(shown(line, 72, 760 - 16 * place) for place, line in enumerate(lines) if line)


def pdf(
    pages: Sequence[bytes], *, chinese: str = "", extra: str = "", trailer: str = "", resources: str = ""
) -> bytes:
    """Return a PDF whose pages have these operators; `chinese` holds the characters of the second font."""
    first = 5
    kids = " ".join(f"{first + 2 * place} 0 R" for place in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Font " + FONTS + f" {resources} >>".encode(),
        _stream(_unicode(chinese)),
    ]
    for place, content in enumerate(pages):
        number = first + 2 * place
        head = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources 3 0 R"
        objects.append(f"{head} /Contents {number + 1} 0 R >>".encode())
        objects.append(_stream(content))
    objects += [part.encode() for part in extra.split("\n") if part]
    return _file(objects, trailer)


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content)
    return f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"


def _file(objects: Sequence[bytes], trailer: str) -> bytes:
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    rows = b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + head + rows + end.encode()
