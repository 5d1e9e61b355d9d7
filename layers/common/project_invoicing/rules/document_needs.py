"""What a proposal lacks to become a document: it waits for that, and never draws a number before (D-183)."""

from __future__ import annotations

from collections.abc import Iterable

from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.invoice_document import Party
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.domain.master_row import name_blocker
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Wait, row_blocker
from project_invoicing.rules.invoice_document import buyer_of
from project_invoicing.rules.proforma import customer_of
from project_invoicing.setup.document_needs import BuyerKnown, buyer_needs, e_invoice_needs, mail_needs, seller_needs
from project_invoicing.setup.effective import NO_DOCUMENT, Customer
from project_invoicing.setup.lookups import FinanceSetup


def incomplete_document(header: Proposal, lines: Iterable[ProposalLine], setup: FinanceSetup) -> Wait | None:
    """Why a proposal cannot become a document; ``None`` where it can, and where its company asks for none."""
    company = str(header.company)
    known = setup.company(company)
    number = customer_of(header, setup) if known and known.document else None
    if number is None:
        return None
    customer = setup.customer(company, number)
    wanted = customer.document if customer else NO_DOCUMENT
    buyer = buyer_of(header, number, setup)
    of_company = list(seller_needs(setup.document, company))
    of_customer = list(_buyer_needs(header, number, buyer, customer, setup))
    if wanted.e_invoice:
        charged = {(line.sales_tax_group, line.item_sales_tax_group): None for line in lines if line.chargeable}
        codes = (setup.sales_tax_codes(*groups) for groups in charged)
        of_company += e_invoice_needs(setup.document, company, wanted.e_invoice, codes)
    if not (of_company or of_customer):
        return None
    detail = f"its document needs {', '.join([*of_company, *of_customer])}"
    if not of_customer and not wanted.e_invoice:
        return Wait(WaitReason.DOCUMENT_INCOMPLETE, detail)
    # Of an e-invoice too: another sales tax group of the customer, or none wanted any more, ends that wait.
    row = customer.row if customer else None
    also = (row_blocker(row.entity, row.id),) if row else ()
    blocker = name_blocker(NameKey(Part.CUSTOMERS, company, number))
    return Wait(WaitReason.DOCUMENT_INCOMPLETE, detail, blocker=blocker, also=also)


def _buyer_needs(
    header: Proposal, number: str, buyer: Party, customer: Customer | None, setup: FinanceSetup
) -> Iterable[str]:
    wanted = customer.document if customer else NO_DOCUMENT
    seller = setup.company(str(header.company))
    delivery = wanted.delivery or (seller.document.delivery if seller and seller.document else None)
    if header.intercompany:  # the borrower's own entry says who it is, where that is written
        borrower = header.intercompany.borrower
        known = setup.company(borrower)
        if known and known.document:
            mailed = mail_needs(str(header.company), number, delivery)
            return [*seller_needs(setup.document, borrower), *mailed]
    found = BuyerKnown(
        name=None if buyer.name == number else buyer.name,
        country=buyer.address.country or buyer.address.country_text,
        country_is_code=buyer.address.country is not None,
        electronic_address=wanted.electronic_address,
        e_invoice=wanted.e_invoice,
        delivery=delivery,
    )
    return buyer_needs(str(header.company), number, found)
