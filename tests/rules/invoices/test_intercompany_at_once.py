"""IC-09, IC-15, IC-16, INV-14, INV-28: sales between companies that change, are billed twice at once, or taken back.

The sales are those of ``test_intercompany_invoices``; what is in the books is checked by a reconciliation, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.use_cases.proposals import pages as proposal_pages
from project_invoicing.use_cases.reconciliation.run import Reconciliation
from tests.builders import Context, actual, guid, proforma
from tests.faults import EVERY, TRANSACTION, Killed, dying, overtaken
from tests.harness import envelope
from tests.rules.books import Books, before_transaction
from tests.rules.invoices.test_intercompany_invoices import (
    AUGUST,
    NUMBER,
    balances,
    between_companies,
    create,
    posted,
    sold,
)
from tests.rules.journals.cases import custom_columns
from tests.rules.stories import billed, reverses, sale
from tests.rules.test_reconciliation import Side

WORKED_LATER: dict[str, Any] = {"quantity": "12", "message": "Update", "row_version": 99}
"""Twelve hours instead of ten, as a newer version of the sale says."""


@pytest.fixture
def lent(books: Books) -> Books:
    """Ten hours are posted in both companies."""
    books.use(between_companies())
    posted(books, sale("work/unbilled", "10"), sold())
    return books


def differences(books: Books) -> list[str]:
    """The checks of a reconciliation that find something."""
    books._ready()
    found = Reconciliation(Side(books).stores, None, books.world.at, lambda: True).run()
    return [str(check["name"]) for check in found.report["checks"] if check["differences"]]


def late(books: Books, name: str) -> bool:
    return Side(books).stores.staging.rows([guid(name)])[guid(name)].late


def proposals(books: Books) -> list[tuple[str, str, str]]:
    return [(p["proposal_id"], str(p["status"]), p["subtotal"]) for p in books.result["proposals"]]


def lent_cost(name: str, quantity: str, **columns: Any) -> Context:
    shared = {"resource": "Molly Clark", "billing_type": "not_available", **columns}
    return actual(
        name, transaction_type="resourcing_unit_cost", quantity=quantity, price="88", currency="GBP", **shared
    )


def explained(books: Books, id: str, company: str = "GBPM") -> dict[str, Any]:
    answer = books.call("explain", envelope({"id": id}, books.world.at, "Manual Question", "by.hand"))
    (found,) = (one for one in answer["found"] if one["company"] == company)
    return dict(found)


# --- what was posted is billed, whatever is known by now --------------------------------------------------------------


def test_ic_09_inv_02_a_sale_that_changes_after_its_posting_is_billed_as_it_was_posted(lent: Books) -> None:
    lent.arrive(sold(**WORKED_LATER))
    create(lent)
    lent.post_invoices(proposal_id=NUMBER)
    assert lent.invoice(NUMBER)["total"] == "1200.00"
    assert balances(lent, "GBPM") == {"invoiced_revenue": Decimal(-900), "customer_balance": Decimal(900)}
    assert differences(lent) == ["late_changes"]


def test_ic_09_a_change_that_the_posting_overtakes_is_flagged_and_not_billed(books: Books) -> None:
    books.use(between_companies())
    books.arrive(sold())
    books.import_staging()
    books.arrive(sold(**WORKED_LATER))
    books.post_journals()
    assert late(books, "sold")
    create(books)
    assert books.proposal(NUMBER)["subtotal"] == "1200.00"


def test_ic_09_another_description_before_the_posting_is_no_change_that_is_flagged(books: Books) -> None:
    books.use(between_companies())
    books.arrive(sold())
    books.import_staging()
    books.arrive(sold(description="on site", message="Update", row_version=99))
    books.post_journals()
    assert not late(books, "sold")
    assert create(books) == f"created {NUMBER}"


def test_ic_09_a_change_that_comes_while_it_is_posted_is_not_overlooked(books: Books) -> None:
    """It arrives after the posting has read the row, before its transaction."""
    books.use(between_companies())
    books.arrive(sold())
    books.import_staging()
    with before_transaction(books, 0, lambda: books.world.deliver(sold(**WORKED_LATER))):
        books.post_journals()
    assert books.journal_line("sold")["sales_amount"] == "1200.00"
    assert late(books, "sold")


def closed_project(document: dict[str, Any]) -> None:
    document["projects"]["PRJ-1"]["open"] = False


def second_lender(document: dict[str, Any]) -> None:
    document["companies"]["JPPM"] = {"accounting_currency": "JPY"}
    document["customers"]["JPPM"] = {"IC-USPM": {}}
    document["intercompany"].append({**document["intercompany"][0], "lender": "JPPM", "vendor": "V-JPPM"})


def another_tax_group(document: dict[str, Any]) -> None:
    document["customers"]["GBPM"]["IC-USPM"]["sales_tax_group"] = "DOM"


@pytest.mark.parametrize("change", [closed_project, second_lender, another_tax_group])
def test_ic_15_tax_13_what_is_posted_is_billed_whatever_the_set_up_says_by_now(
    lent: Books, change: Callable[[dict[str, Any]], None]
) -> None:
    document = between_companies()
    change(document)
    lent.use(document)
    assert create(lent) == f"created {NUMBER}"
    lent.post_invoices(proposal_id=NUMBER)
    assert (lent.invoice(NUMBER)["sales_tax"], lent.invoice(NUMBER)["total"]) == ("0.00", "1200.00")
    assert differences(lent) == []


def test_tax_13_a_group_that_was_edited_on_the_journal_is_that_of_the_invoice(books: Books) -> None:
    books.use(between_companies())
    books.arrive(sold())
    books.import_staging()
    (journal,) = books.result["journals"]
    scope = {"company": "GBPM", "journal_id": journal["journal_id"], "actual_id": guid("sold")}
    books.edit("edit", **scope, sales_tax_group="DOM")
    books.post_journals()
    create(books)
    books.post_invoices(proposal_id=NUMBER)
    assert books.invoice(NUMBER)["sales_tax"] == "240.00"


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_num_10_numbers_that_proformas_of_the_lender_have_are_passed_over(lent: Books) -> None:
    for name, number in (("first", "IC-000001"), ("second", "IC-000002")):
        lent.arrive(proforma(name, number=number, contract="CTR-2", total="5"))
    assert create(lent) == "created IC-000003"
    posted(lent, sold("more"))
    assert create(lent) == "created IC-000004"


def test_num_10_a_proforma_of_the_borrower_may_have_the_same_number(lent: Books) -> None:
    create(lent)
    header, _, *billing = billed(quantity="10", total="2000", number=NUMBER)
    posted(lent, header, *billing)
    lent.post_invoices()
    assert sorted((i["company"], i["proposal_id"], i["total"]) for i in lent.result["invoices"]) == [
        ("GBPM", NUMBER, "1200.00"),
        ("USPM", NUMBER, "2000.00"),
    ]
    assert differences(lent) == []


def test_num_10_a_proforma_of_the_lender_may_not(lent: Books) -> None:
    create(lent)
    lent.arrive(proforma("other", number=NUMBER, contract="CTR-2", total="5"))
    assert [entry["reason"] for entry in lent.result["rejected"]] == ["duplicate_proposal_number"]


# --- at once ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(1, 14))
def test_ic_15_the_same_days_billed_twice_at_once_make_one_proposal(lent: Books, at: int) -> None:
    with overtaken(lent.world.client, at, lambda: lent.world.edit("intercompany_invoice", **AUGUST)):
        create(lent)
    create(lent)
    lent.import_staging()
    assert proposals(lent) == [(NUMBER, "ready", "1200.00")]


@pytest.mark.parametrize("at", range(1, 14, 3))
def test_ic_15_days_that_overlap_bill_a_sale_once(lent: Books, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 1)
    posted(lent, sold("second", on="2026-08-28"), sold("third", on="2026-08-29"))
    whole = {**AUGUST, "from": "2026-08-28", "to": "2026-09-30"}
    with overtaken(lent.world.client, at, lambda: lent.world.edit("intercompany_invoice", **whole)):
        create(lent)
    lent.import_staging()
    lent.post_invoices()
    lines = Counter(line["actual_id"] for p in lent.result["proposals"] for line in p["lines"])
    assert lines == {guid(name): 1 for name in ("sold", "second", "third")}
    assert sum(Decimal(v["total"]) for v in lent.result["vendor_invoices"]) == 3600
    assert not balances(lent, "GBPM").keys() & {"wip_sales_value", "accrued_revenue_sales_value"}
    assert differences(lent) == []


@pytest.mark.parametrize("transactions", [2, 3])
def test_ic_16_a_reversal_is_beside_its_original_wherever_the_filling_died(
    lent: Books, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 1)
    posted(lent, sold("back", "-10"), reverses("back", "sold"))
    with dying(lent.world.client, transactions, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        lent.world.edit("intercompany_invoice", **AUGUST)
    lent.import_staging()
    assert proposals(lent) == [(NUMBER, "ready", "0.00")]


def test_ic_09_its_posting_survives_death_at_every_request(lent: Books) -> None:
    create(lent)
    for at in range(1, 40):
        try:
            with dying(lent.world.client, at, applied=at % 2 == 0, operation=EVERY):
                lent.post_invoices(proposal_id=NUMBER)
        except Killed:
            continue
        break
    lent.post_invoices()
    assert [(v["invoice_number"], v["total"]) for v in lent.result["vendor_invoices"]] == [
        (lent.invoice(NUMBER)["invoice_number"], "1200.00")
    ]
    assert balances(lent, "GBPM") == {"invoiced_revenue": Decimal(-900), "customer_balance": Decimal(900)}
    assert differences(lent) == []


# --- several companies and currencies ---------------------------------------------------------------------------------


def three_companies() -> dict[str, Any]:
    """GBPM (pounds) and JPPM (yen) lend to USPM; GBPM lends to JPPM as well. Both lenders are one vendor to USPM."""
    made = between_companies()
    made["companies"]["JPPM"] = {**made["companies"]["GBPM"], "accounting_currency": "JPY"}
    for key in ("fiscal_periods", "parameters", "categories", "ledger_posting", "number_sequences"):
        made[key]["JPPM"] = made[key]["GBPM"]
    made["customers"]["JPPM"] = {"C-001": {"name": "Adatum"}, "IC-USPM": {"name": "Contoso", "sales_tax_group": "DOM"}}
    made["customers"]["GBPM"]["IC-JPPM"] = {"name": "Contoso Japan"}
    made["contracts"]["CTR-2"] |= {"company": "JPPM", "currency": "JPY"}
    made["projects"]["PRJ-2"] |= {"company": "JPPM"}
    made["profile_rules"] += [{"company": "JPPM", "profile": "TM"}]
    made["exchange_rates"] += [
        {"from": currency, "to": to, "valid_from": "2026-01-01", "rate": rate, "factor": 100}
        for currency, to, rate in (("USD", "JPY", "15013"), ("GBP", "JPY", "19307"), ("JPY", "GBP", "0.5179"))
    ]
    made["intercompany"] = [
        {"lender": "GBPM", "borrower": "USPM", "customer": "IC-USPM", "vendor": "V-1"},
        {"lender": "JPPM", "borrower": "USPM", "customer": "IC-USPM", "vendor": "V-1"},
        {"lender": "GBPM", "borrower": "JPPM", "customer": "IC-JPPM", "vendor": "V-1"},
    ]
    made["references"]["msdyn_organizationalunit"] = {guid(name): name for name in ("GBPM", "JPPM")}
    return made


def totals(books: Books, what: str) -> list[tuple[str, str, str, str]]:
    """Company, other company, currency and total of each vendor invoice; of customer invoices without the second."""
    return sorted((i["company"], i.get("lender", ""), i["currency"], i["total"]) for i in books.result[what])


def test_ic_09_inv_28_two_lenders_two_borrowers_and_three_currencies(books: Books) -> None:
    """Each lender bills each borrower in each currency of its sales; a lender of two borrowers mixes nothing."""
    books.use(three_companies())
    in_japan = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
    with custom_columns():
        posted(
            books,
            sold("g1", cr123_resourcingunit=guid("GBPM")),
            sold("g2", "3", currency="GBP", cr123_resourcingunit=guid("GBPM")),
            sold("j1", "7", cr123_resourcingunit=guid("JPPM")),
            sold("j2", "7", currency="JPY", cr123_resourcingunit=guid("JPPM")),
            sold("g3", "1", cr123_resourcingunit=guid("GBPM"), **in_japan),
            sold("g4", "2", currency="JPY", cr123_resourcingunit=guid("GBPM"), **in_japan),
        )
    assert {name: books.row(name)["company"] for name in ("g1", "g2", "j1", "j2", "g3", "g4")} == {
        "g1": "GBPM",
        "g2": "GBPM",
        "j1": "JPPM",
        "j2": "JPPM",
        "g3": "GBPM",
        "g4": "GBPM",
    }
    create(books)
    create(books, company="JPPM")
    create(books, borrower="JPPM")
    books.post_invoices()
    assert totals(books, "vendor_invoices") == [
        ("JPPM", "GBPM", "JPY", "240"),
        ("JPPM", "GBPM", "USD", "120.00"),
        ("USPM", "GBPM", "GBP", "360.00"),
        ("USPM", "GBPM", "USD", "1200.00"),
        ("USPM", "JPPM", "JPY", "1008"),
        ("USPM", "JPPM", "USD", "1008.00"),
    ]
    for lender in ("GBPM", "JPPM"):
        assert balances(books, lender).keys() == {"invoiced_revenue", "customer_balance"} | (
            {"sales_tax_payable"} if lender == "JPPM" else set()
        )
    assert balances(books, "USPM") == {}
    assert differences(books) == []


@pytest.mark.parametrize(
    "order",
    [
        "posted reversed proposed invoiced",
        "posted proposed reversed proposed invoiced proposed invoiced",
        "posted proposed invoiced reversed proposed invoiced",
    ],
)
def test_ic_16_inv_14_a_lent_hour_that_is_taken_back_leaves_nothing_on_either_book(books: Books, order: str) -> None:
    """RUC, IOS and unbilled sale are reversed together, at another day's rate; both books return to zero."""
    books.use(between_companies())
    work = [sale("work/unbilled", "10"), lent_cost("work/lent", "10"), sold("work/sold")]
    today = {"start": "2026-08-31", "document_date": "2026-08-31"}
    back = [
        sale("back/unbilled", "-10", **today),
        lent_cost("back/lent", "-10", **today),
        sold("back/sold", "-10", on="2026-08-31"),
        *(reverses(f"back/{kind}", f"work/{kind}") for kind in ("unbilled", "lent", "sold")),
    ]
    steps: dict[str, Callable[[], object]] = {
        "posted": lambda: posted(books, *work),
        "reversed": lambda: posted(books, *back),
        "proposed": lambda: create(books),
        "invoiced": books.post_invoices,
    }
    for step in order.split():
        steps[step]()
    for company in ("USPM", "GBPM"):
        assert balances(books, company) == {}
    assert differences(books) == []


def test_a_lender_without_a_profile_bills_what_it_never_accrued(books: Books) -> None:
    document = between_companies()
    document["profile_rules"] = [rule for rule in document["profile_rules"] if rule["company"] == "USPM"]
    books.use(document)
    posted(books, sold())
    assert books.result["vouchers"] == []
    create(books)
    books.post_invoices(proposal_id=NUMBER)
    assert balances(books, "GBPM") == {"invoiced_revenue": Decimal(-900), "customer_balance": Decimal(900)}
    assert differences(books) == []


def test_an_intercompany_customer_on_hold_is_refused_and_posted_once_it_is_not(lent: Books) -> None:
    held = between_companies()
    held["customers"]["GBPM"]["IC-USPM"]["on_hold"] = True
    lent.use(held)
    create(lent)
    lent.post_invoices()
    assert lent.reasons(NUMBER) == ["customer_on_hold"]
    assert "vendor_invoices" not in lent.result
    lent.use(between_companies())
    lent.post_invoices()
    assert lent.invoice(NUMBER)["total"] == "1200.00"


def test_a_company_that_posts_by_itself_posts_its_intercompany_proposals_too(books: Books) -> None:
    document = between_companies()
    document["parameters"]["GBPM"]["auto_post_proposals"] = True
    books.use(document)
    posted(books, sold())
    create(books)
    assert books.invoice(NUMBER)["total"] == "1200.00"
    assert len(books.result["vendor_invoices"]) == 1


def test_an_explanation_tells_of_proposal_invoice_and_sale(lent: Books) -> None:
    assert explained(lent, guid("sold"))["facts"]["billed between companies"] == "not yet"
    create(lent)
    made = explained(lent, NUMBER)
    assert made["facts"]["bills"] == "USPM, 2026-08-01 to 2026-08-31"
    assert made["facts"]["customer"] == "IC-USPM"
    lent.post_invoices()
    invoice = lent.invoice(NUMBER)["invoice_number"]
    made = explained(lent, invoice)
    assert "a pending vendor invoice of the same number stands in USPM" in str(made["history"])
    assert "write" not in str(made["history"])
    assert f"is on intercompany proposal {NUMBER} (posted, invoice {invoice})" in str(
        explained(lent, guid("sold"))["history"]
    )
