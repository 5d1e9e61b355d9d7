"""REG-19, 99-22: a credit note takes back what was posted, as it was posted, and the last one leaves nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.credited_tax import counting_invoices
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import ACCOUNTS
from tests.store_free.invoicing import Invoiced, a_line, contoso, crediting, invoiced

ON_TOTAL = {"precision": "0.01", "method": "normal", "by": "code", "calculation": "total"}


def setup(percent: str = "10", account: str = "222100", revenue: str = "411100", **sales_tax: Any) -> FinanceSetup:
    """Contoso with one code, rounded on the document's total."""
    codes = {"VAT": {"rates": [{"valid_from": "2020-01-01", "percent": percent}], "account": account}}
    groups = {
        "groups": {"DOM": ["VAT"], "EXP": []},
        "item_groups": {"SERV": ["VAT"], "GOODS": ["VAT"], "FULL": ["VAT"]},
    }
    accounts = ACCOUNTS | {"invoiced_revenue": revenue}
    return contoso(
        sales_tax={"codes": codes, **groups, "rounding": ON_TOTAL} | sales_tax,
        ledger_posting={"USPM": [{"posting_type": name, "account": at} for name, at in accounts.items()]},
    )


def works(*amounts: str) -> list[ProposalLine]:
    return [a_line(amount, number, sales_tax_group="DOM") for number, amount in enumerate(amounts, start=1)]


def left(*documents: Invoiced) -> dict[str, Decimal]:
    """What is left of each posting type after all of them."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in documents:
        for name, amount in one.balances.items():
            found[name] += amount
    return {name: amount for name, amount in found.items() if amount}


def test_reg_19_the_last_credit_note_gives_back_what_the_others_left() -> None:
    """Three lines of 0.05 are taxed 0.02 together, and each alone 0.01."""
    posted = invoiced(works("0.05", "0.05", "0.05"), setup())
    notes: list[Invoiced] = []
    for number in (1, 2, 3):
        notes.append(invoiced(crediting(posted, number), setup(), after=[posted, *notes]))
    assert (posted.draft.totals.sales_tax, [str(one.draft.totals.sales_tax) for one in notes]) == (
        Decimal("0.02"),
        ["-0.01", "-0.01", "0.00"],
    )
    assert left(posted, *notes) == {}


def test_reg_19_as_long_as_a_line_is_left_a_credit_note_only_rounds() -> None:
    posted = invoiced(works("0.05", "0.05", "0.05"), setup())
    first = invoiced(crediting(posted, 1), setup(), after=[posted])
    both = invoiced(crediting(posted, 2, 3), setup(), after=[posted, first])
    assert [one.draft.totals.sales_tax for one in (first, both)] == [Decimal("-0.01"), Decimal("-0.01")]
    assert left(posted, first, both) == {}


def test_reg_19_a_line_whose_tax_a_person_has_edited_stays_outside() -> None:
    posted = invoiced(works("0.05", "0.05", "0.05"), setup())
    edited, *others = crediting(posted)
    made = invoiced([replace(edited, retaxed=True, sales_tax_group="EXP"), *others], setup(), after=[posted])
    assert made.taxes == ["0", "-0.01", "0.00"]


@pytest.mark.parametrize(
    "changed",
    [
        {"percent": "25"},
        {"account": "222999"},
        {"revenue": "411999"},
        {"amounts_include_tax": True},
        {"rounding": ON_TOTAL | {"method": "up", "precision": "1"}},
    ],
    ids=["another percent", "another account of tax", "another account of revenue", "included", "another rounding"],
)
def test_99_22_a_credit_takes_back_what_was_posted_whatever_is_set_up_by_now(changed: dict[str, Any]) -> None:
    posted = invoiced(works("100", "33.33"), setup())
    credit = invoiced(crediting(posted), setup(**changed), after=[posted])
    assert credit.balances == {name: -amount for name, amount in posted.balances.items()}
    for posting_type in (PostingType.SALES_TAX_PAYABLE, PostingType.INVOICED_REVENUE):
        taken_back = {account: -amount for account, amount in posted.accounts(posting_type).items()}
        assert credit.accounts(posting_type) == taken_back


def test_99_22_on_one_document_a_credit_goes_to_the_old_accounts_and_new_work_to_those_of_now() -> None:
    posted = invoiced(works("100"), setup())
    work = a_line("30", 2, sales_tax_group="DOM")
    made = invoiced([*crediting(posted), work], setup(account="222999", revenue="411999"), after=[posted])
    assert made.accounts(PostingType.SALES_TAX_PAYABLE) == {"222100": 10, "222999": -3}
    assert made.accounts(PostingType.INVOICED_REVENUE) == {"411100": 100, "411999": -30}


def test_99_22_a_line_hands_on_what_it_was_posted_with() -> None:
    (line,) = invoiced(works("100"), setup()).lines
    (charge,) = line.charges
    assert (charge.invoice, charge.revenue_type, charge.revenue_account) == (
        "FTI-1",
        PostingType.INVOICED_REVENUE,
        "411100",
    )
    assert [(tax.code, str(tax.percent), tax.account, str(tax.amount)) for tax in charge.taxes or ()] == [
        ("VAT", "10", "222100", "10.00")
    ]
    assert (charge.credit, charge.counted) == (False, True)


def test_reg_19_a_credit_line_is_one_and_lines_that_take_each_other_back_are_not_counted() -> None:
    posted = invoiced(works("100", "50"), setup())
    credit = invoiced(crediting(posted, 1), setup(), after=[posted])
    assert [line.charges[0].credit for line in credit.lines] == [True]
    assert counting_invoices(crediting(posted, 1)) == ["FTI-1"]

    first, second, third = works("100", "-100", "7")
    pair = invoiced([first, replace(second, takes_back=first.actual_id), third], setup())
    assert [line.charges[0].counted for line in pair.lines] == [False, False, True]
