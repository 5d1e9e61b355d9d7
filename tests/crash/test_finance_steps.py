"""Postings and edits of finance's own that die at every request and are done again: one effect, one number.

Those that a schedule, an invoice or a person starts; the same on moto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from project_invoicing.events.own import InvoicePosted
from tests import master
from tests.builders import guid
from tests.crash.death import Run, Step
from tests.harness import World
from tests.rules import test_posted_costs as posted_costs
from tests.rules import test_tags as tags
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.conftest import of_actuals
from tests.rules.invoices.test_intercompany_invoices import create, posted, sold
from tests.rules.invoices.test_on_account import COLUMN, REDUCED
from tests.rules.invoices.test_vendor_invoices import between_companies
from tests.rules.stories import IN_POUNDS, approval, bill, billed, bills, cost, reverses

ANN, BOB = {"actor": "ann@contoso.example"}, {"actor": "bob@contoso.example"}
COMPANY = {"company": "USPM"}
INVOICE = {"company": "USPM", "proposal_id": "INV-0001"}
VENDOR_INVOICE = {"company": "USPM", "vendor_invoice": "FTI-00000001"}


@pytest.fixture
def books(moto: None) -> Iterator[Books]:
    """An organization whose actuals name their milestone."""
    with of_actuals({"milestone": COLUMN}):
        yield Books(World("2026-08-31T13:00:00Z"))


def asks(action: str, **request: Any) -> Run:
    return lambda world: world.edit(action, **request)


# --- costs ------------------------------------------------------------------------------------------------------------


def costs(books: Books, *parameters: tuple[str, Any]) -> None:
    """Two costs on the balance sheet."""
    books.use(posted_costs.setup(*parameters))
    books.arrive(*posted_costs.approved("one"), *posted_costs.approved("two"))
    books.journalise()


def scheduled_costs(books: Books) -> None:
    costs(books, ("parameters.USPM.scheduled_costs", [posted_costs.BY_SCHEDULE]))


def by_schedule(world: World) -> object:
    return world.schedule("journal_posting")


def invoiced_costs(books: Books) -> None:
    """An invoice of a sale is posted, and nobody has heard of it."""
    costs(books, ("parameters.USPM.post_costs_on_invoice", True))
    books.arrive(*billed("one")[:1], bill("b"), bills("b", "one/unbilled"))
    books.import_staging()
    books.run("invoice_posting")


def hears_of_the_invoice(world: World) -> object:
    (event,) = (one for one in world.unsent() if one.detail_type == InvoicePosted.TYPE)
    return world.tell("staging_import", event)


def lent_costs(books: Books) -> None:
    """A vendor invoice with two lines is posted to profit and loss."""
    vendor_invoice(books)
    books.edit("post_vendor_invoices", company="USPM", numbers=["FTI-00000001"])


def vendor_invoice(books: Books, *parameters: tuple[str, Any]) -> None:
    books.use(between_companies(*parameters))
    posted(books, sold("first"), sold("second"))
    create(books)
    books.post_invoices()


MOVED = {"to": "balance", "date": "2026-08-31", "costs": {"actual_id": [guid("first"), guid("second")]}}
COSTS: dict[str, tuple[Callable[[Books], None], Run, list[str]]] = {
    "the costs that a schedule posts": (scheduled_costs, by_schedule, ["PCV-000001", "PCV-000002"]),
    "the cost that goes with an invoice": (invoiced_costs, hears_of_the_invoice, ["PCV-000001"]),
    "the costs of a vendor invoice": (
        lent_costs,
        asks("post_costs", **COMPANY, **ANN, **MOVED),
        ["PCV-000001", "PCV-000002"],
    ),
}


@pytest.mark.parametrize("name", COSTS)
def test_pco_12_pco_13_pco_15_a_cost_is_moved_once_whatever_happens_to_the_run(books: Books, name: str) -> None:
    before, run, numbers = COSTS[name]
    before(books)
    step = Step(books.world, run, run)
    moved = [one["voucher"] for one in books.world.result()["vouchers"] if one["source"] == "post_costs"]
    assert moved == numbers
    assert step.dies_at_every_request() > 0
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_icv_09_pco_14_a_credit_is_posted_once_to_where_its_cost_has_been_moved(books: Books) -> None:
    lent_costs(books)
    books.do("post_costs", **COMPANY, **MOVED)
    posted(books, sold("back", "-10"), reverses("back", "first"))
    create(books)
    books.post_invoices()
    run = asks("post_vendor_invoices", **COMPANY, numbers=["FTI-00000002"], **ANN)
    step = Step(books.world, run, run)
    assert [one["posting_type"] for one in books.world.result()["vouchers"][-1]["lines"]][:1] == ["wip_cost_value"]
    assert step.dies_at_every_request() > 0
    step.meets_another_transaction_everywhere()


def test_ada_04_without_a_voucher_an_adjustment_is_made_once_wherever_it_dies(books: Books) -> None:
    costs(books)
    run = asks(
        "adjust_accounting",
        **COMPANY,
        **ANN,
        actual_ids=[guid("one/unbilled"), guid("two/unbilled")],
        dimensions={"CostCenter": "999"},
    )
    step = Step(books.world, run, run)
    assert "AAV-" not in str(books.world.result()["vouchers"])
    assert step.dies_at_every_request() == 3
    step.meets_another_transaction_everywhere()
    step.is_overtaken_at_every_request()


# --- approval ---------------------------------------------------------------------------------------------------------


def ready(books: Books) -> None:
    books.use(finance(TAXED, ("parameters.USPM.approval", True)))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()


def owed(books: Books) -> None:
    vendor_invoice(books, ("parameters.USPM.approve_vendor_invoices", True))


STEPS: dict[str, list[dict[str, Any]]] = {
    "submit_proposal": [ANN],
    "approve_proposal": [ANN, BOB],
    "reject_proposal": [ANN, BOB | {"comment": "not this month"}],
    "request_changes": [ANN, BOB | {"comment": "which tax group?"}],
    "recall_proposal": [ANN, ANN],
    "reset_approval": [ANN, BOB],
}


@pytest.mark.parametrize(
    ("action", "what"),
    [
        *((action, INVOICE) for action in STEPS),
        ("submit_proposal", VENDOR_INVOICE),
        ("approve_proposal", VENDOR_INVOICE),
    ],
    ids=[*STEPS, "submit_vendor_invoice", "approve_vendor_invoice"],
)
def test_wfl_02_a_step_of_an_approval_is_taken_once_wherever_it_dies(
    books: Books, action: str, what: dict[str, Any]
) -> None:
    (ready if what is INVOICE else owed)(books)
    *earlier, last = STEPS[action]
    for said in earlier:
        books.world.edit("submit_proposal", **what, **said)
    run = asks(action, **what, **last)
    step = Step(books.world, run, run)
    assert step.transactions == 1
    assert step.dies_at_every_request() == 2
    step.meets_another_transaction_everywhere()
    step.is_overtaken_at_every_request()


# --- on account -------------------------------------------------------------------------------------------------------


def milestone(books: Books) -> None:
    books.use(finance(TAXED, *REDUCED))
    books.arrive(master.milestone("M1", "CTR-1-FP", "5000"))


# --- tags -------------------------------------------------------------------------------------------------------------


def draft(books: Books) -> None:
    books.use(tags.setup(*tags.RULES))
    books.arrive(cost("hour"), cost("other"))
    books.import_staging()


def proposed(books: Books) -> None:
    books.use(tags.setup(*tags.RULES))
    books.arrive(cost("hour"), *billed())
    books.journalise()


def invoiced(books: Books) -> None:
    proposed(books)
    books.post_invoices()


def moved(books: Books) -> None:
    document = posted_costs.setup()
    document["financial_tags"] = tags.setup()["financial_tags"]
    books.use(document)
    books.arrive(*posted_costs.approved())
    books.journalise()
    posted_costs.post(books)


def retagged(voucher: str) -> Run:
    return asks("correct_tags", **COMPANY, voucher=voucher, line=1, tags={"Site": "Oslo"}, reason="typing error", **ANN)


JOURNAL = {"company": "USPM", "journal_id": "USPM-000001"}
EDITS: dict[str, tuple[Callable[[Books], None], Run]] = {
    "OAT-03 an on-account transaction": (
        milestone,
        asks(
            "edit_master_data",
            part="on_account_transactions",
            number=guid("M1"),
            columns={"item_sales_tax_group": "RED5"},
            **COMPANY,
            **ANN,
        ),
    ),
    "TAG-02 the tags of a journal": (draft, asks("edit", **JOURNAL, tags={"Site": "Oslo"}, **ANN)),
    "TAG-02 the tags of a line": (
        draft,
        asks("edit", **JOURNAL, actual_id=guid("hour"), tags={"IndustryEvent": "2026 Event"}, **ANN),
    ),
    "TAG-02 the tags of many lines": (
        draft,
        asks("edit", **JOURNAL, lines={}, tags={"IndustryEvent": "2026 Event"}, **ANN),
    ),
    "TAG-04 the tags of a proposal": (proposed, asks("edit", **INVOICE, tags={"Site": "Oslo"}, **ANN)),
    "TAG-09 the tags of a posted journal": (invoiced, retagged("PV-00000001")),
    "TAG-09 the tags of a posted invoice": (invoiced, retagged("PV-00000003")),
    "TAG-09 the tags of a moved cost": (moved, retagged("PCV-000001")),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_made_once_wherever_it_dies(books: Books, name: str) -> None:
    before, run = EDITS[name]
    before(books)
    step = Step(books.world, run, run)
    assert step.transactions
    assert step.dies_at_every_request() > 0
    step.meets_another_transaction_everywhere()
    step.is_overtaken_at_every_request()
