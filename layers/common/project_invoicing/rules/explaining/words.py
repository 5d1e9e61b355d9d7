"""Amounts, states and documents as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import ConnectionRole, StagingState, TransactionType
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.explaining.explanation import TYPES, Entry
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.late_changes import PostedAs, amount_now
from project_invoicing.rules.owner import Owner, owner_of
from project_invoicing.setup.lookups import FinanceSetup

ROLES: Final = {
    ConnectionRole.UNBILLED: "bills",
    ConnectionRole.COST: "its cost",
    ConnectionRole.ORIGINAL: "reverses",
    ConnectionRole.REPLACED: "replaces",
}


class Words:
    """The names and the digits of amounts in one version of the set-up."""

    def __init__(self, setup: FinanceSetup) -> None:
        self.setup = setup
        self.show = Figures(setup)

    def currency(self, actual: Actual) -> str | None:
        return self.setup.named(actual.currency)

    def money(self, amount: Decimal | None, currency: str | None) -> str:
        return self.show.money(amount, currency)

    def kind(self, actual: Actual) -> str:
        return f"{TYPES[actual.transaction_type]} ({actual.transaction_class})"

    def company(self, row: StagedRow) -> str | None:
        owner = owner_of(row.actual, self.setup)
        return row.company or (owner.company if isinstance(owner, Owner) else None)

    def linked(self, role: str, id: str, row: StagedRow | None) -> Entry:
        """One linked actual as an entry."""
        if row is None:
            return {"role": role, "id": id, "what": None, "amount": None, "currency": None, "state": "has not arrived"}
        currency = self.currency(row.actual)
        return {
            "role": role,
            "id": id,
            "what": self.kind(row.actual),
            "amount": self.show.amount(row.actual.amount, currency),
            "currency": currency,
            "state": state(row),
        }

    def voucher_lines(self, vouchers: Iterable[Voucher]) -> Iterator[Entry]:
        for voucher in vouchers:
            for line in voucher.lines:
                yield {
                    "voucher": voucher.voucher,
                    "accounting_date": voucher.accounting_date.isoformat(),
                    "account": line.account,
                    "posting_type": line.posting_type,
                    "amount": self.show.amount(line.amount, line.currency),
                    "currency": line.currency,
                    "accounting_amount": self.show.accounting(line.accounting_amount, voucher.company),
                    **({"tags": line.tags} if line.tags else {}),
                }


def tags_in_words(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{label} {value}" for label, value in tags.items())


def state(row: StagedRow, wait: Wait | None = None) -> str:
    """The state of a row in words. ``wait`` is the answer of ``waits_as``, where it was asked."""
    document = f"journal {row.journal_id}" if row.journal_id else f"proposal {row.proposal_id}"
    match row.state:
        case StagingState.PENDING:
            reason = wait.reason if wait else row.reason
            billed = row.actual.transaction_type is TransactionType.BILLED_SALES
            return f"waits: {reason}" if reason else f"waits for {'its proposal' if billed else 'the next import'}"
        case StagingState.IMPORTED:
            return f"on {document}, line {row.line_number}, not posted"
        case StagingState.POSTED if row.voucher:
            return f"posted with voucher {row.voucher}, on {document}"
        case StagingState.POSTED if row.accounting_amount is not None:
            return f"posted without a ledger entry, on {document}"
        case StagingState.POSTED:
            return f"done with {document}, without money and voucher"
        case StagingState.SKIPPED:
            return f"skipped: {row.detail or 'Dataverse says Skip Sync'}"
        case StagingState.INVALID:
            return f"invalid: {row.detail}"


def off(row: StagedRow, posted: PostedAs, setup: FinanceSetup) -> tuple[Decimal | None, str]:
    """By how much the books are off where a row changed after posting, in accounting currency, and in words.

    The amount is ``None`` where it is unknown; the text says why.
    """
    words = Words(setup)
    currency = setup.currency_of_company(row.company)
    actual = words.money(row.actual.amount, words.currency(row.actual))
    if row.state is not StagingState.POSTED:
        return None, f"is {actual} now, and its document is being posted with what it was before"
    booked = row.accounting_amount or ZERO
    before = words.money(booked, currency)
    if row.actual.inactive:
        return -booked, f"is inactive now, and was posted with {before}"
    now = amount_now(row, posted, setup)
    if isinstance(now, str):
        return None, f"is {actual} now, was posted with {before}, and would not be posted as it is: {now}"
    return now - booked, (
        f"is {actual} now and would be posted with {words.money(now, currency)}, and was posted with {before}"
    )
