"""IC: what the lender posts for a resource that it lent, and to whom its sale is billed.

Molly Clark of Contoso UK (GBPM) works ten hours for a project of Contoso (USPM). In GBPM's books a dollar is 0.80 GBP.
"""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import TransactionType
from project_invoicing.rules.journal_lines import needs_no_import
from project_invoicing.rules.journal_posting import bills_between_companies
from tests.builders import guid
from tests.store_free.journalising import an_actual, candidate, entries, line, looked_up, posted, sale, types
from tests.store_free.lending import between_companies

FINANCE = looked_up(between_companies())
MOLLY = {"resource": "Molly Clark"}
ACCRUAL = ["wip_sales_value", "accrued_revenue_sales_value"]


def lent(**columns: Any) -> Actual:
    return an_actual(TransactionType.RESOURCING_UNIT_COST, "10", "88", currency="GBP", **MOLLY, **columns)


def sold(**columns: Any) -> Actual:
    return an_actual(TransactionType.INTER_ORGANIZATIONAL_SALES, "10", "120", **MOLLY, **columns)


def test_ic_04_the_lines_of_what_was_lent_are_the_lenders() -> None:
    assert {candidate(actual, FINANCE).resolved.company for actual in (lent(), sold())} == {"GBPM"}
    assert candidate(sale(), FINANCE).resolved.company == "USPM"
    assert (line(sold(), FINANCE).customer, line(sale(), FINANCE).customer) == ("IC-USPM", "C-001")


def test_ic_05_ic_06_the_lender_posts_the_cost_and_accrues_its_sale_in_its_own_currency() -> None:
    assert entries(posted(lent(), FINANCE)) == [
        ("cost", "540100", "880.00"),
        ("payroll_allocation", "600300", "-880.00"),
    ]
    assert entries(posted(sold(), FINANCE)) == [
        ("wip_sales_value", "161300", "960.00"),
        ("accrued_revenue_sales_value", "420200", "-960.00"),
    ]


@pytest.mark.parametrize("accrues", [True, False])
def test_ic_06_the_terms_decide_before_the_lenders_profile(accrues: bool) -> None:
    document = between_companies(accrue_revenue=accrues)
    document["profiles"]["TM"]["accrue_revenue"] = {"time": not accrues}
    assert types(posted(sold(), looked_up(document))) == (ACCRUAL if accrues else [])


def test_ic_05_ic_06_a_lender_without_a_profile_posts_its_cost_to_profit_and_loss_and_accrues_nothing() -> None:
    document = between_companies()
    document["profile_rules"] = [rule for rule in document["profile_rules"] if rule["company"] == "USPM"]
    setup = looked_up(document)
    assert types(posted(lent(), setup)) == ["cost", "payroll_allocation"]
    assert types(posted(sold(), setup)) == []


def test_ic_07_the_lenders_profile_is_that_for_all_its_work_never_one_for_the_borrowers_project() -> None:
    document = between_companies()
    document["profiles"]["QUIET"] = {"billing_method": "time_and_material", "post_costs": {"time": "no_ledger"}}
    document["profile_rules"].append({"company": "GBPM", "project": "PRJ-1", "profile": "QUIET"})
    assert types(posted(lent(), looked_up(document))) == ["cost", "payroll_allocation"]


def test_ic_05_a_cost_that_was_lent_for_work_without_a_contract_is_no_investment_of_the_lender() -> None:
    document = between_companies()
    document["profiles"]["TM"] |= {"post_costs": {"time": "balance"}, "accrue_revenue": {}}
    document["projects"]["PRJ-INT"] = {"company": "USPM", "group": "TM"}
    setup = looked_up(document)
    internal: dict[str, Any] = {"project": "PRJ-INT", "contract": None, "contract_line": None, "customer": None}
    assert types(posted(lent(**internal), setup)) == ["cost", "payroll_allocation"]
    assert types(posted(lent(), setup)) == ["wip_cost_value", "payroll_allocation"]


def test_ic_15_only_a_sale_between_companies_waits_to_be_billed_to_the_borrower() -> None:
    found = [bills_between_companies(line(actual, FINANCE), "GBPM", FINANCE) for actual in (lent(), sold(), sale())]
    assert found == [None, "USPM", None]


def test_ic_15_the_borrower_is_the_company_of_the_project_and_without_one_that_of_the_contract() -> None:
    document = between_companies()
    document["projects"]["PRJ-INT"] = {"company": "USPM", "group": "TM"}
    setup = looked_up(document)
    internal: dict[str, Any] = {"project": "PRJ-INT", "contract": None, "contract_line": None, "customer": None}
    for columns in (internal, {"project": None}):
        assert bills_between_companies(line(sold(**columns), setup), "GBPM", setup) == "USPM"


@pytest.mark.parametrize("make", [lent, sold])
def test_ic_11_skip_08_a_unit_of_the_borrower_itself_lends_nothing(make: Any) -> None:
    own, other = ({"resourcing_unit": guid(name)} for name in ("Contoso", "Contoso UK"))
    assert needs_no_import(make(**own), FINANCE) == "its resource was lent within one legal entity"
    assert needs_no_import(make(**other), FINANCE) is None


def test_tax_13_tax_14_each_sale_has_the_tax_groups_of_its_own_customer() -> None:
    found = [line(actual, FINANCE) for actual in (sold(), sale())]
    assert [(one.sales_tax_group, one.item_sales_tax_group) for one in found] == [("EXP", "FULL"), ("DOM", "SERV")]


def test_dim_12_lines_of_the_lender_have_the_intercompany_customers_dimensions() -> None:
    found = [line(actual, FINANCE).dimensions for actual in (lent(), sold(), sale())]
    assert found == [{"Region": "between"}, {"Region": "between"}, {"Region": "the project's"}]
