"""WFL: who may approve a proposal, where it stands in words, and what counts as another thing than was submitted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.approval import Approval
from project_invoicing.domain.codes import ApprovalState, PostingFailure
from project_invoicing.domain.proposal import HeaderEdits, Proposal
from project_invoicing.rules.approval import approval_in_words, may_approve
from project_invoicing.rules.approved_content import digest_of
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.steps import say_next_of_proposal
from project_invoicing.rules.invoice_draft import draft
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import TAXED
from tests.store_free.invoicing import DAY, a_line, a_proposal, contoso

AT = "2026-08-31T13:00:00Z"
APPROVAL = ("parameters.USPM.approval", True)
SUBMITTED = Approval(
    ApprovalState.SUBMITTED, AT, "Ann", "August", submitter="ann", submitted_by="Ann", editors={"bob": AT}
)


def approves(*values: tuple[str, Any]) -> FinanceSetup:
    return contoso(TAXED, APPROVAL, *((f"parameters.USPM.{name}", value) for name, value in values))


def in_state(state: ApprovalState = ApprovalState.SUBMITTED, **step: Any) -> Proposal:
    return replace(a_proposal(), approval=replace(SUBMITTED, state=state, **step))


@pytest.mark.parametrize(
    ("parameters", "who", "stuck"),
    [
        ([], "whoever has the role approver but ann", False),
        ([("submitter_may_approve", True)], "whoever has the role approver", False),
        ([("four_eyes", True)], "whoever has the role approver but ann and bob", False),
        ([("approvers", ["Ann", "Bob", "Eve"])], "Bob, Eve", False),
        ([("approvers", ["Ann", "Bob", "Eve"]), ("four_eyes", True)], "Eve", False),
        ([("approvers", ["Ann", "Bob"]), ("four_eyes", True)], "nobody that the company names", True),
        ([("approvers", ["Ann"]), ("submitter_may_approve", True)], "Ann", False),
    ],
)
def test_wfl_05_and_wfl_06_who_may_still_approve_it(parameters: Any, who: str, stuck: bool) -> None:
    found = may_approve(in_state(), approves(*parameters))
    assert (str(found), found.is_stuck) == (who, stuck)


@pytest.mark.parametrize(
    ("header", "words", "advice"),
    [
        (a_proposal(), "is not submitted for approval yet", "not_approved: submit it"),
        (in_state(), f"waits for approval since {AT}, submitted by Ann: August; who", "have it approved by whoever"),
        (in_state(ApprovalState.APPROVED, by="Bob", comment=None), f"was approved on {AT} by Bob", "post proposal"),
        (in_state(ApprovalState.REJECTED, by="Bob"), f"was not approved, on {AT} by Bob: August", "not_approved"),
        (in_state(ApprovalState.CHANGES_REQUESTED, by="Bob"), f"was sent back for changes on {AT} by Bob", "not_app"),
        (in_state(ApprovalState.DRAFT, by="system"), f"has to be submitted again since {AT}, by system", "not_app"),
    ],
)
def test_wfl_02_an_explanation_says_where_it_stands_and_what_to_do(header: Proposal, words: str, advice: str) -> None:
    setup, made = approves(), Explanation("proposal", "INV-0001", "USPM", "")
    assert approval_in_words(header, setup).startswith(words)
    say_next_of_proposal(made, header, setup)
    assert made.facts["approval"].startswith(words)
    assert advice in made.next[0]


def test_wfl_04_an_explanation_says_why_what_is_approved_could_not_be_posted() -> None:
    refusal = {"reason": str(PostingFailure.PERIOD_CLOSED), "detail": "August is closed", "at": AT}
    made = Explanation("proposal", "INV-0001", "USPM", "")
    say_next_of_proposal(made, replace(in_state(ApprovalState.APPROVED), refusal=refusal), approves())
    assert made.history[-1]["what"] == "posting was refused: period_closed, August is closed"
    assert [advice.partition(":")[0] for advice in made.next] == ["period_closed", "post proposal INV-0001"]


def content(header: Proposal | None = None, setup: FinanceSetup | None = None, on: date = DAY, **line: Any) -> str:
    header, setup = header or a_proposal(), setup or approves()
    lines = [a_line(**{"sales_tax_group": "DOM", **line})]
    return digest_of(header, draft(header, lines, setup, on), setup)


DEARER = [{"valid_from": "2020-01-01", "percent": "25"}]
DATED = a_proposal(edits=HeaderEdits(invoice_date=DAY))


def test_wfl_03_the_same_posted_on_another_day_at_another_rate_is_what_was_submitted() -> None:
    rates = [{"from": "GBP", "to": "USD", "valid_from": "2026-01-01", "rate": "99", "factor": 100}]
    pounds = a_proposal(contract="CTR-GBP", currency="GBP")
    of: dict[str, Any] = {"project": "PRJ-GBP", "contract": "CTR-GBP", "contract_line": "CTR-GBP-1"}
    assert content(pounds, **of) == content(pounds, contoso(TAXED, APPROVAL, exchange_rates=rates), **of)
    assert content() == content(on=date(2026, 9, 15))
    assert content() == content(setup=approves(("approvers", ["Eve"])))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"amount": "1601"}),
        ({}, {"quantity": Decimal(2)}),
        ({}, {"item_sales_tax_group": None}),
        ({}, {"dimensions": {"CostCenter": "007"}}),
        ({}, {"category": "Travel"}),
        ({}, {"header": replace(a_proposal(), edits=HeaderEdits(dimensions={"CostCenter": "007"}))}),
        ({}, {"setup": contoso(TAXED, APPROVAL, ("sales_tax.codes.VAT20.rates", DEARER))}),
        ({}, {"setup": contoso(TAXED, APPROVAL, ("sales_tax.codes.VAT20.account", "222200"))}),
        ({"header": DATED}, {"header": DATED, "on": date(2026, 9, 15)}),
        (
            {"header": DATED},
            {"header": DATED, "setup": contoso(TAXED, APPROVAL, ("customers.USPM.C-001.terms_of_payment", "N30"))},
        ),
    ],
)
def test_wfl_03_what_would_be_posted_in_another_way_is_another_thing(before: Any, after: Any) -> None:
    assert content(**before) != content(**after)
