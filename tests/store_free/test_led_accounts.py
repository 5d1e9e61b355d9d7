"""LED-39, LED-41, LED-42, LED-57 to LED-59: the profile and the account of a line."""

from __future__ import annotations

import pytest

from project_invoicing.domain.codes import BillingMethod, PostingType
from project_invoicing.setup.problems import problems
from tests.rules.finance import finance
from tests.store_free.journalising import looked_up

T_AND_M = BillingMethod.TIME_AND_MATERIAL


@pytest.mark.parametrize("transaction_class", ["time", "expense", "material"])
@pytest.mark.parametrize("post_costs", ["balance", "no_ledger", "never_ledger"])
def test_led_39_a_profile_accrues_only_what_posts_its_cost_to_profit_and_loss(
    transaction_class: str, post_costs: str
) -> None:
    document = finance(
        ("profiles.TM.post_costs", {transaction_class: post_costs}),
        ("profiles.TM.accrue_revenue", {transaction_class: True}),
    )
    (problem,) = problems(document)
    assert f"accrue_revenue.{transaction_class} needs post_costs.{transaction_class}: profit_and_loss" in problem
    assert problem.startswith("profiles.TM")


def test_led_39_a_fee_has_no_cost_and_may_accrue() -> None:
    assert problems(finance(("profiles.TM.accrue_revenue", {"fee": True}))) == []


LEVELS: list[tuple[str, dict[str, str]]] = [
    ("BY-PROJECT", {"project": "PRJ-1"}),
    ("BY-CONTRACT", {"contract": "CTR-1"}),
    ("BY-GROUP", {"project_group": "TM"}),
    ("BY-NOTHING", {}),
]


@pytest.mark.parametrize("missing", range(5))
def test_led_41_led_42_the_most_specific_profile_rule_of_the_billing_method_wins(missing: int) -> None:
    """99-17: project, contract, project group, all. A more specific rule of the other method counts for nothing."""
    there = LEVELS[missing:]
    document = finance(
        *((f"profiles.{name}", {"billing_method": "time_and_material"}) for name, _ in there),
        profile_rules=[
            {"company": "USPM", "project": "PRJ-1", "profile": "FP"},
            *({"company": "USPM", "profile": name, **level} for name, level in reversed(there)),
        ],
    )
    found = looked_up(document).profile("USPM", "PRJ-1", "CTR-1", T_AND_M)
    assert (found[0] if found else None) == (there[0][0] if there else None)


SEARCH: list[tuple[str, dict[str, str]]] = [
    ("540001", {"project": "PRJ-1", "category": "Labor"}),
    ("540002", {"project": "PRJ-1", "category_group": "HOURS"}),
    ("540003", {"project": "PRJ-1"}),
    ("540004", {"project_group": "TM", "category": "Labor"}),
    ("540005", {"project_group": "TM", "category_group": "HOURS"}),
    ("540006", {"project_group": "TM"}),
    ("540007", {"category": "Labor"}),
    ("540008", {"category_group": "HOURS"}),
    ("540009", {}),
]


@pytest.mark.parametrize("missing", range(10))
def test_led_58_led_59_the_project_decides_before_the_category(missing: int) -> None:
    """Nine levels; each decides as soon as those before it are missing. A category goes before its group."""
    there = SEARCH[missing:]
    entries = [{"posting_type": "cost", "account": account, **level} for account, level in reversed(there)]
    setup = looked_up(finance(("categories.USPM.Labor.group", "HOURS"), ledger_posting={"USPM": entries}))
    account = setup.posting_account("USPM", PostingType.COST, project="PRJ-1", project_group="TM", category="Labor")
    assert account == (there[0][0] if there else None)


CUSTOMERS: list[tuple[str, dict[str, str]]] = [
    ("130101", {"customer": "C-001"}),
    ("130102", {"customer_group": "DOMESTIC"}),
    ("130100", {}),
]


@pytest.mark.parametrize("missing", range(4))
def test_led_57_the_customers_account_goes_before_its_groups_before_that_of_all(missing: int) -> None:
    there = CUSTOMERS[missing:]
    entries = [{"posting_type": "customer_balance", "account": account, **level} for account, level in reversed(there)]
    setup = looked_up(finance(("customers.USPM.C-001.group", "DOMESTIC"), ledger_posting={"USPM": entries}))
    account = setup.posting_account("USPM", PostingType.CUSTOMER_BALANCE, customer="C-001")
    assert account == (there[0][0] if there else None)
