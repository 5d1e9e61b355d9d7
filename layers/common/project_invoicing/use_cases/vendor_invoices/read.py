"""A borrower's vendor invoices with what posting them needs: their lines, and what credit lines take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from project_invoicing.domain.codes import PostingFailure, PostingType, VendorInvoiceStatus
from project_invoicing.domain.ledger import VENDOR_INVOICE, VoucherLine
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.errors import Rejected
from project_invoicing.rules.lent_costs import where_it_is_now
from project_invoicing.rules.vendor_invoice import Originals
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.use_cases.invoices.draft import invoice_lines
from project_invoicing.use_cases.setups import SetupVersions

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class KnownVendorInvoices:
    """Reads them. ``invoices`` and the invoices of lenders are in the table of ``proposals``."""

    proposals: Proposals
    staging: Staging
    ledger: Ledger
    setups: SetupVersions

    @property
    def invoices(self) -> VendorInvoices:
        return VendorInvoices(self.proposals.client, self.proposals.table)

    def named(self, company: str, number: str, lender: str | None = None) -> VendorInvoice:
        """The one with this number. Raises ``Rejected`` where there is none, or two of different lenders."""
        lenders = [lender] if lender else lenders_of(company, self.setups.current)
        found = self.invoices.of_lenders(company, lenders, number)
        if not found:
            raise _bad("number", f"{company} has no vendor invoice {number} of {lender or 'a lender'}")
        if len(found) > 1:
            names = ", ".join(sorted(one.lender for one in found))
            raise _bad("lender", f"{names} have each billed {company} under {number}: say which lender")
        return found[0]

    def lines(self, one: VendorInvoice) -> Sequence[ProposalLine]:
        """The lines of the lender's invoice: they are the borrower's, too."""
        return invoice_lines(self.proposals, self.setups, one.lender, one.invoice_number)

    def originals(self, one: VendorInvoice, lines: Sequence[ProposalLine]) -> Originals:
        """What was posted here of the lines that these take back, costs where they are now.

        Refuses a credit whose original waits to be posted (ICV-09, IC-16).
        """
        here = {line.actual_id for line in lines}
        taken = {line.takes_back for line in lines if line.takes_back} - here
        if not taken:
            return {}
        rows = self.staging.readable(id for id in taken if id)
        found: dict[str, Sequence[VoucherLine]] = {}
        for number in sorted({row.intercompany_proposal or "" for row in rows.values()}):
            its = {id: row for id, row in rows.items() if (row.intercompany_proposal or "") == number}
            found |= self._posted(one, number, its)
        return found

    def billed_with(self, company: str, lender: str, proposal: str | None) -> tuple[str | None, VendorInvoice | None]:
        """The number under which a lender has billed a proposal, and the borrower's vendor invoice for it."""
        header = self.proposals.numbered(lender, proposal) if proposal else None
        number = header.invoice_number if header else None
        return number, self.invoices.get(company, lender, number) if number else None

    def _posted(
        self, one: VendorInvoice, proposal: str, rows: Mapping[str, StagedRow]
    ) -> dict[str, Sequence[VoucherLine]]:
        number, original = self.billed_with(one.company, one.lender, proposal)
        if original is None or original.is_open:
            status = f"is {original.status}" if original else "is not there yet"
            detail = (
                f"vendor invoice {one.invoice_number} credits {number or proposal} of {one.lender}, which {status} in "
                f"{one.company}: post that first"
            )
            raise Refused(PostingFailure.NOT_POSTED, detail)
        if original.status is not VendorInvoiceStatus.POSTED or original.voucher is None:
            return {}
        vouchers = self.ledger.vouchers(VENDOR_INVOICE, one.company, original.voucher)
        found = by_actual((line for voucher in vouchers for line in voucher.lines), rows.keys())
        return {id: [where_it_is_now(line, rows[id]) for line in lines] for id, lines in found.items()}


def by_actual(lines: Iterable[VoucherLine], ids: Set[str]) -> dict[str, Sequence[VoucherLine]]:
    """Cost and tax of these actuals in a voucher of a vendor invoice. What is owed is of none."""
    found: dict[str, list[VoucherLine]] = {}
    for line in lines:
        if line.origin.actual_id in ids and line.posting_type is not PostingType.VENDOR_BALANCE:
            found.setdefault(line.origin.actual_id or "", []).append(line)
    return dict(found)


def lenders_of(company: str, setup: FinanceSetup) -> list[str]:
    """Those who lend to a company now, and every other company: terms may be gone that an invoice was made by."""
    terms = [row.lender for row in setup.lenders(company)]
    return list(dict.fromkeys([*terms, *(one for one in setup.document.companies if one != company)]))


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="vendor_invoice", field=field)
