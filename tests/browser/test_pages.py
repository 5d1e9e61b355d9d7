"""Every page in a real browser: no violation of WCAG, no error, no sideways scrolling, and keys that lead on."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from project_invoicing.domain.actor import Role
from tests.browser.conftest import AXE, Desk, screenshot, violations

pytestmark = [pytest.mark.slow, pytest.mark.engine]

PAGES: Final = {
    "overview": "/",
    "proposals": "/proposals",
    "waiting": "/waiting",
    "rejected": "/rejected",
    "differences": "/differences",
    "close": "/close?company=USPM&period=2026-08",
    "master-data": "/master-data?number=PRJ-1",
    "project": "/master-data/row?kind=projects&company=USPM&number=PRJ-1",
    "maps": "/maps",
    "not-found": "/nowhere",
}
WIDTHS: Final = (390, 1_024, 1_600)


def test_every_page_can_be_read_by_everybody_at_every_width_in_light_and_dark(desk: Desk) -> None:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE.name}: `make web` fetches it")
    with desk.signed_in("Ann") as page:
        for name, address in _with_documents(page, desk).items():
            page.emulate_media(color_scheme="light")
            page.goto(f"{desk.url}{address}")
            assert page.locator("h1").count() == 1, name
            assert violations(page) == [], name
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                screenshot(page, f"{name}-{width}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            page.emulate_media(color_scheme="dark")
            assert violations(page, "color-contrast", "link-in-text-block") == [], f"{name} in the dark"
            screenshot(page, f"{name}-dark")
    assert desk.errors() == []


def _with_documents(page: Page, desk: Desk) -> dict[str, str]:
    """With those of documents, as the lists lead to them."""
    page.goto(f"{desk.url}/rejected")
    return PAGES | {"rejected-row": str(page.locator("a[data-open]").first.get_attribute("href"))}


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


def test_a_viewer_looks_and_does_nothing(desk: Desk) -> None:
    with desk.signed_in("Eve", Role.VIEWER) as page:
        for address in ("/", "/rejected", "/maps", PAGES["project"]):
            page.goto(f"{desk.url}{address}")
            assert page.locator("main form[method=post] button").count() == 0, address
    assert desk.errors() == []
