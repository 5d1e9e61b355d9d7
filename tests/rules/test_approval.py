"""Approval of proposals: the steps, what takes an approval back, who may not, and what runs into each other (WFL)."""

from __future__ import annotations

from typing import Any

from project_invoicing.domain.proposal import Proposal
from project_invoicing.store.proposals import Proposals
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, approval, billed

ANN, BOB, EVE = "ann@contoso.example", "bob@contoso.example", "eve@contoso.example"
HEADER = {"company": "USPM", "proposal_id": "INV-0001"}
APPROVAL = ("parameters.USPM.approval", True)
BY_ITSELF = ("parameters.USPM.auto_post_proposals", True)


def ready(books: Books, *values: tuple[str, Any]) -> Books:
    books.use(finance(TAXED, APPROVAL, *values))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    return books


def header(books: Books) -> Proposal:
    found = Proposals(books.world.client, books.world.names.proposals_table, ()).get(guid("inv-1"))
    assert found
    return found


def told(books: Books) -> list[tuple[str, str, str | None]]:
    entries = Proposals(books.world.client, books.world.names.proposals_table, ()).history(guid("inv-1"))
    return [(one.who.id, one.what, one.after.get("comment")) for one in entries]


def step(books: Books, action: str, actor: str | None, comment: str | None = None) -> str:
    """What came of it: the state, or the reason of the refusal."""
    said = {"comment": comment} if comment else {}
    answer = books.world.edit(action, **HEADER, **said, **({"actor": actor} if actor else {}))
    refused = answer.get("refused")
    return str(refused[0]["reason"] if refused else answer["outcome"])


def approved(books: Books) -> Books:
    assert step(books, "submit_proposal", ANN) == "submitted"
    assert step(books, "approve_proposal", BOB) == "approved"
    return books


def post(books: Books, **asked: str) -> list[str]:
    return [one["reason"] for one in books.run("invoice_posting", **HEADER, **asked)["refused"]]


def test_wfl_01_and_wfl_02_a_proposal_is_posted_once_it_is_approved_and_each_step_is_kept(books: Books) -> None:
    ready(books)
    assert post(books, actor=EVE) == ["not_approved"]
    assert step(books, "approve_proposal", BOB) == "not_approved"
    assert step(books, "submit_proposal", ANN, "September, phase 1") == "submitted"
    assert post(books, actor=EVE) == ["not_approved"]
    assert step(books, "submit_proposal", ANN, "again") == "in_approval"
    assert step(books, "request_changes", BOB, "tax group?") == "changes_requested"
    edited = books.world.edit("edit", **HEADER, due_date="2026-10-15", actor=ANN)
    assert edited["outcome"] == "done"
    assert step(books, "submit_proposal", ANN, "done") == "submitted"
    assert step(books, "reject_proposal", BOB, "not this month") == "rejected"
    assert step(books, "submit_proposal", ANN, "now") == "submitted"
    assert books.result["vouchers"] == [one for one in books.result["vouchers"] if one["source"] == "journal"]
    assert step(books, "approve_proposal", BOB, "fine") == "approved"
    assert post(books, actor=EVE) == []
    assert told(books) == [
        (ANN, "submitted for approval", "September, phase 1"),
        (BOB, "sent back for changes", "tax group?"),
        (ANN, "edited", None),
        (ANN, "submitted for approval", "done"),
        (BOB, "not approved", "not this month"),
        (ANN, "submitted for approval", "now"),
        (BOB, "approved", "fine"),
        (EVE, "posted", None),
    ]
