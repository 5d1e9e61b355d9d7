"""FEE-01 to FEE-12, TAX-16: discounts on an invoice, posted for themselves or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import LineKind, PostingType, TransactionClass
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import ACCOUNTS, finance
from tests.store_free.invoicing import a_line, a_proposal, contoso, crediting, invoiced

GROSS = ("parameters.USPM.line_discount_category", "Labor")
VAT25 = ("sales_tax.codes.VAT20.rates", [{"valid_from": "2020-01-01", "percent": "25"}])
TAXED_LINE: dict[str, Any] = {"sales_tax_group": "DOM"}


def setup(*values: tuple[str, Any]) -> FinanceSetup:
    """The examples' set-up with an account for discounts."""
    posting = [{"posting_type": name, "account": at} for name, at in ACCOUNTS.items()]
    discount = {"posting_type": "discount", "category": "Labor", "account": "411900"}
    return contoso(*values, ledger_posting={"USPM": [*posting, discount]})


def discounted(amount: str = "1440", discount: str = "160", **columns: Any) -> ProposalLine:
    """What is left of eight hours at 200 after a discount of 160."""
    return a_line(amount, discount=Decimal(discount), **columns)


@pytest.mark.parametrize(
    ("values", "accrued", "revenue"),
    [
        pytest.param((GROSS,), 1600, {"invoiced_revenue": -1600, "discount": 160}, id="FEE-06"),
        pytest.param((), 1440, {"invoiced_revenue": -1440}, id="FEE-07"),
    ],
)
def test_a_discount_is_posted_for_itself_or_not_at_all(
    values: tuple[tuple[str, Any], ...], accrued: int, revenue: dict[str, int]
) -> None:
    accrual = Accrual("USD", Decimal(accrued), Decimal(accrued), Decimal(1), "161300", "420200")
    made = invoiced([discounted(accruals=(accrual,))], setup(*values))
    of_accrual = {"wip_sales_value": -accrued, "accrued_revenue_sales_value": accrued}
    assert made.balances == {"customer_balance": 1440, **revenue, **of_accrual}
    assert made.accounting == ["1440.00"]


@pytest.mark.parametrize("values", [(), (GROSS,)], ids=["net", "gross"])
def test_fee_08_tax_16_sales_tax_is_of_what_is_left_after_the_discount(values: tuple[tuple[str, Any], ...]) -> None:
    """Ten at 1.00 less ten percent, taxed with 25 %: 9.00, 2.25, 11.25."""
    totals = invoiced([discounted("9.00", "1.00", **TAXED_LINE)], setup(VAT25, *values)).draft.totals
    assert (str(totals.subtotal), str(totals.sales_tax), str(totals.total)) == ("9.00", "2.25", "11.25")


def test_fee_06_a_discount_of_amounts_that_include_tax_leaves_its_tax_out() -> None:
    """Ten at 1.25 less ten percent, of which 25 % are tax: 11.25 to pay, 2.25 tax, 9.00 earned of 10.00."""
    included = ("sales_tax.amounts_include_tax", True)
    made = invoiced([discounted("11.25", "1.25", **TAXED_LINE)], setup(VAT25, GROSS, included))
    assert made.balances == {
        "invoiced_revenue": Decimal("-10.00"),
        "discount": Decimal("1.00"),
        "sales_tax_payable": Decimal("-2.25"),
        "customer_balance": Decimal("11.25"),
    }


@pytest.mark.parametrize("discount", ["0.01", "33.33", "1599.99"])
def test_inv_01_inv_22_revenue_and_discount_are_together_what_the_line_earns(discount: str) -> None:
    """In accounting currency both are rounded, and the line's own amount is their sum."""
    net = str(Decimal(1600) - Decimal(discount))
    made = invoiced([discounted(net, discount)], setup(GROSS), header=a_proposal(contract="CTR-GBP", currency="GBP"))
    earned = -made.balances["invoiced_revenue"] - made.balances["discount"]
    assert earned == made.balances["customer_balance"] == Decimal(made.accounting[0])


def test_a_discount_of_everything_leaves_an_invoice_of_nothing() -> None:
    made = invoiced([discounted("0", "1600")], setup(GROSS))
    assert made.draft.totals.total == 0
    assert made.balances == {"invoiced_revenue": -1600, "discount": 1600}


def test_the_account_of_discounts_must_be_there_before_anything_is_posted() -> None:
    with pytest.raises(Refused, match="no account for posting type discount") as refused:
        invoiced([discounted()], contoso(GROSS))
    assert refused.value.reason.value == "ledger_account_missing"


def test_fee_12_work_that_is_not_charged_has_no_discount() -> None:
    assert invoiced([discounted("0", "160", chargeable=False)], setup(GROSS)).voucher.lines == ()


@pytest.mark.parametrize("gross", [True, False])
def test_99_22_a_credited_discount_goes_back_to_where_it_was_whatever_is_set_up_by_now(gross: bool) -> None:
    now, then = (setup(GROSS), setup())[:: 1 if not gross else -1]
    posted = invoiced([discounted()], then)
    credit = invoiced(crediting(posted), now, after=[posted])
    assert credit.balances == {name: -amount for name, amount in posted.balances.items()}


def test_fee_14_fee_15_a_fee_is_a_line_like_others_taxed_by_its_groups() -> None:
    fee = a_line(
        "160", 2, kind=LineKind.FEE, transaction_class=TransactionClass.FEE, category="Fee", sales_tax_group="DOM"
    )
    posting = finance()["ledger_posting"]["USPM"]
    of_fees = {"posting_type": "invoiced_revenue", "category": "Fee", "account": "411500"}
    made = invoiced([a_line(), fee], contoso(ledger_posting={"USPM": [*posting, of_fees]}))
    assert made.accounts(PostingType.INVOICED_REVENUE) == {"411100": -1600, "411500": -160}
    assert (str(made.draft.totals.subtotal), str(made.draft.totals.sales_tax)) == ("1760", "32.00")
