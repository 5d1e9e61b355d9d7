"""99-21, 99-25, 99-27: billed rows whose proposal is not there, or is complete already."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import BillingType, ConnectionRole, ProposalStatus, WaitReason
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.billed_rows import headless, late
from project_invoicing.rules.taking import Takers
from tests.setups import finance_setup
from tests.store_free.proposing import FINANCE, a_header, a_row, reference

FREE: dict[str, Any] = {"billing_type": BillingType.NON_CHARGEABLE}
READY = a_header(ProposalStatus.READY)


def arrives(row: StagedRow, header: Proposal = READY, takers: Takers | None = None) -> Wait | ProposalLine:
    return late(row, header, takers or Takers(), {}, FINANCE)


@pytest.mark.parametrize(
    ("invoice", "told"),
    [
        (Reference("invoice", "inv-1"), "its proforma has not arrived"),
        (None, "the actual names no proforma"),
    ],
)
def test_a_billed_row_without_a_proforma_waits_for_it(invoice: Reference | None, told: str) -> None:
    found = headless(a_row(invoice=invoice), None, FINANCE)
    assert (found.wait, found.company) == (Wait(WaitReason.HEADER_MISSING, told, "billed"), "USPM")


def test_a_billed_row_whose_company_nobody_knows_waits_for_its_proforma_too() -> None:
    found = headless(a_row(project=None, contract=None), None, FINANCE)
    assert (found.wait.reason, found.company) == (WaitReason.HEADER_MISSING, None)


def test_99_27_a_billed_row_of_a_canceled_proforma_says_so() -> None:
    found = headless(a_row(), a_header(ProposalStatus.CANCELED), FINANCE)
    assert found.wait == Wait(WaitReason.INACTIVE, "proforma INV-0001 is canceled in Dataverse", "billed")


@pytest.mark.parametrize("status", [ProposalStatus.READY, ProposalStatus.POSTED])
def test_99_21_a_row_without_money_is_covered_by_its_complete_proposal(status: ProposalStatus) -> None:
    line = arrives(a_row(**FREE), a_header(status))
    assert isinstance(line, ProposalLine)
    assert (line.actual_id, str(line.amount), line.chargeable) == ("billed", "0", False)


@pytest.mark.parametrize(
    ("row", "header", "told"),
    [
        pytest.param(a_row(), READY, "is ready without this actual of 1600.00 GBP", id="with money"),
        pytest.param(
            a_row(**FREE), a_header(ProposalStatus.POSTING), "is posting without this actual", id="while it is posted"
        ),
        pytest.param(a_row(**FREE), a_header(ProposalStatus.READY, company="GBPM"), "is ready", id="another company"),
        pytest.param(
            a_row(project=reference("project", "PRJ-404")), READY, "this actual of 1600.00 GBP", id="not resolved"
        ),
    ],
)
def test_99_21_any_other_row_contradicts_its_complete_proposal(row: StagedRow, header: Proposal, told: str) -> None:
    wait = arrives(row, header)
    assert isinstance(wait, Wait)
    assert (wait.reason, wait.actual_id) == (WaitReason.BILLED_SALES_MISMATCH, "billed")
    assert f"proposal INV-0001 {told if told.startswith('is') else 'is ready without ' + told}" in wait.detail


def test_99_27_a_late_row_that_is_inactive_says_that_first() -> None:
    wait = arrives(a_row(inactive=True))
    assert isinstance(wait, Wait)
    assert wait.reason is WaitReason.INACTIVE


def test_99_25_a_late_row_without_money_waits_where_another_has_taken_what_it_would() -> None:
    row = a_row("second", links={ConnectionRole.UNBILLED: "sale"}, **FREE)
    first = a_row("first", links={ConnectionRole.UNBILLED: "sale"}, **FREE)
    wait = arrives(row, takers=Takers({"sale": "first"}, {"first": first}))
    assert isinstance(wait, Wait)
    assert (wait.reason, wait.actual_id) == (WaitReason.ALREADY_BILLED, "first")


def test_the_currency_of_a_row_that_cannot_be_resolved_is_that_of_its_proposal() -> None:
    in_yen = a_header(ProposalStatus.READY, currency=reference("currency", "JPY"))
    setup = finance_setup(
        ("references.transactioncurrency", {reference("currency", "JPY").id: "JPY"}),
    )
    wait = late(a_row(amount="1600"), in_yen, Takers(), {}, setup)
    assert isinstance(wait, Wait)
    assert wait.detail.endswith("without this actual of 1600 JPY")
