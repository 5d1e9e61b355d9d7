"""The pages of approval: an accountant submits, an approver judges, and each has the buttons of a role alone (WFL)."""

from __future__ import annotations

from project_invoicing.domain.actor import Role
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.workspace.browsing import Browser
from tests.workspace.test_proposals import ADDRESS, history, made_ready

APPROVAL = ("parameters.USPM.approval", True)


def test_wfl_02_two_people_take_a_proposal_through_its_approval_on_its_page(books: Books) -> None:
    made_ready(books, finance(TAXED, APPROVAL))
    ann = Browser(books, Role.ACCOUNTANT)
    bob = Browser(books, Role.APPROVER, id="bob", name="Bob")
    eve = Browser(books, Role.POSTER, id="eve", name="Eve")

    overview = ann.get("/")
    assert "proposals, once they are approved 1" in overview.main
    assert "Proposals that are to be approved" in ann.get("/close?company=USPM&period=2026-08").main
    page = ann.get(ann.get("/approvals?status=draft").link("/proposals/"))
    assert "It is not submitted for approval yet." in page.main
    assert "/post" not in page.body
    submitted = ann.send(page, "/submit", comment="August")
    assert "It is submitted for approval." in submitted.main
    assert "submitted by Ann: August; who may approve it: whoever has the role approver but ann." in submitted.main
    assert "/edit" not in submitted.body
    assert "was changed after this page was opened" in ann.send(page, "/submit").main

    judged = bob.get(ADDRESS)
    assert "/submit" not in judged.body
    back = bob.send(judged, "/judge", step="request_changes")
    assert "the request needs comment" in back.main
    back = bob.send(bob.get(ADDRESS), "/judge", step="request_changes", comment="due in thirty days")
    assert "It was sent back for changes" in back.main
    edited = ann.send(ann.get(ADDRESS), "/edit", due_date="2026-10-17")
    again = ann.send(edited, "/submit")
    assert "It is out of approval" in ann.send(again, "/recall").main
    assert "It is out of approval" in ann.send(ann.get(ADDRESS), "/submit").main  # the same again, in the same second
    ann.send(ann.get(ADDRESS), "/submit", comment="at last")

    (row,) = [row for row in bob.get("/approvals").main.split("INV-") if row.startswith("0001")]
    assert "Who may approve it: whoever has the role approver but ann." in row
    assert "It is approved." in bob.send(bob.get(ADDRESS), "/judge", step="approve", comment="fine").main
    assert "INV-0001" in eve.get("/approvals?status=approved").main
    posted = eve.send(eve.get(ADDRESS), "/post")
    assert "Posted: FTI-00000001." in posted.main
    told = history(posted)
    for step in ("submitted for approval", "sent back for changes", "edited", "recalled from approval", "posted"):
        assert step in told


def test_wfl_05_and_wfl_06_roles_and_the_same_person_are_refused_and_an_administrator_resets(books: Books) -> None:
    made_ready(books, finance(TAXED, APPROVAL, ("parameters.USPM.approvers", ["ann"])))
    ann, eve = Browser(books), Browser(books, Role.VIEWER, id="eve")
    page = ann.send(ann.get(ADDRESS), "/submit")
    assert "Ann has submitted proposal INV-0001" in ann.send(page, "/judge", step="approve").main
    assert "Choose what to do." in ann.send(ann.get(ADDRESS), "/judge", step="anything").main
    for action in ("submit", "recall", "judge", "reset-approval"):
        assert eve.post(f"{ADDRESS}/{action}", page.fields("/judge")[1].items()).status == 403
    assert "stuck" in eve.get("/approvals?status=stuck").main
    reset = ann.send(ann.get(ADDRESS), "/reset-approval", comment="nobody is left")
    assert "It is out of approval" in reset.main
    assert "No proposal is like that." in ann.get("/approvals?status=stuck").main
    assert ann.get(f"/proposals/{guid('other')}").status == 404


def test_where_no_company_approves_the_pages_say_so_and_show_no_buttons(books: Books) -> None:
    made_ready(books, finance(TAXED))
    ann = Browser(books)
    assert "No company approves" in ann.get("/approvals").main
    assert "to be approved" not in ann.get("/close?company=USPM&period=2026-08").main
    page = ann.get(ADDRESS)
    assert 'id="approval"' not in page.body
    assert "/post" in page.body
