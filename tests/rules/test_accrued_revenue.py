"""Accrued revenue that invoices left: found in what the store really has, corrected, and gone (ARR)."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from local import cli
from project_invoicing.config import settings
from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.domain.calendar import Interval
from project_invoicing.domain.correction_journal import CorrectionJournal, CorrectionLine, CorrectionStatus
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.ledger import ACCRUAL_RECONCILIATION
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.accrued_revenue import Chosen
from project_invoicing.store import rows
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.ledger import entries_of
from project_invoicing.store.ready import Ready
from project_invoicing.store.transactions import get, transact, update
from project_invoicing.use_cases.accrued_revenue import journals as making
from project_invoicing.use_cases.accrued_revenue.find import Found, Sources, find
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.commands.apply import apply
from project_invoicing.use_cases.commands.workplace import Workplace
from project_invoicing.use_cases.explain.stores import Stores
from tests.builders import Context, connection, guid, proforma
from tests.counting import counted
from tests.imbalances import sources as sources_of
from tests.rules.books import Books, before_transaction
from tests.rules.finance import finance
from tests.rules.invoices.test_intercompany_invoices import AUGUST, between_companies, posted, sold
from tests.rules.stories import IN_POUNDS, bill, billed, bills, reverses, sale
from tests.rules.test_lists import cli_of
from tests.rules.test_reconciliation import Side

FIXED: dict[str, Any] = {"contract_line": "CTR-1-FP"}
ACCRUED_BY_FIXED = (
    "profiles.FP",
    {"billing_method": "fixed_price", "on_account": "profit_and_loss", "accrue_revenue": {"time": True}},
)
"""Work on a fixed price accrues, and its proposal does not wait for its journal."""
YEAR = Interval(date(2026, 1, 1), date(2026, 12, 31))
OF = {"company": "USPM"}
LATER = "2026-09-20T12:00:00Z"


WIP, REVENUE = "wip_sales_value", "accrued_revenue_sales_value"


def stores(books: Books) -> Stores:
    return Stores.read(books.world.client, books.world.names)


def sources(books: Books) -> Sources:
    return sources_of(books.world)


def found(books: Books, days: Interval = YEAR) -> Found:
    return find(sources(books), "USPM", Chosen(days))


def left(books: Books) -> dict[str, str]:
    """What is left, by work."""
    names = {guid(f"{name}/unbilled"): name for name in ("one", "two", "three", "four", "five", "work", "more")}
    return {names[one.unbilled_id]: f"{one.amount:.2f}" for one in found(books).rows}


def journals(books: Books) -> CorrectionJournals:
    return CorrectionJournals(books.world.client, books.world.names.journals_table)


def journal(books: Books, number: str = "ARJ-000001") -> CorrectionJournal:
    made = journals(books).get("USPM", number)
    assert made
    return made


def lines(books: Books, number: str = "ARJ-000001") -> list[CorrectionLine]:
    return journals(books).lines("USPM", number)


def ask(books: Books, action: str, **request: Any) -> dict[str, Any]:
    books._result = None
    answer: dict[str, Any] = books.world.edit(action, **OF, **request)
    return answer


def make(books: Books, **request: Any) -> dict[str, Any]:
    return ask(books, "create_accrual_journal", **{"voucher_date": "2026-08-31", **request})


def post(books: Books, number: str = "ARJ-000001", **request: Any) -> dict[str, Any]:
    return ask(books, "post_accrual_journal", journal_id=number, **request)


def reasons(answer: dict[str, Any]) -> list[str]:
    return [one["reason"] for one in answer.get("refused", ())]


def accrued(books: Books) -> dict[str, Decimal]:
    """What is left on both accounts of accruals in the ledger."""
    books._result = None
    return {name: amount for name, amount in books.balances().items() if name in (WIP, REVENUE)}


# --- how an imbalance arises ------------------------------------------------------------------------------------------


def invoiced_before_its_journal(*works: str) -> list[Context]:
    """Billed work of a fixed price, each on an invoice of its own."""
    return [
        message
        for work in works
        for message in (
            bill(f"{work}/billed", invoice=f"inv-{work}", **FIXED),
            bills(f"{work}/billed", f"{work}/unbilled"),
            proforma(f"inv-{work}", number=f"INV-{work}", total="1600"),
        )
    ]


def left_behind(books: Books, *works: str, document: dict[str, Any] | None = None) -> None:
    """Invoices that could not take back what was accrued after them."""
    books.use(document or finance(ACCRUED_BY_FIXED))
    books.arrive(*invoiced_before_its_journal(*works))
    books.import_staging()
    books.post_invoices()
    books.arrive(*(sale(f"{work}/unbilled", **FIXED) for work in works))
    books.journalise()


def taking(books: Books, change: Callable[[ProposalLine], ProposalLine], name: str = "inv-1") -> None:
    """The proposal's lines as an earlier version wrote them."""
    proposals = sources(books).proposals
    (page,) = proposals.pages(guid(name))
    changed = {"l": rows.encode([change(line) for line in page.lines])}
    write(books, books.world.names.proposals_table, f"PROPOSAL#{guid(name)}", page.key, changed)


def write(books: Books, table: str, pk: str, sk: str, values: dict[str, Any]) -> None:
    books._result = None
    transact(books.world.client, [update(table, pk, sk, values, expected={"never": None})])


def with_accrual(**values: Any) -> Callable[[ProposalLine], ProposalLine]:
    """The line takes back an accrual of other amounts."""
    return lambda line: replace(line, accruals=(replace(line.accruals[0], **values),))


def invoiced_as(books: Books, change: Callable[[ProposalLine], ProposalLine], **columns: Any) -> None:
    """Work in a usual month, whose invoice took its accrual back otherwise."""
    books.arrive(*billed(**columns))
    books.journalise()
    books.import_staging()
    taking(books, change)
    books.post_invoices()


def test_arr_01_a_fixed_price_invoiced_before_its_journal_leaves_the_whole_accrual(books: Books) -> None:
    """Where a profile accrues on a fixed price, its proposal waits for no journal: the rest is as it is now."""
    left_behind(books, "one", "two")
    assert left(books) == {"one": "1600.00", "two": "1600.00"}
    made = make(books, description="August")
    assert made == {"outcome": "created ARJ-000001", "number": "ARJ-000001", "lines": 2}
    assert post(books) == {"outcome": "posted", "vouchers": ["ARV-00000001", "ARV-00000002"]}
    assert (left(books), accrued(books)) == ({}, {})
    assert (post(books)["outcome"], reasons(post(books))) == ("posted", [])  # by the same request
    books.world.at = "2026-08-31T14:00:00Z"
    assert reasons(post(books)) == ["already_posted"]


def test_arr_01_what_a_reversal_on_a_journal_left_is_listed_on_demand_alone(books: Books) -> None:
    """25 hours are accrued, 22.5 taken back: nothing can bill the rest, as the sale is taken."""
    side = Side(books)
    side.arrive(sale("work/unbilled", "25"))
    books.journalise()
    side.arrive(sale("back", "-22.5"), reverses("back", "work/unbilled"))
    side.arrive(sale("more/unbilled"), sale("again", "-8"), reverses("again", "more/unbilled"))
    books.journalise()
    side.write_back()
    assert (left(books), reasons(make(books))) == ({}, ["lines_missing"])
    (one,) = find(sources(books), "USPM", Chosen(YEAR, reversals=True)).rows
    assert (one.unbilled_id, one.reversal_id, one.amount) == (guid("work/unbilled"), guid("back"), Decimal(500))
    assert (one.last.document, one.customer) == (books.row("back")["journal_id"], "C-001")
    assert make(books, reversals=True)["lines"] == 1
    assert post(books)["outcome"] == "posted"
    assert (find(sources(books), "USPM", Chosen(YEAR, reversals=True)).rows, accrued(books)) == ([], {})
    assert side.differences() == {}


@pytest.mark.parametrize("first", ["the reversal", "the invoice"])
def test_arr_04_between_companies_a_sale_and_its_reversal_leave_nothing(books: Books, first: str) -> None:
    books.use(between_companies())
    posted(books, sale("work/unbilled", "10"), sold())
    back = sold("back", "-10"), reverses("back", "sold")
    if first == "the reversal":
        posted(books, *back)
    assert books.edit("intercompany_invoice", **AUGUST).startswith("created")
    books.post_invoices(company="GBPM")
    posted(books, *back)
    assert books.edit("intercompany_invoice", **AUGUST)
    books.post_invoices(company="GBPM")
    for chosen in (Chosen(YEAR), Chosen(YEAR, reversals=True)):
        seen = find(sources(books), "GBPM", chosen)
        assert (seen.rows, seen.unclear) == ([], [])
    assert seen.invoices == (1 if first == "the reversal" else 2)


def test_arr_04_what_is_not_billed_or_taken_back_whole_is_no_row(books: Books) -> None:
    books.arrive(*billed(), sale("more/unbilled"))
    books.journalise()
    books.import_staging()
    books.post_invoices()
    assert (found(books).invoices, left(books)) == (1, {})
    assert reasons(make(books)) == ["lines_missing"]


def test_arr_02_led_61_an_invoice_of_an_earlier_version_took_back_a_part(books: Books) -> None:
    side = Side(books)
    part = {"amount": Decimal(1100), "accounting_amount": Decimal("1100.00")}
    side.arrive(*billed())
    books.journalise()
    books.import_staging()
    taking(books, with_accrual(**part))
    books.post_invoices()
    side.write_back()
    assert left(books) == {"work": "500.00"}
    (one,) = found(books).rows
    assert (one.reversal_id, one.last.invoice, one.voucher) == (guid("work/billed"), "FTI-00000001", "PV-00000001")

    (difference,) = side.differences()["accruals"]
    assert (difference.id, difference.amount) == (guid("work/unbilled"), Decimal(500))
    assert difference.detail.endswith("which left 500.00 accrued")
    make(books)
    (difference,) = side.differences()["accruals"]
    assert difference.detail.endswith("; it is on correction journal ARJ-000001, which is not posted")
    post(books)
    assert side.differences() == {}
    (answered,) = side.reconcile().checks["accruals"].answered
    assert (answered.id, answered.amount) == (guid("work/unbilled"), Decimal(-500))
    assert answered.detail == "corrected by voucher ARV-00000001 of correction journal ARJ-000001"


def test_arr_02_an_invoice_of_an_earlier_version_forgot_the_accrual_and_what_it_took(books: Books) -> None:
    invoiced_as(books, lambda line: replace(line, accruals=(), took=None))
    assert left(books) == {"work": "1600.00"}
    make(books)
    post(books)
    assert (left(books), accrued(books)) == ({}, {})


def test_arr_09_an_invoice_of_an_earlier_version_took_it_back_at_its_own_rate(books: Books) -> None:
    """1,600 GBP: accrued at 1.30, taken back at 1.29."""
    at_its_own = {"accounting_amount": Decimal("2064.00"), "exchange_rate": Decimal("1.29")}
    invoiced_as(books, with_accrual(**at_its_own), **IN_POUNDS)
    (one,) = found(books).rows
    assert [(part.currency, part.amount, part.accounting_amount) for part in one.left] == [
        ("GBP", Decimal(0), Decimal(16)),
        ("GBP", Decimal(0), Decimal(-16)),
    ]
    make(books)
    (voucher,) = post(books)["vouchers"]
    assert books.voucher(voucher) == [(WIP, "0.00", "-16.00"), (REVENUE, "0.00", "16.00")]
    assert (left(books), accrued(books)) == ({}, {})


def test_arr_08_a_voucher_that_took_the_two_sides_back_unevenly_needs_an_offset_account(books: Books) -> None:
    """1,600 accrued; the voucher of an earlier version took 1,100 and 1,300."""
    books.arrive(*billed())
    books.journalise()
    books.import_staging()
    books.post_invoices()
    booked(books, "FTI-00000001", {WIP: "-1100", REVENUE: "1300"})
    (one,) = found(books).rows
    assert [part.accounting_amount for part in one.left] == [Decimal(500), Decimal(-300)]
    make(books)
    refused = post(books)
    assert (refused["outcome"], refused["vouchers"], reasons(refused)) == ("draft", [], ["offset_account_missing"])
    assert (lines(books)[0].error or "").startswith("offset_account_missing: 161300 500")
    answer = ask(
        books,
        "edit_accrual_journal",
        journal_id="ARJ-000001",
        offset_account="618900",
        offset_dimensions={"CostCenter": "900"},
    )
    assert answer == {"outcome": "edited"}
    (voucher,) = post(books)["vouchers"]
    assert books.voucher(voucher) == [
        (WIP, "-500.00", "-500.00"),
        (REVENUE, "300.00", "300.00"),
        ("accrued_revenue_offset", "200.00", "200.00"),
    ]
    assert (left(books), accrued(books)) == ({}, {})


def booked(books: Books, invoice: str, amounts: dict[str, str]) -> None:
    """The voucher of an invoice as an earlier version booked it: other amounts, and the customer pays the rest."""
    table, pk, sk = books.world.names.ledger_table, f"INVOICE#USPM#{invoice}", "V#000001"
    item = get(books.world.client, table, pk, sk)
    assert item
    now = [
        replace(one, amount=Decimal(new), accounting_amount=Decimal(new))
        if (new := amounts.get(one.posting_type))
        else one
        for one in entries_of(item)
    ]
    off = sum(one.amount for one in now)
    last = replace(now[-1], amount=now[-1].amount - off, accounting_amount=now[-1].accounting_amount - off)
    write(books, table, pk, sk, {"ez": zlib.compress(rows.encode([*now[:-1], last]).encode())})


def billed_twice(books: Books, first: dict[str, Any], second: dict[str, Any], between: Callable[[], object]) -> None:
    """An invoice of an earlier version bills a sale that another one has billed; its lines did not say what they took.

    ``first`` and ``second``: what each took back. ``between``: what happens before the second.
    """
    books.arrive(*billed(), *billed("more", invoice="inv-2", number="INV-0002"))
    books.journalise()
    books.import_staging()
    taking(books, with_accrual(**first))
    books.post_invoices(proposal_id="INV-0001")
    between()
    taking(books, lambda line: replace(with_accrual(**second)(line), took=None), "inv-2")
    books.post_invoices()
    books.arrive(connection("late", "more/billed", "Billed Sales", "work/unbilled", "Unbilled Sales", at=LATER))


def of(amount: int) -> dict[str, Any]:
    return {"amount": Decimal(amount), "accounting_amount": Decimal(amount)}


def test_arr_17_what_was_billed_twice_by_an_earlier_version_is_left_with_the_opposite_sign(books: Books) -> None:
    """The customer gets the second invoice back by a credit note, the accrual by nothing."""
    billed_twice(books, of(1600), of(1600), lambda: None)
    assert left(books) == {"work": "-1600.00"}
    make(books)
    (voucher,) = post(books)["vouchers"]
    assert books.voucher(voucher) == [(WIP, "1600.00", "1600.00"), (REVENUE, "-1600.00", "-1600.00")]
    assert left(books) == {}


def test_a_connection_that_changes_after_the_invoice_makes_no_imbalance(books: Books) -> None:
    """What its line took is said on the proposal."""
    books.arrive(*billed(), *billed("more", invoice="inv-2", number="INV-0002"))
    books.journalise()
    books.import_staging()
    books.post_invoices()
    books.arrive(connection("late", "more/billed", "Billed Sales", "work/unbilled", "Unbilled Sales", at=LATER))
    assert left(books) == {}


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_arr_06_days_are_those_of_the_voucher_that_took_it_back(books: Books) -> None:
    left_behind(books, "one")
    day = date.fromisoformat(books.invoice("INV-one")["accounting_date"])
    before, after = Interval(date(2026, 1, 1), date(2026, 8, 30)), Interval(date(2026, 9, 1), date(2026, 12, 31))
    assert day == date(2026, 8, 31)
    assert [len(found(books, days).rows) for days in (before, Interval(day, day), after)] == [0, 1, 0]
    assert reasons(make(books, **{"from": "2026-09-01", "to": "2026-09-30"})) == ["lines_missing"]
    books.world.at = "2026-12-01T09:00:00Z"
    assert reasons(make(books)) == ["lines_missing"]  # the last three months begin in September
    assert make(books, **{"from": "2026-08-01"})["lines"] == 1


def test_arr_10_rows_projects_or_accounts_on_one_draft_with_numbers_of_its_own(books: Books) -> None:
    numbers = {"correction_journal": "{company}-ARJ-###", "accrual_reconciliation": "C-####"}
    document = finance(ACCRUED_BY_FIXED)
    document["number_sequences"]["USPM"] |= numbers
    left_behind(books, "one", "two", "three", document=document)
    assert reasons(make(books, projects=["PRJ-GBP"])) == ["lines_missing"]
    assert make(books, rows=[guid("two/unbilled")])["number"] == "USPM-ARJ-001"
    assert make(books, accounts="161300") == {
        "outcome": "created USPM-ARJ-002",
        "number": "USPM-ARJ-002",
        "lines": 2,
    }
    assert post(books, "USPM-ARJ-002")["vouchers"] == ["C-0001", "C-0002"]
    assert post(books, "USPM-ARJ-001")["vouchers"] == ["C-0003"]
    assert [line.unbilled_id for line in lines(books, "USPM-ARJ-001")] == [guid("two/unbilled")]


def test_arr_16_a_row_on_a_draft_is_put_on_no_other_until_it_is_taken_off(books: Books) -> None:
    left_behind(books, "one", "two")
    make(books, rows=[guid("one/unbilled")])
    refused = make(books, rows=[guid("one/unbilled")], description="again")
    assert reasons(refused) == ["on_correction_journal"]
    assert "on correction journal ARJ-000001" in refused["refused"][0]["detail"]
    assert make(books, description="the rest")["lines"] == 1
    assert reasons(make(books, description="nothing is left")) == ["lines_missing"]
    assert ask(books, "remove_accrual_lines", journal_id="ARJ-000001") == {"outcome": "deleted", "lines": 0}
    assert journal(books).status is CorrectionStatus.DELETED
    assert make(books, description="once more")["number"] == "ARJ-000003"
    assert {one.journal for one in found(books).rows} == {"ARJ-000002", "ARJ-000003"}


def test_arr_16_what_another_invoice_took_meanwhile_is_refused(books: Books) -> None:
    billed_twice(books, of(1100), of(500), lambda: make(books))
    taker = {"tk": bytes.fromhex(guid("more/billed").replace("-", ""))}
    write(books, books.world.names.staging_table, guid("work/unbilled"), "A", taker)
    assert left(books) == {}
    refused = post(books)
    assert (refused["outcome"], reasons(refused)) == ("draft", ["imbalance_changed"])


def test_arr_17_what_is_taken_back_after_its_correction_comes_back_with_the_opposite_sign(books: Books) -> None:
    def corrected() -> None:
        make(books)
        post(books)

    billed_twice(books, of(1100), of(500), corrected)
    assert left(books) == {"work": "-500.00"}
    books.world.at = "2026-08-31T15:00:00Z"
    make(books)
    assert post(books, "ARJ-000002")["outcome"] == "posted"
    assert left(books) == {}


# --- editing and posting ----------------------------------------------------------------------------------------------


def test_arr_11_without_a_voucher_date_in_an_open_period_nothing_is_posted(books: Books) -> None:
    left_behind(books, "one")
    make(books, voucher_date=None)
    assert reasons(post(books)) == ["period_closed"]
    for day in ("2027-01-01", "2025-12-31"):
        ask(books, "edit_accrual_journal", journal_id="ARJ-000001", voucher_date=day)
        refused = post(books)
        assert (reasons(refused), day in refused["refused"][0]["detail"]) == (["period_closed"], True)
    assert (lines(books)[0].voucher, journal(books).status) == (None, CorrectionStatus.DRAFT)


def test_arr_11_a_date_that_is_edited_as_the_journal_is_posted_is_that_of_its_vouchers(books: Books) -> None:
    left_behind(books, "one")
    make(books)

    def edit() -> None:
        applied(books, {"edit_accrual_journal": {**OF, "journal_id": "ARJ-000001", "voucher_date": "2026-08-30"}})

    with before_transaction(books, 0, edit):
        (number,) = post(books)["vouchers"]
    (voucher,) = sources(books).ledger.vouchers(ACCRUAL_RECONCILIATION, "USPM", number)
    assert voucher.accounting_date == journal(books).voucher_date == date(2026, 8, 30)


def test_arr_12_date_and_description_are_edited_until_something_is_posted(books: Books) -> None:
    left_behind(books, "one", "two")
    make(books, voucher_date=None)
    edits = {"journal_id": "ARJ-000001", "voucher_date": "2026-08-31", "description": "August", "actor": "ann"}
    for _ in range(2):
        assert ask(books, "edit_accrual_journal", **edits)["outcome"] == "edited"
    assert (journal(books).voucher_date, journal(books).description) == (date(2026, 8, 31), "August")
    told = [(one.who.id, one.what, one.after) for one in history(books)]
    assert told[1:] == [("ann", "edited", {"description": "August", "voucher_date": "2026-08-31"})]
    post(books)
    books.world.at = "2026-08-31T15:00:00Z"
    assert reasons(ask(books, "edit_accrual_journal", journal_id="ARJ-000001", description="x")) == ["already_posted"]
    assert ask(books, "edit_accrual_journal", journal_id="ARJ-000001")["outcome"].startswith("refused: the request")


def history(books: Books, number: str = "ARJ-000001") -> list[HistoryEntry]:
    return list(journals(books).history("USPM", number))


def three_departments(books: Books) -> None:
    """Of three works one has no department, which the account asks for from now on."""
    left_behind(books, "one", "two", "three")
    table = books.world.names.staging_table
    for work in ("one", "three"):
        row = get(books.world.client, table, guid(f"{work}/unbilled"), "A")
        assert row
        text = row["ac"].replace(",null]", ',{"Department":"D1"}]')
        assert text != row["ac"]
        write(books, table, guid(f"{work}/unbilled"), "A", {"ac": text})
    asks = {"USPM": [{"account": "420200", "required": ["Department"]}]}
    books.use(finance(ACCRUED_BY_FIXED, account_structures=asks))


def test_arr_14_arr_15_what_can_be_posted_is_and_the_rest_says_why_and_is_posted_later(books: Books) -> None:
    three_departments(books)
    make(books)
    answer = post(books)
    assert (answer["outcome"], len(answer["vouchers"])) == ("partly_posted", 2)
    assert reasons(answer) == ["dimension_invalid"]
    (open_line,) = [line for line in lines(books) if line.voucher is None]
    assert (open_line.unbilled_id, open_line.error) == (
        guid("two/unbilled"),
        "dimension_invalid: account 420200 needs dimension Department",
    )
    assert left(books) == {"two": "1600.00"}
    refused = ask(books, "edit_accrual_journal", journal_id="ARJ-000001", voucher_date="2026-08-30")
    assert reasons(refused) == ["already_posted"]
    books.use(finance(ACCRUED_BY_FIXED))
    books.world.at = "2026-08-31T15:00:00Z"
    assert post(books) == {"outcome": "posted", "vouchers": ["ARV-00000003"]}
    assert (left(books), accrued(books)) == ({}, {})


def test_arr_14_what_cannot_be_posted_may_be_taken_off_and_the_journal_is_posted(books: Books) -> None:
    three_departments(books)
    make(books)
    post(books)
    (number,) = [line.line_number for line in lines(books) if line.voucher is None]
    posted = next(line.line_number for line in lines(books) if line.voucher)
    wrong = ask(books, "remove_accrual_lines", journal_id="ARJ-000001", lines=[posted])
    assert wrong["outcome"] == f"refused: journal ARJ-000001 has no line {posted} that is not posted"
    assert ask(books, "remove_accrual_lines", journal_id="ARJ-000001", lines=[number])["outcome"] == "removed"
    assert journal(books).status is CorrectionStatus.POSTED
    assert [one.journal for one in found(books).rows] == [None]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines at once stand for a thousand, on pages of two."""
    monkeypatch.setattr(making, "AT_ONCE", 2)
    monkeypatch.setattr(making, "PAGE_LINES", 2)


@pytest.mark.usefixtures("small")
def test_arr_13_led_62_more_than_a_thousand_only_by_schedule(books: Books) -> None:
    left_behind(books, "one", "two", "three", "four", "five")
    refused = make(books)
    assert (reasons(refused), "5 lines are more than the 2" in refused["refused"][0]["detail"]) == (
        ["too_many_lines"],
        True,
    )
    assert make(books, scheduled=True)["outcome"] == "left to the schedule as ARJ-000001"
    assert (journal(books).status, journal(books).lines) == (CorrectionStatus.CREATING, 0)
    assert reasons(post(books)) == ["lines_missing"]  # it is still being made
    books.world.schedule("journal_posting")
    made = journal(books)
    assert (made.status, made.lines, made.due) == (CorrectionStatus.DRAFT, 5, None)
    assert [line.line_number for line in lines(books)] == [1, 2, 3, 4, 5]
    assert reasons(post(books)) == ["too_many_lines"]
    assert post(books, scheduled=True) == {"outcome": "left to the schedule", "vouchers": []}
    assert left(books)
    books.world.schedule("journal_posting")
    assert (journal(books).status, journal(books).due) == (CorrectionStatus.POSTED, None)
    assert [line.voucher for line in lines(books)] == [f"ARV-0000000{number}" for number in range(1, 6)]
    assert (left(books), accrued(books)) == ({}, {})
    assert [one.what for one in history(books)] == ["created", "left to the schedule", "posted"]


def test_arr_13_what_the_schedule_cannot_post_says_why_and_is_no_longer_due(books: Books) -> None:
    left_behind(books, "one")
    make(books)
    post(books, scheduled=True)
    periods = [{"start": "2026-01-01", "end": "2026-12-31", "status": "closed"}]
    books.use(finance(ACCRUED_BY_FIXED, fiscal_periods={"USPM": periods}))
    books.world.schedule("journal_posting")
    assert (journal(books).due, journal(books).status) == (None, CorrectionStatus.DRAFT)
    assert (journal(books).error or "").startswith("period_closed: no fiscal period is open for the voucher date")


def applied(books: Books, detail: dict[str, Any], actor: Actor | None = None) -> dict[str, Any]:
    """A command, as any door carries it out."""
    has, client, named = stores(books), books.world.client, books.world.names
    vouchers = FinanceVouchers(client, named.journals_table, has.ledger, Ready(client, named.ledger_batches_table))
    of = (has.proposals, has.journals, has.staging, has.master, has.setups)
    return apply(detail, Workplace(*of, books.world.at, actor, lambda: vouchers))


def test_arr_18_to_see_to_make_to_post_and_to_schedule_are_four_rights(books: Books) -> None:
    left_behind(books, "one", "two")

    def by(*roles: Role, **detail: Any) -> dict[str, Any]:
        return applied(books, detail, Actor("ann", "Ann", How.WORKSPACE, frozenset(roles)))

    create = {"create_accrual_journal": {**OF, "voucher_date": "2026-08-31"}}
    scheduled = {"create_accrual_journal": {**OF, "scheduled": True}}
    of = {**OF, "journal_id": "ARJ-000001"}
    assert reasons(by(Role.VIEWER, **create)) == reasons(by(Role.POSTER, **create)) == ["role_missing"]
    assert reasons(by(Role.ACCOUNTANT, **scheduled)) == ["role_missing"]
    assert by(Role.ACCOUNTANT, **create)["outcome"] == "created ARJ-000001"
    assert reasons(by(Role.ACCOUNTANT, post_accrual_journal=of)) == ["role_missing"]
    assert reasons(by(Role.POSTER, post_accrual_journal=of | {"scheduled": True})) == ["role_missing"]
    assert reasons(by(Role.POSTER, edit_accrual_journal=of | {"description": "x"})) == ["role_missing"]
    both = (Role.POSTER, Role.SCHEDULER)
    assert by(*both, post_accrual_journal=of | {"scheduled": True})["outcome"] == "left to the schedule"


def test_whoever_has_made_or_edited_a_journal_may_not_post_it_with_four_eyes(books: Books) -> None:
    document = finance(ACCRUED_BY_FIXED, ("parameters.USPM.four_eyes", True))
    left_behind(books, "one", document=document)
    assert reasons(make(books)) == ["four_eyes"]
    make(books, actor="ann")
    ask(books, "edit_accrual_journal", journal_id="ARJ-000001", description="x", actor="bob")
    assert [reasons(post(books, actor=who)) for who in (None, "ann", "Bob")] == [["four_eyes"]] * 3
    assert post(books, actor="eve")["outcome"] == "posted"


def test_a_correction_is_in_the_ledger_ready_to_leave_and_explained(books: Books) -> None:
    left_behind(books, "one")
    make(books, description="August")
    (number,) = post(books, actor="ann")["vouchers"]
    (voucher,) = sources(books).ledger.vouchers(ACCRUAL_RECONCILIATION, "USPM", number)
    assert (voucher.accounting_date, {one.project for one in voucher.lines}) == (date(2026, 8, 31), {"PRJ-1"})
    assert {one.origin.actual_id for one in voucher.lines} == {guid("one/unbilled")}
    assert {one.origin.customer for one in voucher.lines} == {"C-001"}
    (told,) = books.call("explain", {"id": number})["found"]
    assert told["facts"]["part of"] == "ARJ-000001"
    assert told["facts"]["reason"] == "August"
    (actual,) = books.call("explain", {"id": guid("one/unbilled")})["found"]
    assert number in str(actual["history"])
    (whole,) = books.call("explain", {"id": "ARJ-000001"})["found"]
    assert whole["headline"] == "Correction journal ARJ-000001 of accrued revenue is posted: 1 of 1 lines are posted"
    assert [(one["id"], one["amount"], one["state"]) for one in whole["linked"]] == [
        (guid("one/unbilled"), "1600.00", f"posted with voucher {number}")
    ]
    assert [step["what"].partition(" (")[0] for step in whole["history"]] == [
        "was created by an unnamed person",
        "was posted by ann",
    ]


def test_a_journals_history_and_its_vouchers_are_sealed_in_the_chain_of_its_company(books: Books) -> None:
    left_behind(books, "one")
    make(books)
    (number,) = post(books)["vouchers"]
    sealing = sealable(books.world.client, books.world.names)
    units = {unit.shown.pk: unit for unit in sealing.units(sealing.waiting())}
    of = ("HISTORY#CORRECTION#USPM#ARJ-000001", f"ACCRUAL_RECONCILIATION#USPM#{number}")
    assert [(units[pk].chain, units[pk].is_document) for pk in of] == [("USPM", False), ("USPM", True)]
    (ready,) = [
        one
        for one in Ready(books.world.client, books.world.names.ledger_batches_table).of("USPM")
        if one.source == ACCRUAL_RECONCILIATION
    ]
    assert (ready.document, ready.first) == (number, date(2026, 8, 31))


def test_a_draft_and_what_is_on_it_are_explained(books: Books) -> None:
    left_behind(books, "one")
    make(books, voucher_date=None)
    (draft,) = books.call("explain", {"id": "ARJ-000001"})["found"]
    assert (draft["facts"]["voucher date"], draft["linked"][0]["state"]) == ("none given yet", "not posted")
    assert draft["next"] == ["post it: `invoicing accruals post ARJ-000001 --company USPM`"]
    (actual,) = books.call("explain", {"id": guid("one/unbilled")})["found"]
    assert actual["facts"]["correction journal"].startswith("ARJ-000001, which is not posted")


def test_a_list_reads_what_was_invoiced_on_its_days_and_nothing_else(books: Books) -> None:
    left_behind(books, "one", "two", "three", "four")
    place = sources(books)
    for days, most in ((YEAR, 7), (Interval(date(2026, 9, 1), date(2026, 12, 31)), 1)):
        with counted(books.world.client) as usage:
            find(place, "USPM", Chosen(days))
        assert usage.requests <= most


def test_the_command_line_lists_corrects_shows_and_posts(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    left_behind(books, "one", "two")

    def told(*arguments: str) -> Any:
        code = cli.main(["accruals", *arguments, "--json"])
        printed = capsys.readouterr()
        assert code == 0, printed
        return json.loads(printed.out)

    settings.cache_clear()
    days = ("--from", "2026-08-01", "--to", "2026-08-31")
    ran: dict[str, Any] = {}

    def asked(stack: str, function: str, request: dict[str, Any]) -> Any:
        ran.update(request)
        assert function == "document_editing"
        return applied(books, request)

    with cli_of(books), patch("operate.document_verbs.call", asked), patch("operate.accrual_commands.stack_named"):
        found = told("list", *days)
        assert {row["unbilled_sale"] for row in found["transactions"]} == {guid("one/unbilled"), guid("two/unbilled")}
        assert [(row["name"], row["imbalance"]) for row in found["projects"]] == [("PRJ-1", "3200.00")]
        assert cli.main(["accruals", "list", *days, "--by", "accounts", "--csv"]) == 0
        accounts = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [(row["name"], row["rows"], row["imbalance"]) for row in accounts] == [
            ("161300", "2", "3200.00"),
            ("420200", "2", "-3200.00"),
        ]
        made = told("correct", *days, "--row", guid("one/unbilled"), "--description", "August")
        assert made["rows"][0]["document"] == "ARJ-000001"
        told("edit", "ARJ-000001", "--date", "2026-08-31")
        assert cli.main(["accruals", "edit", "ARJ-000001", "--offset-account", "618900"]) == 2
        assert "no line of journal ARJ-000001 needs" in " ".join(capsys.readouterr().out.split())
        told("edit", "ARJ-000001", "--line", "1", "--offset-account", "618900", "--dimension", "CostCenter=007")
        assert ran["edit_accrual_journal"]["offset_dimensions"] == {"CostCenter": "007"}
        shown = told("show", "ARJ-000001")
        assert (shown["status"], shown["voucher_date"], shown["rows"][0]["imbalance"]) == (
            "draft", "2026-08-31", "1600.00",
        )  # fmt: skip
        assert cli.main(["accruals", "remove", "ARJ-000001", "--line", "7"]) == 2
        assert "has no line 7" in " ".join(capsys.readouterr().out.split())
        posted = told("post", "ARJ-000001")
        assert "1 vouchers, ARV-00000001 to ARV-00000001" in posted["rows"][0]["what"]
        assert [(row["number"], row["status"]) for row in told("journals")["rows"]] == [("ARJ-000001", "posted")]
        assert cli.main(["accruals", "list", *days]) == 0
        out = capsys.readouterr().out
        assert f"{guid('two/unbilled')}  PRJ-1" in out
        assert cli.main(["accruals", "show", "ARJ-000001"]) == 0
        assert "offset 618900 CostCenter=007" in " ".join(capsys.readouterr().out.split())
        assert cli.main(["accruals", "show", "ARJ-9"]) == 2
        assert "has no correction journal ARJ-9" in capsys.readouterr().err
