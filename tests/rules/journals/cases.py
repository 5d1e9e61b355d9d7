"""What the tests of journals share: books for a whole module, rows as they are stored, a register of Dataverse."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from project_invoicing import bootstrap
from project_invoicing.dataverse import maps
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.errors import Unavailable
from project_invoicing.store.journals import Journals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES
from project_invoicing.use_cases.journals import add_lines as add_to_journals
from project_invoicing.use_cases.journals import posting_saga
from tests import snapshots
from tests.builders import Context, guid, proforma
from tests.harness import TEMPLATE, World
from tests.rules.books import Books, Row
from tests.rules.stories import bill, bills

AT = "2026-08-31T13:00:00Z"
ADMITTED = {
    "custom": {"cr123_documenttype": "document_type", "cr123_resourcingunit": "resourcing_unit"},
    "origin": "cr123_origin",
    "codes": {"origin": {"2": "vendor_invoice"}},
}
"""What an environment maps: where a cost comes from, in both ways, and which unit lends its resource."""


def opened(stack: World, document: Mapping[str, Any]) -> Books:
    """Empty books with this set-up, for all tests of a module."""
    snapshots.clear(stack)
    stack.at = AT
    made = Books(stack)
    made.use(document)
    return made


def later(books: Books, minutes: int = 30) -> None:
    """The clock goes on."""
    moment = datetime.fromisoformat(books.world.at) + timedelta(minutes=minutes)
    books.world.at = utc_text(moment)


def stored(books: Books, name: str) -> StagedRow:
    """The staging row of an actual, with what no result shows: detail, since when, late."""
    return Staging(books.world.client, books.world.names.staging_table).rows([guid(name)])[guid(name)]


def stored_lines(books: Books, company: str = "USPM") -> dict[str, JournalLine]:
    """The journal lines of a company by actual, with what no result shows: dimensions."""
    journals = Journals(books.world.client, books.world.names.journals_table)
    numbers = [journal["journal_id"] for journal in books.result["journals"] if journal["company"] == company]
    pages = (page for number in numbers for page in journals.pages(company, number))
    return {line.actual_id: line for page in pages for line in page.lines}


class Snapshot:
    """What the books held at one moment, for many tests to look at. Rows are named as the test named them."""

    def __init__(self, books: Books, *names: str) -> None:
        self.result = books.result
        self.rows = Staging(books.world.client, books.world.names.staging_table).rows(map(guid, names))
        companies = {str(journal["company"]) for journal in self.result["journals"]}
        self._stored = {id: line for company in companies for id, line in stored_lines(books, company).items()}

    def row(self, name: str) -> Row:
        return next(row for row in self.result["staging"] if row["actual_id"] == guid(name))

    def line(self, name: str) -> Row:
        return next(line for line in self._lines() if line["actual_id"] == guid(name))

    def stored_line(self, name: str) -> JournalLine:
        return self._stored[guid(name)]

    def on_journals(self, company: str) -> set[str]:
        """The ids of the actuals on a company's journals."""
        return {line["actual_id"] for line in self._lines(company)}

    def voucher(self, name: str) -> list[Row]:
        """The lines of an actual's voucher; none where nothing reached the ledger."""
        row = self.row(name)
        asked = (row["company"], row["voucher"])
        found = (v["lines"] for v in self.result["vouchers"] if (v["company"], v["voucher"]) == asked)
        return next(found, [])

    def posted(self, name: str) -> list[tuple[str, str]]:
        """Posting type and amount of each line of an actual's voucher."""
        return [(str(line["posting_type"]), str(line["amount"])) for line in self.voucher(name)]

    def _lines(self, company: str | None = None) -> Iterator[Row]:
        journals = (j for j in self.result["journals"] if company in (None, j["company"]))
        return (line for journal in journals for line in journal["lines"])


def billing(*works: str, total: str, invoice: str = "inv-1", number: str = "INV-0001", **columns: Any) -> list[Context]:
    """A confirmation that bills the unbilled sale of each work as it was approved, eight hours at 200."""
    rows = [message for work in works for message in (bill(f"{work}/billed", invoice=invoice, **columns), _link(work))]
    header = {name: value for name, value in columns.items() if name in ("contract", "currency")}
    return [*rows, proforma(invoice, number=number, total=total, **header)]


def _link(work: str) -> Context:
    return bills(f"{work}/billed", f"{work}/unbilled")


def statuses(books: Books) -> list[tuple[str, str, int]]:
    """Number, status and how many lines of each journal."""
    return [(j["journal_id"], j["status"], len(j["lines"])) for j in books.result["journals"]]


def names_of(books: Books, journal_id: str, *names: str) -> list[str]:
    """Which of ``names`` are on a journal, by line number."""
    by_id = {guid(name): name for name in names}
    found = next(journal for journal in books.result["journals"] if journal["journal_id"] == journal_id)
    return [by_id[line["actual_id"]] for line in found["lines"]]


@contextmanager
def custom_columns() -> Iterator[None]:
    """A stack whose table map carries the columns of ``ADMITTED`` along."""
    environment: Any = TEMPLATE.function("actuals_sync").environment
    with patch.dict(environment, {maps.OVERRIDES_VARIABLE: json.dumps({"actuals": ADMITTED})}):
        maps.table_maps.cache_clear()
        yield
    maps.table_maps.cache_clear()


@contextmanager
def small_pages() -> Iterator[None]:
    """Pages of three lines and posting transactions of two pages: a handful of rows needs several transactions."""
    with patch.object(add_to_journals, "PAGE_LINES", 3), patch.object(posting_saga, "_OVERHEAD", MAX_WRITES - 10):
        yield


class Register:
    """Dataverse in memory: everything is there but what was rolled back. Remembers what it was asked."""

    def __init__(self, *gone: str, reachable: bool = True) -> None:
        self.gone = {guid(name) for name in gone}
        self.reachable = reachable
        self.asked: list[set[str]] = []

    def missing(self, actual_ids: Collection[str]) -> set[str]:
        if not self.reachable:
            raise Unavailable("Dataverse does not answer")
        self.asked.append(set(actual_ids))
        return self.gone & set(actual_ids)


@contextmanager
def register(found: Register) -> Iterator[None]:
    """The functions ask ``found`` about actuals."""
    with patch.object(bootstrap, "actuals_register", lambda: found):
        yield
