"""SKIP-08, IC-11, STG-15: who lends to whom, and what one unit lends to another of the same legal entity."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.codes import TransactionType, WaitReason
from project_invoicing.rules.owner import Blocked, Owner, lent_within_company, owner_of
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.rules.finance import finance, second_company
from tests.store_free.actuals import an_actual, looked_up

LENT = TransactionType.RESOURCING_UNIT_COST
SOLD = TransactionType.INTER_ORGANIZATIONAL_SALES


def lending(*lenders: str) -> FinanceSetup:
    """Contoso (USPM) borrows from these companies."""
    made = second_company(finance())
    made["companies"]["JPPM"] = {"accounting_currency": "JPY"}
    for lender in ("GBPM", "JPPM"):
        made["customers"].setdefault(lender, {})["IC-USPM"] = {"sales_tax_group": "EXP"}
    made["intercompany"] = [
        {"lender": lender, "borrower": "USPM", "customer": "IC-USPM", "vendor": f"V-{lender}"} for lender in lenders
    ]
    made["references"]["msdyn_organizationalunit"] = {guid("Contoso UK"): "GBPM", guid("Contoso"): "USPM"}
    return looked_up(made)


@pytest.mark.parametrize(
    ("kind", "columns", "within"),
    [
        pytest.param(LENT, {"resourcing_unit": guid("Contoso")}, True, id="SKIP-08 a unit of the borrower"),
        pytest.param(SOLD, {"resourcing_unit": guid("Contoso")}, True, id="IC-11 its sale"),
        pytest.param(LENT, {"resourcing_unit": "USPM"}, True, id="a legal entity for a unit"),
        pytest.param(LENT, {"resourcing_unit": guid("Contoso"), "project": None}, True, id="by its contract"),
        pytest.param(LENT, {"resourcing_unit": guid("Contoso UK")}, False, id="a unit of another company"),
        pytest.param(LENT, {}, False, id="a unit that nobody has mapped"),
        pytest.param(LENT, {"resourcing_unit": "USPM", "project": "unknown"}, False, id="of nobody that is known"),
        pytest.param(LENT, {"resourcing_unit": "USPM", "project": None, "contract": None}, False, id="of nobody"),
        pytest.param(TransactionType.COST, {"resourcing_unit": guid("Contoso")}, False, id="a cost is not lent"),
    ],
)
def test_skip_08_ic_11_what_is_lent_within_a_company_is_no_business_of_finance(
    kind: TransactionType, columns: dict[str, Any], within: bool
) -> None:
    assert lent_within_company(an_actual(kind, **columns), lending("GBPM")) is within


@pytest.mark.parametrize("kind", [LENT, SOLD])
def test_ic_04_inv_28_what_is_lent_belongs_to_the_lender_and_its_intercompany_customer(kind: TransactionType) -> None:
    owner = owner_of(an_actual(kind), lending("GBPM"))
    assert isinstance(owner, Owner)
    assert (owner.company, owner.customer, owner.project) == ("GBPM", "IC-USPM", "PRJ-1")


def test_stg_15_of_two_lenders_the_row_says_which() -> None:
    told = owner_of(an_actual(LENT, resourcing_unit=guid("Contoso UK")), lending("GBPM", "JPPM"))
    assert isinstance(told, Owner)
    assert told.company == "GBPM"
    untold = owner_of(an_actual(LENT), lending("GBPM", "JPPM"))
    assert isinstance(untold, Blocked)
    assert untold.wait.detail.endswith(
        "USPM borrows from GBPM, JPPM: map the resourcing unit to the custom column resourcing_unit"
    )


def test_stg_15_a_row_waits_for_terms_with_the_lender() -> None:
    for columns, lender in (({}, "the legal entity of the resource"), ({"resourcing_unit": "FRPM"}, "FRPM")):
        found = owner_of(an_actual(LENT, **columns), lending())
        assert isinstance(found, Blocked)
        assert (found.wait.reason, found.company) == (WaitReason.INTERCOMPANY_MISSING, None)
        assert f"{lender} and USPM: add it to intercompany" in found.wait.detail
