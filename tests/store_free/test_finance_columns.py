"""Finance's own columns of master data are checked as the same columns of a set-up document are."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.finance_columns import problems
from tests.setups import document

CUSTOMER = NameKey(Part.CUSTOMERS, "USPM", "C-001")
CONTRACT = NameKey(Part.CONTRACTS, "USPM", "CTR-9")
PROJECT = NameKey(Part.PROJECTS, "USPM", "PRJ-9")
PRODUCT = NameKey(Part.PRODUCTS, "", "P-9")
WORKER = NameKey(Part.WORKERS, "USPM", "Bob Kozack")

SETUP = SetupDocument.model_validate(document())


def wrong(*entries: tuple[NameKey, dict[str, Any]]) -> list[tuple[str, str]]:
    return [(key.number, text) for key, text in problems(SETUP, entries)]


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        (CUSTOMER, {"sales_tax_group": "DOM", "on_hold": True, "terms_of_payment": "N30", "group": "any text"}),
        (CUSTOMER, {"sales_tax_group": None}),
        (CONTRACT, {"fixed_exchange_rate": {"currency": "GBP", "rate": "125", "factor": 100}}),
        (NameKey(Part.CONTRACT_LINES, "USPM", "CTR-9-1"), {"dimensions": {"CostCenter": "007"}}),
        (PROJECT, {"group": "TM", "dimensions": {"CostCenter": "007"}, "sales_tax_group": "DOM"}),
        (PRODUCT, {"item_sales_tax_group": "GOODS"}),
        (WORKER, {"dimensions": {"Department": "Sales"}}),
    ],
)
def test_columns_that_finance_may_set_are_right_whether_or_not_the_row_is_known(
    key: NameKey, columns: dict[str, Any]
) -> None:
    assert wrong((key, columns)) == []


@pytest.mark.parametrize(
    ("key", "columns", "said"),
    [
        (CUSTOMER, {"sales_tax_group": "DON"}, "sales_tax_group: 'DON' is not in sales_tax.groups; did you mean DOM?"),
        (CUSTOMER, {"on_hold": "perhaps"}, "on_hold: input should be a valid boolean"),
        (CUSTOMER, {"name": "Adatum"}, "name is not finance's to set; there is group, sales_tax_group"),
        (CUSTOMER, {"sales_tax_grup": "DOM"}, "sales_tax_grup is not finance's to set; did you mean sales_tax_group?"),
        (CUSTOMER, {"dimensions": "007"}, "dimensions: '007' must be a mapping"),
        (CUSTOMER, {"dimensions": {"CostCenter": 7}}, "dimensions.CostCenter: 7 must be text; put it in quotes"),
        (CUSTOMER, {}, "there is nothing to set; finance may set group"),
        (CONTRACT, {"fixed_exchange_rate": {"currency": "GBP", "factor": 1}}, "fixed_exchange_rate.rate: is missing"),
        (
            CONTRACT,
            {"fixed_exchange_rate": {"currency": "XXX", "rate": "1", "factor": 1}},
            "fixed_exchange_rate.currency: ",
        ),
        (PROJECT, {"company": "GBPM"}, "company is not finance's to set"),
        (PRODUCT, {"item_sales_tax_group": "NONE"}, "item_sales_tax_group: 'NONE' is not in"),
        (NameKey(Part.CUSTOMERS, "USMP", "C-1"), {"on_hold": True}, "company USMP: did you mean USPM?"),
        (NameKey(Part.CUSTOMERS, "", "C-1"), {"on_hold": True}, "company is missing: there is USPM, GBPM"),
        (NameKey(Part.PRODUCTS, "USPM", "P-9"), {"item_sales_tax_group": "GOODS"}, "leave USPM out"),
        (NameKey(Part.UNITS, "USPM", "U"), {"name": "x"}, "finance has no columns of units"),
    ],
)
def test_a_value_that_is_wrong_is_named_with_what_would_be_right(
    key: NameKey, columns: dict[str, Any], said: str
) -> None:
    ((number, text),) = wrong((key, columns))
    assert number == key.number
    assert said in text


def test_one_wrong_entry_hides_no_other_and_spoils_no_neighbour() -> None:
    other = NameKey(Part.CUSTOMERS, "GBPM", "C-001")
    found = wrong((CUSTOMER, {"sales_tax_group": "X"}), (other, {"sales_tax_group": "Y"}), (PROJECT, {"group": "TM"}))
    assert [number for number, _ in found] == ["C-001", "C-001"]
    assert {text.split(" in ")[0] for _, text in found} == {
        "sales_tax_group: 'X' is not",
        "sales_tax_group: 'Y' is not",
    }


def test_the_same_number_in_two_companies_is_two_entries() -> None:
    there = NameKey(Part.PROJECTS, "GBPM", "PRJ-9")
    assert wrong((PROJECT, {"group": "TM"}), (there, {"sales_tax_group": "NO"})) != []
    assert [key.company for key, _ in problems(SETUP, [(PROJECT, {"group": "TM"}), (there, {"group": "FP"})])] == []
