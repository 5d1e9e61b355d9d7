"""A project that gets another number posts its drafts to the same books, whoever is faster: the posting or the event.

Three orders: the event changes the draft, and then it is posted; it is posted before anybody has heard of the change;
and it is posted from a draft that an import has written after the event had found none (D-123).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.staging import import_rows
from tests import master
from tests.builders import Context, guid, option, proforma
from tests.faults import Killed, dying, overtaken
from tests.rules.books import Books
from tests.rules.finance import ACCOUNTS, finance, second_company
from tests.rules.invoices.test_intercompany_invoices import AUGUST, between_companies, sold
from tests.rules.stories import bill, bills, cost, sale
from tests.rules.test_waking import comes, drafted_line, set_finance
from tests.thorough import thorough

NewBooks = Callable[[], Books]
Order = Callable[[Books, Context, Callable[[], object]], None]
LATER: dict[str, Any] = {"message": "Update", "at": "2026-08-29T10:00:00Z"}
OF_TWO: dict[str, Any] = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "L-1", "customer": None}
PRJ_2B = master.project("PRJ-2", number="PRJ-2B", contract="CTR-2", **LATER)
CTR_2B = master.contract("CTR-2", number="CTR-2B", customer="C-001", **LATER)


def policy() -> dict[str, Any]:
    """The group of a project, its number and that of its contract decide the accounts; fixed prices are not accrued."""
    to: list[dict[str, Any]] = [{"posting_type": name, "account": account} for name, account in ACCOUNTS.items()]
    to += [{"posting_type": "cost", "account": "540199", "project_group": "FIXED"}]
    to += [{"posting_type": "payroll_allocation", "account": "600399", "project": "PRJ-2B"}]
    to += [{"posting_type": "invoiced_revenue", "account": "411199", "project": "PRJ-2B"}]
    return finance(
        ledger_posting={"USPM": to},
        defaults={"project_groups": {"USPM": {"fixed_price": "FIXED", "time_and_material": "TM"}}},
    )


def event_first(books: Books, change: Context, post: Callable[[], object]) -> None:
    comes(books, change)
    post()


def posting_first(books: Books, change: Context, post: Callable[[], object]) -> None:
    books.arrive(change)
    post()
    books.world.drain()


ORDERS = (event_first, posting_first)


@pytest.fixture
def books(new_books: NewBooks) -> Books:
    """PRJ-2 of CTR-2, whose line L-1 has a fixed price. A cost of it is on a draft."""
    return ready(new_books())


def ready(books: Books, document: dict[str, Any] | None = None) -> Books:
    books.use(document or policy())
    line = master.contract_line("L-1", "CTR-2", project="PRJ-2", msdyn_billingmethod=option(192350001))
    comes(books, master.company("USPM"), master.contract("CTR-2", customer="C-001"), line)
    comes(books, master.project("PRJ-2", contract="CTR-2"))
    books.arrive(cost("one", **OF_TWO), cost("other"))
    books.import_staging()
    assert drafted_line(books, "one").project == "PRJ-2"
    return books


def post_journals(books: Books) -> Callable[[], object]:
    return lambda: books.run("journal_posting")


def ledger(books: Books) -> list[Any]:
    books._result = None
    return books.result["vouchers"]


@pytest.mark.parametrize("change", [PRJ_2B, CTR_2B], ids=["project", "contract"])
def test_a_draft_is_posted_the_same_before_and_after_the_event_of_a_new_number(
    new_books: NewBooks, change: Context
) -> None:
    found = []
    for order in ORDERS:
        books = ready(new_books())
        order(books, change, post_journals(books))
        assert books.state("one") == "posted"
        found.append((ledger(books), drafted_line(books, "one")))
    assert found[0] == found[1]
    accounts = [line["account"] for voucher in found[1][0] for line in voucher["lines"]]
    assert "540199" in accounts  # its group is known by the billing method of its line
    assert ("600399" in accounts) is (change is PRJ_2B)


@pytest.mark.slow
def test_a_draft_that_an_import_writes_after_the_event_has_found_none_is_posted_under_the_new_number(
    new_books: NewBooks,
) -> None:
    books = ready(new_books())
    event_first(books, PRJ_2B, post_journals(books))
    expected = ledger(books)

    def renumbered(books: Books) -> None:
        books.world.deliver(PRJ_2B)
        for event in books.world.unsent():
            if event.detail_type == "MasterDataChanged":
                books.world.tell("staging_import", event)

    old = 0
    for at in range(1, 40, thorough(4, 1)):
        books = new_books()
        books.use(policy())
        line = master.contract_line("L-1", "CTR-2", project="PRJ-2", msdyn_billingmethod=option(192350001))
        comes(books, master.company("USPM"), master.contract("CTR-2", customer="C-001"), line)
        comes(books, master.project("PRJ-2", contract="CTR-2"))
        books.arrive(cost("one", **OF_TWO), cost("other"))
        # As an import that dies before it looks again at what its lines hang on (D-155).
        with (
            patch.object(import_rows, "changed_meanwhile", lambda _: []),
            overtaken(books.world.client, at, lambda books=books: renumbered(books)),  # type: ignore[misc]
        ):
            books.run("staging_import")
        old += drafted_line(books, "one").project == "PRJ-2"
        books.run("journal_posting")
        if drafted_line(books, "one").project == "PRJ-2":
            break  # the import was through before it happened
        assert ledger(books) == expected, f"renumbered before request {at}"
    assert old > 1


@pytest.mark.parametrize("order", ORDERS)
def test_finances_own_columns_go_with_the_project_and_not_to_the_next_that_has_its_number(
    new_books: NewBooks, order: Order
) -> None:
    books = ready(new_books())
    books.use(finance(("contracts.CTR-1.company", "USPM"), ledger_posting=policy()["ledger_posting"]))
    set_finance(books, Part.PROJECTS, "PRJ-2", {}, {"group": "FIXED"})
    order(books, PRJ_2B, lambda: books.run("journal_posting"))
    assert "540199" in [line["account"] for voucher in ledger(books) for line in voucher["lines"]]
    comes(books, master.project("PRJ-3", number="PRJ-2", contract="CTR-1"))
    keys = [NameKey(Part.PROJECTS, "USPM", number) for number in ("PRJ-2", "PRJ-2B")]
    found = MasterData(books.world.client, books.world.names.master_data_table).read(keys)
    assert [getattr(found[key], "finance", None) for key in keys] == [{}, {"group": "FIXED"}]


@pytest.mark.parametrize("order", ORDERS)
def test_rules_that_name_the_old_number_go_on_applying_to_the_project(new_books: NewBooks, order: Order) -> None:
    """Profile, account and dimensions are those that a draft of PRJ-2 would be posted with (D-156)."""
    document = policy()
    document["profiles"] |= {"WIP": {"billing_method": "fixed_price", "post_costs": {"time": "balance"}}}
    document["profile_rules"] += [{"company": "USPM", "profile": "WIP", "project": "PRJ-2"}]
    document["ledger_posting"]["USPM"] += [{"posting_type": "wip_cost_value", "account": "999", "project": "PRJ-2"}]
    document["dimension_rules"] = [{"company": "USPM", "project": "PRJ-2", "dimensions": {"CostCenter": "007"}}]

    def posted(change: Context | None) -> list[tuple[str, Any]]:
        books = ready(new_books(), document)
        books.arrive(cost("two", **OF_TWO))
        if change is None:
            books.journalise()
        elif order is event_first:
            comes(books, change)
            books.journalise()
        else:
            books.import_staging()
            order(books, change, post_journals(books))
        lines = [line for voucher in ledger(books) for line in voucher["lines"]]
        return [(line["account"], line["dimensions"]) for line in lines if line["posting_type"] != "payroll_allocation"]

    expected = posted(None)
    assert "999" in [account for account, _ in expected]
    assert posted(PRJ_2B) == expected


class TestTheNumberOfAnother:
    """PRJ-2 becomes PRJ-2B, and PRJ-3, which has a draft as well, takes the number PRJ-2."""

    @pytest.fixture
    def swapped(self, books: Books) -> Books:
        comes(books, master.project("PRJ-3", contract="CTR-1"))
        books.arrive(cost("three", project="PRJ-3", contract=None, contract_line=None, customer=None))
        books.import_staging()
        books.arrive(PRJ_2B, master.project("PRJ-3", number="PRJ-2", contract="CTR-1", **LATER))
        assert [drafted_line(books, name).project for name in ("one", "three")] == ["PRJ-2", "PRJ-3"]
        return books

    @pytest.mark.parametrize("heard", [True, False], ids=["event first", "posting first"])
    def test_each_line_is_posted_for_its_own_project(self, swapped: Books, heard: bool) -> None:
        if heard:
            swapped.world.drain()
        swapped.run("journal_posting")
        swapped._result = None
        assert [drafted_line(swapped, name).project for name in ("one", "three", "other")] == [
            "PRJ-2B",
            "PRJ-2",
            "PRJ-1",
        ]
        accounts = {
            line["project"]: line["account"]
            for voucher in swapped.result["vouchers"]
            for line in voucher["lines"]
            if line["posting_type"] == "payroll_allocation"
        }
        assert accounts == {"PRJ-2B": "600399", "PRJ-2": "600300", "PRJ-1": "600300"}

    def test_a_line_whose_actual_names_neither_is_refused_until_it_is_brought_up_to_date(self, swapped: Books) -> None:
        swapped.arrive(cost("one", **{**OF_TWO, "project": "PRJ-1"}, **LATER | {"changed": ["msdyn_project"]}))
        swapped.run("journal_posting")
        swapped._result = None
        row = swapped.journal_line("one")
        assert row["error"] == (
            "reference_missing: project PRJ-2 of USPM has passed its number on to another, and the line does not say"
            " whose it is; the next import brings the line up to date"
        )
        swapped.import_staging()
        assert drafted_line(swapped, "one").project == "PRJ-1"


def test_a_line_whose_project_has_left_the_company_is_not_posted_there(new_books: NewBooks) -> None:
    books = new_books()
    books.use(second_company(finance()))
    comes(books, master.company("USPM"), master.company("GBPM"), master.project("PRJ-7", contract="CTR-1"))
    of_seven: dict[str, Any] = {"project": "PRJ-7", "contract": None, "contract_line": None, "customer": None}
    books.arrive(cost("one", **of_seven), cost("other"))
    books.import_staging()
    books.arrive(master.project("PRJ-7", contract="CTR-2", company="GBPM", **LATER))
    books.run("journal_posting")
    assert books.state("other") == "posted"
    assert books.journal_line("one")["error"] == (
        "reference_missing: project PRJ-7 of USPM is PRJ-7 of GBPM now; the next import brings the line up to date"
    )
    books.import_staging()
    assert (books.state("one"), books.row("one")["company"]) == ("imported", "GBPM")


@pytest.mark.parametrize("order", ORDERS)
def test_a_lenders_line_follows_the_new_number_of_the_borrowers_project(new_books: NewBooks, order: Order) -> None:
    books = new_books()
    books.use(between_companies())
    comes(books, master.company("USPM"), master.company("GBPM"), master.project("PRJ-2", contract="CTR-1"))
    books.arrive(sale("work/unbilled", "10", project="PRJ-2"), sold("sold", project="PRJ-2"))
    books.import_staging()
    renumbered = master.project("PRJ-2", number="PRJ-2B", contract="CTR-1", **LATER)
    order(books, renumbered, lambda: books.run("journal_posting"))
    assert books.state("sold") == "posted"
    assert drafted_line(books, "sold", "GBPM").project == "PRJ-2B"
    books.edit("intercompany_invoice", **AUGUST)

    again = master.project("PRJ-2", number="PRJ-2C", contract="CTR-1", **LATER | {"at": "2026-08-30T10:00:00Z"})
    books.import_staging()
    order(books, again, lambda: books.run("invoice_posting"))
    (invoice,) = books.result["invoices"]
    proposals = Proposals(books.world.client, books.world.names.proposals_table, ())
    (line,) = proposals.invoices.lines("GBPM", invoice["invoice_number"])
    assert line.project == "PRJ-2C"


# --- proposals --------------------------------------------------------------------------------------------------------


def proposed(books: Books) -> Books:
    ready(books)
    of_two = [sale("two/unbilled", **OF_TWO), bill("two/billed", **OF_TWO), bills("two/billed", "two/unbilled")]
    of_one = [sale("1/unbilled"), bill("1/billed"), bills("1/billed", "1/unbilled")]
    books.arrive(proforma("inv-1", contract="CTR-2", total="3200"), *of_two, *of_one)
    books.journalise()
    assert books.proposal()["status"] == "ready"
    return books


def stored(books: Books) -> tuple[Proposals, str]:
    return Proposals(books.world.client, books.world.names.proposals_table, ()), guid("inv-1")


@pytest.mark.parametrize("change", [PRJ_2B, CTR_2B], ids=["project", "contract"])
def test_a_proposal_is_invoiced_the_same_before_and_after_the_event_of_a_new_number(
    new_books: NewBooks, change: Context
) -> None:
    found = []
    for order in ORDERS:
        books = proposed(new_books())
        order(books, change, lambda books=books: books.run("invoice_posting"))  # type: ignore[misc]
        books._result = None
        found.append((books.invoice(), ledger(books)))
    assert found[0] == found[1]
    revenue = {
        line["project"]: line["account"]
        for line in found[1][1][-1]["lines"]
        if line["posting_type"] == "invoiced_revenue"
    }
    expected = {"PRJ-2B": "411199"} if change is PRJ_2B else {"PRJ-2": "411100"}
    assert revenue == {"PRJ-1": "411100", **expected}


def test_a_preview_shows_the_numbers_that_a_posting_would_use_and_writes_nothing(new_books: NewBooks) -> None:
    books = proposed(new_books())
    books.arrive(PRJ_2B)
    (shown,) = books.world.edit("preview", proposal_id="INV-0001")["previews"]
    assert {line["project"] for line in shown["voucher"]["lines"]} == {None, "PRJ-1", "PRJ-2B"}
    proposals, id = stored(books)
    assert {line.project for line in proposals.lines(id)} == {"PRJ-1", "PRJ-2"}


@pytest.mark.slow
def test_a_posting_that_dies_while_it_renumbers_a_proposal_ends_as_if_it_had_not(new_books: NewBooks) -> None:
    expected: Any = None
    for at in range(0, 30, thorough(3, 1)):
        books = proposed(new_books())
        books.arrive(PRJ_2B)
        alive = False
        try:
            with dying(books.world.client, at or 99, applied=bool(at % 2)):
                books.run("invoice_posting")
            alive = at > 0
        except Killed:
            books.arrive(master.project("PRJ-2", number="PRJ-2C", contract="CTR-2", **LATER | {"row_version": 99}))
            books.world.drain()
            books.run("invoice_posting")
        books._result = None
        made = (books.invoice()["total"], books.balances())
        expected = expected or made
        assert made == expected, f"died at request {at}"
        if alive:
            return
    raise AssertionError("posting needs more requests than expected")


@pytest.mark.slow
def test_an_invoice_has_the_numbers_of_its_proposal_though_they_change_again_while_it_is_posted(
    new_books: NewBooks,
) -> None:
    """Else whoever goes on after a crash would compute it with other numbers than it was begun with."""
    again = master.project("PRJ-2", number="PRJ-2C", contract="CTR-2", **LATER | {"at": "2026-08-30T10:00:00Z"})
    found = set()
    for at in range(1, 60, thorough(3, 1)):
        books = proposed(new_books())
        books.arrive(PRJ_2B)
        with overtaken(books.world.client, at, lambda books=books: books.world.deliver(again)):  # type: ignore[misc]
            books.run("invoice_posting")
        proposals, id = stored(books)
        header = proposals.get(id)
        assert header is not None
        if header.invoice_number is None:
            continue  # refused, and posted by the next run
        of_invoice = {line.project for line in proposals.invoices.lines("USPM", header.invoice_number)}
        assert of_invoice == {line.project for line in proposals.lines(id)}, f"renumbered before request {at}"
        found |= of_invoice
        if "PRJ-2C" not in of_invoice and "PRJ-2C" in found:
            break  # it was through before it happened
    assert found == {"PRJ-1", "PRJ-2B", "PRJ-2C"}
