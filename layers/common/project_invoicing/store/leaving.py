"""Documents go from the list of what is ready into a page of a batch's list, one page of a company at a time.

The page is the truth: it is written in one transaction with the batch's header and with ``TAKEN#<company>``, which has
``ve`` its version, and ``kd`` ``nu`` ``lp`` the kind and number of the batch and the page whose documents are still on
the list of what is ready. What follows from the page costs one write unit each there, and would cost two here: which
batch has a document, and that it leaves the list. Both are right at any time and as often as you like, so they need no
condition: a page never changes, and a document that is on one comes onto the list of what is ready no more. Whoever
takes documents does first what is left of the page before, and reads the list after that; the version tells whether
anybody has taken some since.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.ledger_batch import BatchId, BatchKind, ListedDocument
from project_invoicing.errors import Conflict
from project_invoicing.store.ready import partition, place
from project_invoicing.store.transactions import Write, get, update, write_many, write_one

if TYPE_CHECKING:
    from project_invoicing.store.ledger_batches import LedgerBatches

TAKEN: Final = "TAKEN#"
_SK: Final = "PAGE"


@dataclass(frozen=True, slots=True)
class Taken:
    """A page of a batch of a period. ``staying``: those of its documents that its transaction deals with itself."""

    id: BatchId
    page: int
    period: str
    documents: Sequence[ListedDocument]
    staying: frozenset[tuple[str, str]] = frozenset()


@dataclass(slots=True)
class Turn:
    """The right to take documents of a company, as long as nobody else takes any. The list is read after ``begin``."""

    batches: LedgerBatches
    company: str
    version: int

    @classmethod
    def begin(cls, batches: LedgerBatches, company: str) -> Turn:
        """Does what is left of the page that was taken last, and begins a turn."""
        item = get(batches.client, batches.table, _pk(company), _SK) or {}
        turn = cls(batches, company, int(item.get("ve", 0)))
        if "lp" in item:
            id = BatchId(company, BatchKind(item["kd"]), int(item["nu"]))
            turn._leave(batches.taken(id, int(item["lp"])))
        return turn

    def take(self, taken: Taken) -> list[Write]:
        """The writes of a page, for the transaction of its batch's header. They fail if anybody has taken documents."""
        values = {"ve": self.version + 1, "kd": taken.id.kind, "nu": taken.id.number, "lp": taken.page}
        expected = {"ve": self.version or None}
        taking = update(self.batches.table, _pk(self.company), _SK, values, expected=expected)
        return [taking, self.batches.page(taken)]

    def finish(self, taken: Taken) -> None:
        """Once the page is written: says which batch has its documents, and then takes them from the list."""
        self.version += 1
        self._leave(taken)

    def _leave(self, taken: Taken) -> None:
        """In this order: whoever does not find a document on the list finds the batch that has it."""
        write_many(self.batches.client, self.batches.table, put=self.batches.claims(taken))
        leaving = [
            (partition(self.company), place(one.first_date, one.source, one.document))
            for one in taken.documents
            if (one.source, one.document) not in taken.staying
        ]
        write_many(self.batches.client, self.batches.table, delete=leaving)
        done = update(
            self.batches.table,
            _pk(self.company),
            _SK,
            {"kd": None, "nu": None, "lp": None},
            expected={"ve": self.version, "lp": taken.page},
        )
        with suppress(Conflict):  # another run has done the same
            write_one(self.batches.client, done)


def _pk(company: str) -> str:
    return f"{TAKEN}{company}"
