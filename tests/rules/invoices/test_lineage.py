"""99-22: what a line continues decides on its tax, accounts and dimensions, not the set-up of the day."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import Context, guid, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import bill, billed, bills, correction_to_six, cost, replaces, reverses, sale

FIXED: dict[str, Any] = {"contract_line": "CTR-1-FP", "resource": None}
RED = ("sales_tax.codes.RED5", {"rates": [{"valid_from": "2020-01-01", "percent": "5"}], "account": "222200"})
BOOKS_ = ("sales_tax.item_groups.BOOKS", ["RED5"])
DOM = ("sales_tax.groups.DOM", ["VAT20", "RED5"])
AT_COST_CENTER = ("projects.PRJ-1.dimensions", {"CostCenter": "007"})
BY_TOTAL = ("sales_tax.rounding", {"precision": "0.01", "calculation": "total"})

Change = Callable[[dict[str, Any]], None]


def contoso(*changes: Change) -> dict[str, Any]:
    """20 % and a reduced rate, work at cost center 007; then ``changes``."""
    document = finance(TAXED, RED, BOOKS_, DOM, AT_COST_CENTER)
    for change in changes:
        change(document)
    return document


def percent(document: dict[str, Any]) -> None:
    document["sales_tax"]["codes"]["VAT20"]["rates"][0]["percent"] = "25"


def tax_account(document: dict[str, Any]) -> None:
    document["sales_tax"]["codes"]["VAT20"]["account"] = "222999"


def customers_group(document: dict[str, Any]) -> None:
    document["customers"]["USPM"]["C-001"]["sales_tax_group"] = "EXP"


def without_the_code(document: dict[str, Any]) -> None:
    tax = document["sales_tax"]
    del tax["codes"]["VAT20"], tax["groups"]["DOM"], tax["item_groups"]["SERV"]
    tax["item_groups"] |= {"GOODS": [], "FULL": []}
    document["customers"]["USPM"]["C-001"]["sales_tax_group"] = "EXP"
    for category in document["categories"]["USPM"].values():
        category["item_sales_tax_group"] = None


def category(document: dict[str, Any]) -> None:
    document["parameters"]["USPM"]["category_defaults"]["time"] = "Consulting"
    document["categories"]["USPM"]["Consulting"] = {"kind": "time", "item_sales_tax_group": "BOOKS"}
    document["ledger_posting"]["USPM"].append(
        {"posting_type": "invoiced_revenue", "category": "Consulting", "account": "411500"}
    )


def no_category(document: dict[str, Any]) -> None:
    del document["parameters"]["USPM"]["category_defaults"]["time"]


def revenue_account(document: dict[str, Any]) -> None:
    for row in document["ledger_posting"]["USPM"]:
        if row["posting_type"].startswith("invoiced_revenue"):
            row["account"] = "419999"


def no_revenue_account(document: dict[str, Any]) -> None:
    rows = document["ledger_posting"]["USPM"]
    rows[:] = [row for row in rows if not row["posting_type"].startswith("invoiced_revenue")]


def dimensions(document: dict[str, Any]) -> None:
    document["projects"]["PRJ-1"]["dimensions"] = {"CostCenter": "008"}


def account_structure(document: dict[str, Any]) -> None:
    """The accounts want another dimension by now."""
    document["account_structures"] = {"USPM": [{"account": "411100", "required": ["Department"]}]}


def on_account_profile(document: dict[str, Any]) -> None:
    document["profiles"]["FP"]["on_account"] = "balance"


def tax_included(document: dict[str, Any]) -> None:
    document["sales_tax"]["amounts_include_tax"] = True


def line_property(document: dict[str, Any]) -> None:
    document["parameters"]["USPM"]["line_property_mapping"]["chargeable"] = "NOCHARGE"


CHANGES = [
    percent,
    tax_account,
    customers_group,
    without_the_code,
    category,
    no_category,
    revenue_account,
    no_revenue_account,
    dimensions,
    account_structure,
    on_account_profile,
    tax_included,
    line_property,
]


def accounts(books: Books, *but: str) -> dict[tuple[str, str, str], Decimal]:
    """What stands on each account with each combination of dimensions, without what came to nothing."""
    found: dict[tuple[str, str, str], Decimal] = {}
    for voucher in books.result["vouchers"]:
        for line in voucher["lines"]:
            key = (line["posting_type"], line["account"], json.dumps(line["dimensions"]))
            found[key] = found.get(key, Decimal(0)) + Decimal(line["accounting_amount"])
    return {key: amount for key, amount in found.items() if amount and key[0] not in but}


def invoice(books: Books, *contexts: Context) -> None:
    books.arrive(*contexts)
    books.journalise()
    books.import_staging()
    books.post_invoices()


def credit_of(
    *works: str, amount: str = "1600", number: int = 2, quantity: str = "8", price: str = "200"
) -> list[Context]:
    id = f"inv-{number}"
    messages = [proforma(id, number=f"INV-000{number}", total=f"-{amount}", has_corrections=True)]
    for work in works or ("work",):
        messages += [
            bill(f"{work}/credited", f"-{quantity}", price, invoice=id),
            reverses(f"{work}/credited", f"{work}/billed"),
        ]
    return messages


# --- journal line -> invoice line -------------------------------------------------------------------------------------


def test_the_edited_item_group_of_the_journal_line_is_billed(books: Books) -> None:
    books.use(contoso())
    books.arrive(*billed())
    books.import_staging()
    journal = books.result["journals"][0]["journal_id"]
    work = {"company": "USPM", "journal_id": journal, "actual_id": guid("work/unbilled")}
    assert books.edit("edit", **work, item_sales_tax_group="BOOKS") == "edited"
    invoice(books)
    assert (books.invoice()["sales_tax"], books.invoice()["total"]) == ("80.00", "1680.00")


@pytest.mark.parametrize("change", [customers_group, category, dimensions], ids=lambda change: change.__name__)
def test_a_change_of_the_set_up_does_not_reach_what_is_posted(books: Books, change: Change) -> None:
    books.use(contoso())
    books.arrive(sale("work/unbilled"))
    books.journalise()
    books.use(contoso(change))
    invoice(books, *billed()[:1], *billed()[2:])
    assert books.invoice()["sales_tax"] == "320.00"
    assert accounts(books) == {
        ("invoiced_revenue", "411100", '{"CostCenter": "007"}'): Decimal(-1600),
        ("sales_tax_payable", "222100", "{}"): Decimal(-320),
        ("customer_balance", "130100", '{"CostCenter": "007"}'): Decimal(1920),
    }


def test_the_percent_of_work_is_that_of_the_invoice_date(books: Books) -> None:
    books.use(contoso())
    books.arrive(sale("work/unbilled"))
    books.journalise()
    books.use(contoso(percent))
    invoice(books, *billed()[:1], *billed()[2:])
    assert books.invoice()["sales_tax"] == "400.00"


def test_on_request_tax_and_dimensions_are_taken_anew(books: Books) -> None:
    books.use(contoso())
    books.arrive(sale("work/unbilled"))
    books.journalise()
    books.use(contoso(customers_group, dimensions))
    books.arrive(*billed()[:1], *billed()[2:])
    books.import_staging()
    line = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    assert books.edit("edit", **line, rederive_sales_tax=True, rederive_dimensions=True) == "done"
    books.post_invoices()
    (posted,) = books.proposal()["lines"]
    assert (posted["sales_tax_group"], posted["sales_tax_amount"]) == ("EXP", "0.00")
    assert ("invoiced_revenue", "411100", '{"CostCenter": "008"}') in accounts(books)


def test_lines_that_were_deleted_and_imported_again_take_what_was_posted(books: Books) -> None:
    books.use(contoso())
    books.arrive(*billed())
    books.journalise()
    books.import_staging()
    line = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    books.edit("edit", **line, sales_tax_group="EXP")
    books.use(contoso(customers_group, dimensions))
    books.edit("delete_lines", company="USPM", proposal_id="INV-0001")
    invoice(books)
    assert books.invoice()["sales_tax"] == "320.00"


def test_a_milestone_continues_nothing(books: Books) -> None:
    books.use(contoso())
    milestone = bill("milestone", "1", "5000", **FIXED, transaction_class="milestone")
    invoice(books, milestone, proforma("inv-1", total="5000"))
    assert books.invoice()["sales_tax"] == "1000.00"


# --- invoice line -> credit line --------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_credit_note_gives_back_what_was_posted_whatever_the_set_up_is_by_now(books: Books, change: Change) -> None:
    books.use(contoso())
    invoice(books, *billed())
    books.use(contoso(change))
    invoice(books, *credit_of())
    assert books.invoice("INV-0002")["total"] == "-1920.00"
    assert accounts(books) == {}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_credited_milestone_goes_back_to_where_it_was(books: Books, change: Change) -> None:
    books.use(contoso())
    invoice(
        books,
        bill("work/billed", "1", "5000", **FIXED, transaction_class="milestone"),
        proforma("inv-1", total="5000"),
    )
    books.use(contoso(change))
    invoice(
        books,
        bill("back", "-1", "5000", **FIXED, transaction_class="milestone", invoice="inv-2"),
        reverses("back", "work/billed"),
        proforma("inv-2", number="INV-0002", total="-5000"),
    )
    assert books.invoice("INV-0002")["total"] == "-6000.00"
    assert accounts(books) == {}


def test_a_credited_material_keeps_the_tax_of_its_product(books: Books) -> None:
    material: dict[str, Any] = {"transaction_class": "material", "product": "P-100"}
    books.use(contoso())
    invoice(books, *billed(**material))
    books.use(contoso(lambda document: document["products"].update({"P-100": {"item_sales_tax_group": "BOOKS"}})))
    back = bill("back", "-8", invoice="inv-2", **material)
    invoice(books, back, reverses("back", "work/billed"), proforma("inv-2", number="INV-0002", total="-1600"))
    assert accounts(books) == {}


def test_what_a_person_asks_for_on_the_credit_note_is_done(books: Books) -> None:
    books.use(contoso())
    invoice(books, *billed())
    books.use(contoso(percent))
    books.arrive(*credit_of())
    books.import_staging()
    line = {"company": "USPM", "proposal_id": "INV-0002", "actual_id": guid("work/credited")}
    assert books.proposal("INV-0002")["total"] == "-1920.00"
    assert books.edit("edit", **line, sales_tax_group="DOM") == "done"
    books.post_invoices()
    assert books.invoice("INV-0002")["total"] == "-2000.00"


def test_reg_19_four_works_on_three_credit_notes_of_two_invoices_leave_nothing(books: Books) -> None:
    cents: dict[str, str] = {"quantity": "1", "price": "10.03"}
    books.use(finance(TAXED, BY_TOTAL))
    invoice(books, *billed("a", "b", total="20.06", **cents))
    invoice(books, *billed("c", "d", total="20.06", invoice="inv-2", number="INV-0002", **cents))
    assert [books.invoice(f"INV-000{n}")["sales_tax"] for n in (1, 2)] == ["4.01", "4.01"]
    for number, works in ((3, ["a", "c"]), (4, ["d"]), (5, ["b"])):
        invoice(books, *credit_of(*works, number=number, amount="20.06" if number == 3 else "10.03", **cents))
    assert [books.invoice(f"INV-000{n}")["sales_tax"] for n in (3, 4, 5)] == ["-4.01", "-2.00", "-2.01"]
    assert accounts(books) == {}


# --- invoice line -> line that replaces it ----------------------------------------------------------------------------


@pytest.mark.parametrize("change", [percent, customers_group, category, revenue_account, dimensions])
def test_a_corrected_quantity_is_billed_as_the_invoice_line_was(books: Books, change: Change) -> None:
    books.use(contoso())
    invoice(books, *billed())
    books.use(contoso(change))
    invoice(books, *correction_to_six())
    assert (books.invoice("INV-0002")["sales_tax"], books.invoice("INV-0002")["total"]) == ("-80.00", "-480.00")
    assert accounts(books, "wip_sales_value", "accrued_revenue_sales_value") == {
        ("invoiced_revenue", "411100", '{"CostCenter": "007"}'): Decimal(-1200),
        ("sales_tax_payable", "222100", "{}"): Decimal(-240),
        ("customer_balance", "130100", '{"CostCenter": "007"}'): Decimal(1440),
    }
    invoice(books, *credit_of("six", number=3, quantity="6", amount="1200"))
    assert accounts(books, "wip_sales_value", "accrued_revenue_sales_value") == {}


def test_what_is_back_in_the_backlog_is_billed_later_as_the_invoice_line_was(books: Books) -> None:
    books.use(contoso())
    invoice(books, *billed())
    books.use(contoso(percent))
    invoice(books, *correction_to_six())
    later = [bill("two/billed", "2", invoice="inv-3"), bills("two/billed", "two/unbilled")]
    invoice(books, *later, proforma("inv-3", number="INV-0003", total="400"))
    assert books.invoice("INV-0003")["sales_tax"] == "80.00"


def test_another_tax_group_on_the_journal_line_that_replaces_is_taxed_on_its_date(books: Books) -> None:
    books.use(contoso())
    invoice(books, *billed())
    books.use(contoso(percent))
    books.arrive(*correction_to_six())
    books.import_staging()
    journal = next(one["journal_id"] for one in books.result["journals"] if one["status"] == "draft")
    work = {"company": "USPM", "journal_id": journal, "actual_id": guid("six/unbilled")}
    assert books.edit("edit", **work, sales_tax_group="DOM") == "edited"
    invoice(books)
    assert books.invoice("INV-0002")["sales_tax"] == "-20.00"  # 320.00 back, 25 % of 1,200


def test_a_replacement_whose_connection_comes_late_is_looked_at_again(books: Books) -> None:
    books.use(contoso())
    invoice(books, *billed())
    books.use(contoso(customers_group))
    books.arrive(sale("six/unbilled", "6"))
    books.import_staging()
    assert books.journal_line("six/unbilled")["sales_tax_group"] == "EXP"
    books.arrive(replaces("six/unbilled", "work/billed"))
    books.import_staging()
    assert books.journal_line("six/unbilled")["sales_tax_group"] == "DOM"


# --- journal line -> reversal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [dimensions, category, no_category, line_property])
def test_a_reversal_takes_back_what_was_posted(books: Books, change: Change) -> None:
    books.use(contoso())
    books.arrive(cost("work/cost"), sale("work/unbilled"))
    books.journalise()
    books.use(contoso(change))
    books.arrive(
        cost("cost/back", "-8"),
        reverses("cost/back", "work/cost"),
        sale("sale/back", "-8"),
        reverses("sale/back", "work/unbilled"),
    )
    books.journalise()
    assert books.journal_line("sale/back")["category"] == "Labor"
    assert accounts(books) == {}


def test_a_reversal_takes_back_the_dimensions_that_a_person_set(books: Books) -> None:
    books.use(contoso())
    books.arrive(cost("work/cost"))
    books.import_staging()
    journal = books.result["journals"][0]["journal_id"]
    work = {"company": "USPM", "journal_id": journal, "actual_id": guid("work/cost")}
    books.edit("edit", **work, dimensions={"CostCenter": "999"})
    books.journalise()
    books.arrive(cost("cost/back", "-8"), reverses("cost/back", "work/cost"))
    books.journalise()
    assert accounts(books) == {}


# --- what was posted before rows said what they hand on ---------------------------------------------------------------


def as_the_version_before_left_it(books: Books) -> None:
    """No row says what its line hands on, no invoice what it charged, no invoice line what it was computed with."""
    client, names = books.world.client, books.world.names
    for table in (names.staging_table, names.proposals_table):
        for item in client.scan(TableName=table)["Items"]:
            for attribute in ("li", "tc", "gb", "og"):
                item.pop(attribute, None)
            if item["pk"]["S"].startswith(("INVOICE#", "PROPOSAL#")) and "l" in item:
                text = json.loads(item["l"]["S"])
                kept = [n for n, name in enumerate(text["c"]) if name not in _NEW]
                text = {"c": [text["c"][n] for n in kept], "r": [[row[n] for n in kept] for row in text["r"]]}
                item["l"]["S"] = json.dumps(text)
            client.put_item(TableName=table, Item=item)
    books.use(books._loaded or {})


_NEW = {"takes_back", "continues", "retaxed", "charges"}


@pytest.mark.parametrize("change", [percent, customers_group, revenue_account, dimensions, without_the_code])
def test_a_credit_note_of_an_invoice_of_the_version_before_gives_back_what_was_posted(
    books: Books, change: Change
) -> None:
    books.use(contoso())
    invoice(books, *billed())
    as_the_version_before_left_it(books)
    books.use(contoso(change))
    invoice(books, *credit_of())
    assert books.invoice("INV-0002")["total"] == "-1920.00"
    assert accounts(books) == {}


def test_reg_19_an_invoice_of_the_version_before_is_credited_to_the_cent(books: Books) -> None:
    cents: dict[str, str] = {"quantity": "1", "price": "10.03"}
    books.use(finance(TAXED, BY_TOTAL))
    invoice(books, *billed("a", "b", total="20.06", **cents))
    as_the_version_before_left_it(books)
    for number, work in ((2, "a"), (3, "b")):
        invoice(books, *credit_of(work, number=number, amount="10.03", **cents))
    assert accounts(books) == {}


def test_work_that_the_version_before_posted_is_billed_as_it_was_posted(books: Books) -> None:
    books.use(contoso())
    books.arrive(sale("work/unbilled"))
    books.journalise()
    as_the_version_before_left_it(books)
    books.use(contoso(customers_group, dimensions))
    invoice(books, *billed()[:1], *billed()[2:])
    assert books.invoice()["sales_tax"] == "320.00"
    assert ("invoiced_revenue", "411100", '{"CostCenter": "007"}') in accounts(books)
