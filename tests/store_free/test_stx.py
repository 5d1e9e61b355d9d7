"""STX-01 to STX-12: base and tax by code and interval, from the lines of posted invoices, beside the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from project_invoicing.domain.calendar import Interval, IntervalUnit, interval_of
from project_invoicing.domain.codes import PostingType, TransactionClass
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.lineage import Charge, ChargedTax
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import TaxOrigin
from project_invoicing.rules.sales_tax_report import (
    NONE,
    Differs,
    Direction,
    Received,
    RowKey,
    Sides,
    TaxDocument,
    TaxRecord,
    TaxReport,
    converting,
    records,
)
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from project_invoicing.use_cases.vendor_invoices.read import by_actual
from tests.rules.finance import TAXED, finance
from tests.store_free import test_icv as lending
from tests.store_free.invoicing import Invoiced, a_line, a_proposal, contoso, crediting, invoiced, setup_of
from tests.store_free.journalising import looked_up

CENTS = partial(converting, precision=Decimal("0.01"))
AUGUST = Interval(date(2026, 8, 1), date(2026, 8, 31))
DOM: dict[str, Any] = {"sales_tax_group": "DOM"}


def rate(percent: str) -> list[dict[str, str]]:
    return [{"valid_from": "2020-01-01", "percent": percent}]


def taxed(codes: dict[str, dict[str, Any]], **more: Any) -> FinanceSetup:
    """Contoso with these codes, all of them on every line."""
    names = list(codes)
    known = {name: {"account": f"account {name}", **code} for name, code in codes.items()}
    groups = {"groups": {"DOM": names, "EXP": []}, "item_groups": {"SERV": names, "GOODS": [], "FULL": names}}
    return contoso(TAXED, sales_tax={"codes": known, **groups, **more})


VAT20 = taxed({"VAT20": {"rates": rate("20")}})


def header_of(made: Invoiced, **columns: Any) -> Invoice:
    """The header that posting writes."""
    terms, totals = made.draft.terms, made.draft.totals
    header = Invoice(
        invoice_number=made.number,
        proposal_id=terms.proposal_id,
        proforma_id="proforma",
        company=terms.company,
        customer=terms.customer,
        document_type=totals.document_type,
        invoice_date=terms.invoice_date,
        due_date=terms.due_date,
        accounting_date=terms.accounting_date,
        currency=terms.currency,
        subtotal=totals.subtotal,
        sales_tax=totals.sales_tax,
        total=totals.total,
        voucher=made.voucher.voucher,
        exchange_rate=terms.exchange_rate.multiplier,
        line_count=len(made.lines),
        posted=True,
    )
    return replace(header, **columns)


def document_of(made: Invoiced, **columns: Any) -> TaxDocument:
    header = header_of(made, **columns)
    return TaxDocument("USPM", header, made.lines, CENTS)


def reported(setup: FinanceSetup, *invoices: Invoiced, code: str | None = None) -> TaxReport:
    report = TaxReport("USPM", "USD", AUGUST, setup.settled_in, code)
    for one in invoices:
        report.add(document_of(one), [one.voucher])
    return report


def rows(report: TaxReport) -> dict[str, str]:
    """The taxable or tax-free base and the tax of each code, in accounting currency."""
    sums = {key.code: row.accounting for key, row in report.rows.items()}
    return {code: f"{one.taxable + one.tax_free:.2f} / {one.tax:.2f}" for code, one in sums.items()}


def sides(**amounts: str) -> Sides:
    return Sides(**{name: Decimal(amount) for name, amount in amounts.items()})


def assert_agrees(report: TaxReport) -> None:
    """STX-09: the records say what the ledger, the headers and the lines say."""
    assert report.differences == []
    assert all(ours == ledger for ours, ledger in report.accounts.values())


# --- records ----------------------------------------------------------------------------------------------------------


def test_stx_01_each_line_and_code_has_a_record_with_everything_that_is_reported() -> None:
    made = invoiced([a_line("1600", **DOM)], VAT20)
    (record,) = records(document_of(made))
    assert {one.name: getattr(record, one.name) for one in fields(TaxRecord)} == {
        "company": "USPM",
        "direction": "payable",
        "tax_date": date(2026, 8, 31),
        "accounting_date": date(2026, 8, 31),
        "invoice": "FTI-1",
        "voucher": "PV-FTI-1",
        "other": "C-001",
        "line": 1,
        "actual_id": "actual-1",
        "sales_tax_group": "DOM",
        "item_sales_tax_group": "SERV",
        "code": "VAT20",
        "percent": Decimal(20),
        "origin": "percent_of_net",
        "account": "account VAT20",
        "currency": "USD",
        "base": Decimal(1600),
        "tax": Decimal(320),
        "accounting_base": Decimal(1600),
        "accounting_tax": Decimal(320),
        "not_deductible": Decimal(0),
        "accounting_not_deductible": Decimal(0),
    }
    assert list(records(document_of(made))) == [record]


GROSS = {"rates": rate("25"), "origin": "percent_of_gross"}
ON_TAX = {"rates": rate("20"), "origin": "percent_of_tax", "base_code": "DUTY1"}
ON_BALANCE = {"rates": rate("10"), "marginal_base": "net_of_invoice_balance"}
BOX = {"rates": [{"valid_from": "2020-01-01", "amount_per_unit": "1.20"}], "origin": "amount_per_unit"}


@pytest.mark.parametrize(
    ("codes", "amounts", "bases"),
    [
        pytest.param({"VAT20": {"rates": rate("20")}}, ["1600"], ["1600.00 / 320.00"], id="STX-02 one code"),
        pytest.param(
            {"DUTY1": {"rates": rate("10")}, "DUTY2": {"rates": rate("20")}, "SALESTAX": GROSS},
            ["10.00"],
            ["10.00 / 1.00", "10.00 / 2.00", "13.00 / 3.25"],
            id="STX-02 on the gross amount",
        ),
        pytest.param(
            {"DUTY1": {"rates": rate("10")}, "DUTY2": ON_TAX, "SALESTAX": GROSS},
            ["10.00"],
            ["10.00 / 1.00", "1.00 / 0.20", "11.20 / 2.80"],
            id="STX-03 on another tax",
        ),
        pytest.param(
            {"VAT1": ON_BALANCE, "VAT2": ON_BALANCE},
            ["42.42", "42.42"],
            ["84.84 / 8.49", "84.84 / 8.49"],
            id="STX-03 on the balance of the invoice",
        ),
        pytest.param(
            {"GST": {**GROSS, "rates": rate("5")}, "PST": {**GROSS, "rates": rate("10")}},
            ["100"],
            ["100.00 / 5.00", "105.00 / 10.50"],
            id="two on the gross amount",
        ),
        pytest.param({"BOX": BOX}, ["500"], ["500.00 / 1.20"], id="an amount per unit"),
    ],
)
def test_the_base_of_a_code_is_what_it_was_computed_from(
    codes: dict[str, dict[str, Any]], amounts: list[str], bases: list[str]
) -> None:
    setup = taxed(codes, rounding={"method": "up"})
    made = invoiced([a_line(amount, number, **DOM) for number, amount in enumerate(amounts, 1)], setup)
    report = reported(setup, made)
    assert rows(report) == dict(zip(codes, bases, strict=True))
    assert_agrees(report)


def test_stx_03_the_lines_of_a_tax_on_the_balance_have_what_was_posted_for_each() -> None:
    setup = taxed({"VAT1": ON_BALANCE, "VAT2": ON_BALANCE}, rounding={"method": "up"})
    made = invoiced([a_line("42.42", number, **DOM) for number in (1, 2)], setup)
    taxes = [(record.code, str(record.tax)) for record in records(document_of(made))]
    assert taxes == [("VAT1", "4.25"), ("VAT2", "4.25"), ("VAT1", "4.24"), ("VAT2", "4.24")]


def test_amounts_that_include_tax_have_their_net_as_base() -> None:
    setup = taxed({"VAT": {"rates": rate("25")}}, amounts_include_tax=True)
    report = reported(setup, invoiced([a_line("10.00", **DOM)], setup))
    assert rows(report) == {"VAT": "8.00 / 2.00"}
    assert_agrees(report)


# --- without tax ------------------------------------------------------------------------------------------------------


def test_stx_04_what_is_exempt_and_what_has_no_code_are_told_so_that_the_bases_add_up_to_the_net() -> None:
    codes = {"VAT20": {"rates": rate("20"), "exempt_in": ["FREE"]}}
    groups = {"groups": {"DOM": ["VAT20"], "FREE": ["VAT20"], "EXP": []}, "item_groups": {"SERV": ["VAT20"]}}
    setup = contoso(
        TAXED,
        ("categories.USPM.Material.item_sales_tax_group", "SERV"),
        ("products.P-100.item_sales_tax_group", "SERV"),
        ("parameters.USPM.milestone_item_sales_tax_group", "SERV"),
        sales_tax={"codes": {"VAT20": {**codes["VAT20"], "account": "222100"}}, **groups},
    )
    made = invoiced(
        [a_line("1600", 1, sales_tax_group="FREE"), a_line("1600", 2, sales_tax_group="EXP"), a_line("100", 3, **DOM)],
        setup,
    )
    report = reported(setup, made)
    sums = {key.code: row.accounting for key, row in report.rows.items()}
    assert sums == {"VAT20": sides(taxable="100", tax_free="1600", tax="20.00"), NONE: sides(tax_free="1600")}
    assert sum(one.base for one in sums.values()) == made.draft.totals.subtotal == report.nets[Direction.PAYABLE]
    assert_agrees(report)


def test_a_line_that_is_not_charged_is_on_no_row() -> None:
    report = reported(VAT20, invoiced([a_line("100", 1, **DOM), a_line("50", 2, chargeable=False, **DOM)], VAT20))
    assert rows(report) == {"VAT20": "100.00 / 20.00"}
    assert_agrees(report)


# --- credits ----------------------------------------------------------------------------------------------------------


def test_stx_05_credits_are_told_by_their_sign_and_stand_apart() -> None:
    invoice = invoiced([a_line("1600", **DOM)], VAT20)
    credit = invoiced([a_line("-400", 2, **DOM)], VAT20, after=[invoice])
    report = reported(VAT20, invoice, credit)
    (row,) = report.rows.values()
    assert row.accounting == sides(taxable="1600", tax="320.00", credited="400", credited_tax="80.00")
    assert row.accounting.due == Decimal("240.00")
    assert report.accounts == {(Direction.PAYABLE, "VAT20", "account VAT20"): [Decimal(240), Decimal(240)]}
    assert (report.documents, row.accounting.base) == (2, Decimal(1200))

    mixed = invoiced([a_line("1600", 1, **DOM), a_line("-400", 2, **DOM)], VAT20)
    assert mixed.draft.totals.document_type == "invoice"
    assert next(iter(reported(VAT20, mixed).rows.values())).accounting == row.accounting

    free = invoiced([a_line(amount, n, sales_tax_group="EXP") for n, amount in enumerate(("1600", "-400"), 1)], VAT20)
    (row,) = reported(VAT20, free).rows.values()
    assert row.accounting == sides(tax_free="1600", credited_tax_free="400")
    assert row.accounting.base == 1200


def test_a_whole_credit_leaves_nothing_whatever_is_rounded() -> None:
    setup = taxed({"VAT1": ON_BALANCE, "VAT2": ON_BALANCE}, rounding={"method": "up"})
    invoice = invoiced([a_line("42.42", number, **DOM) for number in (1, 2)], setup)
    credits: list[Invoiced] = []
    for number in (1, 2):
        credits.append(invoiced(crediting(invoice, number), setup, after=[invoice, *credits]))
    report = reported(setup, invoice, *credits)
    assert not any(row.accounting.base or row.accounting.due for row in report.rows.values())
    assert_agrees(report)


# --- dates and intervals ----------------------------------------------------------------------------------------------


def test_stx_06_the_tax_date_is_the_invoice_date_whatever_the_accounting_date() -> None:
    made = invoiced([a_line("1600", **DOM)], VAT20, header=a_proposal(accounting_date="2026-09-05"))
    (record,) = records(document_of(made))
    assert (record.tax_date, record.accounting_date) == (date(2026, 8, 31), date(2026, 9, 5))


QUARTER = {"authority": "State of Washington", "unit": "month", "number": 3, "first_day": "2026-01-01"}


def test_stx_07_a_code_is_settled_with_its_authority_for_its_interval() -> None:
    codes: dict[str, dict[str, Any]] = {
        "VAT20": {"rates": rate("20"), "settlement_period": "WA"},
        "CITY": {"rates": rate("1")},
    }
    setup = taxed(codes, settlement_periods={"WA": QUARTER})
    report = reported(setup, invoiced([a_line("100", **DOM)], setup))
    quarter = Interval(date(2026, 7, 1), date(2026, 9, 30))
    assert list(report.rows) == [
        RowKey(Direction.PAYABLE, "State of Washington", quarter, "VAT20"),
        RowKey(Direction.PAYABLE, "", AUGUST, "CITY"),
    ]


@pytest.mark.parametrize(
    ("first", "unit", "number", "on", "interval"),
    [
        ("2026-01-01", "month", 3, "2026-12-31", "2026-10-01 2026-12-31"),
        ("2026-01-01", "month", 1, "2028-02-29", "2028-02-01 2028-02-29"),
        ("2026-01-15", "month", 1, "2026-03-14", "2026-02-15 2026-03-14"),
        ("2025-11-01", "month", 2, "2026-01-01", "2026-01-01 2026-02-28"),
        ("2026-04-06", "year", 1, "2027-04-05", "2026-04-06 2027-04-05"),
        ("2026-04-06", "year", 1, "2027-04-06", "2027-04-06 2028-04-05"),
        ("2026-08-31", "day", 7, "2026-09-07", "2026-09-07 2026-09-13"),
        ("2026-08-31", "day", 7, "2026-09-06", "2026-08-31 2026-09-06"),
    ],
)
def test_stx_07_intervals_follow_each_other_without_a_gap(
    first: str, unit: str, number: int, on: str, interval: str
) -> None:
    found = interval_of(date.fromisoformat(first), IntervalUnit(unit), number, date.fromisoformat(on))
    assert found
    assert f"{found.first} {found.last}" == interval
    assert interval_of(date.fromisoformat(first), IntervalUnit(unit), number, date(2020, 1, 1)) is None


@pytest.mark.parametrize(
    ("period", "told"),
    [
        ({**QUARTER, "first_day": "2026-01-31"}, "first_day must be one that every month has, 1 to 28, not 31"),
        ({**QUARTER, "unit": "week"}, "unit"),
        ({**QUARTER, "number": 0}, "number"),
    ],
)
def test_stx_07_a_settlement_period_that_is_none_is_told(period: dict[str, Any], told: str) -> None:
    (problem,) = problems(finance(("sales_tax.settlement_periods", {"WA": period})))
    assert told in problem


def test_stx_07_a_code_names_a_settlement_period_that_there_is() -> None:
    (problem,) = problems(finance(("sales_tax.codes.VAT20.settlement_period", "WA")))
    assert "settlement_period" in problem
    assert "WA" in problem


# --- currencies -------------------------------------------------------------------------------------------------------


def test_stx_08_amounts_are_in_accounting_currency_and_in_that_of_the_document() -> None:
    in_pounds = a_proposal(contract="CTR-FIXED", currency="GBP")
    line = a_line("1000", project="PRJ-FIXED", contract="CTR-FIXED", contract_line="CTR-FIXED-1", **DOM)
    report = reported(VAT20, invoiced([line], VAT20, header=in_pounds))
    (row,) = report.rows.values()
    assert row.accounting == sides(taxable="1250.00", tax="250.00")
    assert row.documents == {"GBP": sides(taxable="1000", tax="200.00")}
    assert_agrees(report)


def test_stx_08_lines_in_another_currency_have_together_what_the_voucher_rounds_once() -> None:
    in_pounds = a_proposal(contract="CTR-GBP", currency="GBP")
    keys: dict[str, Any] = {"project": "PRJ-GBP", "contract": "CTR-GBP", "contract_line": "CTR-GBP-1", **DOM}
    lines = [a_line("0.33", number, **keys) for number in range(1, 8)]
    made = invoiced(lines, VAT20, header=in_pounds)
    found = list(records(document_of(made)))
    assert [str(record.accounting_tax) for record in found] == ["0.10", "0.09", "0.10", "0.10", "0.09", "0.10", "0.10"]
    assert -made.balances["sales_tax_payable"] == Decimal("0.68") == sum(record.accounting_tax for record in found)
    assert -made.balances["invoiced_revenue"] == Decimal("3.15") == sum(record.accounting_base for record in found)
    assert_agrees(reported(VAT20, made))


def test_a_rate_that_is_stored_cut_off_rounds_as_the_exact_one() -> None:
    exact = ExchangeRate(Decimal(1), Decimal(12))
    convert = converting(exact.multiplier, Decimal("0.01"))
    for cents in range(1, 400):
        amount = Decimal(cents).scaleb(-2)
        assert convert(amount) == exact.convert(amount, Decimal("0.01")), amount


# --- control ----------------------------------------------------------------------------------------------------------


def test_stx_09_a_difference_is_named_with_its_voucher() -> None:
    first, second = (invoiced([a_line(amount, **DOM)], VAT20) for amount in ("1600", "400"))
    second = replace(second, number="FTI-2", voucher=replace(second.voucher, voucher="PV-2", lines=()))
    report = TaxReport("USPM", "USD", AUGUST, VAT20.settled_in)
    report.add(document_of(first), [first.voucher])
    report.add(document_of(second), [second.voucher])
    (found,) = report.differences
    assert (found.what, found.invoice, found.voucher, found.code, found.account) == (
        Differs.LEDGER, "FTI-2", "PV-2", "VAT20", "account VAT20",
    )  # fmt: skip
    assert (found.expected, found.found) == (Decimal(80), Decimal(0))
    assert report.accounts[Direction.PAYABLE, "VAT20", "account VAT20"] == [Decimal(400), Decimal(320)]


def test_stx_09_tax_in_the_ledger_that_no_line_has_is_a_difference_too() -> None:
    made = invoiced([a_line("1600", **DOM)], VAT20)
    bare = replace(made, lines=tuple(replace(line, charges=()) for line in made.lines))
    report = reported(VAT20, bare)
    assert {(one.what, str(one.expected), str(one.found)) for one in report.differences} == {
        (Differs.LEDGER, "0", "320.00"),
        (Differs.LINE, "0", "320.00"),
        (Differs.DOCUMENT, "0", "320.00"),
    }


def test_stx_09_the_records_of_an_actual_are_what_is_written_back_of_it_and_its_header_is_their_sum() -> None:
    made = invoiced([a_line("1600", **DOM)], VAT20)
    wrong = replace(made, lines=tuple(replace(line, sales_tax_amount=Decimal(319)) for line in made.lines))
    (found,) = reported(VAT20, wrong).differences
    assert (found.what, found.expected, found.found) == (Differs.LINE, Decimal(320), Decimal(319))
    assert "actual-1" in found.detail
    report = TaxReport("USPM", "USD", AUGUST, VAT20.settled_in)
    report.add(document_of(made, subtotal=Decimal(1700)), [made.voucher])
    assert [(one.what, one.expected, one.found) for one in report.differences] == [
        (Differs.DOCUMENT, Decimal(1600), Decimal(1700))
    ]


def test_the_report_of_one_code_has_its_rows_and_its_account_alone() -> None:
    setup = taxed({"VAT1": {"rates": rate("10")}, "VAT2": {"rates": rate("5")}})
    made = invoiced([a_line("100", **DOM)], setup)
    one = reported(setup, made, code="VAT2")
    assert rows(one) == {"VAT2": "100.00 / 5.00"}
    assert list(one.accounts) == [(Direction.PAYABLE, "VAT2", "account VAT2")]
    assert rows(reported(setup, made, code=NONE)) == {}


# --- discounts, retainers, between companies --------------------------------------------------------------------------


def test_stx_11_a_discount_leaves_the_rest_as_base() -> None:
    report = reported(VAT20, invoiced([a_line("1440", discount=Decimal(160), **DOM)], VAT20))
    assert rows(report) == {"VAT20": "1440.00 / 288.00"}
    assert_agrees(report)


def test_stx_11_a_retainer_is_taxed_when_it_is_billed_and_given_back_when_it_is_applied() -> None:
    retainer: dict[str, Any] = {"transaction_class": TransactionClass.RETAINER, "item_sales_tax_group": "FULL", **DOM}
    first = invoiced([a_line("10000", **retainer)], VAT20)
    assert rows(reported(VAT20, first)) == {"VAT20": "10000.00 / 2000.00"}
    applied = invoiced([a_line("5000", 1, **DOM), a_line("-2000", 2, **retainer)], VAT20)
    (row,) = reported(VAT20, applied).rows.values()
    assert row.accounting == sides(taxable="5000", tax="1000.00", credited="2000", credited_tax="400.00")
    assert_agrees(reported(VAT20, first, applied))


TAXED_LINE = lending.taxed()


def lent(
    percent: str, *, rate_of: str = "1", back: bool = False, line: ProposalLine = TAXED_LINE
) -> tuple[TaxDocument, Voucher]:
    """1,200 USD and 240 of tax that GBPM has billed to USPM, whose accounting currency is worth ``rate_of`` dollars."""
    document = lending.document()
    document["sales_tax"]["codes"]["VAT20"] |= {"deductible_percent": percent}
    document["sales_tax"]["codes"]["GROSS"] = {"rates": rate("10"), "receivable_account": "223100"}
    one = lending.booked(line, of=looked_up(document))
    lines = tuple(
        replace(entry, exchange_rate=Decimal(rate_of), accounting_amount=entry.amount * Decimal(rate_of))
        for entry in one.lines
    )
    if back:
        line = lending.credit(line)
        lines = tuple(
            replace(
                entry,
                amount=-entry.amount,
                accounting_amount=-entry.accounting_amount,
                origin=replace(entry.origin, actual_id="back"),
            )
            for entry in lines
        )
    voucher = replace(one, lines=lines).numbered("VIV-000001")
    sign = -1 if back else 1
    header = header_of(
        invoiced([a_line("1200", **DOM)], VAT20),
        company="GBPM",
        borrower="USPM",
        vendor="V-GBPM",
        subtotal=Decimal(1200 * sign),
        sales_tax=line.sales_tax_amount or Decimal(0),
    )
    entries = by_actual(voucher.lines, {line.actual_id})
    return TaxDocument("USPM", header, [line], CENTS, Received("VIV-000001", date(2026, 9, 5), entries)), voucher


def test_stx_12_the_lender_pays_what_it_charges() -> None:
    made = invoiced([a_line("1200", **DOM)], VAT20)
    lender = TaxReport("USPM", "USD", AUGUST, VAT20.settled_in)
    lender.add(document_of(made, borrower="GBPM", vendor="V-USPM"), [made.voucher])
    ((key, row),) = lender.rows.items()
    assert (key.direction, row.accounting) == ("payable", sides(taxable="1200", tax="240.00"))
    assert_agrees(lender)


@pytest.mark.parametrize(
    ("percent", "got", "lost", "account"),
    [("100", "240", "0", "223100"), ("50", "120", "120", "223100"), ("0", "0", "240", None)],
)
def test_stx_12_icv_03_the_borrower_gets_back_what_its_voucher_says(
    percent: str, got: str, lost: str, account: str | None
) -> None:
    document, voucher = lent(percent, rate_of="0.8")
    report = TaxReport("USPM", "GBP", AUGUST, VAT20.settled_in)
    (record,) = report.add(document, [voucher])
    eight = Decimal("0.8")
    assert (record.voucher, record.other, record.account) == ("VIV-000001", "GBPM", account)
    assert (record.tax_date, record.accounting_date) == (date(2026, 8, 31), date(2026, 9, 5))
    assert (record.base, record.tax, record.not_deductible) == (Decimal(1200), Decimal(got), Decimal(lost))
    assert (record.accounting_base, record.accounting_tax, record.accounting_not_deductible) == (
        Decimal(960),
        Decimal(got) * eight,
        Decimal(lost) * eight,
    )
    ((key, row),) = report.rows.items()
    assert (key.direction.value, row.accounting.due) == ("receivable", Decimal(got) * eight)
    assert row.accounting.taxable == 960
    assert row.documents["USD"].not_deductible == Decimal(lost)
    assert_agrees(report)
    assert list(report.accounts) == ([(Direction.RECEIVABLE, "VAT20", account)] if account else [])


def test_stx_12_the_base_of_a_tax_on_the_gross_amount_has_all_of_the_tax_before_it() -> None:
    """10 percent on 1,200 and 240, of which a borrower in pounds gets back 120."""
    on_gross = ChargedTax("GROSS", Decimal(10), "222100", Decimal(144), TaxOrigin.PERCENT_OF_GROSS)
    (vat,) = TAXED_LINE.charges[0].taxes or ()
    line = replace(lending.LINE, sales_tax_amount=Decimal(384), charges=(Charge(taxes=(vat, on_gross)),))
    report = TaxReport("USPM", "GBP", AUGUST, VAT20.settled_in)
    document, voucher = lent("50", rate_of="0.8", line=line)
    _, record = report.add(document, [voucher])
    assert (record.code, record.base, record.accounting_base) == ("GROSS", Decimal(1440), Decimal(1152))
    assert (record.tax, record.accounting_tax) == (Decimal(144), Decimal("115.2"))
    assert_agrees(report)


def test_stx_12_stx_05_a_credit_of_a_vendor_invoice_leaves_nothing_to_get_back() -> None:
    report = TaxReport("USPM", "USD", AUGUST, VAT20.settled_in)
    for document, voucher in (lent("50"), lent("50", back=True)):
        report.add(document, [voucher])
    (row,) = report.rows.values()
    assert not any((row.accounting.due, row.accounting.not_deductible, row.accounting.base))
    assert (row.accounting.credited, row.accounting.credited_tax) == (Decimal(1200), Decimal(120))
    assert_agrees(report)


def test_stx_12_stx_09_a_borrower_s_ledger_that_says_something_else_is_named_with_its_voucher() -> None:
    document, voucher = lent("50")
    cost, tax, owed = voucher.lines
    ten = Decimal(10)
    other = replace(tax, account="223199", amount=ten, accounting_amount=ten, origin=replace(tax.origin, actual_id="x"))
    more = replace(owed, amount=owed.amount - ten, accounting_amount=owed.accounting_amount - ten)
    report = TaxReport("USPM", "USD", AUGUST, VAT20.settled_in)
    report.add(document, [replace(voucher, lines=(cost, tax, other, more))])
    (found,) = report.differences
    assert (found.what.value, found.voucher, found.account) == ("ledger", "VIV-000001", "223199")
    assert (found.expected, found.found) == (Decimal(0), Decimal(10))
    entries = {"sold": [replace(cost, amount=Decimal(1300)), tax]}
    received = Received("VIV-000001", date(2026, 9, 5), entries)
    report = TaxReport("USPM", "USD", AUGUST, VAT20.settled_in)
    report.add(replace(document, received=received), [voucher])
    assert [(one.expected, one.found) for one in report.differences] == [(Decimal(1320), Decimal(1300))]
    assert "VIV-000001 has another cost of line 1" in report.differences[0].detail


def test_the_order_of_documents_and_a_second_reading_make_no_difference() -> None:
    first = invoiced([a_line("1600", **DOM)], VAT20)
    others: Sequence[Invoiced] = [
        invoiced([a_line("-400", 2, **DOM)], VAT20, after=[first]),
        invoiced([a_line("33.33", 3, **DOM)], VAT20, after=[first, first]),
    ]
    assert reported(VAT20, first, *others) == reported(VAT20, *others, first)
    assert first.voucher.lines[-1].posting_type is PostingType.CUSTOMER_BALANCE


def test_a_settlement_period_may_be_of_several_codes() -> None:
    codes = {name: {"rates": rate("1"), "settlement_period": "WA"} for name in ("A", "B")}
    document = finance(TAXED, sales_tax={"codes": codes, "settlement_periods": {"WA": QUARTER}, "groups": {"DOM": []}})
    document["sales_tax"]["item_groups"] = {"SERV": [], "GOODS": [], "FULL": []}
    setup = setup_of(document)
    assert setup.settled_in("A", date(2026, 8, 31)) == setup.settled_in("B", date(2026, 7, 1))
    assert setup.settled_in("A", date(2025, 12, 31)) is None
