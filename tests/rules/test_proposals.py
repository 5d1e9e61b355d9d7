"""PROP, STG-05 to STG-11, NUM-01, NUM-10, 99-21: confirmed proformas become invoice proposals, all lines or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.store.proposals import Proposals
from tests.builders import guid, proforma
from tests.rules.books import Books, before_transaction
from tests.rules.finance import TAXED, finance, second_company
from tests.rules.stories import bill, billed

MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}


def two_works(books: Books) -> None:
    """Two works of 1,600 that are billed, each on a journal of its own."""
    books.use(finance(("parameters.USPM.journal_line_limit", 1)))
    books.arrive(*billed("one", "two", total="3200"))
    books.import_staging()


# --- headers ----------------------------------------------------------------------------------------------------------


def test_prop_01_a_proforma_that_is_not_confirmed_has_no_proposal(books: Books) -> None:
    books.arrive(*(proforma(status, status=status) for status in ("draft", "in_review", "invoice_paid")))
    assert books.result["proposals"] == []


def test_prop_02_prop_10_a_proposal_has_the_proformas_number_and_customer(books: Books) -> None:
    books.arrive(proforma("inv-1", number="INV-0815", customer="C-002"))
    assert [(p["proposal_id"], p["status"], p["customer"]) for p in books.result["proposals"]] == [
        ("INV-0815", "waiting", "C-002")
    ]


def test_prop_03_a_proforma_that_is_sent_twice_has_one_proposal(books: Books) -> None:
    books.arrive(proforma("inv-1"), proforma("inv-1"), proforma("inv-1", at="2026-08-28T10:00:00Z"))
    assert len(books.result["proposals"]) == 1


def test_prop_05_numbers_may_come_in_any_order(books: Books) -> None:
    for number in ("INV-0003", "INV-0001", "INV-0002"):
        books.arrive(proforma(number, number=number))
    assert [p["proposal_id"] for p in books.result["proposals"]] == ["INV-0001", "INV-0002", "INV-0003"]
    assert books.result["rejected"] == []


@pytest.mark.parametrize(
    ("allowed", "second", "taken"),
    [
        ({"allow_lower": False, "allow_higher": False}, "INV-0006", True),
        ({"allow_lower": True, "allow_higher": False}, "INV-0007", False),
    ],
)
def test_num_01_a_sequence_that_forbids_it_takes_no_number_out_of_order(
    books: Books, allowed: dict[str, bool], second: str, taken: bool
) -> None:
    books.use(finance(("number_sequences.USPM.proposal", allowed)))
    books.arrive(proforma("first", number="INV-0005"), proforma("second", number=second))
    assert [p["proposal_id"] for p in books.result["proposals"]] == sorted(["INV-0005", *([second] if taken else [])])
    assert [(r["id"], r["reason"]) for r in books.result["rejected"]] == (
        [] if taken else [(guid("second"), "proposal_number_not_allowed")]
    )


def test_num_10_a_number_belongs_to_one_proforma_of_a_company(books: Books) -> None:
    books.use(second_company(finance()))
    books.arrive(proforma("first"), proforma("second"), proforma("theirs", contract="CTR-2"))
    assert [(p["company"], p["proposal_id"]) for p in books.result["proposals"]] == [
        ("GBPM", "INV-0001"),
        ("USPM", "INV-0001"),
    ]
    assert [(r["id"], r["reason"]) for r in books.result["rejected"]] == [(guid("second"), "duplicate_proposal_number")]


def unknown_contract() -> dict[str, Any]:
    """A set-up that does not know contract CTR-2 of GBPM yet."""
    document = second_company(finance())
    document["references"]["salesorder"].pop(guid("CTR-2"))
    return document


def test_num_10_a_number_that_was_taken_before_the_contract_was_known_is_refused_and_kept_whole(books: Books) -> None:
    """Replayed after it was numbered anew in Dataverse or in the set-up, it is a proposal like any other."""
    books.use(unknown_contract())
    books.arrive(*(proforma(name, contract="CTR-2") for name in ("first", "second")))
    books.import_staging()
    assert [p["company"] for p in books.result["proposals"]] == [None, None]
    books.use(second_company(finance()))
    books.import_staging()
    assert [(p["company"], p["proposal_id"]) for p in books.result["proposals"]] == [("GBPM", "INV-0001")]
    (refused,) = books.result["rejected"]
    assert refused["reason"] == "duplicate_proposal_number"
    assert books.edit("replay", entity="invoice", id=refused["id"]) == "rejected"

    books.arrive(proforma(refused["id"], contract="CTR-2", number="INV-0002", at="2026-08-31T12:00:00Z"))
    assert sorted(p["proposal_id"] for p in books.result["proposals"]) == ["INV-0001", "INV-0002"]


def test_num_01_a_number_that_the_sequence_allows_later_is_taken_by_a_replay(books: Books) -> None:
    forbidden = ("number_sequences.USPM.proposal", {"allow_lower": False, "allow_higher": False})
    books.use(unknown_contract())
    books.arrive(proforma("second", contract="CTR-2", number="INV-0009"))
    books.use(second_company(finance(forbidden)))
    books.arrive(proforma("first", contract="CTR-2", number="INV-0001"))
    books.import_staging()
    assert [row["reason"] for row in books.result["rejected"]] == ["proposal_number_not_allowed"]
    books.use(second_company(finance()))
    assert books.edit("replay", entity="invoice", id=guid("second")) == "accepted"
    assert ([p["proposal_id"] for p in books.result["proposals"]], books.result["rejected"]) == (
        ["INV-0001", "INV-0009"],
        [],
    )


def test_inv_20_a_number_may_change_until_a_company_has_taken_it(books: Books) -> None:
    books.use(unknown_contract())
    books.arrive(
        proforma("inv-1", contract="CTR-2"),
        proforma("inv-1", contract="CTR-2", number="INV-0007", at="2026-08-31T12:00:00Z"),
    )
    books.use(second_company(finance()))
    books.import_staging()
    assert [(p["company"], p["proposal_id"]) for p in books.result["proposals"]] == [("GBPM", "INV-0007")]


def test_prop_06_a_header_without_lines_amounts_to_nothing(books: Books) -> None:
    books.arrive(proforma("inv-1", total="1600"))
    books.import_staging()
    assert (books.proposal()["status"], books.proposal()["total"], books.reasons()) == (
        "waiting",
        "0.00",
        ["billed_sales_mismatch"],
    )


def test_a_billed_sale_waits_for_its_proforma(books: Books) -> None:
    header, *actuals = billed()
    books.arrive(*actuals)
    books.journalise()
    assert books.row("work/billed")["reason"] == "header_missing"
    books.arrive(header)
    books.import_staging()
    assert books.proposal()["status"] == "ready"


# --- lines, all or none -----------------------------------------------------------------------------------------------


def test_stg_05_nothing_is_proposed_before_the_unbilled_sale_is_posted(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    waiting = books.proposal()
    assert (waiting["status"], waiting["lines"], waiting["total"]) == ("waiting", [], "0.00")
    assert [(w["reason"], w["actual_id"]) for w in waiting["waiting_for"]] == [
        ("unbilled_sales_not_posted", guid("work/unbilled"))
    ]
    assert books.row("work/billed")["reason"] == "unbilled_sales_not_posted"


def test_stg_06_stg_07_the_lines_come_together_when_the_last_sale_is_posted(books: Books) -> None:
    two_works(books)
    books.post_journals(journal_id="USPM-000001")
    assert (books.proposal()["status"], books.proposal()["lines"]) == ("waiting", [])
    assert (books.state("one/billed"), books.state("two/billed")) == ("pending", "pending")

    books.post_journals(journal_id="USPM-000002")  # which imports what has waited for it
    assert books.proposal()["status"] == "ready"
    assert [line["amount"] for line in books.proposal()["lines"]] == ["1600.00", "1600.00"]


@pytest.mark.parametrize("missing", ["proforma", "billed sale", "posting"])
def test_stg_08_a_proposal_is_ready_when_all_three_conditions_hold(books: Books, missing: str) -> None:
    header, unbilled, billed_sale, link = billed()
    without = {"proforma": header, "billed sale": billed_sale}
    books.arrive(*(message for message in billed() if message != without.get(missing)))
    books.import_staging()
    if missing != "posting":
        books.post_journals()
    books.import_staging()
    assert "ready" not in [proposal["status"] for proposal in books.result["proposals"]]

    books.arrive(header, unbilled, billed_sale, link)
    books.post_journals()
    books.import_staging()
    assert books.proposal()["status"] == "ready"


def test_when_all_of_its_actuals_change_a_proposal_is_made_anew(books: Books) -> None:
    """Each of them asks for the lines to be deleted; the second finds that done, and goes on waiting like the first."""
    two_works(books)
    books.post_journals()
    changed: dict[str, Any] = {"message": "Update", "changed": ["msdyn_description"], "description": "mended"}
    books.arrive(*(bill(f"{work}/billed", **changed, row_version=9) for work in ("one", "two")))
    books.import_staging()
    assert books.proposal()["status"] == "ready"
    assert sorted(line["actual_id"] for line in books.proposal()["lines"]) == sorted(
        [guid("one/billed"), guid("two/billed")]
    )


def test_stg_16_two_imports_at_once_propose_each_line_once(books: Books) -> None:
    two_works(books)
    books.run("journal_posting")
    with before_transaction(books, 0, lambda: books.run("staging_import")):
        books.import_staging()
    assert sorted(line["actual_id"] for line in books.proposal()["lines"]) == sorted(
        [guid("one/billed"), guid("two/billed")]
    )


def test_stg_18_an_import_of_one_proposal_leaves_the_others(books: Books) -> None:
    for number in ("INV-0001", "INV-0002"):
        books.arrive(bill(number, "1", "5000", invoice=number, **MILESTONE))
        books.arrive(proforma(number, number=number, total="5000"))
    books.import_staging(proposal_id="INV-0002")
    assert (books.proposal("INV-0001")["status"], books.proposal("INV-0002")["status"]) == ("waiting", "ready")


def test_stg_19_prop_11_deleted_lines_come_back_as_they_were_posted_and_take_the_dimensions_of_now_on_request(
    books: Books,
) -> None:
    """99-22: the set-up of the day decides only where a person asks for it."""
    books.arrive(*billed())
    books.journalise()
    assert books.edit("delete_lines", company="USPM", proposal_id="INV-0001") == "done"
    assert (books.proposal()["lines"], books.state("work/billed")) == ([], "pending")
    books.use(finance(("projects.PRJ-1.dimensions", {"CostCenter": "008"})))
    books.import_staging()
    work = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    assert [line.dimensions for line in stored(books)] == [None]
    assert books.edit("edit", **work, rederive_dimensions=True) == "done"
    books.post_invoices()
    revenue = next(v for v in books.result["vouchers"] if v["source"] == "invoice")["lines"][0]
    assert (revenue["amount"], revenue["dimensions"]) == ("-1600.00", {"CostCenter": "008"})


def stored(books: Books) -> list[ProposalLine]:
    return Proposals(books.world.client, books.world.names.proposals_table, calendar_dates("invoices")).lines(
        guid("inv-1")
    )


# --- amounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("billing_type", "shown"),
    [
        pytest.param("non_chargeable", [], id="99-21 the line property keeps it off the invoice"),
        pytest.param("complimentary", ["0.00"], id="99-21 the line property shows it"),
    ],
)
def test_prop_07_work_that_is_not_charged_adds_nothing(books: Books, billing_type: str, shown: list[str]) -> None:
    free = {"billing_type": billing_type}
    books.use(finance(TAXED))
    books.arrive(*billed("free", **free)[1:], *billed())
    books.journalise()
    proposal = books.proposal()
    assert sorted(line["amount"] for line in proposal["lines"]) == [*shown, "1600.00"]
    assert (proposal["subtotal"], proposal["sales_tax"], proposal["total"]) == ("1600.00", "320.00", "1920.00")

    books.post_invoices()
    assert books.invoice()["total"] == "1920.00"
    assert books.balances()["invoiced_revenue"] == Decimal(-1600)
    free_row = books.row("free/billed")
    assert free_row["state"] == "posted"
    assert (free_row["voucher"] is not None, bool(books.write_back("free/billed"))) == (bool(shown), bool(shown))


def test_99_21_an_invoice_may_have_only_work_that_is_not_charged(books: Books) -> None:
    free = {"billing_type": "complimentary"}
    books.arrive(*billed(total="0", **free))
    books.journalise()
    books.post_invoices()
    assert books.invoice()["total"] == "0.00"
    assert books.balances() == {}


def test_a_proposal_shows_its_tax_before_it_is_posted(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*billed())
    books.journalise()
    assert books.proposal()["lines"][0]["sales_tax_amount"] == "320.00"


def test_tax_11_an_edit_while_the_proposal_is_posted_is_posted_too(books: Books) -> None:
    """It comes between what the posting has read and what it writes: it reads again."""
    books.use(finance(TAXED))
    books.arrive(*billed())
    books.journalise()
    line = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    with before_transaction(books, 0, lambda: books.world.edit("edit", **line, sales_tax_group="EXP")):
        books.post_invoices()
    assert books.invoice()["total"] == "1600.00"


def test_tax_11_the_tax_groups_of_a_line_can_be_changed_until_it_is_posted(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*billed())
    books.journalise()
    line = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    assert books.edit("edit", **line, sales_tax_group="EXP") == "done"
    books.post_invoices()
    assert books.invoice()["total"] == "1600.00"
    assert "already_posted" in books.edit("edit", **line, sales_tax_group="DOM")
