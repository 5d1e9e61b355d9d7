"""ICV-01 to ICV-10: what a lender has billed is posted in the borrower, through the functions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests import policies
from tests.builders import guid
from tests.harness import envelope
from tests.rules.books import Books, before_transaction
from tests.rules.invoices.test_intercompany_invoices import NUMBER, balances, create, posted, sold
from tests.rules.invoices.test_intercompany_invoices import between_companies as lending
from tests.rules.stories import reverses, sale
from tests.rules.test_reconciliation import Side

INVOICE = "FTI-00000001"
ACCOUNTS = {"vendor_balance": "200100", "sales_tax_receivable": "223100"}


def between_companies(*values: tuple[str, Any], **terms: Any) -> dict[str, Any]:
    """GBPM lends to USPM, which has accounts for what it owes."""
    made = lending(*values)
    made["ledger_posting"]["USPM"] += [{"posting_type": name, "account": at} for name, at in ACCOUNTS.items()]
    made["intercompany"][0] |= terms
    return made


@pytest.fixture
def billed(books: Books) -> Books:
    """Ten hours at 120 USD are billed between the companies."""
    return bill(books)


def bill(books: Books, **terms: Any) -> Books:
    books.use(between_companies(**terms))
    posted(books, sold())
    create(books)
    books.post_invoices(proposal_id=NUMBER)
    return books


def credited(books: Books) -> Books:
    posted(books, sold("back", "-10"), reverses("back", "sold"))
    create(books)
    books.post_invoices(proposal_id="IC-000002")
    return books


def post(books: Books, *numbers: str, **more: Any) -> Any:
    return books.do("post_vendor_invoices", company="USPM", numbers=list(numbers) or INVOICE, **more)


def preview(books: Books, number: str = INVOICE, **more: Any) -> Any:
    return books.do("preview_vendor_invoice", company="USPM", number=number, **more)


def reasons(answer: Any) -> list[str]:
    return [one["reason"] for one in answer["refused"]]


def vendor_invoices(books: Books) -> list[tuple[str, str | None]]:
    return [(one["status"], one.get("voucher")) for one in books.result["vendor_invoices"]]


def test_icv_01_icv_02_it_is_seen_with_its_lines_and_debit_and_credit_then_posted_once(billed: Books) -> None:
    with policies.enforced():
        shown = preview(billed)
    assert [
        (one["project"], one["class"], one["quantity"], one["unit_price"], one["amount"]) for one in shown["lines"]
    ] == [("PRJ-1", "time", "10", "120.00", "1200.00")]
    assert [(line["account"], line["amount"]) for line in shown["voucher"]["lines"]] == [
        ("540100", "1200.00"),
        ("200100", "-1200.00"),
    ]
    assert balances(billed, "USPM") == {}
    with policies.enforced():
        answer = post(billed, reason="month end")
    assert [(one["voucher"], one["posted_on"]) for one in answer["posted"]] == [("VIV-000001", "2026-08-31")]
    assert balances(billed, "USPM") == {"cost": Decimal(1200), "vendor_balance": Decimal(-1200)}
    assert reasons(post(billed)) == ["already_posted"]
    assert vendor_invoices(billed) == [("posted", "VIV-000001")]


def test_icv_02_a_repetition_of_the_same_command_says_the_same(billed: Books) -> None:
    detail = {"company": "USPM", "numbers": INVOICE}
    event = {
        "source": "project-invoicing.manual",
        "time": "2026-09-02T10:00:00Z",
        "detail": {"post_vendor_invoices": detail},
    }
    first, second = (billed.call("document_editing", event) for _ in range(2))
    assert first == second
    assert len(first["posted"]) == 1


def test_icv_02_one_that_is_not_there_keeps_no_other_back(billed: Books) -> None:
    answer = post(billed, "FTI-99999999", INVOICE)
    assert [one["invoice_number"] for one in answer["posted"]] == [INVOICE]
    assert "has no vendor invoice FTI-99999999" in answer["refused"][0]["detail"]


def test_icv_06_a_person_gives_the_date_and_a_closed_period_refuses(billed: Books) -> None:
    assert reasons(post(billed, date="2027-01-01")) == ["period_closed"]
    (one,) = post(billed, date="2026-09-30")["posted"]
    assert (one["accounting_date"], one["posted_on"]) == ("2026-08-31", "2026-09-30")


def test_icv_09_a_credit_waits_for_its_original_and_ends_both_companies_at_zero(billed: Books) -> None:
    credited(billed)
    credit = "FTI-00000002"
    assert reasons(post(billed, credit)) == ["not_posted"]
    assert "which is pending in USPM: post that first" in preview(billed, credit)["refused"][0]["detail"]
    assert [one["total"] for one in post(billed, INVOICE, credit)["posted"]] == ["1200.00", "-1200.00"]
    assert balances(billed, "USPM") == balances(billed, "GBPM") == {}


def test_icv_10_somebody_faster_is_not_posted_over(billed: Books) -> None:
    with before_transaction(billed, 0, lambda: post(billed)):
        answer = post(billed, reason="the slower one")
    assert reasons(answer) == ["already_posted"]
    assert balances(billed, "USPM")["cost"] == 1200
    assert [one["voucher"] for one in billed.result["vouchers"] if one["company"] == "USPM"] == ["VIV-000001"]


def test_icv_10_the_schedule_posts_where_the_terms_say_so(books: Books) -> None:
    bill(books, vendor_invoices="by_schedule")
    credited(books)
    with policies.enforced():
        answer = books.scheduled("staging_import")
    assert answer["vendor_invoices"] == 2
    assert [status for status, _ in vendor_invoices(books)] == ["posted", "posted"]
    assert balances(books, "USPM") == {}
    assert books.scheduled("staging_import")["vendor_invoices"] == 0


def test_icv_10_elsewhere_it_is_told_with_all_its_lines_and_answered(books: Books) -> None:
    books.use(between_companies(vendor_invoices="elsewhere"))
    posted(books, sold())
    create(books)
    books.run("invoice_posting")
    (told,) = [event for event in books.world.drain() if event.detail_type == "PendingVendorInvoiceCreated"]
    detail = told.detail
    assert (detail["company"], detail["lender"], detail["total"], detail["part"], detail["parts"]) == (
        "USPM",
        "GBPM",
        "1200.00",
        1,
        1,
    )
    assert [(line["actual_id"], line["quantity"], line["amount"]) for line in detail["lines"]] == [
        (guid("sold"), "10", "1200.00")
    ]
    assert reasons(post(books)) == ["posted_elsewhere"]
    asked = {"company": "USPM", "number": INVOICE}
    assert "say why it is refused" in books.do("answer_vendor_invoice", answer="refused", **asked)["outcome"]
    for _ in range(2):
        assert (
            "refused elsewhere"
            in books.do("answer_vendor_invoice", answer="refused", reason="no order", **asked)["outcome"]
        )
    assert vendor_invoices(books) == [("refused", None)]
    books.do("answer_vendor_invoice", answer="posted", voucher="AP-17", **asked)
    assert vendor_invoices(books) == [("posted_elsewhere", "AP-17")]
    assert reasons(books.do("answer_vendor_invoice", answer="refused", reason="late", **asked)) == ["already_posted"]
    assert balances(books, "USPM") == {}


def test_icv_07_one_invoice_for_each_project_or_one_for_the_borrower(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("first"), sold("second", "5", project="PRJ-GBP", contract="CTR-GBP", contract_line="CTR-GBP-1"))
    assert create(books, by="project") == "created IC-000001, IC-000002"
    found = [(one["proposal_id"], one["subtotal"]) for one in books.result["proposals"]]
    assert sorted(found) == [("IC-000001", "1200.00"), ("IC-000002", "600.00")]
    billed = [line["actual_id"] for line in books.proposal("IC-000001")["lines"]]
    assert billed == [guid("first")]


def test_icv_07_only_what_is_of_the_project_or_the_contract(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("first"), sold("second", "5", project="PRJ-GBP", contract="CTR-GBP", contract_line="CTR-GBP-1"))
    assert create(books, contract="CTR-GBP") == "created IC-000001"
    assert books.proposal("IC-000001")["subtotal"] == "600.00"
    assert create(books, project="PRJ-GBP").startswith("refused")
    assert create(books) == "created IC-000002"
    assert books.proposal("IC-000002")["subtotal"] == "1200.00"


def test_icv_07_the_schedule_bills_once_a_month_what_was_posted_until_the_end_of_the_last(books: Books) -> None:
    books.use(between_companies(batches=[{"by": "project", "day_of_month": 3}]))
    posted(books, sold("july", on="2026-07-31"), sold("august"), sold("september", on="2026-09-01"))
    at = {"source": "aws.events", "detail": {}}
    days = ("2026-09-02", "2026-09-03", "2026-09-04", "2026-10-03")
    runs = [books.call("staging_import", {**at, "time": f"{day}T10:00:00Z"}) for day in days]
    made = [run["billed_between"] for run in runs]
    assert made == [0, 1, 0, 1]
    assert [one["subtotal"] for one in sorted(books.result["proposals"], key=lambda one: str(one["proposal_id"]))] == [
        "2400.00",
        "1200.00",
    ]


def change_lines(books: Books, number: str = NUMBER, **what: list[str]) -> Any:
    return books.do("intercompany_lines", company="GBPM", proposal_id=number, **what)


def test_icv_08_a_line_that_is_taken_off_comes_with_the_next_invoice(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("first"), sold("second", "5"))
    create(books)
    with policies.enforced():
        change_lines(books, off=[guid("second")])
    assert (books.proposal(NUMBER)["subtotal"], len(books.proposal(NUMBER)["lines"])) == ("1200.00", 1)
    assert create(books) == "created IC-000002"
    assert books.proposal("IC-000002")["subtotal"] == "600.00"
    books.post_invoices()
    assert sorted(one["total"] for one in books.result["vendor_invoices"]) == ["1200.00", "600.00"]


def test_icv_08_a_line_of_another_month_is_added(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("first"), sold("september", "5", on="2026-09-01"))
    create(books)
    with policies.enforced():
        change_lines(books, add=[guid("september")])
    change_lines(books, add=[guid("september")])
    books.post_invoices(proposal_id=NUMBER)
    assert books.invoice(NUMBER)["total"] == "1800.00"
    assert reasons(change_lines(books, off=[guid("first")])) == ["already_posted"]


def test_icv_08_what_would_be_wrong_is_refused_and_nothing_changes(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("first"), sold("back", "-10"), reverses("back", "first"), sold("pounds", currency="GBP"))
    create(books, to="2026-08-27")
    dollars = next(one["proposal_id"] for one in books.result["proposals"] if one["currency"] == "USD")
    both = [guid("first"), guid("back")]
    refused = [
        change_lines(books, dollars, off=[guid("first")]),
        change_lines(books, dollars, off=both),
        change_lines(books, dollars, add=[guid("pounds")]),
        change_lines(books, dollars, off=[guid("pounds")]),
        change_lines(books, dollars),
    ]
    assert [reasons(one)[0] for one in refused] == ["taken_back", "lines_missing", "schema", "schema", "schema"]
    assert sorted(line["actual_id"] for line in books.proposal(dollars)["lines"]) == sorted(both)


SOLD = guid("sold")


def explained(books: Books, id: str) -> Any:
    (found,) = books.call("explain", envelope({"id": id}, books.world.at, "Manual Question", "by.hand"))["found"]
    return found


def move(books: Books, to: str, **asked: Any) -> Any:
    return books.do("post_costs", company="USPM", to=to, date="2026-09-30", **({"costs": {}} | asked))


def on_balance(books: Books, *contexts: Any, **terms: Any) -> Books:
    """The cost of ten hours is on USPM's balance sheet, as its profile says."""
    document = between_companies(**terms)
    document["profiles"]["TM"] |= {"post_costs": {"time": "balance"}, "accrue_revenue": {}}
    due = [{"to": "profit_and_loss", "since": "2026-08-01", "until": "2026-08-31"}]
    document["parameters"]["USPM"] |= {"scheduled_costs": due}
    books.use(document)
    posted(books, *contexts, sold())
    create(books)
    books.post_invoices(proposal_id=NUMBER)
    answer = post(books)
    assert answer["posted"], answer
    return books


def test_pco_15_icv_04_the_cost_of_a_vendor_invoice_is_chosen_seen_moved_and_brought_back(books: Books) -> None:
    on_balance(books)
    asked = {"company": "USPM", "to": "profit_and_loss", "date": "2026-09-30", "costs": {"project": "PRJ-1"}}
    with policies.enforced():
        (shown,) = books.do("preview_costs", **asked)["costs"]
    assert (shown["from"], shown["amount"], shown["vendor_invoice"], shown["lender"]) == (
        "balance",
        "1200.00",
        INVOICE,
        "GBPM",
    )
    assert [(line["account"], line["amount"]) for line in shown["voucher"]["lines"]] == [
        ("540100", "1200.00"),
        ("161100", "-1200.00"),
    ]
    with policies.enforced():
        answer = books.do("post_costs", actor="ann@contoso.example", reason="month end", **asked)
    assert answer["posted"] == [{"actual_id": SOLD, "voucher": "PCV-000001"}]
    assert balances(books, "USPM") == {"cost": Decimal(1200), "vendor_balance": Decimal(-1200)}
    assert (
        move(books, "profit_and_loss")["posted"],
        move(books, "balance", costs={"until": "2026-08-01"})["posted"],
    ) == (
        [],
        [],
    )
    assert move(books, "profit_and_loss", costs={"actual_id": SOLD})["unchanged"] == 1
    assert move(books, "balance", costs={"actual_id": SOLD})["posted"] == [{"actual_id": SOLD, "voucher": "PCV-000002"}]
    assert balances(books, "USPM") == {"wip_cost_value": Decimal(1200), "vendor_balance": Decimal(-1200)}
    told = [str(one) for one in explained(books, SOLD)["history"] if "PCV-" in str(one)]
    assert [("USPM" in one, "month end" in one) for one in told] == [(True, True), (True, False)]


def test_pco_14_pco_15_icv_09_a_credit_goes_where_the_cost_is_now(books: Books) -> None:
    on_balance(books)
    with policies.enforced():
        assert books.scheduled("journal_posting")["costs"] == 1
    credited(books)
    refused = move(books, "balance", costs={"actual_id": [SOLD, guid("back")]})["refused"]
    assert [one["reason"] for one in refused] == ["not_posted", "taken_back"]
    (line, _) = preview(books, "FTI-00000002")["voucher"]["lines"]
    assert (line["account"], line["amount"]) == ("540100", "-1200.00")
    post(books, "FTI-00000002")
    assert balances(books, "USPM") == balances(books, "GBPM") == {}
    assert move(books, "balance", costs={"actual_id": guid("back")})["refused"][0]["reason"] == "taken_back"
    assert move(books, "balance")["posted"] == []


def test_pco_15_what_is_not_posted_here_has_no_cost_to_move(billed: Books) -> None:
    assert move(billed, "balance", costs={"actual_id": SOLD})["refused"][0]["reason"] == "not_posted"
    assert move(billed, "balance")["posted"] == []
    assert (
        billed.do("post_costs", company="GBPM", to="balance", costs={"actual_id": SOLD})["refused"][0]["reason"]
        == "not_a_cost"
    )


def test_pco_03_pco_15_no_cost_goes_to_the_balance_sheet_whose_sale_by_the_borrower_is_accrued(books: Books) -> None:
    books.use(between_companies())
    posted(books, sale("work/unbilled", "10", start="2026-08-27", document_date="2026-08-27", resource="Molly Clark"))
    bill(books)
    post(books)
    assert books.do("preview_costs", company="USPM", to="balance", costs={})["costs"] == []
    assert move(books, "balance", costs={"actual_id": SOLD})["refused"][0]["reason"] == "revenue_accrued"


def test_pco_15_two_who_move_it_at_once_make_one_voucher(books: Books) -> None:
    on_balance(books)
    with before_transaction(books, 0, lambda: move(books, "profit_and_loss")):
        assert move(books, "profit_and_loss", reason="the slower one", actor="ben")["unchanged"] == 1
    assert balances(books, "USPM") == {"cost": Decimal(1200), "vendor_balance": Decimal(-1200)}
    side = Side(books)
    assert side.reconcile(connected=False).checks["moved"].found == []
    side.put("sold", ca='{"wip_cost_value":"161100"}')
    (one,) = side.reconcile(connected=False).checks["moved"].found
    assert (one.id, one.company) == (SOLD, "USPM")
    assert "come to -1200.00 on 161100, 1200.00 on 540100; the row has the cost of USPM on 161100" in one.detail


def test_icv_10_explain_tells_the_borrower_s_side_in_every_state(billed: Books) -> None:
    def told() -> Any:
        detail = {"id": INVOICE, "company": "USPM"}
        with policies.enforced():
            (one,) = billed.call("explain", envelope(detail, billed.world.at, "Manual Question", "by.hand"))["found"]
        return one

    before = told()
    assert (before["kind"], before["company"]) == ("vendor invoice", "USPM")
    assert before["headline"] == f"Vendor invoice {INVOICE} of GBPM for 1200.00 USD with tax: pending"
    (next_,) = before["next"]
    assert next_.endswith(f"`invoicing vendor-invoices post {INVOICE} --company USPM`")
    post(billed, actor="ann@contoso.example", reason="month end")
    after = told()
    assert after["facts"]["posted"] == "with voucher VIV-000001, accounting date 2026-08-31"
    assert [line["account"] for line in after["voucher_lines"]] == ["540100", "200100"]
    assert "was posted by ann@contoso.example" in after["history"][-1]["what"]
