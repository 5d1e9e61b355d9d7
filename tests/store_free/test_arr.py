"""ARR: accrued revenue that its invoice did not take back exactly, its sums, and its corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.accrued_revenue import AccrualCorrection, Imbalance, Part, Taking, left_of, parts_of
from project_invoicing.domain.calendar import Interval
from project_invoicing.domain.codes import PostingFailure, PostingType, StagingState, TransactionClass
from project_invoicing.domain.correction_journal import (
    AT_ONCE,
    CorrectionJournal,
    CorrectionLine,
    CorrectionStatus,
    Wanted,
)
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.ledger import ACCRUAL_RECONCILIATION, NO_ORIGIN, VoucherLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.accrual_corrections import Offset, correction_lines, judge, must_be_postable, posted_as
from project_invoicing.rules.accrued_revenue import (
    AccountSum,
    Chosen,
    ProjectSum,
    by_account,
    by_project,
    imbalance,
    taken_back,
    usual_days,
)
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.rules.finance import finance
from tests.store_free.actuals import a_row, an_actual, looked_up
from tests.store_free.recorded import invoice, proposal_line

WIP, REVENUE = "161300", "420200"
WIP_TYPE, REVENUE_TYPE = PostingType.WIP_SALES_VALUE, PostingType.ACCRUED_REVENUE_SALES_VALUE
DAY = date(2026, 11, 20)
MONTH = Interval(date(2026, 11, 1), date(2026, 11, 30))
SETUP = looked_up(finance())


def accrual(amount: str = "5000", accounting: str | None = None, **values: Any) -> Accrual:
    money = Decimal(amount)
    booked = Decimal(accounting or amount)
    made = Accrual("USD", money, booked, Decimal(1), WIP, REVENUE, "PRJ-1", {"CostCenter": "007"})
    return replace(made, **values)


def sale(accrued: Accrual | None = None, name: str = "u", **values: Any) -> StagedRow:
    kind = values.pop("transaction_class", TransactionClass.TIME)
    given = {"company": "USPM", "accrual": accrued or accrual(), "voucher": "PV-1", **values}
    return a_row(an_actual(name=name, transaction_class=kind), StagingState.POSTED, **given)


def took(wip: str, revenue: str | None = None, *, by: str = "b", on: date = DAY, **values: Any) -> Taking:
    """What an invoice took back of WIP, and of accrued revenue where that is another amount."""
    of_wip, of_revenue = Decimal(wip), Decimal(revenue or wip)
    parts = left_of(
        [Part(WIP_TYPE, WIP, "USD", -of_wip, -of_wip), Part(REVENUE_TYPE, REVENUE, "USD", of_revenue, of_revenue)]
    )
    return replace(Taking(guid(by), "FTI-1", "PV-9", on, parts), **values)


def imbalanced(row: StagedRow, *takings: Taking) -> Imbalance:
    found = imbalance(row, takings, "C-001", "CTR-1", date(2026, 8, 27))
    assert found
    return found


def sides(lines: tuple[VoucherLine, ...] | tuple[Part, ...]) -> dict[str, tuple[str, str]]:
    return {one.account: (f"{one.amount:.2f}", f"{one.accounting_amount:.2f}") for one in lines}


def corrected(found: Imbalance, offset: Offset | None = None) -> tuple[VoucherLine, ...]:
    lines = correction_lines(found.left, found.accrual, offset, NO_ORIGIN)
    NewVoucher("USPM", ACCRUAL_RECONCILIATION, DAY, lines).numbered("ARV-1")  # balances, or it cannot be made
    return lines


# --- what is left -----------------------------------------------------------------------------------------------------


def test_arr_02_led_61_what_is_left_is_the_accrual_what_took_it_back_and_earlier_corrections() -> None:
    assert imbalanced(sale(), took("4500")).amount == Decimal(500)
    before = AccrualCorrection("ARJ-1", "ARV-1", took("300").parts)
    assert imbalanced(sale(accrual_corrections=(before,)), took("4500")).amount == Decimal(200)
    assert imbalanced(sale(), took("4500"), took("700", by="second")).amount == Decimal(-200)


@pytest.mark.parametrize("kind", [TransactionClass.TIME, TransactionClass.EXPENSE])
def test_arr_03_hours_and_expenses_name_two_transactions(kind: TransactionClass) -> None:
    found = imbalanced(sale(transaction_class=kind), took("4500"))
    assert (found.unbilled_id, found.reversal_id) == (guid("u"), guid("b"))
    assert (found.project, found.customer, found.last.invoice, found.last.on) == ("PRJ-1", "C-001", "FTI-1", DAY)


@pytest.mark.parametrize("kind", [TransactionClass.FEE, TransactionClass.MATERIAL])
def test_arr_03_fees_and_items_have_both_postings_under_the_original_id(kind: TransactionClass) -> None:
    found = imbalanced(sale(transaction_class=kind), took("4500"))
    assert found.unbilled_id == found.reversal_id == guid("u")


def test_arr_04_what_is_not_billed_or_taken_back_whole_is_no_row() -> None:
    assert imbalance(sale(accrual("1600")), [], None, None, None) is None
    assert imbalance(sale(accrual("1250")), [took("1250")], None, None, None) is None
    assert imbalance(replace(sale(), accrual=None), [took("1250")], None, None, None) is None


def rows() -> list[Imbalance]:
    """PRJ-1 500 and 20, PRJ-2 -30."""
    return [
        imbalanced(sale(name="u1"), took("4500", by="b1")),
        imbalanced(sale(name="u2"), took("4980", by="b2")),
        imbalanced(sale(accrual(project="PRJ-2"), name="u3"), took("5030", by="b3")),
    ]


def test_arr_05_sums_by_project_and_by_account_lead_back_to_their_rows() -> None:
    assert [one.amount for one in rows()] == [500, 20, -30]
    assert by_project(rows()) == [ProjectSum("PRJ-1", 2, Decimal(520)), ProjectSum("PRJ-2", 1, Decimal(-30))]
    assert by_account(rows()) == [
        AccountSum(WIP, WIP_TYPE, 3, Decimal(490)),
        AccountSum(REVENUE, REVENUE_TYPE, 3, Decimal(-490)),
    ]
    of_project, of_account = Chosen(MONTH, projects=frozenset({"PRJ-1"})), Chosen(MONTH, accounts=frozenset({WIP}))
    assert [of_project.has(one) for one in rows()] == [True, True, False]
    assert [of_account.has(one) for one in rows()] == [True, True, True]
    assert [Chosen(MONTH, ids=frozenset({guid("u2")})).has(one) for one in rows()] == [False, True, False]


def test_arr_06_the_last_three_months_by_the_voucher_that_took_it_back() -> None:
    assert usual_days(date(2026, 11, 29)) == (date(2026, 8, 29), date(2026, 11, 29))
    assert usual_days(date(2026, 5, 31)) == (date(2026, 2, 28), date(2026, 5, 31))
    chosen = Chosen(usual_days(date(2026, 11, 29)))
    on = [date(2026, 8, 28), date(2026, 8, 29), date(2026, 11, 29), date(2026, 11, 30)]
    assert [chosen.has(imbalanced(sale(), took("4500", on=day))) for day in on] == [False, True, True, False]


# --- what a voucher took back -----------------------------------------------------------------------------------------


def test_arr_02_a_voucher_that_took_other_amounts_than_its_lines_is_what_counts() -> None:
    """The ledger has the sum of two lines: what it has beyond them is of neither, and is told."""
    voucher = [line(WIP, WIP_TYPE, "-4500"), line(REVENUE, REVENUE_TYPE, "4700")]
    one = [proposal_line(actual_id=guid("b"), accruals=(accrual(),))]
    taken = taken_back(invoice(), one, voucher, {guid("b"): "PRJ-1"})
    assert (sides(taken.by_line[guid("b")]), taken.unclear) == (
        {WIP: ("-4500.00", "-4500.00"), REVENUE: ("4700.00", "4700.00")},
        [],
    )
    forgotten = taken_back(invoice(), [proposal_line(actual_id=guid("b"))], voucher, {guid("b"): "PRJ-1"})
    assert forgotten == taken
    two = [*one, proposal_line(actual_id=guid("c"), accruals=(accrual("100"),))]
    unknown = taken_back(invoice(), two, voucher, {guid("b"): "PRJ-1", guid("c"): "PRJ-1"})
    assert [WIP in unknown.unclear[0], REVENUE in unknown.unclear[1]] == [True, True]
    assert "by 600 more than its lines say, and 2 of them may be meant" in unknown.unclear[0]


def line(account: str, posting_type: PostingType, amount: str) -> VoucherLine:
    money = Decimal(amount)
    return VoucherLine(account, posting_type, "USD", money, money, Decimal(1), "PRJ-1")


# --- corrections ------------------------------------------------------------------------------------------------------


def test_arr_07_a_symmetric_imbalance_is_corrected_on_its_own_accounts() -> None:
    lines = corrected(imbalanced(sale(), took("4500")))
    assert sides(lines) == {WIP: ("-500.00", "-500.00"), REVENUE: ("500.00", "500.00")}


def test_arr_08_99_29_an_asymmetric_one_needs_an_offset_account_with_its_dimensions() -> None:
    found = imbalanced(sale(), took("4500", "4700"))
    assert sides(found.left) == {WIP: ("500.00", "500.00"), REVENUE: ("-300.00", "-300.00")}
    assert (str(found.amount), found.symmetric) == ("500", False)
    with pytest.raises(Refused) as refused:
        corrected(found)
    assert refused.value.reason is PostingFailure.OFFSET_ACCOUNT_MISSING
    lines = corrected(found, Offset("618900", {"CostCenter": "900"}))
    assert sides(lines) == {
        WIP: ("-500.00", "-500.00"),
        REVENUE: ("300.00", "300.00"),
        "618900": ("200.00", "200.00"),
    }
    assert [one.dimensions for one in lines] == [{"CostCenter": "007"}, {"CostCenter": "007"}, {"CostCenter": "900"}]


def test_arr_08_an_imbalance_of_one_side_alone_shows_its_amount() -> None:
    found = imbalanced(sale(), took("5000", "4700"))
    assert (str(found.amount), sides(found.left)) == ("300", {REVENUE: ("-300.00", "-300.00")})


def test_arr_09_one_that_is_left_in_accounting_currency_alone() -> None:
    """1,000 GBP accrued at 1.25 and taken back at 1.24."""
    in_pounds = accrual("1000", "1250", currency="GBP", exchange_rate=Decimal("1.25"))
    at_another = replace(in_pounds, accounting_amount=Decimal(1240), exchange_rate=Decimal("1.24"))
    found = imbalanced(sale(in_pounds), Taking(guid("b"), "FTI-1", "PV-9", DAY, parts_of(at_another, -1)))
    assert found.amount == 10
    lines = corrected(found)
    assert sides(lines) == {WIP: ("0.00", "-10.00"), REVENUE: ("0.00", "10.00")}
    assert {(one.currency, one.exchange_rate) for one in lines} == {("GBP", Decimal("1.25"))}


# --- posting ----------------------------------------------------------------------------------------------------------

JOURNAL = CorrectionJournal("USPM", "ARJ-000001", CorrectionStatus.DRAFT, Wanted(*MONTH), voucher_date=DAY, lines=1)


def on_journal(found: Imbalance, **values: Any) -> CorrectionLine:
    made = CorrectionLine(1, found.unbilled_id, found.left, found.takings, "PRJ-1", "C-001", "CTR-1")
    return replace(made, **values)


def judged(row: StagedRow, line: CorrectionLine, *takings: Taking, setup: FinanceSetup = SETUP) -> Any:
    return judge(line, JOURNAL, replace(row, correction_journal="ARJ-000001"), takings or line.takings, setup)


def test_arr_11_the_voucher_date_is_given_and_in_an_open_period() -> None:
    """The company opens periods by itself otherwise: here it does not count."""
    assert SETUP.parameters("USPM").auto_open_period
    assert must_be_postable(JOURNAL, SETUP) == DAY
    for day in (None, date(2025, 12, 31)):
        with pytest.raises(Refused) as refused:
            must_be_postable(replace(JOURNAL, voucher_date=day), SETUP)
        assert refused.value.reason is PostingFailure.PERIOD_CLOSED


def test_arr_13_led_62_a_thousand_at_once() -> None:
    assert AT_ONCE == 1_000


def test_arr_14_an_account_that_asks_for_a_dimension_refuses_the_line() -> None:
    asks = looked_up(finance(account_structures={"USPM": [{"account": REVENUE, "required": ["Department"]}]}))
    found = imbalanced(sale(), took("4500"))
    with pytest.raises(Refused, match="needs dimension Department"):
        judged(sale(), on_journal(found), setup=asks)
    has = accrual(dimensions={"Department": "D1"})
    assert len(judged(sale(has), on_journal(imbalanced(sale(has), took("4500"))), setup=asks)) == 2
    offset = looked_up(finance(account_structures={"USPM": [{"account": "618900", "required": ["Department"]}]}))
    uneven = on_journal(imbalanced(sale(), took("4500", "4700")), offset_account="618900")
    with pytest.raises(Refused, match="618900 needs dimension Department"):
        judged(sale(), uneven, setup=offset)


@pytest.mark.parametrize(
    "now",
    [
        replace(sale(), accrual=accrual("4500")),
        sale(accrual_corrections=(AccrualCorrection("ARJ-9", "ARV-9", took("500").parts),)),
    ],
    ids=["the accrual is another", "it was corrected meanwhile"],
)
def test_arr_16_an_imbalance_that_has_changed_since_is_refused(now: StagedRow) -> None:
    line = on_journal(imbalanced(sale(), took("4500")))
    with pytest.raises(Refused) as refused:
        judged(now, line)
    assert refused.value.reason is PostingFailure.IMBALANCE_CHANGED
    assert f"was {WIP} 500, {REVENUE} -500 when the journal was made, and is nothing now" in refused.value.detail


def test_arr_16_another_invoice_took_it_back_meanwhile() -> None:
    line = on_journal(imbalanced(sale(), took("4500")))
    with pytest.raises(Refused, match="imbalance_changed"):
        judged(sale(), line, took("4500"), took("500", by="second"))
    with pytest.raises(Refused, match="no longer on journal"):
        judge(line, JOURNAL, replace(sale(), correction_journal="ARJ-000002"), line.takings, SETUP)


def test_arr_15_arr_17_what_is_corrected_is_gone_and_comes_back_with_the_opposite_sign() -> None:
    found = imbalanced(sale(), took("4500"))
    correction = posted_as("ARJ-000001", "ARV-1", judged(sale(), on_journal(found)))
    after = sale(accrual_corrections=(correction,))
    assert imbalance(after, [took("4500")], None, None, None) is None
    back = imbalanced(after, took("4500"), took("500", by="second"))
    assert back.amount == -500
    assert sides(corrected(back)) == {WIP: ("500.00", "500.00"), REVENUE: ("-500.00", "-500.00")}


def test_arr_17_the_offset_is_no_part_of_what_was_corrected() -> None:
    found = imbalanced(sale(), took("4500", "4700"))
    lines = judged(sale(), on_journal(found, offset_account="618900"))
    correction = posted_as("ARJ-000001", "ARV-1", lines)
    assert sides(correction.parts) == {WIP: ("-500.00", "-500.00"), REVENUE: ("300.00", "300.00")}
    assert imbalance(sale(accrual_corrections=(correction,)), [took("4500", "4700")], None, None, None) is None


def test_arr_19_project_and_dimensions_of_the_accrual_as_it_is_now() -> None:
    """The transaction was adjusted after it was invoiced: the correction is where it is now."""
    line = on_journal(imbalanced(sale(), took("4500")))
    moved = sale(accrual(dimensions={"CostCenter": "999"}))
    lines = judged(moved, line)
    assert {one.project for one in lines} == {"PRJ-1"}
    assert [one.dimensions for one in lines] == [{"CostCenter": "999"}] * 2
    assert {one.posting_type for one in lines} == {WIP_TYPE, REVENUE_TYPE}
    assert {one.origin.actual_id for one in lines} == {guid("u")}
