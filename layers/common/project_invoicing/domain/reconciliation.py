"""Reconciliation: what is compared, what counts as a difference, and checksums that tell sets of rows apart. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.money import ZERO, round_to

KEPT: Final = 100_000
"""The number of differences per check held in memory, for a repair of all of them. All are counted."""

CHECKS: Final[Mapping[str, str]] = {
    "not_received": "In Dataverse, and neither staged nor rejected, nor waiting for a paused table map",
    "differs_from_dataverse": "Staged with other values than Dataverse has now",
    "not_in_dataverse": "Staged, and Dataverse does not have it",
    "proformas": "Count, amount and checksum of a proforma's billed sales",
    "write_back_failed": "Refused by Dataverse when it was written back",
    "write_back_unfinished": "Posted, and not written back yet",
    "write_back_differs": "Written back, and Dataverse has other values",
    "staging_states": "Rows whose state contradicts what they carry",
    "document_lines": "Lines of journals and proposals against their rows",
    "late_changes": "Changed in Dataverse after it was posted",
    "rate_changed_after_use": "Posted with another exchange rate than the day or the contract has now",
    "accounting_dates": "Billed sales with another accounting date than their proforma",
    "taken_twice": "Billed twice, or taken back twice",
    "not_marked": "Billed or taken back, and not marked so, or marked for nothing",
    "vouchers": "Accounting amounts of rows against the ledger",
    "balance": "Vouchers that do not balance",
    "accruals": "Accrued revenue that its invoice did not take back",
    "moved": "What was moved after its posting: vouchers against rows, and costs where their rows say that they are",
    "retainers": "Retainers of which more was applied or refunded than was invoiced",
    "between_companies": "Invoices between companies: the lender's against the borrower's and its voucher",
    "invoice_numbers": "Gaps in the numbers of customer invoices",
    "master_data_problems": "Rows of master data that cannot be used",
    "split_rules_not_100": "Contracts whose customers' shares do not make 100 %",
    "awaited_and_never_came": "Master data that rows wait for and that has not come for a day",
    "deleted_and_referred_to": "Master data that was deleted, and open work refers to it",
    "master_changed_after_posting": "Master data that has changed since it was posted with, in the last 31 days",
    "document_differs": "Entries of the set-up document that Dataverse contradicts",
    "batch_documents": "Posted documents in no batch for the general ledger that do not wait for one, or cannot leave",
    "batch_totals": "Batches for the general ledger whose sums or numbers are not those of their documents",
    "batch_answers": "Batches for the general ledger that are refused, unanswered, or posted there in another period",
    "documents_missing": "Posted invoices of companies that ask for documents, without one",
    "mails_missing": "Documents of invoices that were to be mailed and are neither sent nor failed after a day",
    "stuck": "Documents whose posting was begun and not finished",
    "outbox": "Events that nobody has published",
    "audit_chain": "The last seals against what they hold, and what nobody has sealed for an hour",
}
"""The checks in the order of the report."""

AGAINST_DATAVERSE: Final = tuple(CHECKS)[:7]
"""The checks that need Dataverse."""


class Repair(StrEnum):
    FETCH = "fetch again"
    IMPORT = "import again"
    WRITE_BACK = "write back again"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row or document at fault. ``amount`` is the gap between the two sides, where it is money."""

    entity: str
    id: str
    detail: str
    company: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    repair: Repair | None = None


@dataclass(slots=True)
class Check:
    """The outcome of one check. ``not_checked`` says why the check could not be made; its outcome is then unknown.

    ``answered``: differences that there were, with what has put them right; the first ``KEPT``. They do not count.
    """

    name: str
    not_checked: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    found: list[Difference] = field(default_factory=list)
    answered: list[Difference] = field(default_factory=list)

    @property
    def metric(self) -> str:
        """``not_received`` -> ``ReconciliationNotReceived``."""
        return f"Reconciliation{self.name.title().replace('_', '')}"

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def differs(self, difference: Difference) -> None:
        self.total += 1
        if difference.amount is not None:
            self.amounts[difference.currency or "?"] += difference.amount
        if len(self.found) < KEPT:
            self.found.append(difference)

    def answer(self, difference: Difference) -> None:
        """Notes what has put a difference right."""
        self.count("answered")
        if len(self.answered) < KEPT:
            self.answered.append(difference)

    def row(self, shown: int) -> dict[str, Any]:
        """As JSON, with at most ``shown`` differences; ``more`` counts the others. ``answered`` only where some are."""
        return {
            "name": self.name,
            "title": CHECKS[self.name],
            "checked": self.not_checked is None,
            "not_checked": self.not_checked,
            "counts": self.counts,
            "differences": self.total,
            "amounts": {currency: f"{amount:f}" for currency, amount in sorted(self.amounts.items())},
            "found": [_row(difference) for difference in self.found[:shown]],
            "more": self.total - len(self.found[:shown]),
            **({"answered": [_row(difference) for difference in self.answered[:shown]]} if self.answered else {}),
        }


class Cleared(NamedTuple):
    """What a posted cost, with everything that took it back, cleared of an integration account."""

    company: str
    posting_type: PostingType
    amount: Decimal
    on: date | None


@dataclass(slots=True)
class IntegrationAccount:
    """The balance our journals left on an account that other finance modules post to as well (LED-55, LED-56).

    ``balance`` is ours alone, debit positive, in the accounting currency with its ``precision``. These books do not
    contain what the other modules debited, so a balance is no difference (D-059). ``open`` has what each actual not
    taken back adds, ``credited`` what journals have cleared by the document type of the costs (IWS-04).
    """

    company: str
    posting_type: str
    account: str
    currency: str | None
    precision: Decimal
    balance: Decimal = ZERO
    open: dict[bytes, Decimal] = field(default_factory=dict)
    credited: dict[str, Decimal] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """As JSON, with the ``_OPEN`` largest of its actuals; ``more`` counts the others."""
        largest = sorted(self.open.items(), key=lambda entry: (-abs(entry[1]), entry[0]))[:_OPEN]
        return {
            "company": self.company,
            "posting_type": self.posting_type,
            "account": self.account,
            "currency": self.currency,
            "balance": self._text(self.balance),
            "credited": {kind: self._text(amount) for kind, amount in sorted(self.credited.items()) if amount},
            "actuals": [{"id": str(UUID(bytes=id)), "amount": self._text(amount)} for id, amount in largest],
            "more": len(self.open) - len(largest),
        }

    def _text(self, amount: Decimal) -> str:
        return f"{round_to(amount, self.precision):f}"


_OPEN: Final = 10
_DETAIL: Final = 300
_CHECKSUMS: Final = 1 << 128


def _row(difference: Difference) -> dict[str, Any]:
    return {
        "entity": difference.entity,
        "id": difference.id,
        "company": difference.company,
        "detail": difference.detail[:_DETAIL],
        "amount": None if difference.amount is None else f"{difference.amount:f}",
        "currency": difference.currency,
        "repair": difference.repair,
    }


@dataclass(slots=True)
class Tally:
    """Number, chargeable amount and checksum of a set of rows (INV-05, INV-06).

    ``discount`` is the part of the amount that is not billed (FEE-01), less the fees that are billed on top (FEE-02);
    zero where it is unknown.

    The checksum is a sum of hashes of id and amount, so the order of the rows does not matter (D-032).
    """

    rows: int = 0
    amount: Decimal = ZERO
    checksum: int = 0
    discount: Decimal = ZERO

    def add(self, id: str, amount: Decimal, *, chargeable: bool, discount: Decimal = ZERO) -> None:
        self.rows += 1
        if chargeable:
            self.amount += amount
            self.discount += discount
            digest = blake2b(f"{id}|{figure(amount)}".encode(), digest_size=16).digest()
            self.checksum = (self.checksum + int.from_bytes(digest)) % _CHECKSUMS

    def __add__(self, other: Tally) -> Tally:
        checksum = (self.checksum + other.checksum) % _CHECKSUMS
        return Tally(self.rows + other.rows, self.amount + other.amount, checksum, self.discount + other.discount)

    @property
    def text(self) -> str:
        sales = "1 billed sale" if self.rows == 1 else f"{self.rows} billed sales"
        return f"{sales} for {figure(self.amount)} (checksum {self.checksum:032x})"


def figure(value: Decimal | None) -> str:
    """``value`` without trailing zeros, so that 1600 and 1600.0000 are the same figure; empty for ``None``."""
    if value is None:
        return ""
    return f"{value.normalize():f}" if value else "0"


def digest_of(*values: str | Decimal | None) -> bytes:
    """An eight-byte digest of some values, small enough to hold a million of them."""
    texts = [figure(value) if isinstance(value, Decimal) else value or "" for value in values]
    return blake2b("|".join(texts).encode(), digest_size=8).digest()
