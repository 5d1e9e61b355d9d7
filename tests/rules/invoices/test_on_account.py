"""OAT-01 to OAT-04: milestones as on-account transactions, seen and edited before they are billed.

A milestone of 5,000 on the fixed-price line of the contract, sales tax of 20 %.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from local import cli
from operate import explain, master_data
from operate.invalid_input import InvalidInput
from operate.master_file import Entry
from project_invoicing.config import settings
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.errors import Unavailable
from project_invoicing.store.milestone_links import naming
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.master_data.milestones import standings
from tests import master
from tests.builders import Context, guid, lookup, option, proforma
from tests.harness import envelope
from tests.rules.books import Books, before_transaction
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.conftest import of_actuals
from tests.rules.stories import bill, cost, reverses, sale

MILESTONE = "msdyn_contractlinescheduleofvalue"
COLUMN = "cr123_milestone"
REDUCED = (
    ("sales_tax.codes.VAT5", {"rates": [{"valid_from": "2020-01-01", "percent": "5"}], "account": "222105"}),
    ("sales_tax.groups.DOM", ["VAT20", "VAT5"]),
    ("sales_tax.item_groups.RED5", ["VAT5"]),
    ("categories.USPM.Milestones", {"kind": "on_account"}),
    ("contract_lines.CTR-1-FP.dimensions", {"Unit": "FP"}),
)
ON_LINE: dict[str, Any] = {"contract_line": "CTR-1-FP", "resource": None, "transaction_class": "milestone"}
LATER = "2026-09-20T12:00:00Z"


@pytest.fixture(autouse=True)
def linked() -> Iterator[None]:
    """The organization has a column of actuals that names the milestone."""
    with of_actuals({"milestone": COLUMN}):
        yield


@pytest.fixture
def sold(books: Books) -> Books:
    """The milestone has arrived."""
    books.use(finance(TAXED, *REDUCED))
    books.arrive(master.milestone("M1", "CTR-1-FP", "5000"))
    return books


def billing(*, named: bool = True, amount: str = "5000") -> list[Context]:
    columns: dict[str, Any] = {COLUMN: lookup(MILESTONE, "M1")} if named else {}
    billed = bill("milestone", "1", amount, **ON_LINE, **columns)
    return [billed, proforma("inv-1", total=amount)]


def edit(books: Books, **columns: Any) -> str:
    return books.edit(
        "edit_master_data", part="on_account_transactions", company="USPM", number=guid("M1"), columns=columns
    )


def line(books: Books) -> dict[str, Any]:
    (found,) = books.proposal()["lines"]
    return dict(found)


def explained(books: Books) -> dict[str, Any]:
    (found,) = books.call("explain", question(books, guid("M1")))["found"]
    return dict(found)


def shown(books: Books) -> dict[str, str]:
    return dict(explained(books)["facts"])


def test_oat_01_ms_16_a_milestone_is_an_on_account_transaction_that_posts_nothing(sold: Books) -> None:
    told = shown(sold)
    assert told["row: amount"] == "5000"
    assert (told["row: date"], told["row: status"]) == ("2026-08-31", "ready")
    assert (told["stands"], told["contract line"], told["contract"]) == ("not billed", "CTR-1-FP", "CTR-1")
    assert told["billed with sales tax group"] == "DOM (the set-up)"
    assert told["billed with item sales tax group"] == "FULL (the set-up)"
    assert told["billed with dimensions"] == "Unit FP (the set-up)"
    assert sold.result["vouchers"] == []


def test_oat_01_a_milestone_waits_for_its_contract_line_and_follows_it_into_its_company(books: Books) -> None:
    books.use(finance())
    books.arrive(master.milestone("M1", "L-9", "5000"))
    assert "contract_unknown" in str(explained(books)["headline"])
    books.arrive(
        master.company("USPM"),
        master.contract("C-9", customer="C-001"),
        master.contract_line("L-9", "C-9", msdyn_billingmethod=option(192350001)),
    )
    found = explained(books)
    assert (found["company"], found["facts"]["contract line"]) == ("USPM", "C-9-1")
    (of_line,) = books.call("explain", question(books, guid("L-9")))["found"]
    assert of_line["facts"]["milestones"] == f"2026-08-31 5000 ready ({guid('M1')})"


def test_oat_02_an_amount_that_changes_before_billing_is_followed_and_a_persons_edits_stay(sold: Books) -> None:
    assert edit(sold, item_sales_tax_group="RED5") == "done"
    sold.arrive(master.milestone("M1", "CTR-1-FP", "6000", message="Update", at=LATER))
    told = shown(sold)
    assert told["row: amount"] == "6000"
    assert told["billed with item sales tax group"] == "RED5 (finance's own)"
    sold.arrive(*billing(amount="6000"))
    sold.import_staging()
    assert (line(sold)["amount"], line(sold)["item_sales_tax_group"]) == ("6000.00", "RED5")


def test_oat_02_a_milestone_that_is_deleted_before_billing_is_no_on_account_transaction_any_more(sold: Books) -> None:
    edit(sold, item_sales_tax_group="RED5")
    sold.arrive(master.deletion(MILESTONE, "M1", at=LATER))
    sold.arrive(*billing())
    sold.import_staging()
    assert line(sold)["item_sales_tax_group"] == "FULL"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            master.milestone("M1", "CTR-1-FP", "6000", message="Update", at=LATER), "with 5000, and is 6000", id="MS-20"
        ),
        pytest.param(master.deletion(MILESTONE, "M1", at=LATER), "was deleted after it was billed", id="MS-19"),
    ],
)
def test_oat_02_a_change_after_billing_is_flagged_and_changes_nothing(sold: Books, change: Context, says: str) -> None:
    sold.arrive(*billing())
    sold.import_staging()
    sold.post_invoices()
    before = sold.balances()
    assert flagged(sold) == []
    sold.arrive(change)
    sold.import_staging()
    assert sold.balances() == before
    (found,) = flagged(sold)
    assert found["id"] == guid("M1")
    assert says in found["detail"]


def test_oat_03_an_item_group_that_is_edited_before_the_proposal_gives_its_tax(sold: Books) -> None:
    assert edit(sold, item_sales_tax_group="RED5", category="Milestones", dimensions={"Unit": "X"}) == "done"
    sold.arrive(*billing())
    sold.import_staging()
    (made,) = Stores.read(sold.world.client, sold.world.names).proposals.lines(guid("inv-1"))
    assert (made.item_sales_tax_group, made.category, made.sales_tax_group) == ("RED5", "Milestones", "DOM")
    sold.post_invoices()
    assert sold.invoice()["total"] == "5250.00"
    revenue = [
        one for one in sold.result["vouchers"][0]["lines"] if one["posting_type"] == "invoiced_revenue_on_account"
    ]
    assert [one["dimensions"] for one in revenue] == [{"Unit": "X"}]


def test_oat_03_ms_18_on_a_proposal_an_edit_is_refused_and_allowed_again_once_its_lines_are_deleted(
    sold: Books,
) -> None:
    sold.arrive(*billing())
    sold.import_staging()
    refused = edit(sold, item_sales_tax_group="RED5")
    assert refused.startswith("on_proposal: milestone")
    assert "on proposal INV-0001, line 1" in refused
    assert shown(sold)["stands"] == "on a proposal that is not posted: INV-0001, line 1"
    entry = Entry("set", NameKey(Part.ON_ACCOUNT_TRANSACTIONS, "USPM", guid("M1")), {"item_sales_tax_group": "RED5"})
    with pytest.raises(InvalidInput, match="on_proposal"):
        list(master_data.set_all([entry], None))
    sold.edit("delete_lines", company="USPM", proposal_id="INV-0001")
    assert edit(sold, item_sales_tax_group="RED5") == "done"
    sold.import_staging()
    sold.post_invoices()
    assert sold.invoice()["total"] == "5250.00"
    assert edit(sold, item_sales_tax_group=None).startswith("already_posted: milestone")
    assert shown(sold)["stands"] == "billed and posted: INV-0001, line 1"


def test_oat_03_what_was_edited_while_an_import_wrote_the_line_is_on_it_in_the_end(sold: Books) -> None:
    sold.arrive(*billing())
    request = {"part": "on_account_transactions", "company": "USPM", "number": guid("M1")}
    edits = {**request, "columns": {"item_sales_tax_group": "RED5"}}
    # The first transaction notes that the set-up was seen, the second one has the line.
    with before_transaction(sold, 1, lambda: sold.world.edit("edit_master_data", **edits)):
        sold.run("staging_import")
    assert line(sold)["item_sales_tax_group"] == "RED5"


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"item_sales_tax_group": "NONE"}, "item_sales_tax_group: 'NONE'"),
        ({"sales_tax_group": "NONE"}, "sales_tax_group: 'NONE'"),
        ({"category": "Labor"}, "category: Labor is one for time, not for on_account"),
        ({"category": "None"}, "category: "),
        ({"amount": "7000"}, "amount is not finance's to set"),
    ],
)
def test_oat_03_an_edit_that_names_nothing_of_the_set_up_is_refused(
    sold: Books, columns: dict[str, Any], says: str
) -> None:
    refused = edit(sold, **columns)
    assert refused.startswith("refused: ")
    assert says in refused


def test_oat_03_a_credited_milestone_is_edited_for_its_next_bill_and_the_credit_keeps_what_was_billed(
    sold: Books,
) -> None:
    edit(sold, item_sales_tax_group="RED5")
    sold.arrive(*billing())
    sold.import_staging()
    sold.post_invoices()
    named: dict[str, Any] = {COLUMN: lookup(MILESTONE, "M1")}
    credit = bill("credit", "-1", "5000", invoice="inv-2", **ON_LINE, **named)
    header = proforma("inv-2", number="INV-0002", total="-5000", has_corrections=True)
    sold.arrive(credit, reverses("credit", "milestone"), header)
    sold.import_staging()
    assert edit(sold, item_sales_tax_group=None) == "done"
    sold.post_invoices()
    assert sold.invoice("INV-0002")["total"] == "-5250.00"
    assert sold.balances() == {}


@pytest.mark.parametrize("named", [False, True], ids=["the link is unknown", "it has not arrived"])
def test_oat_04_without_an_on_account_transaction_the_set_up_of_the_day_decides(books: Books, named: bool) -> None:
    books.use(finance(TAXED, *REDUCED))
    if not named:
        books.arrive(master.milestone("M1", "CTR-1-FP", "5000"))
        edit(books, item_sales_tax_group="RED5")
    books.arrive(*billing(named=named))
    books.import_staging()
    made = line(books)
    assert (made["sales_tax_group"], made["item_sales_tax_group"]) == ("DOM", "FULL")
    assert made["sales_tax_amount"] == "1000.00"


def test_oat_04_a_link_that_comes_again_or_moves_is_noted_once_and_counts_as_the_row_says(sold: Books) -> None:
    first, header = billing()
    sold.arrive(first, first, header)
    stores = Stores.read(sold.world.client, sold.world.names)
    assert naming(stores.staging, [guid("M1"), guid("M2")]) == {guid("M1"): [guid("milestone")], guid("M2"): []}
    moved: dict[str, Any] = {COLUMN: lookup(MILESTONE, "M2"), "message": "Update", "at": LATER}
    sold.arrive(bill("milestone", "1", "5000", **ON_LINE, **moved))
    stands = standings(stores.staging, [guid("M1"), guid("M2")])
    assert [len(stands[guid(one)].billed_by) for one in ("M1", "M2")] == [0, 1]


def test_oat_04_a_delivery_that_dies_before_the_link_is_noted_notes_it_when_it_comes_again(sold: Books) -> None:
    first, _ = billing()
    with patch("project_invoicing.store.milestone_links.write_one", side_effect=Unavailable("throttled")):
        (answer,) = sold.world.deliver(first)
    assert answer["batchItemFailures"]
    sold.arrive(first)
    stores = Stores.read(sold.world.client, sold.world.names)
    assert naming(stores.staging, [guid("M1")]) == {guid("M1"): [guid("milestone")]}


def question(books: Books, id: str) -> dict[str, Any]:
    return dict(envelope({"id": id}, books.world.at, "Manual Question", "by.hand"))


def flagged(books: Books) -> list[dict[str, Any]]:
    (check,) = [one for one in books.run("reconciliation")["checks"] if one["name"] == "master_changed_after_posting"]
    return list(check["found"])


def test_fpr_03_cost_on_account_and_value_of_a_fixed_price_by_period_and_no_work_by_the_hour(
    sold: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    """LED-48: of a mixed contract the expense of 2,000 counts, and the eight hours do not."""
    sold.arrive(
        *billing(),
        master.milestone("M2", "CTR-1-FP", "45000"),
        master.milestone("gone", "CTR-1-FP", "1"),
        master.deletion(MILESTONE, "gone", at=LATER),
        cost("expense", "1", "2000", transaction_class="expense", contract_line="CTR-1-FP"),
        cost("later", "1", "500", transaction_class="expense", contract_line="CTR-1-FP", start="2026-09-02"),
        cost("hours", "8", "100"),
        sale("hours/sold", "8", "200"),
    )
    periods = [{"start": f"2026-0{n}-01", "end": f"2026-0{n}-{31 - n % 2}", "status": "open"} for n in (8, 9)]
    sold.use(finance(TAXED, *REDUCED, fiscal_periods={"USPM": periods}))
    sold.journalise()
    sold.import_staging()
    sold.post_invoices(proposal_id="INV-0001", invoice_date="2026-08-31")
    names = sold.world.names
    environment = {f"{kind}_TABLE".upper(): getattr(names, f"{kind}_table") for kind in explain.KINDS}
    with patch.dict(os.environ, environment):
        settings.cache_clear()
        assert cli.main(["fixed-prices", "--company", "USPM", "--csv"]) == 0
    settings.cache_clear()
    found = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["contract"], row["contract_line"], row["contract_value"]) for row in found] == 2 * [
        ("CTR-1", "CTR-1-FP", "50000.00")
    ]
    sums = {row["period"]: (row["cost"], row["on_account_invoiced"]) for row in found}
    assert sums == {"2026-08": ("2000.00", "5000.00"), "2026-09": ("500.00", "0.00")}
