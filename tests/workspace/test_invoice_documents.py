"""Documents of invoices in the workspace: seen in a frame, downloaded, made where they are missing, and previewed."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import patch

import pytest

from benchmarks.business import Work, into_staging
from project_invoice_documents import rendering
from project_invoicing.domain.actor import How
from project_invoicing.domain.history import Done
from project_invoicing.domain.mailed_document import MailState
from project_invoicing.store import client
from project_invoicing.workspace import guard, papers
from tests import policies
from tests.handlers.test_invoice_documents import COMPANY, House
from tests.handlers.test_invoice_sending import TO, Office, refused
from tests.harness import World
from tests.posted import NUMBER, PROFORMA
from tests.workspace.person import Person, Seen

INVOICE = {"company": COMPANY, "number": NUMBER}
FOLDER = f"{COMPANY}/2026/{NUMBER}/"
NEXT = Work(lines=1, name="next")
PREVIEW = f"/proposals/{NEXT.proforma_id}/document"


@pytest.fixture
def house(moto: None) -> Iterator[House]:
    made = House(World(), asks=True)
    with policies.enforced():
        yield made


def person(house: House, *roles: str, companies: tuple[str, ...] = ()) -> Person:
    return Person(cast("Any", house), roles, companies=companies)


def policy(seen: Seen) -> dict[str, str]:
    parts = (part.partition(" ") for part in seen.headers["Content-Security-Policy"].split("; "))
    return {name: value for name, _, value in parts}


def test_a_document_is_named_with_its_hashes_and_every_file_is_downloaded_as_it_is_kept(house: House) -> None:
    house.ask("attach", invoice_number=NUMBER, name="time sheets ü.csv", content=b64encode(b"hours").decode())
    house.tell()
    ann, kept = person(house, "viewer"), house.objects()

    page = ann.get("/invoice", **INVOICE)

    hashes = [hashlib.sha256(data).hexdigest() for data in kept.values()]
    assert len(hashes) == 3
    assert all(digest in page.text for digest in hashes)
    assert "attached: time sheets ü.csv 5 " in page.text
    assert "Make it now" not in page.text
    for asked, key, type in (
        ({"name": "invoice.pdf"}, "invoice.pdf", "application/pdf"),
        ({"name": "invoice.html"}, "invoice.html", "text/html; charset=utf-8"),
        (
            {"attached": "time sheets ü.csv"},
            "attachments/time%20sheets%20%C3%BC.csv",
            "application/octet-stream",
        ),
    ):
        file = ann.get("/invoice/file", **INVOICE, **asked)
        assert (file.status, file.data) == (200, kept[f"{FOLDER}{key}"])
        assert file.headers["Content-Type"] == type
        assert file.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
        assert "sandbox" in policy(file)


def test_the_kept_page_is_shown_in_a_frame_in_which_nothing_works(house: House) -> None:
    house.tell()
    ann = person(house, "viewer")

    around, within = ann.get("/invoice", **INVOICE), ann.get("/invoice/document", **INVOICE)

    assert within.data == house.objects()[f"{FOLDER}invoice.html"]
    assert policy(within) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }
    assert within.headers["X-Content-Type-Options"] == "nosniff"
    (frame,) = [tag for tag in around.html.split("<") if tag.startswith("iframe")]
    assert " sandbox " in frame
    assert policy(around) == {**policy(ann.get("/invoices")), "frame-src": "'self'"}
    assert "frame-src" not in guard.HEADERS["Content-Security-Policy"]


def test_only_files_that_an_invoice_has_are_given(house: House) -> None:
    house.tell()
    ann = person(house)
    for name in ("invoice.xml", "../FTI-00000002/invoice.pdf", "attachments/x", "/etc/passwd", "..", ""):
        assert ann.get("/invoice/file", **INVOICE, name=name).status == 404
        assert ann.get("/invoice/file", **INVOICE, attached=name).status == 404
    for number in (f"{NUMBER}/../{NUMBER}", "..", "FTI-00000099"):
        assert ann.get("/invoice/file", company=COMPANY, number=number, name="invoice.pdf").status == 404
        assert ann.get("/invoice/document", company=COMPANY, number=number).status == 404


def test_who_may_not_see_the_company_gets_nothing_and_makes_nothing(house: House) -> None:
    house.tell()
    eve = person(house, companies=("GBPM",))
    assert eve.get("/invoice", **INVOICE).status == 404
    assert eve.get("/invoice/document", **INVOICE).status == 404
    assert eve.get("/invoice/file", **INVOICE, name="invoice.pdf").status == 404
    assert eve.post("/invoice/make", **INVOICE).status == 404
    for part in ("", "/html", "/pdf"):
        assert eve.get(f"/proposals/{PROFORMA}/document{part}").status == 404


def test_what_the_bucket_has_otherwise_is_not_shown(house: House) -> None:
    house.tell()
    for name in ("invoice.pdf", "invoice.html"):
        client.s3().put_object(Bucket=house.bucket, Key=f"{FOLDER}{name}", Body=b"<script>alert(1)</script>")
    ann = person(house)
    file, page = ann.get("/invoice/file", **INVOICE, name="invoice.pdf"), ann.get("/invoice/document", **INVOICE)
    assert (file.status, page.status) == (400, 400)
    assert "its sha256 differs" in file.text
    assert b"sha256 differs" in page.data
    assert b"<script>" not in page.data


def test_a_poster_makes_what_is_missing_once_and_is_named_for_it(moto: None) -> None:
    house = House(World(), asks=False)
    assert "asked for none" in person(house).get("/invoice", **INVOICE).text
    assert "Make it now" not in person(house, "viewer").get("/invoice", **INVOICE).text
    assert person(house, "accountant").post("/invoice/make", **INVOICE).status == 403
    with policies.enforced() as noted:
        ben = person(house, "poster")
        said = [ben.send("/invoice/make", **INVOICE).text for _ in range(2)]
    assert policies.Use("workspace", "lambda:InvokeFunction", "InvoiceDocuments") in noted
    assert all(f"The document of {NUMBER} is there." in text for text in said)
    (entry,) = house.made.history(COMPANY, NUMBER)
    assert (entry.what, entry.who.id, entry.who.how) == (Done.DOCUMENT_MADE, "ann", How.WORKSPACE)
    assert house.versions() == 2


def test_what_follows_by_itself_is_said_and_a_refusal_to_make_it_too(house: House) -> None:
    client.s3().put_object(Bucket=house.bucket, Key=f"{FOLDER}invoice.pdf", Body=b"somebody else's")
    ann = person(house)
    assert "It follows by itself" in ann.get("/invoice", **INVOICE).text
    page = ann.send("/invoice/make", **INVOICE)
    assert "Nothing was made: " in page.text
    assert "which nobody here has made" in page.text
    assert "It is being made." in page.text


def propose(house: House) -> None:
    """A proposal that is ready."""
    world = house.world
    into_staging(world, NEXT.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(NEXT.header)
    into_staging(world, NEXT.sales)
    world.run("staging_import")


def test_a_proposal_is_previewed_with_a_watermark_in_the_same_frame(house: House) -> None:
    propose(house)
    ann = person(house, "viewer")
    assert f'action="{PREVIEW}"' in ann.get(PREVIEW.removesuffix("/document")).html
    around, page, file = (ann.get(f"{PREVIEW}{part}") for part in ("", "/html", "/pdf"))
    assert policy(around)["frame-src"] == "'self'"
    assert f'src="{PREVIEW}/html" sandbox ' in around.html
    assert (page.status, file.status) == (200, 200)
    assert "sandbox" in policy(page)
    assert b"PREVIEW" in page.data
    assert b"FTI-" not in page.data
    assert file.data.startswith(b"%PDF")
    assert house.objects() == {}


def test_why_there_is_no_preview_is_told_within_the_frame(house: House) -> None:
    ann = person(house)
    posted = ann.get(f"/proposals/{PROFORMA}/document/html")
    assert posted.status == 400
    assert b"posted" in posted.data
    propose(house)
    with patch.object(rendering, "one", side_effect=ValueError("broken")):
        failed = ann.get(f"{PREVIEW}/html")
        assert ann.get(f"{PREVIEW}/pdf").status == 503
    assert failed.status == 400
    assert b"does not answer" in failed.data
    assert b"broken" not in failed.data
    assert policy(failed) == policy(posted)
    assert policy(failed)["frame-ancestors"] == "'self'"
    assert (
        papers.told("<b>&").body
        == b'<!doctype html><html lang="en"><title>No document</title><p>&lt;b&gt;&amp;</p></html>'
    )


def test_a_file_that_is_too_large_for_an_answer_is_loaded_from_the_bucket(house: House) -> None:
    house.tell()
    with patch.object(papers, "MOST_ANSWERED", 10):
        ann = person(house)
        file, page = ann.get("/invoice/file", **INVOICE, name="invoice.pdf"), ann.get("/invoice/document", **INVOICE)
    assert file.status == 303
    assert f"{FOLDER}invoice.pdf?" in file.location
    assert "X-Amz-Expires=60" in file.location
    assert b"too large" in page.data


def test_an_accountant_attaches_a_file_once_and_a_viewer_none(house: House) -> None:
    ann, receipts = person(house, "accountant"), b"%PDF-1.7 \x00\xff\r\n--edge of it"
    said = ann.get(ann.attach("/invoice/attach", r"C:\papers\receipts ü.PDF", receipts, **INVOICE).location)
    assert "receipts ü.PDF is attached." in said.text
    assert house.objects() == {f"{FOLDER}attachments/receipts%20%C3%BC.PDF": receipts}
    assert f"attached: receipts ü.PDF {len(receipts)} " in said.text
    (entry,) = house.made.history(COMPANY, NUMBER)
    assert (entry.what, entry.who.id, entry.who.how) == (Done.ATTACHED, "ann", How.WORKSPACE)
    assert person(house, "viewer").attach("/invoice/attach", "a.pdf", receipts, **INVOICE).status == 403
    eve = person(house, companies=("GBPM",))
    assert eve.attach("/invoice/attach", "a.pdf", receipts, **INVOICE).status == 404
    assert house.versions() == 1


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("run.exe", b"MZ", "run.exe cannot be attached: PDF, PNG, JPEG, CSV, XLSX and ODS are taken"),
        ("page.html", b"<script>", "page.html cannot be attached"),
        ("hours.pdf", b"MZ", "hours.pdf is not what its name says"),
        ("hours.csv", b"a\0b", "hours.csv is not what its name says"),
        ("pdf", b"%PDF-", "pdf cannot be attached"),
        ("hours.csv", b"", "hours.csv has 0 bytes"),
        ("", b"x", "choose a file"),
    ],
)
def test_what_is_no_time_sheet_and_no_receipt_is_refused(house: House, name: str, data: bytes, why: str) -> None:
    ann = person(house, "accountant")
    said = ann.get(ann.attach("/invoice/attach", name, data, **INVOICE).location)
    assert f"Nothing was attached: {why}" in said.text
    assert house.objects() == {}


def test_a_form_with_a_file_is_checked_like_any_other(house: House) -> None:
    ann = person(house, "accountant")
    stale = ann.attach("/invoice/attach", "a.pdf", b"%PDF-", **INVOICE, token="stale")
    assert stale.status == 403
    with patch("project_invoicing.workspace.app._LONGEST_WITH_FILE", 100):
        large = ann.attach("/invoice/attach", "a.pdf", b"%PDF-", **INVOICE)
    assert (large.status, "at most 4 MB" in large.text) == (400, True)
    assert house.objects() == {}


def test_a_poster_sends_a_document_once_and_again_and_sees_what_became_of_it(moto: None) -> None:
    office = Office(World())
    ben = person(office, "poster")
    assert "Nothing was mailed. To Send" in ben.get("/invoice", **INVOICE).text
    with policies.enforced() as noted, patch.object(client, "ses", lambda: office.ses):
        first = ben.send("/invoice/send", **INVOICE, seen="0", to=TO)
        twice = ben.send("/invoice/send", **INVOICE, seen="0", to=TO)
    assert policies.Use("workspace", "lambda:InvokeFunction", "InvoiceSending") in noted
    assert f"The document of {NUMBER} was sent to {TO}." in first.text
    assert f"Sent : mail 1 to {TO}" in first.text
    assert "It was changed after this page was opened" in twice.text
    assert len(office.ses.taken) == 1
    assert {(one.who.id, one.who.how) for one in office.entries()} == {("ann", How.WORKSPACE)}
    office.hears("Email Bounced", bounce={"bounceSubType": "OnAccountSuppressionList"})
    assert "Suppressed : mail 1" in ben.get("/invoice", **INVOICE).text
    assert " ready suppressed" in ben.get("/invoices").text
    office.ses.before = refused("MessageRejected")
    with patch.object(client, "ses", lambda: office.ses):
        failed = ben.send("/invoice/send", **INVOICE, seen="1", to="other@customer.example")
        wrong = ben.send("/invoice/send", **INVOICE, seen="2", to="no address")
    assert "It was not sent: " in failed.text
    assert "Nothing was sent: " in wrong.text
    assert office.state is MailState.FAILED
    assert person(office, "accountant").post("/invoice/send", **INVOICE, seen="2", to=TO).status == 403
    assert person(office, companies=("GBPM",)).post("/invoice/send", **INVOICE, seen="2", to=TO).status == 404


def test_a_stack_without_mails_says_so_and_sends_nothing(house: House) -> None:
    house.tell()
    without = {"INVOICE_SENDING_FUNCTION": ""}
    with patch.dict(house.world.handlers._extra, without):
        ann = person(house)
        page = ann.get("/invoice", **INVOICE)
        said = ann.send("/invoice/send", **INVOICE, seen="0", to=TO)
    assert "This stack mails nothing." in page.text
    assert "/invoice/send" not in page.html
    assert "Nothing was sent: nothing is mailed by this stack" in said.text
