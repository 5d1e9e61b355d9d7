"""What a valid set-up lacks is said before the first row finds out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from project_invoicing.domain.codes import PostingType
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.warnings import warnings
from tests.builders import guid
from tests.setups import document

ON = date(2026, 8, 31)
TAX: dict[str, Any] = {"codes": {"VAT": {"rates": [{"valid_from": "2020-01-01", "percent": "20"}], "account": "2221"}}}
GROUPS: dict[str, Any] = {"groups": {"DOM": ["VAT"]}, "item_groups": {"FULL": ["VAT"]}}


def told(made: dict[str, Any]) -> list[str]:
    return [str(warning) for warning in warnings(SetupDocument.model_validate(made), ON)]


def about(part: str, made: dict[str, Any]) -> list[str]:
    return [text for text in told(made) if text.startswith(part)]


def posting_to_all_but(*left_out: str) -> dict[str, Any]:
    made = document()
    kept = [posting_type for posting_type in PostingType if posting_type not in left_out]
    made["ledger_posting"]["USPM"] = [{"posting_type": posting_type, "account": "1"} for posting_type in kept]
    return made


@pytest.mark.parametrize(
    ("table", "name", "text"),
    [
        (
            "msdyn_project",
            "PRJ-11",
            "leads to 'PRJ-11', which is not in projects: rows that name it will wait; did you",
        ),
        ("salesorder", "CTR-9", "leads to 'CTR-9', which is not in contracts"),
        ("account", "Adatum", "leads to 'Adatum', which is not in customers"),
        ("transactioncurrency", "XXX", "leads to 'XXX', which is not in currencies"),
    ],
)
def test_stg_14_a_reference_to_nowhere_is_named_with_what_may_be_meant(table: str, name: str, text: str) -> None:
    made = document()
    made["references"].setdefault(table, {})[guid("new")] = name
    (found,) = about(f"references.{table}.{guid('new')}", made)
    assert text in found


def test_a_table_that_nothing_is_looked_up_in_is_named() -> None:
    made = document()
    made["references"]["acount"] = made["references"]["account"]
    made["references"]["bookableresource"] = {guid("Ann"): "Ann"}
    (found,) = about("references.acount", made)
    assert "is no table of Dataverse that is looked up, so nothing here is used; did you mean account?" in found
    assert about("references.bookableresource", made) == []


def test_an_id_that_is_no_guid_is_named() -> None:
    made = document()
    made["references"]["msdyn_project"]["PRJ-1"] = "PRJ-1"
    assert about("references.msdyn_project.PRJ-1", made) == [
        "references.msdyn_project.PRJ-1: is not a GUID, so no row of Dataverse has this id; correct it"
    ]


def test_a_project_that_no_row_can_name_is_named() -> None:
    made = document()
    made["projects"]["PRJ-NEW"] = made["projects"]["PRJ-1"]
    (found,) = about("projects.PRJ-NEW", made)
    assert "has no id in references.msdyn_project: nothing names it unless its own row comes from Dataverse" in found


@pytest.mark.parametrize("posting_type", ["customer_balance", "invoiced_revenue", "cost", "wip_sales_value"])
def test_led_57_a_posting_type_that_will_be_needed_and_has_no_account_is_named(posting_type: str) -> None:
    assert about("ledger_posting.USPM", posting_to_all_but()) == []
    (found,) = about("ledger_posting.USPM", posting_to_all_but(posting_type))
    assert f"has no account for {posting_type}, which " in found


def test_what_no_profile_posts_to_needs_no_account() -> None:
    made = posting_to_all_but("cost", "wip_cost_value", "wip_sales_value")
    made["profile_rules"] = []
    assert about("ledger_posting.USPM", made) == []


@pytest.mark.parametrize(
    ("code", "groups", "text"),
    [
        ({"account": None}, {}, "has no account, and "),
        ({"rates": [{"valid_from": "2026-09-01", "percent": "20"}]}, {}, "has no rate on 2026-08-31: invoices taxed"),
        ({}, {"item_groups": {"FULL": []}}, "is not in a sales tax group and in an item sales tax group"),
        ({}, {"groups": {"DOM": []}}, "is not in a sales tax group and in an item sales tax group"),
    ],
)
def test_tax_12_a_code_that_cannot_be_charged_or_posted_is_named(
    code: dict[str, Any], groups: dict[str, Any], text: str
) -> None:
    right = {"sales_tax": TAX | GROUPS}
    wrong = {"sales_tax": {"codes": {"VAT": TAX["codes"]["VAT"] | code}} | GROUPS | groups}
    base = {**document(), "customers": {"USPM": {"C-001": {}}}, "contracts": {}, "contract_lines": {}, "projects": {}}
    made = {"companies": base["companies"], "currencies": base["currencies"], "customers": base["customers"]}
    assert about("sales_tax", made | right) == []
    (found,) = about("sales_tax.codes.VAT", made | wrong)
    assert text in found


def test_a_company_that_no_row_can_belong_to_is_named() -> None:
    lower = {"companies": {"usmf": {"accounting_currency": "USD"}}, "currencies": {"USD": {"precision": "0.01"}}}
    (found,) = about("companies", lower)
    assert "write USMF" in found
    assert about("companies", lower | {"master_rows": "off"}) == []
