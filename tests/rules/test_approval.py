"""Approval of proposals: the steps, what takes an approval back, who may not, and what runs into each other (WFL)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from project_invoicing.domain.proposal import Proposal
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.use_cases.lists.asked import Kind
from project_invoicing.use_cases.lists.errors import errors
from project_invoicing.use_cases.lists.place import ListPlace
from tests import policies
from tests.builders import guid, proforma
from tests.rules.books import Books, before_transaction
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.test_intercompany_invoices import NUMBER, between_companies, create, posted, sold
from tests.rules.invoices.test_vendor_invoices import between_companies as owing
from tests.rules.invoices.test_vendor_invoices import post as post_vendor_invoice
from tests.rules.stories import IN_POUNDS, approval, bill, billed, correction_to_six, sale
from tests.rules.test_lists import listed

ANN, BOB, EVE = "ann@contoso.example", "bob@contoso.example", "eve@contoso.example"
HEADER = {"company": "USPM", "proposal_id": "INV-0001"}
APPROVAL = ("parameters.USPM.approval", True)
BY_ITSELF = ("parameters.USPM.auto_post_proposals", True)
FOUR_EYES = ("parameters.USPM.four_eyes", True)


def ready(books: Books, *values: tuple[str, Any]) -> Books:
    books.use(finance(TAXED, APPROVAL, *values))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    return books


def proposals(books: Books) -> Proposals:
    return Proposals(books.world.client, books.world.names.proposals_table, ())


def header(books: Books) -> Proposal:
    found = proposals(books).get(guid("inv-1"))
    assert found
    return found


def told(books: Books) -> list[tuple[str, str, str | None]]:
    return [(one.who.id, one.what, one.after.get("comment")) for one in proposals(books).history(guid("inv-1"))]


def step(books: Books, action: str, actor: str | None, comment: str | None = None) -> str:
    """What came of it: the state, or the reason of the refusal."""
    said = {"comment": comment} if comment else {}
    answer = books.world.edit(action, **HEADER, **said, **({"actor": actor} if actor else {}))
    refused = answer.get("refused")
    return str(refused[0]["reason"] if refused else answer["outcome"])


def submitted(books: Books) -> Books:
    assert step(books, "submit_proposal", ANN) == "submitted"
    return books


def approved(books: Books) -> Books:
    assert step(submitted(books), "approve_proposal", BOB) == "approved"
    return books


def post(books: Books, **asked: str) -> list[str]:
    return [one["reason"] for one in books.run("invoice_posting", **HEADER, **asked)["refused"]]


def invoices(books: Books) -> int:
    return sum(voucher["source"] != "journal" for voucher in books.world.result()["vouchers"])


def test_prop_15_wfl_01_and_wfl_02_a_proposal_is_posted_once_it_is_approved_and_each_step_is_kept(books: Books) -> None:
    ready(books)
    assert post(books, actor=EVE) == ["not_approved"]
    assert step(books, "approve_proposal", BOB) == "not_approved"
    assert step(books, "submit_proposal", ANN, "September, phase 1") == "submitted"
    assert post(books, actor=EVE) == ["not_approved"]
    assert step(books, "submit_proposal", ANN, "again") == "in_approval"
    assert step(books, "request_changes", BOB, "tax group?") == "changes_requested"
    assert books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)["outcome"] == "done"
    assert step(books, "submit_proposal", ANN, "done") == "submitted"
    assert step(books, "reject_proposal", BOB, "not this month") == "rejected"
    assert step(books, "submit_proposal", ANN, "now") == "submitted"
    assert invoices(books) == 0
    assert step(books, "approve_proposal", BOB, "fine") == "approved"
    assert post(books, actor=EVE) == []
    assert invoices(books) == 1
    assert told(books) == [
        (ANN, "submitted for approval", "September, phase 1"),
        (BOB, "sent back for changes", "tax group?"),
        (ANN, "edited", None),
        (ANN, "submitted for approval", "done"),
        (BOB, "not approved", "not this month"),
        (ANN, "submitted for approval", "now"),
        (BOB, "approved", "fine"),
        (EVE, "posted", None),
    ]


def test_99_33_and_wfl_01_off_by_default_nothing_is_submitted_and_everything_is_posted(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    assert step(books, "submit_proposal", ANN) == "schema"
    assert post(books) == []


def test_wfl_01_and_wfl_04_by_itself_only_what_is_approved_is_posted(books: Books) -> None:
    ready(books, BY_ITSELF)
    books.world.schedule("invoice_posting")
    assert books.world.work("invoice_posting") == []
    books.call("invoice_posting", {"time": books.world.at, "detail": {"company": "USPM"}})
    assert (header(books).status, books.reasons(), invoices(books)) == ("ready", ["not_approved"], 0)

    approved(books)
    assert header(books).refusal is None
    heard, _ = books.world.drain()
    assert (heard.detail_type, heard.detail["auto_post"]) == ("InvoiceProposalReady", True)
    assert told(books)[-1][:2] == ("system", "posted")


def test_wfl_04_the_schedule_posts_what_is_approved_and_leaves_to_post_what_the_company_leaves_to_a_person(
    books: Books,
) -> None:
    approved(ready(books))
    (heard,) = books.world.drain()
    assert heard.detail["auto_post"] is False
    books.use(finance(TAXED, APPROVAL, BY_ITSELF))
    books.world.schedule("invoice_posting")
    books.world.work("invoice_posting")
    assert header(books).status == "posted"


def test_wfl_01_credit_notes_and_zero_amounts_are_approved_too(books: Books) -> None:
    books.use(finance(APPROVAL))
    free = {"billing_type": "complimentary"}
    books.arrive(*approval(), *billed(), *billed("gift", total="0", invoice="inv-3", number="INV-0003", **free))
    books.journalise()
    books.import_staging()
    approved(books)
    books.post_invoices()
    books.arrive(*correction_to_six())
    books.journalise()
    books.import_staging()
    for number, kind in (("INV-0002", "credit_note"), ("INV-0003", "invoice")):
        named = {"company": "USPM", "proposal_id": number}
        (refused,) = books.run("invoice_posting", **named)["refused"]
        assert refused["reason"] == "not_approved"
        books.world.edit("submit_proposal", **named, actor=ANN)
        books.world.edit("approve_proposal", **named, actor=BOB)
        books.post_invoices(**named)
        assert books.invoice(number)["document_type"] == kind


def test_wfl_01_what_one_company_bills_another_is_approved_too(books: Books) -> None:
    document = between_companies()
    document["parameters"]["GBPM"]["approval"] = True
    books.use(document)
    posted(books, sale("work/unbilled", "10"), sold())
    create(books)
    named = {"company": "GBPM", "proposal_id": NUMBER}
    assert [one["reason"] for one in books.run("invoice_posting", **named)["refused"]] == ["not_approved"]
    books.world.edit("submit_proposal", **named, actor=ANN)
    books.world.edit("approve_proposal", **named, actor=BOB)
    assert books.run("invoice_posting", **named)["refused"] == []


def test_wfl_05_who_submitted_or_edited_it_does_not_approve_it_nor_whom_the_company_does_not_name(books: Books) -> None:
    ready(books)
    books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=BOB)
    submitted(books)
    assert step(books, "approve_proposal", ANN.upper()) == "same_person"
    assert step(books, "approve_proposal", None) == "same_person"
    assert step(books, "recall_proposal", BOB) == "role_missing"
    assert header(books).refusal is None  # what one person may not do says nothing about the proposal
    books.use(finance(TAXED, APPROVAL, FOUR_EYES, ("parameters.USPM.approvers", [BOB, EVE])))
    assert step(books, "approve_proposal", BOB) == "four_eyes"
    assert step(books, "reject_proposal", ANN, "not by me") == "role_missing"
    assert step(books, "approve_proposal", EVE.upper()) == "approved"
    assert post(books, actor=BOB) == []  # somebody else has released it


def test_wfl_03_what_is_submitted_or_approved_is_not_edited_until_it_is_recalled(books: Books) -> None:
    ready(books)
    for action, actor, state in (("submit_proposal", ANN, "submitted"), ("approve_proposal", BOB, "approved")):
        assert step(books, action, actor) == state
        for changes in EDITS:
            answer = books.world.edit("edit", **HEADER, **changes, actor=ANN)
            assert [one["reason"] for one in answer["refused"]] == ["in_approval"]
        answer = books.world.edit("delete_lines", **HEADER, actor=ANN)
        assert [one["reason"] for one in answer["refused"]] == ["in_approval"]
        assert header(books).approval_state == state
    assert step(books, "recall_proposal", ANN) == "draft"
    assert books.world.edit("edit", **HEADER, **EDITS[0], actor=ANN)["outcome"] == "done"
    assert post(books) == ["not_approved"]


EDITS: list[dict[str, Any]] = [
    {"due_date": "2026-10-15"},
    {"actual_id": guid("work/billed"), "sales_tax_group": "EXP"},
    {"lines": {}, "rederive_dimensions": True},
]


def new_version(books: Books) -> None:
    books.arrive(proforma("inv-1", at="2026-09-01T08:00:00Z", name="new", contract="CTR-GBP", currency="GBP"))


def other_quantity(books: Books) -> None:
    books.arrive(bill("work/billed", "9", at="2026-09-01T08:00:00Z", **IN_POUNDS))
    books.import_staging()


def other_text(books: Books) -> None:
    books.arrive(bill("work/billed", at="2026-09-01T08:00:00Z", **IN_POUNDS, external_description="more"))
    books.import_staging()


def other_tax(books: Books) -> None:
    rates = [{"valid_from": "2020-01-01", "percent": "25"}]
    books.use(finance(TAXED, APPROVAL, BY_ITSELF, ("sales_tax.codes.VAT20.rates", rates)))
    assert post(books) == ["not_approved"]


OUTSIDE: dict[Callable[[Books], None], str] = {
    new_version: "the proforma has changed in Dataverse",
    other_quantity: "what its lines are made of has changed, so they are built anew",
    other_text: "the text of line 1 has changed in Dataverse",
    other_tax: "it was submitted as 1920.00 GBP and would now be posted as 2000.00 GBP",
}


@pytest.mark.parametrize("outside", OUTSIDE, ids=lambda one: one.__name__)
def test_wfl_03_a_change_from_outside_takes_the_approval_back_and_says_so(
    books: Books, outside: Callable[[Books], None]
) -> None:
    approved(ready(books, BY_ITSELF))
    outside(books)
    found = header(books)
    assert (found.approval_state, found.approval and found.approval.comment) == ("draft", OUTSIDE[outside])
    assert told(books)[-1] == ("system", "put back to be approved anew", OUTSIDE[outside])
    assert post(books) in (["not_approved"], ["lines_missing"])
    assert invoices(books) == 0


def test_wfl_03_what_changes_nothing_of_it_leaves_the_approval_and_another_date_is_refused(books: Books) -> None:
    ready(books)
    books.world.edit("edit", **HEADER, invoice_date="2026-08-30", actor=ANN)
    approved(books)
    books.arrive(proforma("inv-1", at="2026-09-01T08:00:00Z", contract="CTR-GBP", currency="GBP"))
    assert header(books).proforma.version.occurred_at.startswith("2026-09-01")
    assert post(books, invoice_date="2026-08-31") == ["not_approved"]
    assert header(books).approval_state == "approved"
    assert post(books) == []
    assert books.invoice()["invoice_date"] == "2026-08-30"


def test_wfl_03_a_change_that_comes_between_what_an_approver_reads_and_writes_wins(books: Books) -> None:
    submitted(ready(books))
    with before_transaction(books, 0, lambda: new_version(books)), pytest.raises(TransactionCancelled):
        step(books, "approve_proposal", BOB)
    assert header(books).approval_state == "draft"
    assert step(books, "approve_proposal", BOB) == "not_approved"


def test_wfl_03_whoever_recalls_it_while_it_is_posted_wins(books: Books) -> None:
    approved(ready(books))

    def recall() -> None:
        assert step(books, "recall_proposal", ANN) == "draft"

    with before_transaction(books, 0, recall):
        assert post(books) == ["not_approved"]
    assert (header(books).status, invoices(books)) == ("ready", 0)


@pytest.mark.parametrize(
    ("holds", "reason"),
    [
        (("customers.USPM.C-001.on_hold", True), "customer_on_hold"),
        (("fiscal_periods.USPM", [{"start": "2026-01-01", "end": "2026-12-31", "status": "closed"}]), "period_closed"),
    ],
)
def test_wfl_04_what_is_approved_stays_so_while_its_customer_or_its_period_holds_it(
    books: Books, holds: tuple[str, Any], reason: str
) -> None:
    approved(ready(books))
    books.use(finance(TAXED, APPROVAL, holds))
    assert (post(books), header(books).approval_state) == ([reason], "approved")
    books.use(finance(TAXED, APPROVAL))
    assert (post(books), invoices(books)) == ([], 1)


def test_wfl_06_what_is_stuck_is_listed_reset_and_explained_and_its_history_stays(books: Books) -> None:
    submitted(ready(books, ("parameters.USPM.approvers", [ANN])))
    (row,) = listed(books, Kind.APPROVALS, status="stuck")
    assert (row["submitted_by"], row["may_approve"]) == (ANN, "nobody that the company names")
    (found,) = books.call("explain", {"id": "INV-0001"})["found"]
    waits = f"waits for approval since 2026-08-31T13:00:00Z, submitted by {ANN}"
    assert found["facts"]["approval"].startswith(waits)
    assert "invoicing proposal reset" in found["next"][0]
    assert step(books, "reset_approval", EVE, "Ann approves alone, and has submitted it") == "draft"
    assert [what for _, what, _ in told(books)] == ["submitted for approval", "taken out of approval"]
    assert listed(books, Kind.APPROVALS, status="stuck") == []
    (row,) = listed(books, Kind.APPROVALS)
    assert (row["status"], row["by"]) == ("draft", EVE)


def test_with_four_eyes_for_journals_who_has_edited_one_may_not_post_it(books: Books) -> None:
    books.use(finance(("parameters.USPM.four_eyes_journals", True)))
    books.arrive(*approval())
    books.import_staging()
    journal = {"company": "USPM", "journal_id": "USPM-000001"}
    line = {"actual_id": guid("work/cost"), "dimensions": {"D": "1"}}
    assert books.world.edit("edit", **journal, **line)["refused"][0]["reason"] == "four_eyes"
    assert books.world.edit("edit", **journal, **line, actor=ANN)["outcome"] == "edited"
    for actor in ({"actor": ANN.upper()}, {}):
        answer = books.run("journal_posting", **journal, **actor)
        assert [one["reason"] for one in answer["refused"]] == ["four_eyes"]
    assert books.result["vouchers"] == []
    assert books.run("journal_posting", **journal, actor=BOB)["posted"] == ["USPM-000001"]


def test_with_four_eyes_for_journals_an_edit_between_reading_and_claiming_is_seen(books: Books) -> None:
    books.use(finance(("parameters.USPM.four_eyes_journals", True)))
    books.arrive(*approval())
    books.import_staging()
    journal = {"company": "USPM", "journal_id": "USPM-000001"}
    books.world.at = "2026-08-31T13:00:01Z"

    def edit() -> None:
        books.world.edit("edit", **journal, actual_id=guid("work/cost"), sales_tax_group="DOM", actor=ANN)

    with before_transaction(books, 0, edit):
        answer = books.run("journal_posting", **journal, actor=ANN)
    assert [one["reason"] for one in answer["refused"]] == ["four_eyes"]
    assert books.result["vouchers"] == []


VENDOR_INVOICE = {"company": "USPM", "vendor_invoice": "FTI-00000001"}
APPROVE_BILLS = ("parameters.USPM.approve_vendor_invoices", True)


def lent(books: Books, *values: tuple[str, Any], **terms: Any) -> Books:
    """USPM approves what GBPM has billed it."""
    document = owing(*values, **terms)
    books.use(document)
    posted(books, sold())
    create(books)
    books.post_invoices(proposal_id=NUMBER)
    return books


def judged(books: Books, action: str, actor: str | None, comment: str | None = None) -> str:
    said = ({"comment": comment} if comment else {}) | ({"actor": actor} if actor else {})
    answer = books.world.edit(action, **VENDOR_INVOICE, **said)
    refused = answer.get("refused")
    return str(refused[0]["reason"] if refused else answer["outcome"])


def post_bill(books: Books, **asked: str) -> list[str]:
    return [one["reason"] for one in post_vendor_invoice(books, **asked).get("refused", ())]


def test_wfl_01_wfl_02_icv_08_a_vendor_invoice_is_submitted_approved_by_another_and_posted(books: Books) -> None:
    lent(books, APPROVE_BILLS)
    assert post_bill(books) == ["not_approved"]
    assert judged(books, "approve_proposal", BOB) == "not_approved"
    with policies.enforced():
        assert judged(books, "submit_proposal", ANN, "August") == "submitted"
        assert judged(books, "submit_proposal", ANN, "August") == "submitted"
    assert judged(books, "submit_proposal", EVE) == "in_approval"
    assert (judged(books, "approve_proposal", ANN), judged(books, "approve_proposal", None)) == ("same_person",) * 2
    assert judged(books, "recall_proposal", BOB) == "role_missing"
    assert judged(books, "reject_proposal", BOB, "no order") == "rejected"
    assert post_bill(books) == ["not_approved"]
    for action, actor, comment, after in (
        ("submit_proposal", BOB, None, "submitted"),
        ("request_changes", ANN, "which project?", "changes_requested"),
        ("submit_proposal", BOB, "PRJ-1", "submitted"),
        ("recall_proposal", BOB, None, "draft"),
        ("submit_proposal", BOB, "again", "submitted"),
        ("reset_approval", EVE, None, "draft"),
        ("submit_proposal", ANN, "at last", "submitted"),
        ("approve_proposal", BOB, None, "approved"),
    ):
        assert judged(books, action, actor, comment) == after
    with policies.enforced():
        assert post_bill(books, date="2026-09-30") == []
    store = VendorInvoices(books.world.client, books.world.names.proposals_table)
    one = store.get("USPM", "GBPM", "FTI-00000001")
    assert one
    told = [(made.who.id, made.what, made.after.get("comment")) for made in store.history(one)]
    assert told[:2] == [(ANN, "submitted for approval", "August"), (BOB, "not approved", "no order")]
    assert [what for _, what, _ in told][-3:] == ["submitted for approval", "approved", "posted"]
    assert judged(books, "reset_approval", EVE, "too late") == "already_posted"


def test_wfl_01_the_schedule_posts_a_vendor_invoice_only_once_it_is_approved(books: Books) -> None:
    lent(books, APPROVE_BILLS, vendor_invoices="by_schedule")
    assert books.scheduled("staging_import")["vendor_invoices"] == 0
    judged(books, "submit_proposal", ANN)
    judged(books, "approve_proposal", BOB)
    assert books.scheduled("staging_import")["vendor_invoices"] == 1


def test_wfl_03_a_vendor_invoice_that_would_be_posted_elsewhere_than_approved_is_taken_back(books: Books) -> None:
    lent(books, APPROVE_BILLS)
    judged(books, "submit_proposal", ANN)
    judged(books, "approve_proposal", BOB)
    other = owing(APPROVE_BILLS)
    other["ledger_posting"]["USPM"].insert(
        0, {"posting_type": "intercompany_cost", "vendor": "V-GBPM", "account": "540900"}
    )
    books.use(other)
    assert post_bill(books) == ["not_approved"]
    (row,) = listed(books, Kind.APPROVALS, company="USPM")
    assert (row["kind"], row["proposal_id"], row["customer"], row["status"]) == (
        "vendor_invoice",
        "FTI-00000001",
        "GBPM",
        "draft",
    )
    assert "it would not be posted as it was submitted" in str(row["comment"])
    judged(books, "submit_proposal", ANN, "again")
    judged(books, "approve_proposal", BOB, "again")
    assert post_bill(books) == []


def test_wfl_06_a_stuck_vendor_invoice_is_listed_among_approvals_and_errors(books: Books) -> None:
    lent(books, APPROVE_BILLS, ("parameters.USPM.approvers", [ANN]))
    judged(books, "submit_proposal", ANN)
    (row,) = listed(books, Kind.APPROVALS, status="stuck")
    assert (row["kind"], row["may_approve"]) == ("vendor_invoice", "nobody that the company names")
    place = ListPlace.read(books.world.client, books.world.names, books.world.at)
    assert [(one.kind, one.id, one.reason) for one in errors(place, "USPM").rows] == [
        ("vendor_invoice", "FTI-00000001", "approval_stuck")
    ]


@pytest.mark.parametrize("approves", [True, False])
def test_wfl_05_with_four_eyes_who_edited_the_lender_s_proposal_does_not_release_its_vendor_invoice(
    books: Books, approves: bool
) -> None:
    books.use(owing(("parameters.USPM.four_eyes", True), ("parameters.USPM.approve_vendor_invoices", approves)))
    posted(books, sold(), sold("more", "5"))
    create(books)
    books.do("intercompany_lines", company="GBPM", proposal_id=NUMBER, off=[guid("more")], actor=ANN)
    books.post_invoices(proposal_id=NUMBER, actor=BOB)
    if approves:
        judged(books, "submit_proposal", BOB)
        assert judged(books, "approve_proposal", ANN) == "four_eyes"
        assert judged(books, "approve_proposal", EVE) == "approved"
        assert post_bill(books, actor=ANN) == []
    else:
        assert post_bill(books, actor=ANN) == ["four_eyes"]
        assert post_bill(books) == ["four_eyes"]
        assert post_bill(books, actor=BOB) == []


def test_icv_08_a_step_names_one_document_and_a_company_that_approves(books: Books) -> None:
    lent(books)
    refused = books.world.edit("submit_proposal", **VENDOR_INVOICE, actor=ANN)["refused"]
    assert "parameters.USPM.approve_vendor_invoices is false" in refused[0]["detail"]
    both = books.world.edit("submit_proposal", **VENDOR_INVOICE, proposal_id=NUMBER, actor=ANN)["refused"]
    assert "needs proposal_id, or vendor_invoice with its company, and not both" in both[0]["detail"]
    nobody = {"vendor_invoice": "FTI-00000001"}
    assert "name the company" in books.world.edit("submit_proposal", **nobody, actor=ANN)["refused"][0]["detail"]
