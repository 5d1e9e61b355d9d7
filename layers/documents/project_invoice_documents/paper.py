"""A4 pages on which texts stand where they are put: fonts and their fallback, widths, line breaks, and what is tagged.

Rows are written straight into the page. fpdf2's own cells and tables do far more for each text, and an invoice of
10,000 lines has 80,000 of them. Positions are millimetres from the top left; ``y`` of a text is its baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.fonts import TTFFont

Colour = tuple[int, int, int]
BLACK: Colour = (34, 34, 34)
GREY: Colour = (89, 89, 89)
RULE: Colour = (205, 205, 205)
WIDTH, HEIGHT = 210.0, 297.0
_POINTS = 72 / 25.4
_WIDE_FROM = "\u2e80"
_SPACES = {0x202F: 0xA0, 0x2009: 0xA0, 0x2007: 0xA0, 0x3000: 0x20}


def colour_of(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _file(package: str, *path: str) -> Path:
    found = import_module(package).__file__
    if found is None:  # pragma: no cover - the fonts are packages with files
        raise FileNotFoundError(package)
    return Path(found).parent.joinpath(*path)


class Paper(FPDF):
    """``marked`` tags what is written as a paragraph or heading; all else is decoration to a reader of the tags."""

    def __init__(self) -> None:
        super().__init__(unit="mm", format="A4", enforce_compliance="PDF/A-3B")
        self.set_auto_page_break(auto=False)
        self.add_font("Lato", "", _file("fontpkg_lato", "files", "Lato-Regular.ttf"))
        self.add_font("Lato", "B", _file("fontpkg_lato", "files", "Lato-Bold.ttf"))
        self._faces = {False: self._face("lato"), True: self._face("latoB")}
        self._wide: TTFFont | None = None
        self._marks: dict[int, int] = {}
        self.width_of = lru_cache(maxsize=8192)(self._width_of)
        self.lines_of = lru_cache(maxsize=8192)(self._lines_of)
        self._encoded = lru_cache(maxsize=8192)(self._encode)
        self._advance = lru_cache(maxsize=None)(self._advance_of)

    def _face(self, key: str) -> TTFFont:
        font = self.fonts[key]
        if not isinstance(font, TTFFont):  # pragma: no cover - both were added from files
            raise TypeError(key)
        return font

    def dated(self, moment: datetime) -> None:
        self.set_creation_date(moment.astimezone(UTC))

    # fonts

    def _wide_face(self) -> TTFFont:
        """The font of Chinese, Japanese and Korean signs: large, and so only read where a text has one."""
        if self._wide is None:
            self.add_font("Wide", "", _file("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"))
            self._wide = self._face("wide")
        return self._wide

    def _advance_of(self, character: str, bold: bool) -> tuple[TTFFont, str, float]:
        """The face that has a character, what is written for it, and its width in thousandths of the size."""
        code = _SPACES.get(ord(character), ord(character))
        for face in (self._faces[bold], None):
            font = face or self._wide_face()
            if code in font.cmap:
                return font, chr(code), font.cw[code]
        return self._faces[bold], "?", self._faces[bold].cw[ord("?")]

    def _width_of(self, text: str, size: float, bold: bool = False) -> float:
        """In millimetres."""
        return sum(self._advance(character, bold)[2] for character in text) * size / 1000 / _POINTS

    def _encode(self, text: str, bold: bool) -> tuple[tuple[int, str], ...]:
        runs: list[tuple[TTFFont, list[str]]] = []
        for character in text:
            font, written, _ = self._advance(character, bold)
            if not runs or runs[-1][0] is not font:
                runs.append((font, []))
            runs[-1][1].append(written)
        return tuple((font.i, font.encode_text("".join(signs))) for font, signs in runs)

    # line breaks

    def _lines_of(self, text: str, size: float, width: float, bold: bool = False) -> tuple[str, ...]:
        """A text in lines that are no wider: broken at spaces and between wide signs, and within a word too long."""
        if self.width_of(text, size, bold) <= width:
            return (text,)
        lines: list[str] = []
        current, used = "", 0.0
        for piece in _pieces(text):
            needed = self._width_of(piece.rstrip(), size, bold)
            if used + needed <= width:
                current, used = current + piece, used + self._width_of(piece, size, bold)
                continue
            if current.strip():
                lines.append(current.rstrip())
            current, used = "", 0.0
            for character in piece:
                wide = self._width_of(character, size, bold)
                if current and used + wide > width:
                    lines.append(current)
                    current, used = "", 0.0
                current, used = current + character, used + wide
        if current.strip():
            lines.append(current.rstrip())
        return tuple(lines)

    # what is written

    def put(
        self, x: float, y: float, text: str, size: float = 9, *, bold: bool = False, colour: Colour = BLACK
    ) -> None:
        if not text:
            return
        red, green, blue = (f"{part / 255:.3f}" for part in colour)
        parts = [f"BT {red} {green} {blue} rg {x * _POINTS:.2f} {(HEIGHT - y) * _POINTS:.2f} Td"]
        for index, shown in self._encoded(text, bold):
            parts.append(f"/F{index} {size:.2f} Tf {shown}")
            self._used(index)
        parts.append("ET")
        self._out(" ".join(parts))

    def _used(self, index: int) -> None:
        font = next(font for font in self.fonts.values() if font.i == index)
        self._set_font_for_page(font, 1)

    def right(
        self, x: float, y: float, text: str, size: float = 9, *, bold: bool = False, colour: Colour = BLACK
    ) -> None:
        """``x`` is where the text ends."""
        self.put(x - self.width_of(text, size, bold), y, text, size, bold=bold, colour=colour)

    def fitting(self, text: str, size: float, width: float, bold: bool = False) -> float:
        """The size at which a text is no wider: that of an amount is never broken."""
        wide = float(self.width_of(text, size, bold))
        return size if wide <= width else size * width / wide

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        red, green, blue = (f"{part / 255:.3f}" for part in colour)
        edges = f"{x * _POINTS:.2f} {(HEIGHT - y - height) * _POINTS:.2f} {width * _POINTS:.3f} {height * _POINTS:.3f}"
        self._out(f"{red} {green} {blue} rg {edges} re f")

    @contextmanager
    def marked(self, kind: str = "P", alternative: str | None = None) -> Iterator[None]:
        """Tags what is written within as one element."""
        mark = self._marks.get(self.page, 0)
        self._marks[self.page] = mark + 1
        given: dict[str, Any] = {"alt_text": alternative} if alternative else {}
        self._add_marked_content(struct_type=f"/{kind}", mcid=mark, **given)
        self._out(f"/{kind} <</MCID {mark}>> BDC")
        yield
        self._out("EMC")

    @contextmanager
    def decoration(self) -> Iterator[None]:
        self._out("/Artifact BMC")
        yield
        self._out("EMC")

    @contextmanager
    def on_page(self, number: int) -> Iterator[None]:
        """Writes on a page that is already there."""
        now, self.page = self.page, number
        yield
        self.page = now

    def across(self, text: str, colour: Colour) -> None:
        """Over the whole page from corner to corner, as large as it fits."""
        size = self.fitting(text, 60, 240, bold=True)
        wide = self.width_of(text, size, True) * _POINTS
        red, green, blue = (f"{part / 255:.3f}" for part in colour)
        cosine, sine = 0.5736, 0.8192
        x = WIDTH * _POINTS / 2 - wide / 2 * cosine
        y = HEIGHT * _POINTS / 2 - wide / 2 * sine
        parts = [f"BT {red} {green} {blue} rg {cosine} {sine} {-sine} {cosine} {x:.2f} {y:.2f} Tm"]
        for index, shown in self._encoded(text, True):
            parts.append(f"/F{index} {size:.2f} Tf {shown}")
            self._used(index)
        self._out(" ".join([*parts, "ET"]))

    def finished(self) -> bytes:
        return bytes(self.output())


def _pieces(text: str) -> Iterator[str]:
    """Between which a line may end."""
    piece = ""
    for character in text:
        if character >= _WIDE_FROM:
            if piece:
                yield piece
            yield character
            piece = ""
        else:
            piece += character
            if character == " ":
                yield piece
                piece = ""
    if piece:
        yield piece
