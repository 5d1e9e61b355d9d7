"""What the rules ask of the set-up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import BillingMethod, BillingType, PostingType, TransactionClass
from project_invoicing.domain.money import SAME_CURRENCY, ExchangeRate
from project_invoicing.domain.sales_tax import TaxRounding
from project_invoicing.domain.terms import PaymentMethod, TermsOfPayment
from tests.builders import REFERENCE_TABLES, guid
from tests.setups import finance_setup

TM = BillingMethod.TIME_AND_MATERIAL
AUGUST = date(2026, 8, 27)


# --- references -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("project", "PRJ-1"),
        ("contract", "CTR-1"),
        ("contract_line", "CTR-1-1"),
        ("customer", "C-001"),
        ("currency", "GBP"),
        ("category", "Installation"),
        ("product", "P-100"),
        ("resource", "Bob Kozack"),
    ],
)
def test_a_dataverse_id_becomes_a_finance_id(kind: str, name: str) -> None:
    setup = finance_setup()
    assert setup.resolve(REFERENCE_TABLES[kind], guid(name)) == name
    assert setup.resolve(REFERENCE_TABLES[kind], guid("another")) is None
    assert setup.resolve("contact", guid(name)) is None


def test_ids_are_compared_without_braces_and_case() -> None:
    setup = finance_setup(references={"msdyn_project": {"{ABCDEF00-0000-0000-0000-000000000000}": "PRJ-1"}})
    assert setup.resolve("msdyn_project", "abcdef00-0000-0000-0000-000000000000") == "PRJ-1"


@pytest.mark.parametrize("kind", ["project", "contract", "contract_line", "customer", "product"])
def test_a_reference_to_master_data_that_finance_does_not_have_is_unknown(kind: str) -> None:
    setup = finance_setup(references={REFERENCE_TABLES[kind]: {guid("X"): "X"}})
    assert setup.resolve(REFERENCE_TABLES[kind], guid("X")) is None


# --- currencies -------------------------------------------------------------------------------------------------------


def test_a_currency_has_its_precision() -> None:
    setup = finance_setup()
    assert setup.currency_precision("JPY") == Decimal(1)
    assert setup.currency_precision("CHF") is None


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        ("2025-12-31", None),
        ("2026-01-01", "130"),
        ("2026-07-31", "130"),
        ("2026-08-01", "140"),
        ("2030-01-01", "140"),
    ],
)
def test_the_newest_rate_on_or_before_the_day_holds(on: str, rate: str | None) -> None:
    """FXR-07, FXR-11."""
    expected = ExchangeRate(Decimal(rate), Decimal(100)) if rate else None
    assert finance_setup().exchange_rate("GBP", "USD", date.fromisoformat(on)) == expected


def test_a_currency_needs_no_rate_to_itself_and_a_pair_has_no_reverse() -> None:
    """FXR-14."""
    setup = finance_setup()
    assert setup.exchange_rate("JPY", "JPY", AUGUST) is SAME_CURRENCY
    assert setup.exchange_rate("USD", "GBP", AUGUST) is None


@pytest.mark.parametrize(
    ("contract", "currency", "company", "rate"),
    [
        pytest.param("CTR-1", "GBP", "USPM", "125", id="FXR-02 agreed"),
        pytest.param(None, "GBP", "USPM", "140", id="FXR-07 no contract"),
        pytest.param("CTR-9", "GBP", "USPM", "140", id="FXR-07 another contract"),
        pytest.param("CTR-1", "USD", "USPM", "100", id="FXR-14 accounting currency"),
        pytest.param("CTR-1", "JPY", "USPM", None, id="FXR-11 no rate"),
        pytest.param("CTR-1", "GBP", "GBPM", "100", id="the agreement is the contract company's"),
    ],
)
def test_the_contracts_agreed_rate_comes_first(
    contract: str | None, currency: str, company: str, rate: str | None
) -> None:
    found = finance_setup().price_rate(contract, currency, company, AUGUST)
    assert (found.rate if found else None) == (Decimal(rate) if rate else None)


# --- profiles and accounts --------------------------------------------------------------------------------------------


def test_a_contract_line_has_its_billing_method() -> None:
    setup = finance_setup()
    assert setup.billing_method("USPM", "CTR-1-2") is BillingMethod.FIXED_PRICE
    assert setup.billing_method("USPM", "CTR-1-1") is TM
    assert setup.billing_method("USPM", None) is TM


RULES: dict[str, dict[str, str]] = {
    "project": {"project": "PRJ-1"},
    "contract": {"contract": "CTR-1"},
    "project_group": {"project_group": "TM"},
    "all": {},
}


@pytest.mark.parametrize("most_specific", range(4))
def test_the_most_specific_profile_rule_wins(most_specific: int) -> None:
    """LED-41, 99-17."""
    levels = list(RULES)[most_specific:]
    profiles = {level: {"billing_method": "time_and_material"} for level in levels}
    rules = [{"company": "USPM", **RULES[level], "profile": level} for level in reversed(levels)]
    found = finance_setup(profiles=profiles, profile_rules=rules).profile("USPM", "PRJ-1", None, TM)
    assert found
    assert found[0] == levels[0]


def test_only_profiles_of_the_billing_method_count() -> None:
    profiles = {"FP": {"billing_method": "fixed_price"}, "TM": {"billing_method": "time_and_material"}}
    rules = [{"company": "USPM", "project": "PRJ-1", "profile": "FP"}, {"company": "USPM", "profile": "TM"}]
    setup = finance_setup(profiles=profiles, profile_rules=rules)
    found = setup.profile("USPM", "PRJ-1", "CTR-1", TM)
    assert found
    assert found[0] == "TM"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([("INV", {}), ("TM", {"project": "PRJ-1"})], "TM", id="the more specific of both methods"),
        pytest.param([("TM", {}), ("INV", {"project_group": "TM"})], "INV", id="its group before all"),
        pytest.param([("TM", {"project": "PRJ-1"}), ("INV", {"project": "PRJ-1"})], "INV", id="investment first"),
        pytest.param([("TM", {})], "TM", id="all"),
        pytest.param([("FP", {"project": "PRJ-1"})], None, id="fixed price is for contract lines"),
        pytest.param([("TM", {"contract": "CTR-1"})], None, id="it has no contract"),
    ],
)
def test_work_without_a_contract_has_the_profile_of_its_most_specific_rule(
    rules: list[tuple[str, dict[str, str]]], expected: str | None
) -> None:
    """LED-49 to LED-51, IVP-02, 99-31."""
    methods = {"INV": "investment", "TM": "time_and_material", "FP": "fixed_price"}
    setup = finance_setup(
        profiles={name: {"billing_method": method} for name, method in methods.items()},
        profile_rules=[{"company": "USPM", "profile": name, **of} for name, of in rules],
    )
    found = setup.internal_profile("USPM", "PRJ-1")
    assert (found[0] if found else None) == expected


def test_no_rule_is_no_profile() -> None:
    """LED-42."""
    setup = finance_setup()
    assert setup.profile("GBPM", "PRJ-1", None, TM) is None
    assert setup.profile("USPM", "PRJ-1", None, BillingMethod.FIXED_PRICE) is None


PROJECT_AXIS: list[dict[str, str]] = [{"project": "PRJ-1"}, {"project_group": "TM"}, {}]
CATEGORY_AXIS: list[dict[str, str]] = [{"category": "Material"}, {"category_group": "Stock"}, {}]
CUSTOMER_AXIS: list[dict[str, str]] = [{"customer": "C-001"}, {"customer_group": "DOM"}, {}]


@pytest.mark.parametrize("most_specific", range(9))
def test_the_most_specific_project_account_wins(most_specific: int) -> None:
    """LED-58, LED-59."""
    keys = [{**project, **category} for project in PROJECT_AXIS for category in CATEGORY_AXIS][most_specific:]
    rows = [{"posting_type": "cost", "account": str(position), **key} for position, key in enumerate(keys)]
    setup = finance_setup(ledger_posting={"USPM": list(reversed(rows))})
    found = setup.posting_account("USPM", PostingType.COST, project="PRJ-1", project_group="TM", category="Material")
    assert found == "0"


@pytest.mark.parametrize("most_specific", range(3))
def test_the_most_specific_customer_account_wins(most_specific: int) -> None:
    """LED-57."""
    rows = [
        {"posting_type": "customer_balance", "account": str(position), **key}
        for position, key in enumerate(CUSTOMER_AXIS[most_specific:])
    ]
    setup = finance_setup(ledger_posting={"USPM": rows})
    assert setup.posting_account("USPM", PostingType.CUSTOMER_BALANCE, customer="C-001") == "0"


def test_an_account_for_something_else_is_no_account() -> None:
    setup = finance_setup()
    assert setup.posting_account("USPM", PostingType.COST, category="Labor") == "540100"
    assert setup.posting_account("USPM", PostingType.COST, category="Material") is None
    assert setup.posting_account("USPM", PostingType.COST) is None
    assert setup.posting_account("GBPM", PostingType.CUSTOMER_BALANCE) is None


def test_a_sales_tax_code_has_its_own_account_before_the_general_one() -> None:
    setup = finance_setup(ledger_posting={"USPM": [{"posting_type": "sales_tax_payable", "account": "222000"}]})
    payable = PostingType.SALES_TAX_PAYABLE
    assert setup.posting_account("USPM", payable, sales_tax_code="VAT20") == "222100"
    assert setup.posting_account("USPM", payable, sales_tax_code="CITY") == "222000"


# --- categories and line properties -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transaction_category", "transaction_class", "category"),
    [
        pytest.param("Installation", TransactionClass.TIME, "Labor", id="CAT-01"),
        pytest.param(None, TransactionClass.MATERIAL, "Material", id="CAT-02"),
        pytest.param(None, TransactionClass.EXPENSE, None, id="CAT-02 default without a category"),
        pytest.param("Training", TransactionClass.TIME, None, id="CAT-03"),
        pytest.param(None, TransactionClass.MILESTONE, None, id="CAT-06"),
        pytest.param(None, TransactionClass.TAX, None, id="no default for tax"),
    ],
)
def test_a_category_comes_from_the_transaction_category_or_the_default(
    transaction_category: str | None, transaction_class: TransactionClass, category: str | None
) -> None:
    assert finance_setup().category("USPM", transaction_category, transaction_class) == category


def test_milestones_and_retainers_share_a_default_category() -> None:
    """RET-12."""
    setup = finance_setup(("parameters.USPM.category_defaults", {"on_account": "Labor"}))
    assert setup.category("USPM", None, TransactionClass.MILESTONE) == "Labor"
    assert setup.category("USPM", None, TransactionClass.RETAINER) == "Labor"


@pytest.mark.parametrize(
    ("billing_type", "name", "chargeable"),
    [
        pytest.param(BillingType.CHARGEABLE, "CHARGE", True, id="LP-02"),
        pytest.param(BillingType.NON_CHARGEABLE, "NOCHARGE", False, id="LP-03 non-chargeable"),
        pytest.param(BillingType.COMPLIMENTARY, "COMP", False, id="LP-03 complimentary"),
        pytest.param(BillingType.NOT_SPECIFIED, "NONE", False, id="LP-04 not specified"),
        pytest.param(BillingType.NOT_AVAILABLE, "NONE", False, id="LP-04 not available"),
    ],
)
def test_a_billing_type_has_its_line_property(billing_type: BillingType, name: str, chargeable: bool) -> None:
    found = finance_setup().line_property("USPM", billing_type)
    assert found
    assert (found[0], found[1].chargeable) == (name, chargeable)


def test_a_billing_type_that_is_not_mapped_or_mapped_to_nothing_has_none() -> None:
    """LP-05."""
    setup = finance_setup(("parameters.USPM.line_property_mapping", {"chargeable": "Nowhere"}))
    assert setup.line_property("USPM", BillingType.CHARGEABLE) is None
    assert setup.line_property("USPM", BillingType.COMPLIMENTARY) is None
    assert setup.line_property("GBPM", BillingType.CHARGEABLE) is None


# --- sales tax --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "project", "contract", "customer", "group"),
    [
        pytest.param("project", "P", "C", "K", "P", id="TAX-01"),
        pytest.param("project", None, "C", "K", None, id="TAX-01 no fallback"),
        pytest.param("contract", "P", "C", "K", "C", id="TAX-02"),
        pytest.param("contract", "P", None, "K", None, id="TAX-02 no fallback"),
        pytest.param("customer", "P", "C", "K", "K", id="TAX-03"),
        pytest.param("customer", "P", "C", None, None, id="TAX-03 no fallback"),
        pytest.param("search", "P", "C", "K", "P", id="TAX-04"),
        pytest.param("search", None, "C", "K", "C", id="TAX-05"),
        pytest.param("search", None, None, "K", "K", id="TAX-06"),
        pytest.param("search", None, None, None, None, id="TAX-06 all blank"),
    ],
)
def test_the_sales_tax_group_follows_the_companys_method(
    method: str, project: str | None, contract: str | None, customer: str | None, group: str | None
) -> None:
    setup = finance_setup(
        ("parameters.USPM.sales_tax_group_method", method),
        ("projects.PRJ-1.sales_tax_group", project),
        ("contracts.CTR-1.sales_tax_group", contract),
        ("customers.USPM.C-001.sales_tax_group", customer),
        ("sales_tax.groups", {"P": [], "C": [], "K": []}),
    )
    assert setup.sales_tax_group("USPM", "PRJ-1", "CTR-1", "C-001") == group


@pytest.mark.parametrize(
    ("transaction_class", "method", "group"),
    [
        pytest.param(TransactionClass.TIME, "item", "SERV", id="TAX-07 time"),
        pytest.param(TransactionClass.EXPENSE, "item", "SERV", id="TAX-07 expense"),
        pytest.param(TransactionClass.FEE, "category", "SERV", id="TAX-07 fee"),
        pytest.param(TransactionClass.MATERIAL, "item", "GOODS", id="TAX-08"),
        pytest.param(TransactionClass.MATERIAL, "category", "SERV", id="TAX-09"),
        pytest.param(TransactionClass.MILESTONE, "item", "FULL", id="TAX-10 milestone"),
        pytest.param(TransactionClass.RETAINER, "item", "FULL", id="TAX-10 retainer"),
    ],
)
def test_the_item_sales_tax_group_follows_the_class(
    transaction_class: TransactionClass, method: str, group: str
) -> None:
    setup = finance_setup(("parameters.USPM.material_item_tax_group_method", method))
    assert setup.item_sales_tax_group("USPM", transaction_class, "Labor", "P-100") == group


def test_no_product_and_no_category_is_no_item_sales_tax_group() -> None:
    setup = finance_setup()
    assert setup.item_sales_tax_group("USPM", TransactionClass.MATERIAL, "Labor", None) is None
    assert setup.item_sales_tax_group("USPM", TransactionClass.TIME, None, "P-100") is None


@pytest.mark.parametrize(
    ("group", "item_group", "codes"),
    [
        ("DOM", "SERV", ("VAT20", "CITY")),
        ("DOM", "GOODS", ("VAT20",)),
        ("EXP", "SERV", ()),
        ("DOM", "Nowhere", ()),
        (None, "SERV", ()),
        ("DOM", None, ()),
    ],
)
def test_the_codes_of_a_line_are_those_of_both_groups(
    group: str | None, item_group: str | None, codes: tuple[str, ...]
) -> None:
    """TAX-12."""
    assert finance_setup().sales_tax_codes(group, item_group) == codes


def test_a_tax_code_has_the_percent_of_the_day() -> None:
    setup = finance_setup()
    assert setup.tax_percent("VAT20", date(2026, 8, 31)) == Decimal(20)
    assert setup.tax_percent("VAT20", date(2026, 9, 1)) == Decimal("21.5")
    assert setup.tax_percent("VAT20", date(2019, 12, 31)) is None
    assert setup.tax_percent("Nowhere", AUGUST) is None


def test_the_rounding_of_sales_tax_is_the_domains() -> None:
    assert finance_setup().tax_rounding == TaxRounding(Decimal("0.01"))


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "next_open"),
    [
        pytest.param("2026-07-31", "2026-08-01", id="JRN-08 before all periods"),
        pytest.param("2026-08-01", "2026-08-01", id="first day of an open period"),
        pytest.param("2026-08-31", "2026-08-31", id="last day of an open period"),
        pytest.param("2026-09-15", "2026-11-01", id="JRN-18 on hold"),
        pytest.param("2026-10-31", "2026-11-01", id="JRN-08 closed"),
        pytest.param("2026-12-01", None, id="JRN-10"),
    ],
)
def test_a_date_in_a_period_that_is_not_open_has_a_next_open_date(on: str, next_open: str | None) -> None:
    setup, day = finance_setup(), date.fromisoformat(on)
    assert setup.next_open_date("USPM", day) == (date.fromisoformat(next_open) if next_open else None)
    assert setup.period_is_open("USPM", day) == (on == next_open)


def test_a_company_without_periods_has_no_open_date() -> None:
    setup = finance_setup()
    assert not setup.period_is_open("GBPM", AUGUST)
    assert setup.next_open_date("GBPM", AUGUST) is None


@pytest.mark.parametrize(
    ("company", "written", "day"),
    [
        ("USPM", "2026-08-27", "2026-08-27"),
        ("USPM", "2026-08-28T03:59:59Z", "2026-08-27"),
        ("USPM", "2026-08-28T04:00:00Z", "2026-08-28"),
        ("USPM", "2026-12-28T04:59:59.9999999Z", "2026-12-27"),
        ("GBPM", "2026-08-27T23:00:00+00:00", "2026-08-28"),
        ("USPM", "2026-08-27T23:30:00", "2026-08-27"),
    ],
)
def test_an_instant_is_a_day_in_the_companys_time_zone(company: str, written: str, day: str) -> None:
    setup = finance_setup()
    assert setup.local_date(company, written) == date.fromisoformat(day)
    assert setup.today(company, written) == date.fromisoformat(day)


# --- terms and numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_contract", "of_customer", "terms"),
    [
        pytest.param("M", "N30", TermsOfPayment(PaymentMethod.CURRENT_MONTH), id="DUE-02 contract first"),
        pytest.param(None, "N30", TermsOfPayment(days=30), id="DUE-02 customer"),
        pytest.param(None, None, None, id="DUE-01"),
    ],
)
def test_terms_of_payment_are_the_contracts_else_the_customers(
    of_contract: str | None, of_customer: str | None, terms: TermsOfPayment | None
) -> None:
    setup = finance_setup(
        ("contracts.CTR-1.terms_of_payment", of_contract), ("customers.USPM.C-001.terms_of_payment", of_customer)
    )
    assert setup.terms_for("CTR-1", "C-001", "USPM") == terms


def test_a_company_without_sequences_has_the_defaults() -> None:
    setup = finance_setup()
    assert setup.number_sequences("USPM").journal == "USPM-######"
    assert setup.number_sequences("GBPM").journal == "{company}-######"
    assert setup.proposal_sequence("GBPM").allow_lower


@pytest.mark.parametrize(
    ("look_up", "arguments"),
    [
        ("company", ("X",)),
        ("project", ("USPM", "X")),
        ("contract", ("USPM", None)),
        ("customer", ("X", "C-001")),
        ("terms", ("X",)),
    ],
)
def test_what_is_not_there_is_none(look_up: str, arguments: tuple[Any, ...]) -> None:
    assert getattr(finance_setup(), look_up)(*arguments) is None
