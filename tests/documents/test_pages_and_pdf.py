"""What customers read: the amounts of a document, all of them, and nothing that a text from outside could bring in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from project_invoice_documents.html import html
from project_invoice_documents.pdf import UnreadableLogo, logo_fault, pdf
from project_invoice_documents.view import Row, RowKind, view_of
from project_invoicing.domain.invoice_document import (
    DocumentFormat,
    EInvoice,
    Grouping,
    InvoiceDocument,
    Named,
    Presentation,
    Profile,
    Syntax,
)
from tests.documents.kinds import NESTED, hostile, kinds
from tests.invoice_documents import BUYER, document, line
from tools.imports import ROOT

KINDS = kinds()
PATHS = os.pathsep.join(str(ROOT / part) for part in ("layers/common", "layers/documents", "."))
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '" onload="alert(1)" style="x:expression(1)',
    "{{ 7*7 }}{number}{% raw %}",
    ") Tj ET /URI (javascript:alert(1)) \\( endstream endobj",
    "javascript:alert(1) https://evil.example/",
    "\u202egnp.exe\u2066\u2069\u200f\x00\x1b[31m\ud83d",
    "</style></title>]]><!--&#x3c;",
    "\N{PILE OF POO}\N{ARABIC LETTER ALEF}\N{TIBETAN SYLLABLE OM} \x85\u2028",
    "W" * 3000,
)


def read(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content))


@cache
def printed(kind: str) -> bytes:
    return pdf(KINDS[kind])


def flat(text: str) -> str:
    """Without spaces, and without the zeros that pypdf reads before signs of the large font; poppler reads none."""
    return re.sub(r"[\s\x00]+", "", text)


def text_of(content: bytes) -> str:
    return flat("".join(page.extract_text() for page in read(content).pages))


def amounts(of: InvoiceDocument) -> Iterator[str]:
    view = view_of(of)
    for row in (*view.rows, *view.annex):
        yield from (row.amount, row.price)
    for tax in view.taxes:
        yield from (tax.base, tax.tax, tax.accounting)
    yield from (amount for _, amount in (*view.totals, view.total))


@pytest.mark.parametrize("kind", KINDS)
def test_page_and_pdf_have_every_amount_and_every_text(kind: str) -> None:
    of = KINDS[kind]
    view = view_of(of)
    said = [
        *amounts(of),
        *view.notes,
        *view.introduction,
        *view.payment_texts,
        *view.footer,
        *(text for pair in (*view.facts, *view.buyer.facts) for text in pair),
        *(row.text for row in (*view.rows, *view.annex)),
        *(tax.note for tax in view.taxes),
    ]
    in_pdf, in_page = text_of(printed(kind)), flat(_Page(html(of)).text)
    assert [text for text in said if flat(text) not in in_pdf] == []
    assert [text for text in said if flat(text) not in in_page] == []


@pytest.mark.parametrize("kind", ["detail", "summary"])
def test_subtotals_add_up_to_the_total(kind: str) -> None:
    of = KINDS[kind]
    view = view_of(of)

    def value(row: Row) -> Decimal:
        mark = view.wording.formats
        return Decimal(row.amount.replace(mark["group"], "").replace(mark["decimal"], "."))

    for rows in filter(None, (view.rows, view.annex)):
        outer = sum(value(row) for row in rows if row.kind is RowKind.SUBTOTAL and row.level == 0)
        inner = sum(value(row) for row in rows if row.kind is RowKind.SUBTOTAL and row.level == 1)
        lines = sum(value(row) for row in rows if row.kind is RowKind.LINE)
        assert outer == lines == of.subtotal
        assert inner in {of.subtotal, 0}


def test_a_summary_counts_what_is_charged_and_not_what_is_only_shown() -> None:
    shown = replace(line(3, "5"), chargeable=False, net=Decimal(0))
    lines = (line(), line(2, "2.5", "100.00"), shown, line(4, "1", unit="day", chargeable=False, net=Decimal(0)))
    summary = Presentation(format=DocumentFormat.SUMMARY)
    (row,) = view_of(document(*lines, presentation=summary)).rows
    assert (row.quantity, row.amount) == ("10.5 hour", "1,210.00")
    (free,) = view_of(document(shown, presentation=summary)).rows
    assert (free.quantity, free.amount) == ("", "0.00")


def test_a_page_says_what_it_carries_over_and_the_next_what_was_brought() -> None:
    of = KINDS["detail"]
    pages = [page.extract_text() for page in read(printed("detail")).pages]
    rows = [row for row in view_of(of).rows if row.kind is RowKind.LINE]
    running = {view_of(of).amount(sum((row.net for row in rows[:count]), Decimal(0))) for count in range(len(rows))}
    carried = [found for page in pages for found in re.findall(r"Carried over\s*\n?\s*([\d,.]+)", page)]
    brought = [found for page in pages for found in re.findall(r"Brought forward\s*\n?\s*([\d,.]+)", page)]
    assert len(carried) >= 2
    assert carried == brought
    assert set(carried) <= running
    assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1))
    assert sum("Description" in page for page in pages) == len(carried) + 1


def test_where_nothing_is_to_pay_no_cash_discount_is_offered() -> None:
    offered = {"cash_discount_date": date(2026, 10, 10), "cash_discount_percent": Decimal(2)}
    assert view_of(document(line(1), **offered)).payment_texts
    assert view_of(document(line(1), line(2, "-8"), **offered)).payment_texts == ()


@pytest.mark.parametrize("before", range(6))
def test_no_page_ends_with_the_heading_of_what_is_on_the_next(before: int) -> None:
    """``before``: lines that move the headings down the page, one line further each time."""
    of = replace(KINDS["detail"], lines=NESTED + NESTED[1 : 1 + before])
    pages = read(pdf(of)).pages
    ends = [page.extract_text().split("Carried over")[0].splitlines()[-1] for page in pages[:-1]]
    assert len(ends) >= 4
    assert [end for end in ends if end.startswith(("Project:", "Task:"))] == []


def test_a_preview_has_a_watermark_and_no_number() -> None:
    of = KINDS["detail"]
    for text in (text_of(pdf(of, preview=True)), flat(html(of, preview=True))):
        assert "PREVIEW" in text
        assert of.number not in text
    assert "PREVIEW" not in text_of(printed("detail"))


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_from_outside_bring_nothing_in(text: str) -> None:
    content = pdf(hostile(text))
    reader = read(content)
    assert all("/Annots" not in page for page in reader.pages)
    catalog = reader.trailer["/Root"].get_object()
    assert isinstance(catalog, DictionaryObject)
    assert {"/AA", "/AcroForm", "/Names"} & catalog.keys() == set()
    assert isinstance(catalog["/OpenAction"], ArrayObject), "where it opens, and no action"
    page = _Page(html(hostile(text)))
    usual = _Page(html(hostile("x")))
    assert page.tags <= usual.tags
    assert page.attributes <= usual.attributes
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00\x1b\ud800-\udfff]", page.text)


class _Page(HTMLParser):
    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        assert not {name for name, _ in attrs if name.startswith("on") or name in {"href", "srcset", "style"}}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    content = html(KINDS["detail"], logo=picture())
    page = _Page(content)
    assert {"script", "link", "iframe", "object", "form", "a"} & page.tags == set()
    assert re.findall(r"(?:src|url)\W{1,3}(?!data:image/png)\w+", content) == []


def test_a_logo_is_shown_and_what_is_none_is_told() -> None:
    of = KINDS["intercompany"]
    assert len(read(pdf(of, logo=picture())).pages[0].images) == 1
    for broken, why in ((b"\x89PNG\r\n\x1a\nbroken", "it is damaged"), (b"<svg/>", "neither a PNG nor a JPEG")):
        assert why in (logo_fault(broken) or "")
        with pytest.raises(UnreadableLogo, match=why):
            pdf(of, logo=broken)
    assert logo_fault(picture()) is None
    assert "<img" not in html(of, logo=b"<svg onload=alert(1)>")


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGBA", (120, 40), (0, 77, 64, 200)).save(out, "PNG")
    return out.getvalue()


def test_the_same_document_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from tests.documents.kinds import kinds; from project_invoice_documents.pdf import pdf;"
        "from project_invoice_documents.html import html; of = kinds()['yen'];"
        "print(hashlib.sha256(pdf(of, xml=b'<a/>') + html(of).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": PATHS, "PYTHONHASHSEED": seed, "TZ": zone},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("profile", "name", "level"),
    [(Profile.EN16931, "factur-x.xml", "EN 16931"), (Profile.XRECHNUNG, "xrechnung.xml", "XRECHNUNG")],
)
def test_an_e_invoice_is_in_the_pdf_as_factur_x_says(profile: Profile, name: str, level: str) -> None:
    of = document(presentation=Presentation(e_invoice=EInvoice(Syntax.FACTUR_X, profile)))
    reader = read(pdf(of, xml=b"<invoice/>"))
    assert reader.attachments[name] == [b"<invoice/>"]
    catalog = reader.trailer["/Root"].get_object()
    (attached,) = catalog["/AF"]  # type: ignore[index]
    assert attached.get_object()["/AFRelationship"] == "/Alternative"
    metadata = catalog["/Metadata"].get_object().get_data().decode()  # type: ignore[index]
    for told in ("<pdfaid:part>3<", "<pdfaid:conformance>B<", f"<fx:DocumentFileName>{name}<", f"Level>{level}<"):
        assert told in metadata
    assert "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" in metadata
    assert "/OutputIntents" in catalog  # type: ignore[operator]


def test_a_pdf_is_tagged_says_its_title_and_language_and_has_its_fonts() -> None:
    reader = read(printed("yen"))
    catalog = reader.trailer["/Root"].get_object()
    assert catalog["/Lang"] == "ja"  # type: ignore[index]
    assert catalog["/MarkInfo"]["/Marked"]  # type: ignore[index]
    tags = {one.get_object()["/S"] for one in catalog["/StructTreeRoot"]["/K"][0].get_object()["/K"]}  # type: ignore[index]
    assert {"/H1", "/H2", "/P"} <= tags
    assert "請求書 FTI-00000042" in catalog["/Metadata"].get_object().get_data().decode()  # type: ignore[index]
    fonts = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    for font in fonts.values():
        described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & described.keys()


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils draws the pages, and is not installed")
def test_every_kind_can_be_drawn() -> None:
    """The pictures stay in ``build/documents``, for people to look at."""
    out = ROOT / "build" / "documents"
    out.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (out / f"{kind}.pdf").write_bytes(printed(kind))
        (out / f"{kind}.html").write_text(html(KINDS[kind]), "utf-8")
        drawn = subprocess.run(
            ["pdftoppm", "-r", "60", "-l", "2", "-png", out / f"{kind}.pdf", out / kind],
            check=True,
            capture_output=True,
            text=True,
        )
        assert drawn.stderr == ""
        with Image.open(next(iter(sorted(out.glob(f"{kind}-*.png"))))) as page:
            assert len(page.convert("L").getcolors() or []) > 20


def test_groups_that_have_nothing_come_last_and_dates_in_their_order() -> None:
    lines = (line(1, task=None), line(2), line(3, date=date(2026, 9, 1)))
    by_task = view_of(document(*lines, presentation=Presentation(group_by=(Grouping.TASK,))))
    by_date = view_of(document(*lines, presentation=Presentation(group_by=(Grouping.DATE,))))
    assert [row.text for row in by_task.rows if row.kind is RowKind.GROUP] == ["Task: Design", "Task: Other"]
    assert [row.text for row in by_date.rows if row.kind is RowKind.GROUP] == [
        "Date: 1 Sept 2026",
        "Date: 14 Sept 2026",
    ]


@pytest.mark.large
def test_ten_thousand_lines_are_whole_and_take_little() -> None:
    code = (
        "import resource; import sys; from tests.documents.test_pages_and_pdf import many;"
        "from project_invoice_documents.pdf import pdf;"
        "content = pdf(many()); used = resource.getrusage(resource.RUSAGE_SELF);"
        "sys.stderr.write(f'{used.ru_utime + used.ru_stime} {used.ru_maxrss}'); sys.stdout.buffer.write(content)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": PATHS}, cwd=ROOT, check=True, capture_output=True
    )
    seconds, kilobytes = map(float, done.stderr.decode().split()[-2:])
    assert seconds < 15
    assert kilobytes < 256 * 1024
    text = text_of(done.stdout)
    assert [number for number in range(1, 10_001) if f"Partnumber{number}of" not in text] == []


def many() -> InvoiceDocument:
    lines = [
        line(
            number,
            project=Named(f"P-{number % 7}"),
            task=Named(f"T-{number % 30}"),
            description=f"Part number {number} of é",
        )
        for number in range(1, 10_001)
    ]
    return document(*lines, presentation=Presentation(group_by=(Grouping.PROJECT, Grouping.TASK)))


def test_a_description_longer_than_a_page_is_there_to_its_end() -> None:
    words = " ".join(f"word{number}" for number in range(900))
    text = text_of(pdf(document(replace(NESTED[0], description=words))))
    assert [number for number in range(900) if f"word{number}" not in text] == []


@pytest.mark.parametrize(
    "name",
    [
        "Rindfleischetikettierungsüberwachungs" * 5,
        "Société à responsabilité limitée « Ça ira » " * 4,
        "Zażółć gęślą jaźń Łódź Čapek Őrség Ğüneş İzmir Þór",
        "株式会社コンストーソ・コンサルティング東京本社経理部御中" * 3,
        "北京市朝阳区建国门外大街甲六号中环世贸中心",
        "주식회사 콘토소 컨설팅 서울특별시",
        "Αθήνα Київ Москва",
    ],
)
def test_a_name_is_whole_however_long_it_is_and_in_whichever_of_our_letters(name: str) -> None:
    party, named = replace(BUYER, name=name), Named("T-1", name)
    of = document(line(description=name, task=named), line(2), buyer=party, presentation=Presentation("ja"))
    in_pdf, in_page = text_of(pdf(of)), flat(_Page(html(of)).text)
    assert in_pdf.count(flat(name)) >= 2
    assert in_page.count(flat(name)) >= 2


def test_a_price_with_tax_in_it_says_so() -> None:
    included = line(1, "8", "200.00", net=Decimal("1333.33"), sales_tax=Decimal("266.67"), tax_included=True)
    (row,) = view_of(document(included)).rows
    assert row.details[-1] == "sales tax is in the price: 1,600.00, of which tax is 266.67"
