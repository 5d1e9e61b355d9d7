"""ICV-01 to ICV-10, 99-32: what a borrower posts of the work that it was lent. GBPM lends to USPM, in dollars."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import (
    LineKind,
    PostingFailure,
    PostingType,
    TransactionClass,
    VendorInvoiceStatus,
    WaitReason,
)
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.ledger import VoucherLine
from project_invoicing.domain.lineage import Charge, ChargedTax
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import VENDOR_INVOICES, VendorInvoiceVerb
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.errors import Conflict
from project_invoicing.rules.owner import Blocked
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.rules.vendor_invoice import Originals, must_be_posted_here, posting_date, voucher_of
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.store_free.journalising import cost, looked_up
from tests.store_free.lending import between_companies

DAY = date(2026, 8, 31)
OWN_ACCOUNTS = {"vendor_balance": "200100", "sales_tax_receivable": "223100", "wip_cost_value": "160000"}
INVOICE = VendorInvoice(
    invoice_number="IC-000001",
    company="USPM",
    vendor="V-GBPM",
    lender="GBPM",
    status=VendorInvoiceStatus.PENDING,
    invoice_date=DAY,
    due_date=date(2026, 9, 14),
    accounting_date=DAY,
    currency="USD",
    subtotal=Decimal(1200),
    sales_tax=Decimal(0),
    total=Decimal(1200),
    line_count=1,
)
LINE = ProposalLine(
    line_number=1,
    actual_id="sold",
    kind=LineKind.HOUR,
    transaction_class=TransactionClass.TIME,
    quantity=Decimal(10),
    unit_price=Decimal(120),
    amount=Decimal(1200),
    category="Labor",
    project="PRJ-1",
    contract="CTR-1",
    contract_line="CTR-1-1",
    dimensions={"Region": "the lender's"},
    charges=(Charge(),),
)


def document(side: str = "profit_and_loss", **terms: Any) -> dict[str, Any]:
    made = between_companies(**terms)
    made["profiles"]["TM"]["post_costs"] = dict.fromkeys(("time", "expense", "material"), side)
    if side != "profit_and_loss":
        made["profiles"]["TM"]["accrue_revenue"] = {}
    rows = [row for row in made["ledger_posting"]["USPM"] if row["posting_type"] not in OWN_ACCOUNTS]
    made["ledger_posting"]["USPM"] = rows + [{"posting_type": name, "account": at} for name, at in OWN_ACCOUNTS.items()]
    return made


def setup(side: str = "profit_and_loss", **terms: Any) -> FinanceSetup:
    return looked_up(document(side, **terms))


USPM = setup()


def taxed(line: ProposalLine = LINE, amount: str = "240", code: str = "VAT20") -> ProposalLine:
    tax = ChargedTax(code, Decimal(20), "222100", Decimal(amount))
    return replace(line, sales_tax_amount=tax.amount, charges=(Charge(taxes=(tax,)),))


def booked(
    *lines: ProposalLine,
    of: FinanceSetup = USPM,
    invoice: VendorInvoice = INVOICE,
    on: date = DAY,
    originals: Originals | None = None,
) -> NewVoucher:
    made = voucher_of(invoice, lines or (LINE,), on, of, originals or {})
    assert made
    assert made.numbered("VIV-000001").source == "vendor_invoice"
    return made


def figures(made: NewVoucher) -> list[tuple[str, str, str]]:
    return [(line.posting_type.value, line.account, f"{line.amount:f}".removesuffix(".00")) for line in made.lines]


def in_accounting_currency(made: NewVoucher) -> list[str]:
    return [str(line.accounting_amount) for line in made.lines]


def of_original(made: NewVoucher, id: str = "sold") -> dict[str, list[VoucherLine]]:
    """What was posted of a line, as the ledger has it."""
    owed = PostingType.VENDOR_BALANCE
    return {id: [one for one in made.lines if one.origin.actual_id == id and one.posting_type is not owed]}


def credit(line: ProposalLine = LINE, **changes: Any) -> ProposalLine:
    tax = line.sales_tax_amount
    charges = tuple(
        replace(charge, taxes=tuple(replace(one, amount=-one.amount) for one in charge.taxes or ()))
        for charge in line.charges
    )
    back: dict[str, Any] = {
        "actual_id": "back",
        "amount": -line.amount,
        "quantity": -line.quantity,
        "takes_back": line.actual_id,
        "sales_tax_amount": None if tax is None else -tax,
        "charges": charges,
    }
    return replace(line, **(back | changes))


def refusal(
    *lines: ProposalLine, of: FinanceSetup = USPM, invoice: VendorInvoice = INVOICE, on: date = DAY
) -> PostingFailure | WaitReason:
    with pytest.raises(Refused) as refused:
        voucher_of(invoice, lines or (LINE,), on, of, {})
    assert isinstance(refused.value.reason, PostingFailure | WaitReason)
    return refused.value.reason


def test_ic_10_icv_02_the_borrower_posts_the_cost_and_what_it_owes_over_no_integration_account() -> None:
    made = booked()
    assert figures(made) == [("cost", "540100", "1200"), ("vendor_balance", "200100", "-1200")]
    of_cost = made.lines[0]
    assert (of_cost.project, of_cost.origin.actual_id, of_cost.origin.contract) == ("PRJ-1", "sold", "CTR-1")
    assert of_cost.origin.document_date == DAY


def test_icv_02_each_line_has_a_cost_of_its_own_and_the_lender_is_owed_once() -> None:
    second = replace(LINE, line_number=2, actual_id="more", amount=Decimal(600))
    assert figures(booked(LINE, second)) == [
        ("cost", "540100", "1200"),
        ("cost", "540100", "600"),
        ("vendor_balance", "200100", "-1800"),
    ]


def test_icv_03_the_tax_that_the_lender_charges_is_got_back() -> None:
    made = booked(taxed())
    assert figures(made) == [
        ("cost", "540100", "1200"),
        ("sales_tax_receivable", "223100", "240"),
        ("vendor_balance", "200100", "-1440"),
    ]
    assert (made.lines[1].sales_tax_code, made.lines[1].sales_tax_base) == ("VAT20", Decimal(1200))


@pytest.mark.parametrize(("percent", "cost", "tax"), [("50", "1320", "120"), ("0", "1440", None)])
def test_icv_03_the_part_that_is_not_deductible_is_cost(percent: str, cost: str, tax: str | None) -> None:
    made = document()
    made["sales_tax"]["codes"]["VAT20"] |= {"deductible_percent": percent, "receivable_account": "223199"}
    found = figures(booked(taxed(), of=looked_up(made)))
    assert found[0] == ("cost", "540100", cost)
    assert found[1:-1] == ([("sales_tax_receivable", "223199", tax)] if tax else [])
    assert Decimal(found[-1][2]) == -1440


def test_icv_03_a_code_that_the_set_up_has_no_more_is_named() -> None:
    assert refusal(taxed(code="GONE")) is PostingFailure.SALES_TAX_SETUP_MISSING


def test_icv_03_in_accounting_currency_a_code_is_rounded_once_for_the_invoice() -> None:
    """Three times 0.10 USD at 0.725 are 0.2175, so 0.22; each alone would be 0.07."""
    made = document()
    made["companies"]["USPM"]["accounting_currency"] = "GBP"
    made["exchange_rates"][-1]["rate"] = "72.5"
    each = [replace(taxed(amount="0.10"), actual_id=str(number), amount=Decimal("0.50")) for number in range(3)]
    found = booked(*each, of=looked_up(made))
    assert sum(one.accounting_amount for one in found.lines if one.sales_tax_code) == Decimal("0.22")


def test_icv_04_a_project_whose_profile_has_balance_takes_the_cost_to_wip() -> None:
    made = booked(of=setup("balance"))
    assert figures(made) == [("wip_cost_value", "160000", "1200"), ("vendor_balance", "200100", "-1200")]


def test_icv_04_bal_01_work_of_an_internal_project_goes_by_its_profile_unless_the_company_switched_that_off() -> None:
    internal = replace(LINE, contract=None, contract_line=None)
    made = document("balance")
    assert figures(booked(internal, of=looked_up(made)))[0] == ("wip_cost_value", "160000", "1200")
    made["parameters"]["USPM"]["internal_projects_use_profile"] = False
    assert figures(booked(internal, of=looked_up(made)))[0] == ("cost", "540100", "1200")


@pytest.mark.parametrize("category", ["Labor", "Travel", "the lender's own", None])
def test_icv_02_a_category_that_the_borrower_has_not_for_the_class_is_its_default(category: str | None) -> None:
    made = document()
    made["ledger_posting"]["USPM"].append({"posting_type": "cost", "category": "Labor", "account": "540111"})
    made["ledger_posting"]["USPM"].append({"posting_type": "cost", "category": "Travel", "account": "540222"})
    found = booked(replace(LINE, category=category), of=looked_up(made))
    assert figures(found)[0] == ("cost", "540111", "1200")


@pytest.mark.parametrize("side", ["no_ledger", "never_ledger"])
def test_icv_04_what_is_owed_is_in_the_ledger_whatever_a_profile_says_of_hours(side: str) -> None:
    assert figures(booked(of=setup(side)))[0] == ("cost", "540100", "1200")


def test_99_32_an_account_for_the_costs_of_the_lender_goes_before_that_of_the_category() -> None:
    made = document()
    made["ledger_posting"]["USPM"] += [
        {"posting_type": "intercompany_cost", "vendor": "V-GBPM", "account": "540900"},
        {"posting_type": "cost", "category": "Labor", "account": "540111"},
        {"posting_type": "vendor_balance", "vendor": "V-GBPM", "account": "200199"},
    ]
    of = looked_up(made)
    assert figures(booked(of=of)) == [("intercompany_cost", "540900", "1200"), ("vendor_balance", "200199", "-1200")]
    other = replace(INVOICE, vendor="V-JPPM")
    assert figures(booked(of=of, invoice=other)) == [("cost", "540111", "1200"), ("vendor_balance", "200100", "-1200")]


@pytest.mark.parametrize(
    ("unit", "skipped"), [("Contoso UK", True), ("Contoso", False), (None, False)], ids=["lent", "own", "untold"]
)
def test_icv_05_a_cost_of_lent_work_that_comes_unskipped_is_flagged_not_posted(unit: str | None, skipped: bool) -> None:
    found = resolve(replace(cost(), resourcing_unit=guid(unit) if unit else None), USPM)
    if skipped:
        assert isinstance(found, Blocked)
        assert (found.wait.reason, found.company) == (WaitReason.INTERCOMPANY_COST, "USPM")
        assert "GBPM" in found.wait.detail
    else:
        assert isinstance(found, Resolved)


def test_icv_06_each_side_has_its_own_rate_and_both_the_same_in_the_currency_of_the_invoice() -> None:
    made = document()
    made["companies"]["USPM"]["accounting_currency"] = "GBP"
    found = booked(of=looked_up(made))
    assert in_accounting_currency(found) == ["960.00", "-960.00"]
    assert [str(line.amount) for line in found.lines] == ["1200", "-1200"]


def test_icv_06_the_rate_is_that_of_the_borrowers_accounting_date() -> None:
    pounds = replace(INVOICE, currency="GBP")
    assert in_accounting_currency(booked(invoice=pounds, on=date(2026, 8, 29)))[0] == "1560.00"
    assert in_accounting_currency(booked(invoice=pounds, on=DAY))[0] == "1653.24"
    assert refusal(invoice=replace(INVOICE, currency="JPY")) is WaitReason.EXCHANGE_RATE_MISSING


def test_icv_06_the_cost_has_the_dimensions_of_the_borrowers_project() -> None:
    made = booked()
    assert [line.dimensions for line in made.lines] == [{"Region": "the project's"}, None]


@pytest.mark.parametrize(("moves", "expected"), [(True, date(2026, 9, 1)), (False, None)])
def test_icv_06_it_is_posted_in_an_open_period_of_the_borrower(moves: bool, expected: date | None) -> None:
    made = document()
    made["fiscal_periods"]["USPM"] = [{"start": "2026-09-01", "end": "2026-09-30", "status": "open"}]
    made["parameters"]["USPM"]["auto_open_period"] = moves
    of = looked_up(made)
    if expected:
        assert posting_date(INVOICE, None, of) == expected
    else:
        with pytest.raises(Refused, match="period_closed"):
            posting_date(INVOICE, None, of)
    assert posting_date(INVOICE, date(2026, 9, 30), of) == date(2026, 9, 30)
    with pytest.raises(Refused, match="period_closed"):
        posting_date(INVOICE, date(2026, 10, 1), of)


def test_icv_09_a_credit_is_the_mirror_of_what_was_posted_whatever_the_set_up_says_now() -> None:
    before = booked(taxed())
    now = document("balance")
    now["sales_tax"]["codes"]["VAT20"]["receivable_account"] = "223999"
    made = booked(credit(taxed()), of=looked_up(now), originals=of_original(before))
    assert figures(made) == [
        ("cost", "540100", "-1200"),
        ("sales_tax_receivable", "223100", "-240"),
        ("vendor_balance", "200100", "1440"),
    ]
    assert made.lines[1].sales_tax_base == -1200


def test_icv_09_a_credit_at_another_rate_ends_at_zero_in_accounting_currency_too() -> None:
    pounds = replace(INVOICE, currency="GBP")
    before = booked(invoice=pounds, on=date(2026, 8, 29))
    made = booked(credit(), invoice=pounds, on=DAY, originals=of_original(before))
    assert in_accounting_currency(made) == ["-1560.00", "1560.00"]
    assert {line.exchange_rate for line in made.lines} == {Decimal("1.3")}


def test_icv_09_a_credit_of_a_part_has_the_account_and_the_rate_of_the_original() -> None:
    pounds = replace(INVOICE, currency="GBP")
    before = booked(invoice=pounds, on=date(2026, 8, 29), of=setup("balance"))
    made = booked(credit(amount=Decimal(-600)), invoice=pounds, originals=of_original(before))
    assert figures(made)[0] == ("wip_cost_value", "160000", "-600")
    assert in_accounting_currency(made) == ["-780.00", "780.00"]


def test_icv_09_what_is_credited_on_the_same_invoice_appears_with_both_sides() -> None:
    made = booked(LINE, credit())
    assert figures(made) == [
        ("cost", "540100", "1200"),
        ("cost", "540100", "-1200"),
        ("vendor_balance", "200100", "1200"),
        ("vendor_balance", "200100", "-1200"),
    ]


def test_icv_10_where_payables_are_elsewhere_nothing_is_posted_here() -> None:
    must_be_posted_here(INVOICE, USPM)
    with pytest.raises(Refused, match="posted_elsewhere"):
        must_be_posted_here(INVOICE, setup(vendor_invoices="elsewhere"))
    done = replace(INVOICE, status=VendorInvoiceStatus.POSTED, voucher="VIV-000001")
    with pytest.raises(Refused, match=r"already_posted.*VIV-000001"):
        must_be_posted_here(done, USPM)


@pytest.mark.parametrize("verb", VendorInvoiceVerb)
def test_icv_10_what_is_posted_stays_posted(verb: VendorInvoiceVerb) -> None:
    for status in (VendorInvoiceStatus.POSTED, VendorInvoiceStatus.POSTED_ELSEWHERE):
        with pytest.raises(Conflict):
            VENDOR_INVOICES.after(status, verb)
    after = VENDOR_INVOICES.after(VendorInvoiceStatus.REFUSED, verb)
    assert VENDOR_INVOICES.after(VendorInvoiceStatus.PENDING, verb) is after


@pytest.mark.parametrize("lacks", ["vendor_balance", "sales_tax_receivable", "cost"])
def test_what_has_no_account_is_refused_by_name(lacks: str) -> None:
    made = document()
    rows = made["ledger_posting"]["USPM"]
    made["ledger_posting"]["USPM"] = [row for row in rows if row["posting_type"] != lacks]
    assert refusal(taxed(), of=looked_up(made)) is PostingFailure.LEDGER_ACCOUNT_MISSING


def test_an_invoice_without_money_needs_no_voucher() -> None:
    assert voucher_of(INVOICE, [replace(LINE, amount=Decimal(0))], DAY, USPM, {}) is None
