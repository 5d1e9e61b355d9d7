"""TAX-16 to TAX-37 as the documents print them, each with the settings of its table; exempt codes; their set-up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import LineKind, PostingFailure, PostingType, TransactionClass
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.money import Rounding
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.sales_tax import (
    Calculation,
    MarginalBase,
    RoundBy,
    TaxableLine,
    TaxForm,
    TaxOrigin,
    TaxRounding,
    sales_tax,
)
from project_invoicing.rules.invoice_tax import totals_of
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from tests.setups import document, finance_setup
from tests.store_free.invoicing import a_line, a_proposal, contoso, invoiced

CENT = Decimal("0.01")
CENTS = TaxRounding(CENT)
GROSS = TaxForm(TaxOrigin.PERCENT_OF_GROSS)
CALCULATED = TaxForm(TaxOrigin.CALCULATED_PERCENT_OF_NET)
PER_UNIT = TaxForm(TaxOrigin.AMOUNT_PER_UNIT)


def line(base: str, quantity: str = "0", **percents: str) -> TaxableLine:
    return TaxableLine(Decimal(base), {code: Decimal(p) for code, p in percents.items()}, Decimal(quantity))


def figures(taxes: dict[str, Decimal]) -> list[str]:
    return [str(tax) for tax in taxes.values()]


# --- origins ----------------------------------------------------------------------------------------------------------


def test_tax_16_a_percent_of_the_net_amount() -> None:
    """The line's discount of 10 % is off before the amount gets here."""
    assert sales_tax([line("9.00", VAT="25")], CENTS) == [{"VAT": Decimal("2.25")}]


@pytest.mark.parametrize("order", [["DUTY1", "DUTY2", "VAT"], ["VAT", "DUTY2", "DUTY1"]])
def test_tax_17_a_percent_of_the_gross_amount_is_on_all_other_taxes_wherever_it_stands(order: list[str]) -> None:
    percents = {"DUTY1": Decimal(10), "DUTY2": Decimal(20), "VAT": Decimal(25)}
    (tax,) = sales_tax([TaxableLine(Decimal(10), {code: percents[code] for code in order})], CENTS, {"VAT": GROSS})
    assert tax == {"DUTY1": Decimal(1), "DUTY2": Decimal(2), "VAT": Decimal("3.25")}
    assert list(tax) == order


def test_of_two_taxes_on_the_gross_amount_the_second_is_on_the_first() -> None:
    (tax,) = sales_tax([line("100", GST="5", PST="10")], CENTS, {"GST": GROSS, "PST": GROSS})
    assert figures(tax) == ["5.00", "10.50"]


def test_tax_18_a_tax_on_a_tax() -> None:
    forms = {"DUTY2": TaxForm(TaxOrigin.PERCENT_OF_TAX, "DUTY1"), "VAT": GROSS}
    assert figures(sales_tax([line("10", DUTY1="10", DUTY2="20", VAT="25")], CENTS, forms)[0]) == [
        "1.00",
        "0.20",
        "2.80",
    ]
    assert figures(sales_tax([line("10", DUTY2="20", VAT="25")], CENTS, forms)[0]) == ["0.00", "2.50"]


@pytest.mark.parametrize(("quantity", "tax"), [("25", "30.00"), ("-25", "-30.00"), ("0", "0.00")])
def test_tax_19_an_amount_per_unit(quantity: str, tax: str) -> None:
    assert figures(sales_tax([line("500", quantity, BOX="1.20")], CENTS, {"BOX": PER_UNIT})[0]) == [tax]


@pytest.mark.parametrize(
    ("included", "tax"), [pytest.param(True, "2.50", id="TAX-20"), pytest.param(False, "3.33", id="TAX-21")]
)
def test_tax_20_tax_21_a_calculated_percent(included: bool, tax: str) -> None:
    taxes = sales_tax([line("10.00", VAT="25")], CENTS, {"VAT": CALCULATED}, included=included)
    assert figures(taxes[0]) == [tax]


@pytest.mark.parametrize(
    ("taxed", "forms", "taxes"),
    [
        pytest.param(line("120", VAT="20"), {}, ["20.00"], id="percent of net"),
        pytest.param(line("107.50", A="5", B="2.5"), {}, ["5.00", "2.50"], id="two codes"),
        pytest.param(
            line("16.25", D1="10", D2="20", VAT="25"), {"VAT": GROSS}, ["1.00", "2.00", "3.25"], id="TAX-17 back"
        ),
        pytest.param(
            line("14.00", D1="10", D2="20", VAT="25"),
            {"D2": TaxForm(TaxOrigin.PERCENT_OF_TAX, "D1"), "VAT": GROSS},
            ["1.00", "0.20", "2.80"],
            id="TAX-18 back",
        ),
        pytest.param(line("18.75", "1", D="5", VAT="25"), {"D": PER_UNIT, "VAT": GROSS}, ["5.00", "3.75"], id="units"),
        pytest.param(line("-120", VAT="20"), {}, ["-20.00"], id="credit"),
    ],
)
def test_taxes_that_the_amount_includes_are_taken_out_of_it(
    taxed: TaxableLine, forms: dict[str, TaxForm], taxes: list[str]
) -> None:
    assert figures(sales_tax([taxed], CENTS, forms, included=True)[0]) == taxes


@pytest.mark.parametrize("method", Rounding)
def test_thirds_are_exact_so_that_no_direction_finds_a_remainder_that_is_not_there(method: Rounding) -> None:
    """30 % of a net of 10/1.5 are 2 exactly. As decimals they are a little more, which rounding up makes a cent of."""
    included = sales_tax([line("10", A="30", B="20")], TaxRounding(CENT, method), included=True)
    assert figures(included[0])[0] == "2.00"
    thirds = [line("3.00", VAT="10")] * 3
    running = TaxRounding(CENT, method, calculation=Calculation.TOTAL)
    assert sum(tax["VAT"] for tax in sales_tax(thirds, running, {"VAT": CALCULATED})) == Decimal("1.00")


# --- rounding ---------------------------------------------------------------------------------------------------------

PER_LINE = MarginalBase.NET_PER_LINE
BALANCE = MarginalBase.NET_OF_INVOICE_BALANCE
EITHER = (Calculation.LINE, Calculation.TOTAL)
NET, OF_BOTH = TaxOrigin.PERCENT_OF_NET, TaxOrigin.CALCULATED_PERCENT_OF_NET


@pytest.mark.parametrize(
    ("calculations", "by", "origin", "marginal_base", "taxes", "total"),
    [
        pytest.param(EITHER[:1], RoundBy.CODE, NET, PER_LINE, "4.25 4.25 4.25 4.25", "17.00", id="TAX-22"),
        pytest.param(EITHER, RoundBy.CODE, NET, BALANCE, "4.25 4.25 4.24 4.24", "16.98", id="TAX-23"),
        pytest.param(EITHER[:1], RoundBy.CODE, OF_BOTH, PER_LINE, "4.72 4.72 4.72 4.72", "18.88", id="TAX-24"),
        pytest.param(EITHER, RoundBy.CODE, OF_BOTH, BALANCE, "4.72 4.72 4.71 4.71", "18.86", id="TAX-25"),
        pytest.param(EITHER[:1], RoundBy.COMBINATION, NET, PER_LINE, "4.25 4.24 4.24 4.24", "16.97", id="TAX-26"),
        pytest.param(EITHER, RoundBy.COMBINATION, NET, BALANCE, "4.25 4.24 4.24 4.24", "16.97", id="TAX-27"),
        pytest.param(EITHER[:1], RoundBy.COMBINATION, OF_BOTH, PER_LINE, "4.72 4.71 4.71 4.72", "18.86", id="TAX-28"),
        pytest.param(EITHER, RoundBy.COMBINATION, OF_BOTH, BALANCE, "4.72 4.71 4.71 4.72", "18.86", id="TAX-29"),
    ],
)
def test_tax_22_to_tax_29_two_lines_of_two_codes_rounded_up(
    calculations: tuple[Calculation, ...],
    by: RoundBy,
    origin: TaxOrigin,
    marginal_base: MarginalBase,
    taxes: str,
    total: str,
) -> None:
    forms = {code: TaxForm(origin, marginal_base=marginal_base) for code in ("CODE1", "CODE2")}
    for calculation in calculations:
        rounding = TaxRounding(CENT, Rounding.UP, by, calculation)
        lines = sales_tax([line("42.42", CODE1="10", CODE2="10")] * 2, rounding, forms)
        assert [figure for tax in lines for figure in figures(tax)] == taxes.split()
        assert sum(sum(tax.values()) for tax in lines) == Decimal(total)


@pytest.mark.parametrize(
    ("by", "calculation", "taxes"),
    [
        pytest.param(RoundBy.CODE, Calculation.LINE, "1.12 2.23 2.23 3.34 4.45 4.45", id="TAX-30"),
        pytest.param(RoundBy.COMBINATION, Calculation.LINE, "1.12 2.23 2.22 3.34 4.45 4.44", id="TAX-31"),
        pytest.param(RoundBy.CODE, Calculation.TOTAL, "1.12 2.22 2.23 3.33 4.44 4.44", id="TAX-32"),
        pytest.param(RoundBy.COMBINATION, Calculation.TOTAL, "1.12 2.23 2.22 3.33 4.44 4.45", id="TAX-33"),
    ],
)
def test_tax_30_to_tax_33_four_lines_of_one_code_or_two_rounded_up(
    by: RoundBy, calculation: Calculation, taxes: str
) -> None:
    lines = [
        line("11.11", VAT1="10"),
        line("22.22", VAT1="10", VAT2="10"),
        line("33.33", VAT1="10"),
        line("44.44", VAT1="10", VAT2="10"),
    ]
    rounded = sales_tax(lines, TaxRounding(CENT, Rounding.UP, by, calculation))
    assert [figure for tax in rounded for figure in figures(tax)] == taxes.split()


def test_a_line_without_codes_leaves_the_one_combination_of_the_others_alone() -> None:
    rounding = TaxRounding(CENT, Rounding.UP, RoundBy.COMBINATION)
    lines = [line("42.42", CODE1="10", CODE2="10"), line("42.42"), line("42.42", CODE1="10", CODE2="10")]
    assert [figures(tax) for tax in sales_tax(lines, rounding)] == [["4.25", "4.24"], [], ["4.24", "4.24"]]


def test_a_code_on_the_balance_leaves_the_rounding_of_the_others_to_the_line() -> None:
    forms = {"CODE1": TaxForm(marginal_base=BALANCE)}
    lines = sales_tax([line("42.42", CODE1="10", CODE2="10")] * 2, TaxRounding(CENT, Rounding.UP), forms)
    assert [figures(tax) for tax in lines] == [["4.25", "4.25"], ["4.24", "4.25"]]


@pytest.mark.parametrize(
    ("method", "rounded"),
    [
        pytest.param("normal", "987.35 987.30 987.00 990.00 987.34 987.35 987.25", id="TAX-34"),
        pytest.param("down", "987.34 987.30 987.00 980.00 987.34 987.30 987.25", id="TAX-35"),
        pytest.param("up", "987.35 987.40 988.00 990.00 987.36 987.35 987.50", id="TAX-36"),
    ],
)
def test_tax_34_to_tax_36_tax_is_rounded_to_any_step_in_any_direction(method: str, rounded: str) -> None:
    steps = ("0.01", "0.10", "1.00", "10.00", "0.02", "0.05", "0.25")
    for step, tax in zip(steps, rounded.split(), strict=True):
        rounding = TaxRounding(Decimal(step), Rounding(method))
        assert sales_tax([line("987.345", ALL="100")], rounding) == [{"ALL": Decimal(tax)}]
        assert sales_tax([line("-987.345", ALL="100")], rounding) == [{"ALL": -Decimal(tax)}]


def test_tax_37_six_decimals_and_then_the_precision_of_the_currency() -> None:
    taxed = [line("987.1234567", ALL="100")]
    six = Decimal("0.000001")
    assert sales_tax(taxed, TaxRounding(six)) == [{"ALL": Decimal("987.123457")}]
    assert sales_tax(taxed, TaxRounding(six, currency=CENT)) == [{"ALL": Decimal("987.12")}]
    assert sales_tax(taxed, TaxRounding(CENT, currency=Decimal(1))) == [{"ALL": Decimal(987)}]


def test_tax_37_both_roundings_are_of_the_same_total() -> None:
    lines = [line("0.33", VAT="10")] * 3
    each = TaxRounding(Decimal("0.000001"), currency=CENT)
    together = TaxRounding(Decimal("0.000001"), calculation=Calculation.TOTAL, currency=CENT)
    assert [figures(tax) for tax in sales_tax(lines, each)] == [["0.03"]] * 3
    assert [figures(tax) for tax in sales_tax(lines, together)] == [["0.03"], ["0.04"], ["0.03"]]


# --- the set-up -------------------------------------------------------------------------------------------------------

AUGUST = date(2026, 8, 31)


def billed(amount: str, group: str = "DOM", item_group: str = "SERV", quantity: str = "1") -> ProposalLine:
    figure = Decimal(amount)
    return ProposalLine(
        1,
        "actual",
        LineKind.HOUR,
        TransactionClass.TIME,
        Decimal(quantity),
        figure,
        figure,
        sales_tax_group=group,
        item_sales_tax_group=item_group,
    )


def test_a_code_is_computed_as_the_set_up_says() -> None:
    setup = finance_setup(
        (
            "sales_tax.codes",
            {
                "VAT20": {"rates": [{"valid_from": "2020-01-01", "percent": "20"}], "origin": "percent_of_gross"},
                "CITY": {
                    "rates": [{"valid_from": "2020-01-01", "amount_per_unit": "1.20"}],
                    "origin": "amount_per_unit",
                },
            },
        )
    )
    document_of = totals_of([billed("100", quantity="25")], setup, AUGUST, "USD")
    assert document_of.tax_by_code == {"VAT20": Decimal("26.00"), "CITY": Decimal("30.00")}
    assert (document_of.subtotal, document_of.total) == (Decimal(100), Decimal(156))


def test_an_exempt_code_is_known_and_takes_nothing() -> None:
    setup = finance_setup(
        ("sales_tax.codes.VAT20.exempt_in", ["EXEMPT"]), ("sales_tax.groups", {"DOM": ["VAT20"], "EXEMPT": ["VAT20"]})
    )
    taxes = [totals_of([billed("100", group)], setup, AUGUST).tax_by_code for group in ("DOM", "EXEMPT")]
    assert taxes == [{"VAT20": Decimal(20)}, {"VAT20": Decimal(0)}]


def test_an_exempt_code_needs_no_rate() -> None:
    setup = finance_setup(("sales_tax.codes.VAT20.exempt_in", ["DOM"]))
    assert totals_of([billed("100", item_group="GOODS")], setup, date(2019, 12, 31)).sales_tax == 0


def test_the_rate_of_the_invoice_date_counts() -> None:
    setup = finance_setup()
    billed_line = billed("100", item_group="GOODS")
    taxes = [totals_of([billed_line], setup, day).sales_tax for day in (AUGUST, date(2026, 9, 1))]
    assert taxes == [Decimal(20), Decimal("21.5")]


@pytest.mark.parametrize(
    ("group", "item_group", "day", "told"),
    [
        ("NONE", "SERV", AUGUST, "line 1 (actual actual) has sales tax group NONE, which does not exist"),
        ("DOM", "NONE", AUGUST, "line 1 (actual actual) has sales tax item group NONE, which does not exist"),
        ("DOM", "SERV", date(2019, 12, 31), "sales tax code VAT20 has no percent on 2019-12-31"),
    ],
)
def test_a_hole_in_the_sales_tax_set_up_refuses(group: str, item_group: str, day: date, told: str) -> None:
    with pytest.raises(Refused) as refused:
        totals_of([billed("100", group, item_group)], finance_setup(), day)
    assert (refused.value.reason, refused.value.detail) == (PostingFailure.SALES_TAX_SETUP_MISSING, told)


def test_a_currency_without_cents_gets_none() -> None:
    assert totals_of([billed("999", item_group="GOODS")], finance_setup(), AUGUST, "JPY").sales_tax == Decimal(200)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            {"rates": [{"valid_from": "2020-01-01"}]},
            "sales_tax.codes.CITY: the rate of 2020-01-01 needs percent and nothing else: origin is percent_of_net",
        ),
        (
            {"rates": [{"valid_from": "2020-01-01", "percent": "1"}], "origin": "amount_per_unit"},
            (
                "sales_tax.codes.CITY: the rate of 2020-01-01 needs amount_per_unit and nothing else: "
                "origin is amount_per_unit"
            ),
        ),
        (
            {"rates": [{"valid_from": "2020-01-01", "percent": "100"}], "origin": "calculated_percent_of_net"},
            "sales_tax.codes.CITY: the percent of 2020-01-01 must be below 100: it is a part of amount and tax",
        ),
        (
            {"rates": [{"valid_from": "2020-01-01", "percent": "1"}], "base_code": "VAT20"},
            "sales_tax.codes.CITY: base_code and the origin percent_of_tax belong together",
        ),
        (
            {
                "rates": [{"valid_from": "2020-01-01", "percent": "1"}],
                "origin": "percent_of_tax",
                "base_code": "CITY",
            },
            "sales_tax: codes.CITY.base_code: 'CITY' must be a code that is itself on no other tax",
        ),
        (
            {"rates": [{"valid_from": "2020-01-01", "percent": "1"}], "exempt_in": ["EXP"]},
            "sales_tax: codes.CITY.exempt_in: 'EXP' must be one of groups that names CITY",
        ),
    ],
)
def test_a_code_that_cannot_be_computed_is_told(code: dict[str, Any], told: str) -> None:
    assert problems(document(("sales_tax.codes.CITY", code))) == [told]


# --- from the set-up to the invoice -----------------------------------------------------------------------------------

TAXED_LINE: dict[str, Any] = {"sales_tax_group": "DOM"}


def rate(percent: str, valid_from: str = "2020-01-01") -> dict[str, str]:
    return {"valid_from": valid_from, "percent": percent}


def two_codes(rounding: dict[str, str], **code: Any) -> FinanceSetup:
    """Contoso with two codes of 10 %: time has both of them, goods the first. ``code``: more about each."""
    sales_tax = {
        "codes": {name: {"rates": [rate("10")], "account": f"account {name}", **code} for name in ("VAT1", "VAT2")},
        "groups": {"DOM": ["VAT1", "VAT2"], "HALF": ["VAT2"], "EXP": []},
        "item_groups": {"SERV": ["VAT1", "VAT2"], "GOODS": ["VAT1"], "FULL": ["VAT1", "VAT2"]},
        "rounding": rounding,
    }
    return contoso(sales_tax=sales_tax)


def one_code(**sales_tax: Any) -> FinanceSetup:
    """Contoso with the 20 % of the examples and these keys of its sales tax."""
    usual = {
        "codes": {"VAT20": {"rates": [rate("20")], "account": "222100"}},
        "groups": {"DOM": ["VAT20"], "EXP": []},
        "item_groups": {"SERV": ["VAT20"], "GOODS": ["VAT20"], "FULL": ["VAT20"]},
    }
    return contoso(sales_tax=usual | sales_tax)


def works(*amounts: str) -> list[ProposalLine]:
    """A line each; an amount that ends in ``g`` is of goods, else of work."""
    return [
        a_line(
            amount.removesuffix("g"),
            number,
            sales_tax_group="DOM",
            item_sales_tax_group="GOODS" if amount.endswith("g") else "SERV",
        )
        for number, amount in enumerate(amounts, start=1)
    ]


TWICE = ("42.42", "42.42")
FOUR = ("11.11g", "22.22", "33.33g", "44.44")
ON_BALANCE = {"marginal_base": "net_of_invoice_balance"}


@pytest.mark.parametrize(
    ("calculation", "by", "code", "amounts", "taxes", "ledger"),
    [
        pytest.param("line", "code", {}, TWICE, "8.50 8.50", "8.50 8.50", id="TAX-22"),
        pytest.param("line", "code", ON_BALANCE, TWICE, "8.50 8.48", "8.49 8.49", id="TAX-23 line"),
        pytest.param("total", "code", {}, TWICE, "8.50 8.48", "8.49 8.49", id="TAX-23 total"),
        pytest.param("line", "combination", {}, TWICE, "8.49 8.48", "8.49 8.48", id="TAX-26"),
        pytest.param("total", "combination", {}, TWICE, "8.49 8.48", "8.49 8.48", id="TAX-27"),
        pytest.param("line", "code", {}, FOUR, "1.12 4.46 3.34 8.90", "11.14 6.68", id="TAX-30"),
        pytest.param("line", "combination", {}, FOUR, "1.12 4.45 3.34 8.89", "11.14 6.66", id="TAX-31"),
        pytest.param("total", "code", {}, FOUR, "1.12 4.45 3.33 8.88", "11.11 6.67", id="TAX-32"),
        pytest.param("total", "combination", {}, FOUR, "1.12 4.45 3.33 8.89", "11.12 6.67", id="TAX-33"),
    ],
)
def test_inv_17_tax_38_each_line_has_its_tax_and_together_they_are_what_is_posted(
    calculation: str, by: str, code: dict[str, str], amounts: tuple[str, ...], taxes: str, ledger: str
) -> None:
    made = invoiced(
        works(*amounts),
        two_codes({"precision": "0.01", "method": "up", "by": by, "calculation": calculation}, **code),
    )
    assert made.taxes == taxes.split()
    assert made.draft.totals.sales_tax == sum(map(Decimal, taxes.split()))
    vat1, vat2 = map(Decimal, ledger.split())
    assert made.accounts(PostingType.SALES_TAX_PAYABLE) == {"account VAT1": -vat1, "account VAT2": -vat2}


@pytest.mark.parametrize("method", ["normal", "up", "down"])
def test_a_credit_note_of_all_lines_gives_back_exactly_the_invoices_tax(method: str) -> None:
    setup = two_codes({"precision": "0.01", "method": method, "by": "combination", "calculation": "total"})
    invoice, credit = (invoiced(works(*amounts), setup) for amounts in (FOUR, [f"-{amount}" for amount in FOUR]))
    assert credit.taxes == [f"-{tax}" for tax in invoice.taxes]
    assert credit.balances == {name: -amount for name, amount in invoice.balances.items()}


@pytest.mark.parametrize(
    ("groups", "tax"),
    [
        pytest.param({}, "320.00", id="those of the line"),
        pytest.param({"sales_tax_group": "HALF"}, "160.00", id="the sales tax group"),
        pytest.param({"item_sales_tax_group": "GOODS"}, "160.00", id="the item sales tax group"),
        pytest.param({"sales_tax_group": "HALF", "item_sales_tax_group": "GOODS"}, "0", id="nothing in both"),
        pytest.param({"sales_tax_group": None}, "0", id="none"),
    ],
)
def test_tax_12_only_codes_that_both_groups_have_are_charged(groups: dict[str, str | None], tax: str) -> None:
    made = invoiced([a_line("1600", **(TAXED_LINE | groups))], two_codes({}))
    assert made.taxes == [tax]
    assert -made.balances.get("sales_tax_payable", Decimal(0)) == Decimal(tax)


def test_tax_15_a_line_that_is_not_charged_has_no_tax() -> None:
    made = invoiced([a_line("100", **TAXED_LINE), a_line("50", 2, chargeable=False, **TAXED_LINE)], one_code())
    assert (str(made.draft.totals.subtotal), str(made.draft.totals.sales_tax)) == ("100", "20.00")


def test_amounts_that_include_tax_are_divided_between_revenue_and_tax() -> None:
    """The customer pays what the proforma says; what is earned is net."""
    made = invoiced(works("100.00", "0.10", "19.99"), one_code(amounts_include_tax=True))
    totals = made.draft.totals
    assert (str(totals.subtotal), str(totals.sales_tax), str(totals.total)) == ("100.07", "20.02", "120.09")
    assert (made.taxes, made.accounting) == (["16.67", "0.02", "3.33"], ["83.33", "0.08", "16.66"])
    assert made.balances == {
        "customer_balance": Decimal("120.09"),
        "invoiced_revenue": Decimal("-100.07"),
        "sales_tax_payable": Decimal("-20.02"),
    }


def test_amounts_that_include_tax_leave_an_accrual_as_it_was() -> None:
    accrual = Accrual("USD", Decimal(1600), Decimal(1600), Decimal(1), "161300", "420200")
    made = invoiced([a_line("1600", accruals=(accrual,), **TAXED_LINE)], one_code(amounts_include_tax=True))
    assert made.balances["wip_sales_value"] == -1600
    assert made.balances["invoiced_revenue"] == Decimal("-1333.33")


def test_tax_37_tax_finer_than_a_cent_is_posted_in_cents() -> None:
    rounding = {"precision": "0.000001", "method": "normal", "by": "code", "calculation": "total"}
    made = invoiced(works("0.33", "0.33", "0.33"), one_code(rounding=rounding))
    assert made.taxes == ["0.07", "0.06", "0.07"]
    assert made.accounts(PostingType.SALES_TAX_PAYABLE) == {"222100": Decimal("-0.20")}


def test_the_rate_is_that_of_the_invoice_date_not_of_the_accounting_date() -> None:
    codes = {"VAT20": {"rates": [rate("20"), rate("21.5", "2026-09-01")], "account": "222100"}}
    later = a_proposal(accounting_date="2026-09-05")
    made = [invoiced(works("100"), one_code(codes=codes), day, header=later) for day in (AUGUST, date(2026, 9, 1))]
    assert [str(one.draft.totals.sales_tax) for one in made] == ["20.00", "21.50"]


def test_an_exempt_group_is_invoiced_without_tax() -> None:
    codes = {"VAT20": {"rates": [rate("20", "2027-01-01")], "account": "222100", "exempt_in": ["DOM"]}}
    made = invoiced(works("100"), one_code(codes=codes))
    assert (made.taxes, made.accounts(PostingType.SALES_TAX_PAYABLE)) == (["0.00"], {})


def test_a_tax_of_nothing_needs_no_account() -> None:
    codes = {"VAT20": {"rates": [rate("0")]}}
    assert invoiced(works("100"), one_code(codes=codes)).taxes == ["0.00"]
    with pytest.raises(Refused, match="no account for posting type sales_tax_payable"):
        invoiced(works("100"), one_code(codes={"VAT20": {"rates": [rate("20")]}}))
