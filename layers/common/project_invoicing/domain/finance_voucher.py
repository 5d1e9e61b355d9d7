"""Vouchers that a person's finance document makes, outside of journals and invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from project_invoicing.domain.ledger import Voucher, VoucherLine


@dataclass(frozen=True, slots=True)
class NewVoucher:
    """What is to be posted, without a number yet. ``source`` is one of ``PERSONS``.

    ``actual_id``: the posted transaction that it is about. ``belongs_to``: the number of the document that it is a part
    of, where it has one, as a journal of corrections. ``reason`` is what the person says.
    """

    company: str
    source: str
    accounting_date: date
    lines: tuple[VoucherLine, ...]
    actual_id: str | None = None
    belongs_to: str | None = None
    reason: str | None = None

    def numbered(self, number: str) -> Voucher:
        """The voucher. It is its own document: the number is the id of its source, too. Raises ``Unbalanced``."""
        return Voucher(number, self.company, self.accounting_date, self.source, number, self.lines)


@dataclass(frozen=True, slots=True)
class FinanceVoucher:
    """The header of one that is posted, ``at`` a time. The ledger has its lines, its history says who posted it."""

    company: str
    source: str
    number: str
    accounting_date: date
    at: str
    actual_id: str | None = None
    belongs_to: str | None = None
    reason: str | None = None
