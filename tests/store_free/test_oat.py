"""OAT-06, OAT-07: the profile of a retainer without a contract line, and retainers applied beyond what was invoiced."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.codes import BillingMethod, PostingFailure, PostingType, ProposalStatus, StagingState
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.reconciliation.headers import Headers
from project_invoicing.rules.reconciliation.retainers import Retainers
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.rules.finance import finance
from tests.store_free.proposing import a_header, reference
from tests.store_free.test_ret import a_retainer, posted, setup, voucher
from tests.store_free.viewing import children, contract, contract_line, policy, seeing, share, to

EARNED, ON_BALANCE = PostingType.INVOICED_REVENUE_ON_ACCOUNT, PostingType.WIP_INVOICED_ON_ACCOUNT
WORK, FIXED = BillingMethod.TIME_AND_MATERIAL, BillingMethod.FIXED_PRICE
BY_WORK = {"billing_method": "time_and_material", "on_account": "profit_and_loss"}
BY_PRICE = {"billing_method": "fixed_price", "on_account": "balance"}
LOOSE: dict[str, Any] = {"contract_line": None, "project": None}
"""A retainer that belongs to the contract as a whole."""


def ruled(rules: list[dict[str, str]], *lines: str) -> FinanceSetup:
    """Profiles W for time and material (profit and loss) and P for fixed price (balance); ``lines`` of CTR-1."""
    written = {f"CTR-1-{n}": {"contract": "CTR-1", "billing_method": method} for n, method in enumerate(lines, 1)}
    return setup(
        "profit_and_loss",
        ("profiles", {"W": BY_WORK, "P": BY_PRICE}),
        ("profile_rules", [{"company": "USPM", **rule} for rule in rules]),
        ("contract_lines", written),
        ("references.salesorderdetail", {}),
    )


FOR_ALL = [{"profile": "W"}, {"profile": "P"}]
OF_CONTRACT = [{"profile": "P", "contract": "CTR-1"}]


@pytest.mark.parametrize(
    ("rules", "lines", "posting_type"),
    [
        pytest.param(FOR_ALL, [WORK, FIXED], EARNED, id="both methods: time and material first"),
        pytest.param(FOR_ALL, [FIXED], ON_BALANCE, id="the contract has fixed prices only"),
        pytest.param(FOR_ALL, [], EARNED, id="no line is known"),
        pytest.param([*FOR_ALL, *OF_CONTRACT], [WORK, FIXED], ON_BALANCE, id="the contract's rule goes before all's"),
        pytest.param([*FOR_ALL, *OF_CONTRACT], [WORK], EARNED, id="the contract's rule is for another method"),
    ],
)
def test_oat_06_a_retainer_without_a_contract_line_has_the_profile_of_its_contracts_lines(
    rules: list[dict[str, str]], lines: list[str], posting_type: PostingType
) -> None:
    found = posted(voucher(a_retainer(**LOOSE), by=ruled(rules, *lines)))
    assert found == {posting_type: Decimal(-1000), PostingType.CUSTOMER_BALANCE: Decimal(1000)}


def test_oat_06_without_any_rule_the_refusal_names_the_retainer_and_the_methods() -> None:
    by = ruled([{"profile": "W", "project": "PRJ-1"}], FIXED)
    with pytest.raises(
        Refused, match=r"no profile rule for fixed_price matches retainer loose of contract CTR-1"
    ) as no:
        voucher(a_retainer("loose", **LOOSE), by=by)
    assert no.value.reason is PostingFailure.PROFILE_MISSING


def test_oat_06_contract_lines_that_arrived_from_dataverse_count_as_those_of_the_set_up() -> None:
    of_contract = {"contract": to("contract", "CTR-1")}
    found = seeing(
        policy(),
        contract("CTR-1", customer=to("customer", "C-001")),
        children("CTR-1", share("C-001"), ("salesorderdetail", "fixed", of_contract)),
        contract_line("fixed", **of_contract, billing_method="fixed_price"),
    )
    assert found.billing_methods_of("USPM", "CTR-1") == (FIXED,)
    assert seeing(finance()).billing_methods_of("USPM", "CTR-GBP") == (WORK,)


# --- more applied than invoiced ---------------------------------------------------------------------------------------


Posted = tuple[str, str, dict[str, Any]]


def judged(*invoices: Posted) -> list[Difference]:
    """What is found of posted proposals, one retainer each: number, amount, columns of the header."""
    other = {guid(name): name for name in ("C-001", "C-002")}
    by = setup("profit_and_loss", ("customers.USPM.C-002", {"name": "Blue Yonder"}), ("references.account", other))
    headers, retainers = Headers(by), Retainers(by)
    for number, amount, columns in invoices:
        of_proforma = {name: columns[name] for name in columns if name in Proforma.__dataclass_fields__}
        header = a_header(ProposalStatus.POSTED, marked=True, id=number, number=number, **of_proforma)
        list(headers.add_proposal(header))
        row = a_retainer(f"on {number}", amount)
        state = columns.get("state", StagingState.POSTED)
        retainers.add(replace(row, state=state, company="USPM", proposal_id=number))
    return [one.difference for one in retainers.judge(headers)]


def test_oat_07_inv_24_more_applied_than_invoiced_less_refunded_is_flagged_with_the_amount() -> None:
    both: list[Posted] = [("INV-1", "1000", {}), ("INV-2", "-600", {})]
    assert judged(*both, ("INV-3", "-400", {})) == []
    (found,) = judged(*both, ("INV-3", "-500", {}))
    assert (found.company, found.id, found.amount, found.currency) == ("USPM", "CTR-1", Decimal(-100), "GBP")
    assert found.detail.startswith("100.00 GBP more of the retainers of customer C-001")
    assert "INV-1, INV-2, INV-3" in found.detail


def test_oat_07_a_refund_that_is_taken_back_can_be_applied_again() -> None:
    invoices: list[Posted] = [
        ("INV-1", "1000", {}),
        ("INV-2", "-600", {}),
        ("INV-3", "600", {}),
        ("INV-4", "-1000", {}),
    ]
    assert judged(*invoices) == []


def test_oat_07_what_is_not_posted_yet_is_neither_invoiced_nor_applied() -> None:
    assert judged(("INV-1", "-400", {"state": StagingState.IMPORTED})) == []
    assert len(judged(("INV-1", "400", {"state": StagingState.IMPORTED}), ("INV-2", "-400", {}))) == 1


def test_oat_05_oat_07_each_customer_of_a_contract_has_retainers_of_its_own() -> None:
    first, second = ({"customer": reference("customer", name)} for name in ("C-001", "C-002"))
    assert judged(("INV-1", "1000", {}), ("INV-2", "-1000", first)) == []  # the contract's customer, said or not
    (found,) = judged(("INV-1", "1000", first), ("INV-2", "-400", second))
    assert "of customer C-002" in found.detail
