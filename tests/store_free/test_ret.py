"""RET-07 to RET-16 and MS-17: retainers and milestones on a proposal and its invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import ConnectionRole, LineKind, PostingType, TransactionClass
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.invoice_voucher import invoice_voucher
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.setups import finance_setup
from tests.store_free.proposing import a_row, drafted, planned, reference

ACCOUNTS = [
    {"posting_type": name, "account": str(number)}
    for number, name in enumerate(
        [
            "customer_balance",
            "invoiced_revenue",
            "invoiced_revenue_on_account",
            "wip_invoiced_on_account",
            "sales_tax_payable",
        ],
        start=130100,
    )
]


def setup(on_account: str = "profit_and_loss", *values: tuple[str, Any]) -> FinanceSetup:
    return finance_setup(
        ("fiscal_periods", {"USPM": [{"start": "2026-08-01", "end": "2026-08-31", "status": "open"}]}),
        ("ledger_posting.USPM", ACCOUNTS),
        ("profiles.TM-WIP.on_account", on_account),
        ("sales_tax.groups.DOM", []),
        ("sales_tax.item_groups.FULL", ["VAT20"]),
        ("account_structures", {}),
        *values,
    )


FINANCE = setup()


def a_retainer(id: str = "retainer", amount: str = "1000", **columns: Any) -> StagedRow:
    return a_row(id, amount, links={}, transaction_class=TransactionClass.RETAINER, **columns)


def voucher(*rows: StagedRow, by: FinanceSetup = FINANCE) -> Voucher:
    return invoice_voucher(drafted(*rows, setup=by), "PV-1", "FTI-1", by)


def posted(made: Voucher) -> dict[PostingType, Decimal]:
    return {line.posting_type: line.amount for line in made.lines}


def test_ret_12_a_retainer_is_on_account_and_needs_no_posting_of_an_unbilled_sale() -> None:
    found = planned(a_retainer(), total="1000", linked={}, setup=FINANCE)
    assert (found.waits, [line.kind for _, line in found.lines]) == ([], [LineKind.ON_ACCOUNT])


def test_ret_07_ret_13_an_applied_retainer_reduces_what_the_customer_owes() -> None:
    found = drafted(a_row(), a_retainer("applied", "-600"), setup=FINANCE).totals
    assert (str(found.subtotal), str(found.total), str(found.document_type)) == ("1000", "1000", "invoice")


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param([a_row(), a_retainer("applied", "-2000")], "-400", id="99-15 it exceeds the work"),
        pytest.param([a_row("credit", "-1600"), a_retainer()], "-600", id="RET-16 a new one beside a correction"),
    ],
)
def test_a_document_with_a_negative_total_is_a_credit_note(rows: list[StagedRow], total: str) -> None:
    found = drafted(*rows, setup=FINANCE).totals
    assert (str(found.total), str(found.document_type)) == (total, "credit_note")


def test_ret_11_corr_24_an_invoiced_retainer_is_taken_back_once_its_invoice_is_posted() -> None:
    credit = a_row(
        "credit", "-1000", links={ConnectionRole.ORIGINAL: "retainer"}, transaction_class=TransactionClass.RETAINER
    )
    found = planned(credit, total="-1000", linked={}, setup=FINANCE)
    assert ([line.takes_back for _, line in found.lines], found.waits) == (["retainer"], [])


@pytest.mark.parametrize(
    ("on_account", "posting_type"),
    [
        pytest.param("profit_and_loss", PostingType.INVOICED_REVENUE_ON_ACCOUNT, id="LED-37"),
        pytest.param("balance", PostingType.WIP_INVOICED_ON_ACCOUNT, id="LED-36"),
    ],
)
def test_ret_02_a_retainer_is_invoiced_on_account(on_account: str, posting_type: PostingType) -> None:
    found = posted(voucher(a_retainer(), by=setup(on_account)))
    assert found == {posting_type: Decimal(-1000), PostingType.CUSTOMER_BALANCE: Decimal(1000)}


def test_ret_14_the_voucher_of_an_applied_retainer_balances_in_both_currencies() -> None:
    made = voucher(a_row(amount="1600.55"), a_retainer("applied", "-600.33"))
    assert sum(line.amount for line in made.lines) == 0
    assert sum(line.accounting_amount for line in made.lines) == 0
    assert posted(made)[PostingType.CUSTOMER_BALANCE] == Decimal("1000.22")


def test_ret_15_a_deduction_has_the_profile_of_its_own_project() -> None:
    setup_of_now = setup(
        "balance",
        ("projects.PRJ-2", {"company": "USPM", "contract": "CTR-1", "group": "TM"}),
        ("references.msdyn_project", {guid("PRJ-1"): "PRJ-1", guid("PRJ-2"): "PRJ-2"}),
        ("profile_rules", [{"company": "USPM", "project": "PRJ-2", "profile": "TM-WIP"}]),
    )
    applied = a_retainer("applied", "-600", project=reference("project", "PRJ-2"))
    found = posted(voucher(applied, by=setup_of_now))
    assert found[PostingType.WIP_INVOICED_ON_ACCOUNT] == 600
