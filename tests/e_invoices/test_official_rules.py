"""The official rules over any document: none fails for a whole one, and ours are never silent where one fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from project_invoice_documents.e_invoice.cii import cii
from project_invoice_documents.e_invoice.ubl import ubl
from project_invoice_documents.xmp import file_name, xmp
from project_invoicing.domain.invoice_document import EInvoice, InvoiceDocument, Presentation, Profile, Syntax
from project_invoicing.rules.e_invoice.business_rules import broken_rules
from tests.e_invoices.made import careless, documents
from tests.e_invoices.official import broken_in
from tests.e_invoices.test_broken_rules import OFFICIAL, profiled
from tests.invoice_documents import document, line
from tests.thorough import thorough

ALL = ("ubl", "cii", "factur_x")
SOME = settings(
    max_examples=thorough(40, 2000),
    derandomize=not thorough(False, True),
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SOME
@given(documents())
def test_whole_documents_break_no_rule(made: InvoiceDocument) -> None:
    assert (broken_rules(made), broken_in(made)) == ([], {})


@SOME
@given(careless())
def test_what_the_official_rules_find_we_find(made: InvoiceDocument) -> None:
    ours = {rule.id for rule in broken_rules(made)}
    official = {id for rules in broken_in(made).values() for id in rules}
    assert bool(official) <= bool(ours)
    # A line of no category is BR-CO-04 with us; with them that is not exactly one, too.
    assert official & OFFICIAL.keys() - {"UBL-SR-48"} <= ours


def said_within_a_pdf(made: InvoiceDocument) -> tuple[str, str]:
    """What the e-invoice is called within a PDF, and its conformance level in the PDF's metadata."""
    wanted = made.presentation.e_invoice
    metadata = xmp("Invoice", "Contoso", "en", made.invoice_date, wanted, with_xml=True)
    return file_name(wanted), metadata.partition("<fx:ConformanceLevel>")[2].partition("<")[0]


@pytest.mark.parametrize("profile", [Profile.EN16931, Profile.PEPPOL])
def test_factur_x_passes_its_own_rules_too(profile: Profile) -> None:
    made = replace(document(), presentation=Presentation(e_invoice=EInvoice(Syntax.FACTUR_X, profile)))
    assert said_within_a_pdf(made) == ("factur-x.xml", "EN 16931")
    assert broken_in(made, schematrons=ALL) == {}


def test_an_xrechnung_within_a_pdf_has_the_name_that_readers_look_for() -> None:
    made = profiled(Profile.XRECHNUNG)
    assert said_within_a_pdf(made) == ("xrechnung.xml", "XRECHNUNG")
    assert broken_in(made) == {}


@pytest.mark.parametrize("write", [ubl, cii])
def test_ten_thousand_lines_are_written_in_a_second_and_are_the_same_bytes_again(
    write: Callable[[InvoiceDocument], bytes],
) -> None:
    made = document(*(line(number, "3", "33.33") for number in range(1, 10_001)))
    times, files = [], []
    for _ in range(2):
        begun = time.process_time()
        files.append(write(replace(made)))
        times.append(time.process_time() - begun)
    assert files[0] == files[1]
    assert min(times) < 1  # 0.4 s, where nothing else runs


@pytest.mark.large
def test_ten_thousand_lines_pass_the_official_rules() -> None:
    made = document(*(line(number, "3", "33.33") for number in range(1, 10_001)))
    assert broken_in(made) == {}
