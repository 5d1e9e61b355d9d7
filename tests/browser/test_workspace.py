"""Every page in a real browser: no violation of WCAG, no error, no sideways scrolling, and keys that lead on."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from project_invoicing.domain.actor import Role
from project_invoicing.workspace.routes import ROUTES
from tests.browser.conftest import AXE, Desk, overlaps, screenshot, violations

pytestmark = [pytest.mark.slow, pytest.mark.engine]

PAGES: Final = {
    "overview": "/",
    "proposals": "/proposals",
    "journals": "/journals",
    "invoices": "/invoices",
    "vouchers": "/vouchers",
    "waiting": "/waiting",
    "rejected": "/rejected",
    "differences": "/differences",
    "sales-tax": "/sales-tax?company=USPM&from=2026-08-01&to=2026-12-31&lines=yes",
    "receivables": "/receivables?company=USPM&at=2026-12-31",
    "accrued-revenue": "/accruals?company=USPM&from=2026-08-01&to=2026-12-31",
    "post-costs": "/costs?company=USPM",
    "adjust": "/adjust?company=USPM",
    "between-companies": "/between?company=USPM",
    "approvals": "/approvals",
    "on-account": "/on-account",
    "integration-accounts": "/integration",
    "errors": "/errors",
    "ledger": "/ledger?company=USPM",
    "ledger-batch": "/ledger/batch?company=USPM&kind=ledger&number=1",
    "ledger-missing": "/ledger/missing?company=USPM",
    "close": "/close?company=USPM&period=2026-08",
    "master-data": "/master-data?number=PRJ-1",
    "project": "/master-data/row?kind=projects&company=USPM&number=PRJ-1",
    "maps": "/maps",
    "explained": "/explain?id=INV-0001",
    "not-found": "/nowhere",
    "not-understood": "/proposals?colour=red",
    "signed-out": "/signed-out",
}
WIDTHS: Final = (390, 1_024, 1_600)
NUMBER: Final = "INV-0001"
LOOKED_AT_ON_THE_WAY: Final = {
    "/proposals/<id>",
    "/proposals/<id>/preview",
    "/proposals/<id>/document",
    "/journal",
    "/journal/preview",
    "/journal/lines",
    "/invoice",
    "/voucher",
    "/rejected/row",
}
"""Pages of documents that have to be made first."""
NO_PAGES: Final = {
    "/proposals/<id>/progress",
    "/proposals/<id>/document/html",
    "/proposals/<id>/document/pdf",
    "/proposals/<id>/document/xml",
    "/invoice/document",
    "/invoice/file",
    "/sales-tax/csv",
    "/receivables/csv",
    "/accruals/csv",
    "/integration/csv",
    "/errors/csv",
    "/ledger/file",
    "/sign-in",
    "/signed-in",
    "/static/<name>",
}
"""Parts of pages, files, and steps of a sign-in that lead on."""
NOT_IN_THIS_MONTH: Final = {"/accruals/journal", "/vendor-invoice"}
"""Pages of documents that the demo month does not have. ``tests/workspace`` reads them, without a browser."""


def looked_at(page: Page, name: str) -> None:
    """A page that everybody can read, at every width, in light and dark. Its screenshots are kept."""
    if not AXE.exists():
        pytest.skip(f"there is no {AXE.name}: `make web` fetches it")
    page.wait_for_load_state()
    page.emulate_media(color_scheme="light")
    expect(page.locator("h1"), name).to_have_count(1)
    assert violations(page) == [], name
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        screenshot(page, f"{name}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert overlaps(page) == [], f"{name} at {width}"
    page.emulate_media(color_scheme="dark")
    assert violations(page, "color-contrast", "link-in-text-block") == [], f"{name} in the dark"
    screenshot(page, f"{name}-dark")
    page.set_viewport_size({"width": 1_024, "height": 900})


def test_every_page_can_be_read_by_everybody_at_every_width_in_light_and_dark(desk: Desk) -> None:
    with desk.signed_in("Ann") as page:
        for name, address in PAGES.items():
            page.goto(f"{desk.url}{address}")
            looked_at(page, name)
        page.goto(f"{desk.url}/rejected")
        page.locator("a[data-open]").first.click()
        expect(page.locator("h1")).to_have_text("Rejected msdyn_actual")
        looked_at(page, "rejected-row")
    assert desk.errors() == []


def test_no_page_of_the_workspace_is_forgotten_here() -> None:
    looked = {address.partition("?")[0] for address in PAGES.values()} | LOOKED_AT_ON_THE_WAY
    looked |= NO_PAGES | NOT_IN_THIS_MONTH
    assert {route.path for route in ROUTES if route.method == "GET"} <= looked


def test_what_a_person_may_not_do_is_a_page_that_everybody_can_read(desk: Desk) -> None:
    with desk.signed_in("Eve", Role.VIEWER) as page:
        page.goto(f"{desk.url}/journal/lines?company=USPM&number=J-1")
        expect(page.locator("h1")).to_have_text("Not allowed")
        looked_at(page, "not-allowed")
    with desk.signed_in("Ann") as page:
        page.locator("form[action='/sign-out'] input[type=hidden]").first.evaluate("one => { one.value = 'stale'; }")
        page.locator("details.who summary").click()
        page.locator("form[action='/sign-out'] button").click()
        expect(page.locator("h1")).to_have_text("Not taken")
        looked_at(page, "not-taken")
    with desk.signed_in("Zoe", "guest") as page:
        expect(page.locator("main")).to_contain_text("None of the values of roles in the token stands for a role")
        looked_at(page, "no-role")
    assert all("status of 40" in text for text in desk.errors())


def test_keys_lead_from_page_to_page_and_from_row_to_row(desk: Desk) -> None:
    with desk.signed_in("Ann") as page:
        page.keyboard.press("g")
        page.keyboard.press("w")
        expect(page).to_have_url(f"{desk.url}/waiting")
        page.keyboard.press("j")
        first = page.locator("tbody a[data-open]").first
        expect(first).to_be_focused()
        page.keyboard.press("j")
        page.keyboard.press("k")
        expect(first).to_be_focused()
        page.goto(f"{desk.url}/rejected")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Rejected msdyn_actual")
        page.keyboard.press("u")
        expect(page).to_have_url(f"{desk.url}/rejected")
        page.keyboard.press("?")
        expect(page.locator("dialog#keys")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type("g w")
        expect(page).to_have_url(f"{desk.url}/rejected")
        page.goto(f"{desk.url}/")
        page.keyboard.type("gg")
        expect(page).to_have_url(f"{desk.url}/ledger")
        page.get_by_role("link", name="What the general ledger").focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Make batches now")).to_be_focused()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Batch USPM-ledger-000001")
        page.get_by_role("combobox", name="Format").focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Deliver again")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("combobox", name="What became of it")).to_be_focused()
        looked_at(page, "ledger-batch-answered")
        page.locator("h1").click()
        page.keyboard.press("u")
        expect(page).to_have_url(f"{desk.url}/ledger?company=USPM&kind=ledger")
    assert desk.errors() == []


def test_a_form_says_what_it_did_and_the_back_button_does_it_no_second_time(desk: Desk) -> None:
    with desk.signed_in("Ann") as page:
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{desk.url}/maps")
        page.get_by_role("button", name="Resume products").click()
        expect(page.get_by_role("status")).to_contain_text("products is running")
        page.go_back()
        page.goto(f"{desk.url}/maps")
        expect(page.get_by_role("status")).to_have_count(0)
        row = page.locator("tr#products")
        row.locator("summary").click()
        row.get_by_label("Why pause").fill("prices are being changed")
        row.get_by_role("button", name="Pause").dblclick()
        expect(row).to_contain_text(re.compile("paused.*by Ann.*prices are being changed", re.DOTALL))
    assert desk.errors() == []


def test_a_file_of_a_batch_is_read_by_the_link_on_its_page(desk: Desk) -> None:
    with desk.signed_in("Ann") as page:
        page.goto(f"{desk.url}{PAGES['ledger-batch']}")
        file = page.request.get(f"{desk.url}{page.get_by_role('link', name='lines.csv').get_attribute('href')}")
        assert file.status == 200
        assert file.text().startswith("external_id,")


def test_a_viewer_looks_and_does_nothing(desk: Desk) -> None:
    with desk.signed_in("Eve", Role.VIEWER) as page:
        for address in ("/", "/rejected", "/maps", PAGES["project"]):
            page.goto(f"{desk.url}{address}")
            expect(page.locator("h1")).to_have_count(1)
            expect(page.locator("main form[method=post] button"), address).to_have_count(0)
    assert desk.errors() == []


def test_why_it_waits_is_found_it_is_corrected_previewed_posted_and_written_back(desk: Desk) -> None:
    """The last one: afterwards nothing waits. Ann edits, so that Ben has to post; Eve may only look."""
    with desk.signed_in("Ann") as page:
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("link", name="unbilled sales not posted").click()
        page.get_by_role("link", name=NUMBER).click()
        expect(page.locator("main")).to_contain_text("unbilled sales not posted")
        looked_at(page, "proposal-waits")
        page.get_by_role("link", name="journal USPM").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Journal USPM")
        looked_at(page, "journal-draft")
        _look_at_journal_lines(page)
        page.keyboard.press("v")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Preview of journal")
        looked_at(page, "journal-preview")
        page.get_by_role("link", name="Journal USPM").click()
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("posted")
        _open(page)
        expect(page.get_by_role("heading", level=1)).to_contain_text("ready")
        page.get_by_label("Line 1", exact=True).check()
        page.get_by_label("Item sales tax group").select_option("BOOKS")
        page.get_by_role("button", name="Change lines").click()
        expect(page.get_by_role("status")).to_be_visible()
        expect(page.locator("main")).to_contain_text("DOM / BOOKS")
        looked_at(page, "proposal-ready")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("main")).to_contain_text("RED5")
        looked_at(page, "proposal-preview")
        _preview_document(page)
        _open(page)
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("edited")
    with desk.signed_in("Eve", Role.VIEWER) as page:
        _open(page)
        expect(page.get_by_role("button", name="Post", exact=True)).to_have_count(0)
    with desk.signed_in("Ben", Role.POSTER, Role.ACCOUNTANT) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        _open(page)
        page.get_by_role("button", name="Post", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("posted")
        page.reload()
        expect(page.locator("dl.facts > div", has_text="Written back").locator("dd")).to_have_text("done")
        looked_at(page, "proposal-posted")
        _look_at_invoice(page)
    (proforma,) = desk.site.rows.select("invoice", invoicenumber=NUMBER)
    assert proforma["msdyn_customerinvoicenumber"]
    assert desk.errors() == []


def _preview_document(page: Page) -> None:
    """The document that the proposal would make, in its frame."""
    _open(page)
    page.get_by_role("button", name="Look at the document").click()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("PREVIEW")
    looked_at(page, "proposal-document")


def _look_at_invoice(page: Page) -> None:
    """The invoice of the proposal that is shown, its document and its voucher."""
    page.get_by_role("link", name="FTI-").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("FTI-")
    looked_at(page, "invoice")
    _look_at_document(page)
    page.get_by_role("link", name="PV-").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("PV-")
    looked_at(page, "voucher")


def _look_at_document(page: Page) -> None:
    """The document of the invoice that is shown: made, seen in its frame, and downloaded."""
    expect(page.locator("iframe")).to_have_count(0)
    page.get_by_role("button", name="Make it now").click()
    expect(page.get_by_role("status")).to_contain_text("The document of FTI-")
    page.get_by_text("Look at it").click()
    shown = page.frame_locator("iframe").locator("body")
    expect(shown).to_contain_text("FTI-")
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None, "the frame has our origin"
    looked_at(page, "invoice-document")
    with page.expect_download() as begun:
        page.get_by_role("link", name="invoice.pdf").click()
    assert begun.value.suggested_filename.endswith(".pdf")
    assert begun.value.path().read_bytes().startswith(b"%PDF")
    _send_document(page)


def _send_document(page: Page) -> None:
    """The document of the invoice that is shown: a file attached, found again by customer and month, and mailed."""
    page.get_by_text("Attach a file").click()
    page.get_by_label("File").set_input_files({"name": "hours.csv", "mimeType": "text/csv", "buffer": b"day;hours"})
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("status")).to_contain_text("hours.csv is attached")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.get_by_label("Customer").fill("adat")
    page.get_by_label("From month").fill("2026-08")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody")).to_contain_text("ready")
    looked_at(page, "invoices-found")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_label("To", exact=True).fill("ap@customer.example")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("was sent to ap@customer.example")
    looked_at(page, "invoice-sent")


def _look_at_journal_lines(page: Page) -> None:
    """The lines of the journal that is shown, and back."""
    page.goto(page.url.replace("/journal?", "/journal/lines?"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change lines of")
    looked_at(page, "journal-lines")
    page.go_back()


def _open(page: Page) -> None:
    """The proposal, by the list of them."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Proposals").click()
    page.get_by_role("link", name=NUMBER).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Proposal {NUMBER}")
