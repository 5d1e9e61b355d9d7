"""Where what is billed once meets other rules: rows that cannot be read, late links and changes, deleted lines."""

from __future__ import annotations

from project_invoicing.store.transactions import transact, update
from project_invoicing.use_cases.explain.stores import Stores
from tests.builders import guid, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import approval, bill, billed, bills, confirmation, reverses, sale
from tests.rules.test_billed_once import forget_marks, run, taken_by, why


def spoil(books: Books, name: str) -> None:
    """The row gets a state that this code does not know."""
    world = books.world
    transact(
        world.client, [update(world.names.staging_table, guid(name), "A", {"st": "of a newer version"}, expected={})]
    )


def test_a_late_row_of_an_old_invoice_that_takes_nothing_stops_no_import(books: Books) -> None:
    milestone = {"transaction_class": "milestone"}
    books.arrive(bill("milestone", **milestone), proforma("inv-1"))
    run(books)
    forget_marks(books)
    books.arrive(bill("late", **milestone), sale("neighbour"))
    books.import_staging()
    assert (why(books, "late")[1], books.state("neighbour")) == ("billed_sales_mismatch", "imported")


def test_what_a_row_that_cannot_be_read_has_taken_is_taken_and_its_neighbours_go_on(books: Books) -> None:
    books.arrive(sale("work"), sale("back", "-8"), reverses("back", "work"))
    books.import_staging()
    spoil(books, "back")
    books.arrive(sale("again", "-8"), reverses("again", "work"), sale("neighbour"))
    books.import_staging()
    assert why(books, "again") == ("pending", "already_credited")
    assert books.state("neighbour") == "imported"


def test_a_link_that_comes_between_import_and_posting_marks_what_it_takes_back(books: Books) -> None:
    books.arrive(sale("work"), sale("back", "-8"))
    books.import_staging()
    books.arrive(reverses("back", "work"))
    books.post_journals()
    books.import_staging()
    assert taken_by(books, "work") == guid("back")
    books.arrive(sale("again", "-8"), reverses("again", "work"))
    run(books)
    assert why(books, "again") == ("pending", "already_credited")
    assert books.balances() == {}


def test_lines_that_are_deleted_to_be_built_anew_come_before_a_reversal_that_waits_on_a_journal(books: Books) -> None:
    books.arrive(*approval())
    books.journalise()
    books.arrive(*confirmation())
    books.import_staging()
    books.arrive(sale("late", "-8"), reverses("late", "work/unbilled"))
    books.import_staging()
    assert why(books, "late") == ("pending", "already_billed")
    assert books.edit("delete_lines", company="USPM", proposal_id="INV-0001") == "done"
    books.import_staging()
    assert (books.proposal()["status"], why(books, "late")[1]) == ("ready", "already_billed")


def test_each_row_that_comes_second_tells_its_own_reason(books: Books) -> None:
    books.arrive(*billed("a", "b", total="3200"))
    books.journalise()
    second = [bill("a2", invoice="inv-2"), bills("a2", "a/unbilled"), bill("b2", invoice="inv-2")]
    books.arrive(*second, bills("b2", "b/unbilled"), proforma("inv-2", number="INV-0002", total="3200"))
    books.import_staging()
    rows = Stores.read(books.world.client, books.world.names).staging.rows([guid("a2"), guid("b2")])
    for name, first in (("a2", "a/billed"), ("b2", "b/billed")):
        row = rows[guid(name)]
        assert row.reason == "already_billed"
        assert guid(first) in str(row.detail)


def test_a_credit_of_what_changed_late_has_the_tax_of_its_own_amount(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*billed())
    run(books)
    books.arrive(bill("work/billed", "16", message="Update", at="2026-09-01T12:00:00Z"))
    books.arrive(
        bill("credit", "-16", invoice="inv-2"),
        reverses("credit", "work/billed"),
        proforma("inv-2", number="INV-0002", total="-3200", has_corrections=True),
    )
    run(books)
    made = books.invoice("INV-0002")
    assert (made["subtotal"], made["sales_tax"]) == ("-3200.00", "-640.00")
