"""A document as PDF: the same bytes whenever it is made, from the document alone.

It says that it is PDF/A-3B, and carries the e-invoice where there is one. Texts are written as signs on the page and
nothing else: there are no links, forms or scripts. Tags are a flat list of headings, paragraphs and figures; fpdf2
can't tag rows and cells of a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from project_invoice_documents import qr
from project_invoice_documents.html import image_type
from project_invoice_documents.paper import BLACK, GREY, HEIGHT, RULE, Colour, Paper, colour_of
from project_invoice_documents.payment_codes import CodeKind, PaymentCode
from project_invoice_documents.view import Headed, Pair, Row, RowKind, View, view_of
from project_invoice_documents.wording import NBSP
from project_invoice_documents.xmp import file_name, xmp
from project_invoicing.domain.document_codes import MOST_LOGO_POINTS
from project_invoicing.domain.invoice_document import InvoiceDocument
from project_invoicing.domain.money import ZERO

LEFT, RIGHT, TOP = 20.0, 195.0, 15.0
FOOT = 276.0
"""Where the footer begins; what is written ends above."""
BOTTOM = FOOT - 4
STEP, SMALL_STEP = 4.4, 3.5
TINTED, PALE = (242, 244, 247), (236, 228, 200)
_GAP = 1.5
_MOST_SIGNS = 700
"""Of a row, so that it always fits on a page."""
_MOST_KEPT = 120.0
"""How much of a page stays empty at most, so that a heading stands with its first line."""


def pdf(
    document: InvoiceDocument, *, preview: bool = False, logo: bytes | None = None, xml: bytes | None = None
) -> bytes:
    """``logo`` is a PNG or JPEG, else ``UnreadableLogo`` is raised. ``xml`` is the e-invoice within the file."""
    view = view_of(document, preview=preview)
    paper = Paper()
    paper.dated(datetime.combine(document.invoice_date, time(), UTC))
    title = f"{view.title} {view.number}".strip()
    paper.set_title(title)
    paper.set_author(view.seller.name)
    paper.set_lang(view.wording.language)
    e_invoice = document.presentation.e_invoice
    language = view.wording.language
    paper.set_xmp_metadata(
        xmp(title, view.seller.name, language, document.invoice_date, e_invoice, with_xml=xml is not None)
    )
    _Layout(paper, view, _image(logo)).write()
    if xml is not None:
        paper.embed_file(
            bytes=xml,
            basename=file_name(e_invoice),
            mime_type="text/xml",
            associated_file_relationship="Alternative",
            modification_date=paper.creation_date,
            desc="E-invoice",
            compress=True,
        )
    return paper.finished()


class UnreadableLogo(ValueError):
    """Why a logo cannot be shown."""


def _image(logo: bytes | None) -> Image.Image | None:
    """A logo as plain colours on white: PDF/A takes no picture with a colour space of its own."""
    if not logo:
        return None
    if image_type(logo) is None:
        raise UnreadableLogo("it is neither a PNG nor a JPEG")
    try:
        with Image.open(BytesIO(logo), formats=("PNG", "JPEG")) as given:
            small = given.width * given.height <= MOST_LOGO_POINTS
            coloured = given.convert("RGBA") if small else None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as fault:
        raise UnreadableLogo(f"it is damaged: {fault}") from None
    if coloured is None:
        raise UnreadableLogo(f"it has more than {MOST_LOGO_POINTS} points")
    plain = Image.new("RGB", coloured.size, "white")
    plain.paste(coloured, mask=coloured.getchannel("A"))
    return plain


@dataclass(frozen=True, slots=True)
class _Column:
    field: str
    head: str
    left: float
    right: float
    numeric: bool

    @property
    def width(self) -> float:
        return self.right - self.left - _GAP


def logo_fault(logo: bytes) -> str | None:
    """Why a logo cannot be shown; ``None`` if it can."""
    try:
        _image(logo)
    except UnreadableLogo as fault:
        return str(fault)
    return None


def _pieces_of(row: Row) -> Iterator[Row]:
    """A row with a very long text as several, the first of which has its amount."""
    if row.kind is not RowKind.LINE or len(row.text) + sum(map(len, row.details)) <= _MOST_SIGNS:
        yield row
        return
    first, *others = _parted(row.text)
    yield replace(row, text=first, details=())
    for text in others:
        yield Row(RowKind.LINE, text, level=row.level)
    for detail in row.details:
        for text in _parted(detail):
            yield Row(RowKind.LINE, "", level=row.level, details=(text,))


def _parted(text: str) -> list[str]:
    parts: list[str] = []
    while len(text) > _MOST_SIGNS:
        end = text.rfind(" ", 1, _MOST_SIGNS) if " " in text[1:_MOST_SIGNS] else _MOST_SIGNS
        parts.append(text[:end])
        text = text[end:].lstrip()
    return [*parts, text]


def _kept_together(rows: Sequence[Row], heights: Sequence[float], place: int) -> float:
    """The height of a row; of a heading with those within it and its first line, so that it never ends a page."""
    height = own = heights[place]
    while rows[place].kind is RowKind.GROUP and place + 1 < len(rows):
        place += 1
        height += heights[place]
    return max(own, min(height, _MOST_KEPT))


class _Layout:
    def __init__(self, paper: Paper, view: View, logo: Image.Image | None) -> None:
        self.paper, self.view, self.logo = paper, view, logo
        self.primary, self.accent = colour_of(view.primary), colour_of(view.accent)
        self.say = view.wording.say
        self.y = TOP

    def write(self) -> None:
        self._page()
        self._letterhead()
        self._parties()
        self._texts((*self.view.notes, *self.view.introduction))
        self._table(self.view.rows)
        self._totals()
        self._taxes()
        self._payment()
        self._texts(self.view.closing)
        if self.view.annex:
            self._page()
            self._heading(self.say("annex"))
            self._table(self.view.annex)
        self._footers()

    # pages

    def _page(self) -> None:
        self.paper.add_page()
        self.y = TOP + 4
        with self.paper.decoration():
            if self.view.watermark:
                self.paper.across(self.view.watermark, PALE)
            if self.paper.page > 1:
                self.paper.put(LEFT, self.y, f"{self.view.title} {self.view.number}".strip(), 8, colour=GREY)
                self.paper.box(LEFT, self.y + 2, RIGHT - LEFT, 0.3, self.accent)
                self.y += 10

    def _room(self, needed: float) -> None:
        if self.y + needed > BOTTOM:
            self._page()

    def _footers(self) -> None:
        paper = self.paper
        pages = len(paper.pages)
        for page in range(1, pages + 1):
            with paper.on_page(page), paper.decoration():
                paper.box(LEFT, FOOT, RIGHT - LEFT, 0.2, RULE)
                shown = self.say("page", page=str(page), pages=str(pages))
                paper.right(RIGHT, FOOT + 4, shown, 7.5, colour=GREY)
                y = FOOT + 4
                for text in self.view.footer:
                    for line in paper.lines_of(text, 7.5, RIGHT - LEFT - 35):
                        if y < HEIGHT - 5:
                            paper.put(LEFT, y, line, 7.5, colour=GREY)
                        y += SMALL_STEP

    # blocks

    def _heading(self, text: str) -> None:
        self._room(14)
        self.y += 3
        with self.paper.marked("H2"):
            self.paper.put(LEFT, self.y, text, 11, bold=True, colour=self.primary)
        self.y += 6

    def _texts(self, texts: Sequence[str]) -> None:
        for text in texts:
            self._lines(text, 9, RIGHT - LEFT)
            self.y += 1.5

    def _lines(
        self, text: str, size: float, width: float, *, step: float = STEP, bold: bool = False, colour: Colour = BLACK
    ) -> None:
        """A text at the left, over the end of the page if it must."""
        for line in self.paper.lines_of(text, size, width, bold):
            self._room(step)
            with self.paper.marked():
                self.paper.put(LEFT, self.y, line, size, bold=bold, colour=colour)
            self.y += step

    def _letterhead(self) -> None:
        paper = self.paper
        top = self.y
        self.y += 1
        self._lines(self.view.seller.name, 13, 110, step=5.5, bold=True, colour=self.primary)
        self.y -= 1
        numbers = " · ".join(f"{label} {value}".replace(" ", NBSP) for label, value in self.view.seller.facts)
        for text in (" · ".join(self.view.seller.lines), numbers):
            self._lines(text, 8, 110, step=SMALL_STEP, colour=GREY)
        if self.logo:
            width, height = self.logo.size
            scale = min(50 / width, 20 / height)
            with paper.marked("Figure", self.view.seller.name):
                paper.image(self.logo, RIGHT - width * scale, top - 4, width * scale, height * scale)
            self.y = max(self.y, top - 4 + height * scale + 3)
        with paper.decoration():
            paper.box(LEFT, self.y, RIGHT - LEFT, 0.8, self.accent)
        self.y += 12

    def _parties(self) -> None:
        paper = self.paper
        top = self.y
        self._party(self.view.buyer)
        below = self.y
        self.y = top
        with paper.marked("H1"):
            paper.put(112, self.y + 1, self.view.title, 18, bold=True, colour=self.primary)
        self.y += 9
        self._pairs(self.view.facts, 112, RIGHT - 112, 33)
        self.y = max(self.y, below) + 6

    def _party(self, party: Headed) -> None:
        self._lines(self.say("buyer"), 7.5, 85, colour=GREY)
        self._lines(party.name, 10, 85, step=STEP + 0.3, bold=True)
        for text in party.lines:
            self._lines(text, 9.5, 85)
        self.y += 1.5
        self._pairs(party.facts, LEFT, 85, 22)

    def _pairs(self, pairs: Sequence[Pair], x: float, width: float, label_width: float) -> None:
        paper = self.paper
        for label, value in pairs:
            labels = paper.lines_of(label, 8, label_width - 2)
            values = paper.lines_of(value, 9, width - label_width)
            self._room(max(len(labels), len(values)) * STEP)
            with paper.marked():
                for place, line in enumerate(labels):
                    paper.put(x, self.y + place * STEP, line, 8, colour=GREY)
                for place, line in enumerate(values):
                    paper.put(x + label_width, self.y + place * STEP, line, 9)
            self.y += max(len(labels), len(values)) * STEP

    # the lines

    def _columns(self, rows: Sequence[Row]) -> tuple[_Column, ...]:
        """What no row has gets no column, and leaves its room to the description."""
        lines = [row for row in rows if row.kind is RowKind.LINE]
        wanted = [
            ("position", self.say("pos"), 9.0, False),
            ("date", self.say("date"), 20.0, False),
            ("text", self.say("description"), 0.0, False),
            ("quantity", self.say("quantity"), 23.0, True),
            ("price", self.say("price"), 22.0, True),
            ("tax", self.say("tax"), 15.0, True),
            ("amount", f"{self.say('amount')} {self.view.currency}", 28.0, True),
        ]
        kept = [one for one in wanted if one[0] in {"text", "amount"} or any(getattr(row, one[0]) for row in lines)]
        rest = RIGHT - LEFT - sum(width for _, _, width, _ in kept)
        columns: list[_Column] = []
        x = LEFT
        for field, head, given, numeric in kept:
            width = given or rest
            columns.append(_Column(field, head, x, x + width, numeric))
            x += width
        return tuple(columns)

    def _head(self, columns: Sequence[_Column]) -> None:
        paper = self.paper
        self._room(20)
        with paper.decoration():
            paper.box(LEFT, self.y - 4.4, RIGHT - LEFT, 6.4, self.primary)
        with paper.marked():
            for column in columns:
                size = paper.fitting(column.head, 8, column.width, True)
                white = (255, 255, 255)
                if column.numeric:
                    paper.right(column.right - _GAP / 2, self.y, column.head, size, bold=True, colour=white)
                else:
                    paper.put(column.left + _GAP / 2, self.y, column.head, size, bold=True, colour=white)
        self.y += 6.5

    def _table(self, rows: Sequence[Row]) -> None:
        columns = self._columns(rows)
        self.y += 4
        self._head(columns)
        carried = ZERO
        pieces = [piece for whole in rows for piece in _pieces_of(whole)]
        heights = [self._height(row, columns) for row in pieces]
        for place, (row, height) in enumerate(zip(pieces, heights, strict=True)):
            if self.y + _kept_together(pieces, heights, place) > BOTTOM - 6:
                self._carry("carried", carried)
                self._page()
                self.y += 3
                self._head(columns)
                self._carry("brought", carried)
            self._row(row, columns, height)
            carried += row.net
        self.y += 3

    def _carry(self, word: str, amount: Decimal) -> None:
        with self.paper.marked():
            self.paper.put(LEFT + _GAP / 2, self.y, self.say(word), 8.5, bold=True, colour=GREY)
            self.paper.right(RIGHT - _GAP / 2, self.y, self.view.amount(amount), 8.5, bold=True, colour=GREY)
        self.y += 5.5

    def _cell(self, row: Row, column: _Column) -> tuple[str, ...]:
        text: str = getattr(row, column.field)
        indent = min(row.level, 4) * 2 if column.field == "text" else 0
        return self.paper.lines_of(text, 8.5, column.width - indent) if text else ()

    def _height(self, row: Row, columns: Sequence[_Column]) -> float:
        if row.kind is not RowKind.LINE:
            return len(self._wide_text(row)) * STEP + 2
        cells = max(len(self._cell(row, column)) for column in columns if column.field not in {"amount", "price"})
        column = next(column for column in columns if column.field == "text")
        details = sum(len(self._detail(row, text, column)) for text in row.details)
        return min(max(len(self._cell(row, column)) * STEP + details * SMALL_STEP, cells * STEP) + 1.8, 200)

    def _detail(self, row: Row, text: str, column: _Column) -> tuple[str, ...]:
        return self.paper.lines_of(text, 7.5, column.width - min(row.level, 4) * 2)

    def _wide_text(self, row: Row) -> tuple[str, ...]:
        return self.paper.lines_of(row.text, 8.5, RIGHT - LEFT - 45 - min(row.level, 4) * 4, True)

    def _row(self, row: Row, columns: Sequence[_Column], height: float) -> None:
        if row.kind is not RowKind.LINE:
            self._wide_row(row, height)
            return
        paper = self.paper
        with paper.marked():
            for column in columns:
                if column.numeric:
                    self._numeric(row, column)
                else:
                    self._worded(row, column)
        with paper.decoration():
            paper.box(LEFT, self.y + height - STEP - 0.6, RIGHT - LEFT, 0.1, RULE)
        self.y += height

    def _numeric(self, row: Row, column: _Column) -> None:
        paper, edge = self.paper, column.right - _GAP / 2
        if column.field in {"amount", "price"}:
            text: str = getattr(row, column.field)
            paper.right(edge, self.y, text, paper.fitting(text, 8.5, column.width))
            return
        for place, line in enumerate(self._cell(row, column)):
            paper.right(edge, self.y + place * STEP, line, 8.5)

    def _worded(self, row: Row, column: _Column) -> None:
        paper, y = self.paper, self.y
        x = column.left + _GAP / 2 + (min(row.level, 4) * 2 if column.field == "text" else 0)
        for line in self._cell(row, column):
            paper.put(x, y, line, 8.5)
            y += STEP
        if column.field == "text":
            y -= STEP - SMALL_STEP
            for text in row.details:
                for line in self._detail(row, text, column):
                    paper.put(x, y, line, 7.5, colour=GREY)
                    y += SMALL_STEP

    def _wide_row(self, row: Row, height: float) -> None:
        paper = self.paper
        group = row.kind is RowKind.GROUP
        with paper.decoration():
            if group:
                paper.box(LEFT, self.y - 3.9, RIGHT - LEFT, height - 0.4, TINTED)
            else:
                paper.box(LEFT, self.y - 4, RIGHT - LEFT, 0.25, self.primary)
        colour = self.primary if group else BLACK
        with paper.marked():
            for place, line in enumerate(self._wide_text(row)):
                x = LEFT + _GAP / 2 + min(row.level, 4) * 4
                paper.put(x, self.y + place * STEP, line, 8.5, bold=True, colour=colour)
            paper.right(RIGHT - _GAP / 2, self.y, row.amount, 8.5, bold=True, colour=colour)
        self.y += height

    # what it comes to

    def _totals(self) -> None:
        paper = self.paper
        self._room(26)
        self.y += 2
        for label, value in self.view.totals:
            with paper.marked():
                paper.put(120, self.y, label, 9)
                paper.right(RIGHT - _GAP / 2, self.y, value, 9)
            self.y += 5
        label, value = self.view.total
        with paper.decoration():
            paper.box(118, self.y - 3.6, RIGHT - 118, 0.5, self.primary)
        self.y += 2
        room = RIGHT - 122 - paper.width_of(value, 12, True)
        with paper.marked():
            paper.put(120, self.y, label, paper.fitting(label, 12, max(room, 10), True), bold=True, colour=self.primary)
            paper.right(RIGHT - _GAP / 2, self.y, value, 12, bold=True, colour=self.primary)
        self.y += 10

    def _taxes(self) -> None:
        view, paper = self.view, self.paper
        if not view.taxes:
            return
        edges = (85.0, 115.0, 145.0, RIGHT if view.accounting_head else 0.0)
        heads = (self.say("percent"), self.say("base"), self.say("sales_tax"), view.accounting_head)
        self._room(18)
        with paper.marked():
            paper.put(LEFT, self.y, self.say("tax_code"), 8, bold=True, colour=self.primary)
            for edge, head in zip(edges, heads, strict=True):
                if head:
                    paper.right(edge, self.y, head, paper.fitting(head, 8, 28, True), bold=True, colour=self.primary)
        with paper.decoration():
            paper.box(LEFT, self.y + 1.5, (RIGHT if view.accounting_head else 145) - LEFT, 0.3, self.primary)
        self.y += 6
        for tax in view.taxes:
            codes = paper.lines_of(tax.code, 8.5, 45)
            notes = paper.lines_of(tax.note, 7.5, 145 - LEFT) if tax.note else ()
            self._room(len(codes) * STEP + len(notes) * SMALL_STEP)
            with paper.marked():
                for edge, text in zip(edges, (tax.percent, tax.base, tax.tax, tax.accounting), strict=True):
                    if text:
                        paper.right(edge, self.y, text, paper.fitting(text, 8.5, 28))
                for line in codes:
                    paper.put(LEFT, self.y, line, 8.5)
                    self.y += STEP
                for line in notes:
                    paper.put(LEFT, self.y - 0.6, line, 7.5, colour=GREY)
                    self.y += SMALL_STEP
        self.y += 4

    def _payment(self) -> None:
        view = self.view
        if not (view.payment or view.payment_texts):
            return
        side = qr.SWISS_SIDE if view.code and view.code.kind is CodeKind.SWISS else 32.0
        self._room(max(30.0, side + 12 if view.code else 0))
        self._heading(self.say("payment"))
        top = self.y
        for account in view.payment:
            self._pairs(account, LEFT, 105, 32)
        self.y += 1.5
        width = (RIGHT - LEFT - side - 10) if view.code else RIGHT - LEFT
        page = self.paper.page
        for text in view.payment_texts:
            self._lines(text, 9, width)
        if view.code:
            with self.paper.on_page(page):
                self._code(view.code, RIGHT - side, top - 4, side)
            if page == self.paper.page:
                self.y = max(self.y, top + side + 6)
        self.y += 4

    def _code(self, code: PaymentCode, left: float, top: float, side: float) -> None:
        paper = self.paper
        modules, dark = qr.runs(code)
        size = side / modules
        with paper.marked("Figure", self.say("scan")):
            paper.box(left - 2, top - 2, side + 4, side + 4, (255, 255, 255))
            for x, y, length in dark:
                paper.box(left + x * size, top + y * size, length * size, size, (0, 0, 0))
            if code.kind is CodeKind.SWISS:
                for colour, right, down, width, height in qr.cross():
                    shade = (0, 0, 0) if colour == "black" else (255, 255, 255)
                    paper.box(left + side / 2 + right, top + side / 2 + down, width, height, shade)
        with paper.marked():
            paper.put(left, top + side + 5, self.say("scan"), 7.5, colour=GREY)
