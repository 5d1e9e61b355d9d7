"""99-25, INV-08, INV-11, INV-14: an actual is continued once; what comes second waits until the first is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import LineKind, TransactionClass
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.store.invoices import HEADER
from project_invoicing.store.items import Item
from project_invoicing.store.staged_rows import taker_of
from project_invoicing.store.transactions import scan, transact, update
from project_invoicing.use_cases.explain.actuals import explain_actual
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.proposals import pages as proposal_pages
from project_invoicing.use_cases.reconciliation.repair import Repairs
from project_invoicing.use_cases.reconciliation.run import Reconciliation
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.use_cases.staging.import_rows import StagingImport
from project_invoicing.use_cases.staging.prevalidate import NoRegister
from tests.builders import Context, connection, guid, proforma
from tests.rules.books import Books
from tests.rules.stories import approval, bill, billed, bills, confirmation, cost, reverses, sale

WIP = "wip_sales_value"
LATER = "2026-09-02T12:00:00Z"


def second_bill(name: str = "again", unbilled: str = "work/unbilled", **columns: Any) -> list[Context]:
    """Another proforma that bills the same unbilled sale."""
    return [
        bill(name, invoice="inv-2", **columns),
        bills(name, unbilled),
        proforma("inv-2", number="INV-0002"),
    ]


def credit(name: str, number: int, original: str = "work/billed") -> list[Context]:
    return [
        bill(name, "-8", invoice=f"inv-{number}"),
        reverses(name, original),
        proforma(f"inv-{number}", number=f"INV-000{number}", total="-1600", has_corrections=True),
    ]


def run(books: Books) -> None:
    """Everything that can be imported and posted is."""
    books.journalise()
    books.import_staging()
    books.post_invoices()


def taken_by(books: Books, name: str) -> str | None:
    item = Stores.read(books.world.client, books.world.names).staging.item(guid(name))
    return taker_of(item) if item else None


def why(books: Books, name: str) -> tuple[str, str | None]:
    row = books.row(name)
    return row["state"], row["reason"]


# --- billed once ------------------------------------------------------------------------------------------------------


def test_what_waits_names_the_first_document_line_actual_and_amount(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    books.arrive(*second_bill())
    books.import_staging()
    (wait,) = books.proposal("INV-0002")["waiting_for"]
    assert (wait["reason"], wait["actual_id"]) == ("already_billed", guid("work/billed"))
    assert wait["detail"] == (
        f"actual {guid('again')} bills {guid('work/unbilled')}, which is billed by actual {guid('work/billed')} "
        "for 1600.00 USD, line 1 of proposal INV-0001"
    )
    assert why(books, "again") == ("pending", "already_billed")
    run(books)
    books.import_staging()
    (wait,) = books.proposal("INV-0002")["waiting_for"]
    assert wait["detail"].endswith(f"posted with voucher {books.invoice()['voucher']}")
    assert books.balances() == {"invoiced_revenue": Decimal(-1600), "customer_balance": Decimal(1600)}


def test_lines_that_are_deleted_to_be_built_anew_take_what_they_had(books: Books) -> None:
    """Whatever comes first in the queue: the second is looked at last."""
    for first, second in (("inv-1", "inv-2"), ("inv-2", "inv-1")):
        number = {"inv-1": "INV-0001", "inv-2": "INV-0002"}
        name = f"of {first}"
        books.arrive(
            sale(f"{name}/unbilled"), bill(f"{name}/first", invoice=f"{name}/{first}"),
            bills(f"{name}/first", f"{name}/unbilled"), proforma(f"{name}/{first}", number=f"{name} {number[first]}"),
        )  # fmt: skip
        books.journalise()
        books.arrive(
            bill(f"{name}/second", invoice=f"{name}/{second}"), bills(f"{name}/second", f"{name}/unbilled"),
            proforma(f"{name}/{second}", number=f"{name} {number[second]}"),
        )  # fmt: skip
        books.import_staging()
        assert books.edit("delete_lines", company="USPM", proposal_id=f"{name} {number[first]}") == "done"
        assert taken_by(books, f"{name}/unbilled") is None
        books.import_staging()
        assert taken_by(books, f"{name}/unbilled") == guid(f"{name}/first")
        assert why(books, f"{name}/second") == ("pending", "already_billed")


def test_the_second_is_billed_once_the_first_bills_something_else(books: Books) -> None:
    """The connection of the first is corrected: its lines are built anew, and what they took is free."""
    books.arrive(*billed(), sale("other/unbilled"))
    books.journalise()
    books.arrive(*second_bill())
    books.import_staging()
    assert books.reasons("INV-0002") == ["already_billed"]
    link = "work/billed-work/unbilled"
    books.arrive(connection(link, "work/billed", "Billed Sales", "other/unbilled", "Unbilled Sales", at=LATER))
    books.import_staging()
    books.import_staging()
    assert taken_by(books, "other/unbilled") == guid("work/billed")
    assert taken_by(books, "work/unbilled") == guid("again")
    books.post_invoices()
    assert books.balances() == {"invoiced_revenue": Decimal(-3200), "customer_balance": Decimal(3200)}


def test_a_connection_that_comes_twice_changes_no_line_that_a_person_has_edited(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    line = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    assert books.edit("edit", **line, sales_tax_group="EXP") == "done"
    books.arrive(bills("work/billed", "work/unbilled"))
    books.import_staging()
    assert books.proposal()["lines"][0]["sales_tax_group"] == "EXP"
    assert books.proposal()["status"] == "ready"


def test_of_two_on_one_proforma_one_is_billed_when_the_other_bills_something_else(books: Books) -> None:
    books.arrive(*billed(total="3200"), bill("twin"), bills("twin", "work/unbilled"), sale("other/unbilled"))
    books.journalise()
    states = sorted(why(books, name) for name in ("twin", "work/billed"))
    assert states == [("pending", "already_billed")] * 2  # one has this reason for itself, the other its proposal's
    assert len(books.proposal()["waiting_for"]) == 1
    link = connection("twin-work/unbilled", "twin", "Billed Sales", "other/unbilled", "Unbilled Sales", at=LATER)
    books.arrive(link)
    run(books)
    assert books.invoice()["total"] == "3200.00"
    assert not books.balances().keys() & {WIP}


def test_work_without_money_that_comes_late_takes_nothing_from_others(books: Books) -> None:
    free: dict[str, Any] = {"billing_type": "complimentary"}
    books.arrive(*billed(), *billed("more", invoice="inv-2", number="INV-0002"))
    books.journalise()
    books.arrive(bill("late", **free), bills("late", "more/unbilled"))
    books.import_staging()
    assert why(books, "late") == ("pending", "already_billed")
    run(books)
    assert why(books, "late") == ("pending", "already_billed")
    books.arrive(sale("free/unbilled", **free), bill("free", **free), bills("free", "free/unbilled"))
    run(books)
    assert (books.state("free"), taken_by(books, "free/unbilled")) == ("posted", guid("free"))


def test_a_proposal_that_waits_as_the_second_holds_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two proposals, each half written, wait for what the other one holds: both give it back."""
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 1)
    books.arrive(sale("one"), sale("two"))
    books.journalise()
    for number, first, then in ((1, "one", "two"), (2, "two", "one")):
        books.arrive(
            bill(f"{number} {first}", invoice=f"inv-{number}", start="2026-08-01"),
            bills(f"{number} {first}", first),
            bill(f"{number} {then}", invoice=f"inv-{number}", start="2026-08-02"),
            bills(f"{number} {then}", then),
            proforma(f"inv-{number}", number=f"INV-000{number}", total="3200"),
        )
    names = books.world.names
    stores = Stores.read(books.world.client, names)
    for number, first in ((1, "one"), (2, "two")):  # as if two imports had died after their first page
        header = stores.proposals.get(guid(f"inv-{number}"))
        assert header
        (row,) = stores.staging.rows([guid(f"{number} {first}")]).values()
        accrual = stores.staging.rows([guid(first)])[guid(first)].accrual
        assert accrual
        line = ProposalLine(
            line_number=1,
            actual_id=row.id,
            kind=LineKind.HOUR,
            transaction_class=TransactionClass.TIME,
            quantity=Decimal(8),
            unit_price=Decimal(200),
            amount=Decimal(1600),
            accruals=(accrual,),
            took=guid(first),
        )
        filled = stores.proposals.changing(header)
        filled.filled(1, stores.setup.version, None)
        transact(
            books.world.client,
            [
                stores.staging.proposed(row, "USPM", header.number, 1),
                stores.staging.take(guid(first), row.id),
                stores.proposals.page(header.id, [line]),
                filled.write(),
            ],
        )
    books.import_staging()
    books.import_staging()
    statuses = sorted(books.proposal(f"INV-000{number}")["status"] for number in (1, 2))
    assert statuses == ["ready", "waiting"]
    books.post_invoices()
    assert not books.balances().keys() & {WIP}


# --- taken back once --------------------------------------------------------------------------------------------------


def test_a_second_credit_waits_until_the_lines_of_the_first_are_gone(books: Books) -> None:
    books.arrive(*billed())
    run(books)
    books.arrive(*credit("back", 2), *credit("back again", 3))
    books.import_staging()
    first, second = sorted([2, 3], key=lambda number: books.proposal(f"INV-000{number}")["status"])
    assert books.reasons(f"INV-000{second}") == ["already_credited"]
    taker = taken_by(books, "work/billed")
    link = {guid("back"): "back", guid("back again"): "back again"}[str(taker)]
    books.arrive(connection(f"{link}-work/billed", link, "Reversing", "x", "Original", message="Delete", at=LATER))
    books.import_staging()
    books.import_staging()
    books.post_invoices()
    assert books.proposal(f"INV-000{first}")["status"] == "waiting"
    assert books.invoice(f"INV-000{second}")["total"] == "-1600.00"
    assert books.balances() == {}


def test_a_credit_may_be_on_the_proforma_of_what_it_takes_back(books: Books) -> None:
    books.arrive(*billed(total="0"), bill("back", "-8"), reverses("back", "work/billed"))
    run(books)
    assert [line["amount"] for line in books.proposal()["lines"]] == ["1600.00", "-1600.00"]
    assert taken_by(books, "work/billed") == guid("back")
    assert books.edit("delete_lines", company="USPM", proposal_id="INV-0001") != "done"  # it is posted


def test_such_lines_are_deleted_and_built_anew(books: Books) -> None:
    books.arrive(*billed(total="0"), bill("back", "-8"), reverses("back", "work/billed"))
    books.journalise()
    books.import_staging()
    assert books.edit("delete_lines", company="USPM", proposal_id="INV-0001") == "done"
    assert taken_by(books, "work/billed") is taken_by(books, "work/unbilled") is None
    books.import_staging()
    assert taken_by(books, "work/billed") == guid("back")


def test_a_milestone_that_never_arrived_is_credited_once(books: Books) -> None:
    fixed: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}
    for number, name in ((2, "back"), (3, "back again")):
        books.arrive(
            bill(name, "-1", "5000", invoice=f"inv-{number}", **fixed),
            reverses(name, "milestone"),
            proforma(f"inv-{number}", number=f"INV-000{number}", total="-5000"),
        )
    books.import_staging()
    assert sorted(books.proposal(f"INV-000{number}")["status"] for number in (2, 3)) == ["ready", "waiting"]
    books.arrive(bill("milestone", "1", "5000", **fixed), proforma("inv-1", total="5000"))
    run(books)
    assert books.balances() == {}
    assert sorted(books.proposal(f"INV-000{number}")["status"] for number in (2, 3)) == ["posted", "waiting"]


@pytest.mark.parametrize("sold", [True, False], ids=["sale", "cost"])
def test_a_sale_or_a_cost_is_reversed_once_on_journals(books: Books, sold: bool) -> None:
    make = sale if sold else cost
    books.arrive(make("work"), make("back", "-8"), reverses("back", "work"))
    books.import_staging()
    assert taken_by(books, "work") == guid("back")
    books.arrive(make("back again", "-8"), reverses("back again", "work"))
    books.import_staging()
    assert why(books, "back again") == ("pending", "already_credited")
    run(books)
    assert books.balances() == {}
    assert why(books, "back again") == ("pending", "already_credited")


def test_of_two_reversals_that_come_together_one_waits_and_follows_when_the_first_line_is_deleted(books: Books) -> None:
    books.arrive(sale("work"), *(sale(name, "-8") for name in ("back", "again")))
    books.arrive(reverses("back", "work"), reverses("again", "work"))
    books.import_staging()
    assert sorted(books.state(name) for name in ("back", "again")) == ["imported", "pending"]
    assert books.edit("delete_lines", company="USPM", journal_id="USPM-000001") == "deleted"
    assert taken_by(books, "work") is None
    run(books)
    assert sorted(books.state(name) for name in ("back", "again")) == ["pending", "posted"]
    assert books.balances() == {}


def test_inv_11_what_was_reversed_is_not_billed(books: Books) -> None:
    """TM-07, and a proforma that bills the cancelled work all the same."""
    books.arrive(*approval(), sale("back", "-8"), reverses("back", "work/unbilled"))
    books.journalise()
    books.arrive(bill("work/billed"), bills("work/billed", "work/unbilled"), proforma("inv-1"))
    run(books)
    assert books.reasons() == ["already_credited"]
    assert "of journal USPM-000001, posted with voucher" in books.proposal()["waiting_for"][0]["detail"]
    assert WIP not in books.balances()


def test_inv_14_what_was_billed_is_not_reversed_on_a_journal(books: Books) -> None:
    """TM-11 whose reversal lacks Skip Sync: the invoice has taken the accrual back."""
    books.arrive(*approval())
    books.journalise()
    books.arrive(*confirmation())
    books.import_staging()
    books.arrive(sale("late", "-8"), reverses("late", "work/unbilled"))
    run(books)
    assert why(books, "late") == ("pending", "already_billed")
    assert WIP not in books.balances()
    assert books.invoice()["total"] == "1600.00"


def test_a_reversal_that_is_told_later_what_it_takes_back_takes_it_or_leaves_its_journal(books: Books) -> None:
    books.arrive(sale("work"), sale("back", "-8"), sale("again", "-8"))
    books.import_staging()
    books.arrive(reverses("back", "work"))
    books.import_staging()
    assert taken_by(books, "work") == guid("back")
    books.arrive(reverses("again", "work"))
    books.import_staging()
    assert why(books, "again") == ("pending", "already_credited")
    books.arrive(connection("back-work", "back", "Reversing", "work", "Original", message="Delete", at=LATER))
    books.import_staging()
    books.import_staging()
    assert taken_by(books, "work") == guid("again")


# --- what a version before has made -----------------------------------------------------------------------------------


def forget_marks(books: Books) -> None:
    """The tables as a version wrote them that marked nothing."""
    client, names = books.world.client, books.world.names
    for table in (names.staging_table, names.proposals_table, names.journals_table):
        for item in list(scan(client, table)):
            if "tk" in item or "took" in str(item.get("l", "")):
                values: Item = {"tk": None}
                if "l" in item:
                    page = json.loads(item["l"])
                    at = page["c"].index("took")
                    values = {"l": json.dumps({key: [_without(one, at) for one in page[key]] if key == "r" else
                                               _without(page[key], at) for key in page})}  # fmt: skip
                transact(client, [update(table, item["pk"], item["sk"], values, expected={"never": None})])
    books._result = None


def _without(values: list[Any], at: int) -> list[Any]:
    return values[:at] + values[at + 1 :]


def stores_of(books: Books) -> Stores:
    books._ready()
    return Stores.read(books.world.client, books.world.names)


def differences(books: Books) -> dict[str, list[Any]]:
    outcome = Reconciliation(stores_of(books), None, books.world.at, lambda: True).run()
    return {name: check.found for name, check in outcome.checks.items() if check.total}


def repaired(books: Books) -> None:
    published: list[Any] = []
    found = [one for some in differences(books).values() for one in some]

    def publish(events: Any) -> list[int]:
        published.extend(events)
        return []

    Repairs(stores_of(books), None, publish, books.world.at).everything(found)
    stores = stores_of(books)
    tables = (stores.staging, stores.journals, stores.proposals, stores.ledger)
    run_of = StagingImport(*tables, stores.setups, books.world.at, NoRegister(), lambda: stores.setups)
    for event in published:
        run_of.everything(ImportStaging.of(event.detail))
    books._result = None


def test_what_was_posted_before_is_named_and_marked_and_not_billed_again(books: Books) -> None:
    books.arrive(*billed(), cost("work"), cost("back", "-8"), reverses("back", "work"))
    run(books)
    forget_marks(books)
    found = differences(books)
    assert [(one.entity, one.id) for one in found.pop("not_marked")] == [
        ("invoice", guid("inv-1")),
        ("msdyn_actual", guid("back")),
    ]
    assert found == {}
    repaired(books)
    assert differences(books) == {}
    books.arrive(*second_bill(), cost("again-cost", "-8"), reverses("again-cost", "work"))
    run(books)
    assert books.reasons("INV-0002") == ["already_billed"]
    assert why(books, "again-cost") == ("pending", "already_credited")


@pytest.mark.parametrize("posted_first", [True, False], ids=["posting", "import"])
def test_what_was_ready_before_is_marked_by_its_posting_or_the_next_import(books: Books, posted_first: bool) -> None:
    books.arrive(*billed())
    books.journalise()
    forget_marks(books)
    if not posted_first:
        books.import_staging()
        assert taken_by(books, "work/unbilled") == guid("work/billed")
        assert books.edit("delete_lines", company="USPM", proposal_id="INV-0001") == "done"
        assert taken_by(books, "work/unbilled") is None
        books.import_staging()
    books.post_invoices()
    assert taken_by(books, "work/unbilled") == guid("work/billed")
    books.arrive(*second_bill())
    run(books)
    assert books.reasons("INV-0002") == ["already_billed"]


def test_what_was_ready_before_is_not_posted_when_another_document_was_faster(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    forget_marks(books)
    books.arrive(*second_bill())
    books.import_staging(proposal_id="INV-0002")
    books.post_invoices()
    assert [one["proposal_id"] for one in books.result["invoices"]] == ["INV-0002"]
    books.import_staging()
    assert books.reasons() == ["already_billed"]
    assert WIP not in books.balances()


def test_a_page_of_ninety_lines_that_was_marked_since_is_deleted_in_two_transactions(books: Books) -> None:
    works = [f"work {n}" for n in range(60)]
    books.arrive(*billed(*works, total=str(60 * 1600)))
    books.journalise()
    forget_marks(books)
    merge_pages(books)
    books.import_staging()
    assert {taken_by(books, f"{work}/unbilled") for work in works} == {guid(f"{work}/billed") for work in works}
    assert books.edit("delete_lines", company="USPM", proposal_id="INV-0001") == "done"
    assert {taken_by(books, f"{work}/unbilled") for work in works} == {None}
    books.import_staging()
    assert len(books.proposal()["lines"]) == 60


def merge_pages(books: Books) -> None:
    """All lines of the proposal on one page, as up to ninety were before."""
    stores = stores_of(books)
    header = stores.proposals.get(guid("inv-1"))
    assert header
    table = stores.proposals.table
    first, *others = stores.proposals.pages(header.id)
    lines = [line for page in (first, *others) for line in page.lines]
    transact(
        books.world.client,
        [
            stores.proposals.edited_page(header.id, first, lines),
            *(stores.proposals.without_page(header.id, page) for page in others),
            update(table, f"PROPOSAL#{header.id}", HEADER, {"pg": 1}, expected={"pg": header.pages}),
        ],
    )


# --- reconciliation and explain ---------------------------------------------------------------------------------------


def test_books_that_have_billed_twice_name_both_actuals_and_documents(books: Books) -> None:
    books.arrive(*billed())
    run(books)
    forget_marks(books)
    books.arrive(*second_bill())
    run(books)
    assert books.balances()[WIP] == Decimal(-1600)
    found = differences(books)
    (twice,) = found.pop("taken_twice")
    assert (twice.id, twice.amount, twice.currency, twice.company) == (guid("again"), Decimal(1600), "USD", "USPM")
    assert twice.detail == (
        f"{guid('work/unbilled')} is billed by {guid('work/billed')}, line 1 of proposal INV-0001 "
        f"(invoice FTI-00000001), and is billed by {guid('again')}, line 1 of proposal INV-0002 (invoice FTI-00000002)"
    )
    assert list(found) == ["not_marked"]


def test_books_that_have_credited_or_reversed_twice_name_both(books: Books) -> None:
    books.arrive(*billed(), cost("work"), cost("back", "-8"), reverses("back", "work"))
    run(books)
    books.arrive(*credit("back-1", 2))
    run(books)
    forget_marks(books)
    books.arrive(*credit("back-2", 3), cost("back again", "-8"), reverses("back again", "work"))
    run(books)
    twice = differences(books)["taken_twice"]
    assert {(one.id, one.amount) for one in twice} == {
        (guid("back-2"), Decimal(-1600)),
        (guid("back again"), Decimal(-800)),
    }


def test_a_mark_of_what_is_on_no_document_is_named(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    stores = stores_of(books)
    transact(books.world.client, [stores.staging.take(guid("nobody"), guid("nothing"))])
    (found,) = differences(books)["not_marked"]
    assert (found.id, found.repair) == (guid("nobody"), None)
    assert guid("nothing") in found.detail


def test_explain_says_it_from_both_sides(books: Books) -> None:
    books.arrive(*billed())
    run(books)
    books.arrive(*second_bill())
    books.import_staging()
    first = explain_actual(stores_of(books), guid("work/unbilled"))
    assert first
    assert any(
        f"is billed by actual {guid('work/billed')} for 1600.00 USD, line 1 of proposal INV-0001" in one
        for one in happenings(first)
    )
    assert ("is billed by", guid("work/billed")) in {(one["role"], one["id"]) for one in first.linked}
    second = explain_actual(stores_of(books), guid("again"))
    assert second
    (blocks,) = second.waits_for
    assert (blocks["reason"], blocks["actual_id"], blocks["document"]) == (
        "already_billed",
        guid("work/billed"),
        "INV-0001",
    )
    assert any("one of the two is too much" in one for one in second.next)


def happenings(made: Any) -> Iterator[str]:
    for one in made.history:
        yield one["what"]
