"""BAL, IVP: internal work by its profile, and investment projects, to the cent.

PRJ-OWN and PRJ-BRIDGE have no contract. The first is internal work whose profile keeps costs on the balance sheet; the
second says of itself that it is an investment project, and has a rule of either method.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import CostSide, WaitReason
from project_invoicing.rules.owner import Blocked
from project_invoicing.rules.posted_costs import PostedCost, moved
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from tests.builders import guid
from tests.rules.finance import finance
from tests.store_free.journalising import (
    EXPENSE,
    MATERIAL,
    an_actual,
    as_posted,
    cost,
    entries,
    looked_up,
    posted,
    sale,
)
from tests.store_free.viewing import project, seeing

INTERNAL: dict[str, Any] = {"contract": None, "contract_line": None, "customer": None}
OWN: dict[str, Any] = {"project": "PRJ-OWN", **INTERNAL}
BRIDGE: dict[str, Any] = {"project": "PRJ-BRIDGE", **INTERNAL}
TRAVEL: dict[str, Any] = {**EXPENSE, "quantity": "1", "price": "200"}
ITEM: dict[str, Any] = {**MATERIAL, "quantity": "1", "price": "300"}
TO_BALANCE = {"time": "balance", "expense": "balance", "material": "balance"}
RULES = [
    {"profile": "TM"},
    {"project": "PRJ-OWN", "profile": "ASSET"},
    {"project": "PRJ-BRIDGE", "profile": "ASSET"},
]


def contoso(
    *changes: tuple[str, Any], investment: dict[str, str] | None = None, rules: list[dict[str, str]] | None = None
) -> FinanceSetup:
    """``investment``: what the profile of the method investment does with costs; ``None``: there is no such profile."""
    made = finance(
        ("profiles.ASSET", {"billing_method": "time_and_material", "post_costs": TO_BALANCE}),
        ("profiles.FIXED", {"billing_method": "fixed_price", "post_costs": TO_BALANCE}),
        ("projects.PRJ-OWN", {"company": "USPM", "group": "OWN"}),
        ("projects.PRJ-BRIDGE", {"company": "USPM", "group": "OWN", "investment": True}),
        *changes,
        profile_rules=[{"company": "USPM", **rule} for rule in (RULES if rules is None else rules)],
    )
    if investment is not None:
        made["profiles"]["INVEST"] = {"billing_method": "investment", "post_costs": investment}
        made["profile_rules"].append({"company": "USPM", "project": "PRJ-BRIDGE", "profile": "INVEST"})
    made["ledger_posting"]["USPM"] = [
        {"posting_type": kind, "account": account}
        for kind, account in (
            ("cost", "540100"),
            ("wip_cost_value", "160000"),
            ("wip_cost_item", "160100"),
            ("payroll_allocation", "600300"),
            ("expense_offset", "600400"),
            ("cost_item", "140200"),
        )
    ]
    return looked_up(made)


OFF = ("parameters.USPM.internal_projects_use_profile", False)


def booked(setup: FinanceSetup, work: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    return [(account, amount) for _, account, amount in entries(posted(cost(**{**work, **more}), setup))]


@pytest.mark.parametrize(
    ("switch", "time", "travel", "item"),
    [
        pytest.param((OFF,), "540100", "540100", "540100", id="off"),
        pytest.param((), "160000", "160000", "160100", id="on"),
    ],
)
def test_bal_01_99_31_internal_costs_follow_their_profile_unless_that_is_switched_off(
    switch: tuple[Any, ...], time: str, travel: str, item: str
) -> None:
    setup = contoso(*switch)
    assert booked(setup, OWN) == [(time, "800.00"), ("600300", "-800.00")]
    assert booked(setup, OWN, **TRAVEL) == [(travel, "200.00"), ("600400", "-200.00")]
    assert booked(setup, OWN, **ITEM) == [(item, "300.00"), ("140200", "-300.00")]


@pytest.mark.parametrize(
    ("rules", "account"),
    [
        pytest.param([{"project": "PRJ-OWN", "profile": "ASSET"}, {"profile": "TM"}], "160000", id="project"),
        pytest.param([{"project_group": "OWN", "profile": "ASSET"}, {"profile": "TM"}], "160000", id="group"),
        pytest.param([{"profile": "ASSET"}], "160000", id="all"),
        pytest.param([{"project": "PRJ-OWN", "profile": "FIXED"}], "540100", id="fixed price is not asked"),
        pytest.param([], "540100", id="none is no error"),
    ],
)
def test_bal_02_the_most_specific_rule_of_time_and_material_counts(rules: list[dict[str, str]], account: str) -> None:
    assert booked(contoso(rules=rules), OWN) == [(account, "800.00"), ("600300", "-800.00")]


@pytest.mark.parametrize("moves", [pytest.param(False, id="on the balance sheet"), pytest.param(True, id="after PCO")])
@pytest.mark.parametrize(
    ("posts", "left"),
    [
        pytest.param("profit_and_loss", {"160000": 0, "540100": 800, "600300": -800}, id="to profit and loss"),
        pytest.param("balance", {"160000": 800, "540100": 0, "600300": -800}, id="to the balance sheet"),
    ],
)
def test_bal_03_pco_14_a_project_that_gets_a_contract_leaves_nothing_where_its_costs_were(
    posts: str, left: dict[str, int], moves: bool
) -> None:
    """What was internal is taken back where it is now, and made anew where the new profile says (LED-52)."""
    contract = ("projects.PRJ-OWN", {"company": "USPM", "contract": "CTR-1", "group": "TM"})
    of_contract = ("profiles.NEW", {"billing_method": "time_and_material", "post_costs": {"time": posts}})
    before, since = contoso(), contoso(contract, of_contract, rules=[{"profile": "NEW"}])
    first, row = posted(cost(name="first", **OWN), before), as_posted(cost(name="first", **OWN), before)
    balances: dict[str, Decimal] = defaultdict(Decimal)
    if moves:
        by_hand = PostedCost(row, first.line, row.cost_accounts or {})
        made = moved(by_hand, CostSide.PROFIT_AND_LOSS, "USPM", date(2026, 8, 31), before)
        for line in made.voucher.lines:
            balances[line.account] += line.accounting_amount
        row = replace(row, cost_accounts=made.accounts)
    back = posted(cost("-8", name="back", **OWN), since, row)
    assert [account for _, account, _ in entries(back)] == ["540100" if moves else "160000", "600300"]
    for one in (first, back, posted(cost(name="anew", project="PRJ-OWN"), since)):
        for _, account, amount in entries(one):
            balances[account] += Decimal(amount)
    assert {account: balances[account] for account in left} == left


# --- investment projects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posts", "capitalizes", "account"),
    [
        pytest.param("balance", "chargeable", "160000", id="balance"),
        pytest.param("profit_and_loss", "chargeable", "540100", id="profit and loss"),
        pytest.param("balance", "non_chargeable", "540100", id="LED-60 the line property decides with it"),
    ],
)
def test_ivp_02_an_investment_follows_profiles_of_its_method(posts: str, capitalizes: str, account: str) -> None:
    setup = contoso(
        ("line_properties.CHARGE.capitalize", True),
        ("line_properties.NOCHARGE.capitalize", False),
        investment={"time": posts},
    )
    assert booked(setup, BRIDGE, billing_type=capitalizes) == [(account, "800.00"), ("600300", "-800.00")]


@pytest.mark.parametrize("switch", [(), (OFF,)])
def test_ivp_01_an_investment_never_follows_a_rule_for_time_and_material(switch: tuple[Any, ...]) -> None:
    assert booked(contoso(*switch), BRIDGE) == [("540100", "800.00"), ("600300", "-800.00")]


@pytest.mark.parametrize(
    ("actual", "has"),
    [
        pytest.param(sale(**BRIDGE), "unbilled sales", id="U"),
        pytest.param(an_actual(sale().transaction_type.BILLED_SALES, "8", "200", **BRIDGE), "billed sales", id="B"),
        pytest.param(cost(**{**BRIDGE, "contract": "CTR-1"}), "contract CTR-1", id="contract"),
    ],
)
def test_ivp_01_an_investment_has_no_contract_and_no_sales(actual: Any, has: str) -> None:
    found = resolve(actual, contoso())
    assert isinstance(found, Blocked)
    assert found.company == "USPM"
    assert found.wait.reason is WaitReason.INVESTMENT_PROJECT
    said = f"project PRJ-BRIDGE is an investment project, which has no contract and no sales; this has {has}"
    assert (found.wait.detail, found.wait.blocker) == (said, f"msdyn_project#{guid('PRJ-BRIDGE')}")
    ordinary = contoso(("projects.PRJ-BRIDGE.investment", False))
    assert isinstance(resolve(actual, ordinary), Resolved)


def test_ivp_01_the_flag_comes_with_the_row_of_the_project() -> None:
    document = finance()
    setup = seeing(document, project("PRJ-1", investment=True))
    known = setup.project("USPM", "PRJ-1")
    assert known is not None
    assert known.investment
    assert setup.is_investment("USPM", "PRJ-1", None)


@pytest.mark.parametrize(
    ("project_", "contract", "expected"),
    [("PRJ-BRIDGE", None, True), ("PRJ-OWN", None, True), ("PRJ-OWN", "CTR-1", False), ("PRJ-1", "CTR-1", False)],
)
def test_ivp_01_work_is_an_investment_by_its_project_or_its_profile(
    project_: str, contract: str | None, expected: bool
) -> None:
    setup = contoso(("profiles.ASSET.billing_method", "investment"))
    assert setup.is_investment("USPM", project_, contract) is expected
    assert contoso().is_investment("USPM", "PRJ-OWN", None) is False


def test_ivp_01_an_entry_of_an_investment_with_a_contract_is_refused() -> None:
    (problem,) = problems(finance(("projects.PRJ-1.investment", True)))
    assert problem == ("projects.PRJ-1: an investment project has no contract; leave out contract CTR-1, or investment")
