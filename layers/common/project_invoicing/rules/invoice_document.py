"""What the document of an invoice says, from the invoice and from the set-up it is posted with.

``snapshot_of`` is asked once, when an invoice is posted; ``document_of`` makes the document of what was kept then, and
never asks the set-up. Pure: reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from project_invoicing.domain.credited_tax import corrected_invoice
from project_invoicing.domain.document_codes import TaxCategory
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_document import (
    Address,
    BankAccount,
    Brand,
    Contact,
    Corrected,
    Delivery,
    DocumentLine,
    EInvoice,
    ElectronicAddress,
    InvoiceDocument,
    LineTax,
    Party,
    Presentation,
    Snapshot,
    TaxRow,
    Texts,
)
from project_invoicing.domain.invoice_totals import DocumentType, revenue
from project_invoicing.domain.lineage import ChargedTax
from project_invoicing.domain.master_data import Part
from project_invoicing.domain.money import ZERO, ExchangeRate
from project_invoicing.domain.named import Named
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import TaxOrigin
from project_invoicing.rules.invoice_draft import InvoiceDraft
from project_invoicing.rules.proforma import contract_of, customer_name_of
from project_invoicing.setup.effective import NO_DOCUMENT, CustomerDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.documents import (
    COUNTRIES,
    AddressEntry,
    CompanyDocument,
    ElectronicAddressEntry,
    FormatEntry,
    TextsEntry,
)
from project_invoicing.setup.models.sales_tax import TaxCode

_NOT_GIVEN: Final = CompanyDocument()
CENT: Final = Decimal("0.01")
NEVER_KEPT: Final = (
    "seller.address",
    "seller.tax_id",
    "buyer.address",
    "buyer.tax_id",
    "taxes.category",
    "terms_of_payment",
    "bank_accounts",
    "presentation",
)
"""What is not known of an invoice that was posted before snapshots were kept."""
ORDER_REFERENCE: Final = "order_reference"
BUYER_REFERENCE: Final = "buyer_reference"
"""Custom columns of a proforma that its document says."""


def document_of(invoice: Invoice, snapshot: Snapshot, lines: Sequence[ProposalLine]) -> InvoiceDocument:
    """The document of an invoice with these lines, as they were posted."""
    return InvoiceDocument(
        company=invoice.company,
        invoice_number=invoice.invoice_number or None,
        document_type=DocumentType(invoice.document_type),
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        currency_step=snapshot.currency_step,
        seller=snapshot.seller,
        buyer=snapshot.buyer,
        subtotal=invoice.subtotal,
        sales_tax=invoice.sales_tax,
        total=invoice.total,
        lines=tuple(document_line(line, snapshot.unit_codes) for line in lines if line.shown),
        taxes=snapshot.taxes,
        accounting_currency=snapshot.accounting_currency,
        accounting_step=snapshot.accounting_step,
        exchange_rate=invoice.exchange_rate,
        proforma=invoice.proposal_id,
        proforma_name=snapshot.proforma_name,
        contract=snapshot.contract,
        order_reference=snapshot.order_reference,
        buyer_reference=snapshot.buyer_reference,
        terms_of_payment=snapshot.terms_of_payment,
        cash_discount_date=invoice.cash_discount_date,
        cash_discount_percent=invoice.cash_discount_percent,
        bank_accounts=snapshot.bank_accounts,
        corrects=snapshot.corrects,
        borrower=invoice.borrower,
        presentation=snapshot.presentation,
        setup_version=snapshot.setup_version,
        missing=snapshot.missing,
    )


def document_line(line: ProposalLine, unit_codes: Mapping[str, str]) -> DocumentLine:
    charge = line.charges[0] if line.charges else None
    unit = line.unit.id if line.unit else None
    included = bool(charge and charge.tax_included)
    return DocumentLine(
        number=line.line_number,
        kind=line.kind,
        quantity=line.quantity,
        unit_price=line.unit_price,
        net=revenue(line, tax_included=included),
        sales_tax=line.sales_tax_amount or ZERO,
        discount=line.discount,
        chargeable=line.chargeable,
        date=line.transaction_date,
        description=line.description,
        unit=unit,
        unit_code=unit_codes.get(unit) if unit else None,
        taxes=tuple(LineTax(tax.code, _percent(tax)) for tax in (charge.taxes if charge else None) or ()),
        project=line.project_name or _by_id(line.project),
        task=line.task,
        role=line.role,
        resource=_by_id(line.resource),
        category=_by_id(line.category),
        contract_line=line.contract_line_name or _by_id(line.contract_line),
        takes_back=corrected_invoice(line),
        tax_included=included,
    )


def snapshot_of(
    header: Proposal, draft: InvoiceDraft, setup: FinanceSetup, corrects: Iterable[Corrected] = ()
) -> Snapshot:
    """What the document of this invoice says beside its header and lines. ``corrects``: what it takes back lines of."""
    terms, proforma = draft.terms, header.proforma
    written = _written(setup, terms.company)
    customer = setup.customer(terms.company, terms.customer)
    wanted = customer.document if customer else NO_DOCUMENT
    contract = contract_of(proforma, setup)
    known = setup.terms_name_for(contract, terms.customer, terms.company)
    return Snapshot(
        seller=_company_party(terms.company, terms.company, setup),
        buyer=buyer_of(header, terms.customer, setup),
        currency_step=terms.currency_precision,
        accounting_currency=setup.accounting_currency(terms.company),
        accounting_step=terms.accounting_precision,
        taxes=tax_rows(
            draft.totals.lines,
            setup.document.sales_tax.codes,
            terms.exchange_rate if terms.currency != setup.accounting_currency(terms.company) else None,
            terms.accounting_precision,
        ),
        proforma_name=proforma.name,
        contract=_named(setup, Part.CONTRACTS, header.works_for, contract),
        order_reference=proforma.custom.get(ORDER_REFERENCE),
        buyer_reference=proforma.custom.get(BUYER_REFERENCE) or wanted.buyer_reference,
        terms_of_payment=known,
        bank_accounts=tuple(
            BankAccount(one.iban, one.account_number, one.bic, one.bank, one.holder, one.currency)
            for one in written.bank_accounts
            if one.currency in (None, terms.currency)
        ),
        corrects=tuple(corrects),
        presentation=_presentation(written, wanted),
        unit_codes=_unit_codes(written, draft.totals.lines),
        setup_version=setup.version,
    )


def named_lines(draft: InvoiceDraft, setup: FinanceSetup) -> InvoiceDraft:
    """The invoice with the names of projects and contract lines on its lines, as they are now."""
    known: dict[tuple[Part, str | None], Named | None] = {}

    def name(part: Part, number: str | None) -> Named | None:
        if (part, number) not in known:
            found = _named(setup, part, draft.works_for, number)
            known[part, number] = found if found and found.name else None
        return known[part, number]

    lines = tuple(
        replace(
            line,
            project_name=name(Part.PROJECTS, line.project),
            contract_line_name=name(Part.CONTRACT_LINES, line.contract_line),
        )
        for line in draft.totals.lines
    )
    return replace(draft, totals=replace(draft.totals, lines=lines))


def corrected_by(lines: Iterable[ProposalLine]) -> list[str]:
    """The numbers of the invoices that these lines take something back of, in order."""
    return list(dict.fromkeys(number for line in lines if (number := corrected_invoice(line))))


def earlier_snapshot(
    invoice: Invoice, lines: Sequence[ProposalLine], setup: FinanceSetup, corrects: Iterable[Corrected] = ()
) -> Snapshot:
    """What is known of an invoice that was posted before snapshots were kept. ``setup``: that of its posting.

    Names and digits come from that set-up. What nobody kept is named as missing, and not made up.
    """
    known, customer = setup.company(invoice.company), setup.customer(invoice.company, invoice.customer)
    borrower = setup.company(invoice.borrower) if invoice.borrower else None
    buyer = (borrower.name if borrower else customer.name if customer else "") or invoice.customer
    accounting = known.accounting_currency if known else None
    step = (setup.currency_precision(accounting) if accounting else None) or CENT
    foreign = accounting not in (None, invoice.currency)
    return Snapshot(
        seller=Party(invoice.company, (known.name if known else "") or invoice.company),
        buyer=Party(invoice.customer, buyer),
        currency_step=setup.currency_precision(invoice.currency) or CENT,
        accounting_currency=accounting,
        accounting_step=step,
        taxes=tax_rows(lines, {}, ExchangeRate(invoice.exchange_rate, Decimal(1)) if foreign else None, step),
        corrects=tuple(corrects),
        missing=tuple(_missing(lines)),
    )


def _missing(lines: Sequence[ProposalLine]) -> Iterator[str]:
    yield from NEVER_KEPT
    if not all(line.charges for line in lines):
        yield "taxes"
    if not all(line.transaction_date for line in lines):
        yield "lines.date"


def tax_rows(
    lines: Iterable[ProposalLine], codes: Mapping[str, TaxCode], rate: ExchangeRate | None, step: Decimal
) -> tuple[TaxRow, ...]:
    """The tax table: each code at each percent, with the revenue it is charged on. In the order of the lines.

    ``rate`` and ``step``: those of the accounting currency, where that is another one.
    """
    sums: dict[tuple[str, Decimal | None], tuple[Decimal, Decimal]] = {}
    for line in lines:
        charge = line.charges[0] if line.charges and line.chargeable else None
        for tax in (charge.taxes if charge else None) or ():
            base, amount = sums.get((tax.code, _percent(tax)), (ZERO, ZERO))
            net = revenue(line, tax_included=bool(charge and charge.tax_included))
            sums[tax.code, _percent(tax)] = (base + net, amount + tax.amount)
    return tuple(
        _tax_row(code, codes.get(code), percent, base, tax, rate.convert(tax, step) if rate else None)
        for (code, percent), (base, tax) in sums.items()
    )


def _tax_row(
    code: str, known: TaxCode | None, percent: Decimal | None, base: Decimal, tax: Decimal, accounting: Decimal | None
) -> TaxRow:
    category = _category(known, percent)
    # A code may be exempt in some groups alone. Where its tax is charged, nothing is to be explained (BR-S-10).
    why = None if category is TaxCategory.STANDARD else known
    return TaxRow(
        code=code,
        percent=percent,
        base=base,
        tax=tax,
        category=category,
        exemption_code=why.exemption_code if why else None,
        exemption_text=why.exemption_text if why else None,
        accounting_tax=accounting,
    )


def _category(code: TaxCode | None, percent: Decimal | None) -> TaxCategory | None:
    """The category of a code; exempt where a sales tax group names it without charging it."""
    category = code.category if code else None
    return TaxCategory.EXEMPT if category is TaxCategory.STANDARD and percent == 0 else category


def _percent(tax: ChargedTax) -> Decimal | None:
    return None if tax.form.origin is TaxOrigin.AMOUNT_PER_UNIT else tax.percent


def _written(setup: FinanceSetup, company: str) -> CompanyDocument:
    known = setup.company(company)
    return (known.document if known else None) or _NOT_GIVEN


def _company_party(id: str, company: str, setup: FinanceSetup) -> Party:
    written, known = _written(setup, company), setup.company(company)
    contact = written.contact
    return Party(
        id=id,
        name=written.legal_name or (known.name if known else "") or company,
        address=_address(written.address),
        tax_id=written.tax_id,
        tax_number=written.tax_number,
        registration=written.registration,
        electronic_address=_electronic(written.electronic_address),
        contact=Contact(contact.name, contact.phone, contact.email),
    )


def buyer_of(header: Proposal, number: str, setup: FinanceSetup) -> Party:
    """The customer ``number``: finance's address where it has written one, else that of the proforma.

    Between companies, the borrower as its own documents name it, else as the lender's customer.
    """
    customer = setup.customer(str(header.company), number)
    written = customer.document if customer else NO_DOCUMENT
    billed = header.proforma.bill_to
    buyer = Party(
        id=number,
        name=billed.get("name") or customer_name_of(header, setup) or number,
        address=_address(written.address) if written.address else _billed(billed),
        tax_id=written.tax_id,
        electronic_address=_electronic(written.electronic_address),
    )
    if header.intercompany is None:
        return buyer
    borrower = header.intercompany.borrower
    if (known := setup.company(borrower)) and known.document:
        return _company_party(number, borrower, setup)
    return replace(buyer, name=(known.name if known else "") or buyer.name)


def _billed(billed: Mapping[str, str]) -> Address:
    country = billed.get("country")
    return Address(
        street=billed.get("line1"),
        street_2=", ".join(one for one in (billed.get("line2"), billed.get("line3")) if one) or None,
        city=billed.get("city"),
        postal_code=billed.get("postal_code"),
        region=billed.get("state_or_province"),
        country=country if country in COUNTRIES else None,
        country_text=country,
    )


def _address(written: AddressEntry) -> Address:
    return Address(written.street, written.street_2, written.city, written.postal_code, written.region, written.country)


def _electronic(written: ElectronicAddressEntry | None) -> ElectronicAddress | None:
    return ElectronicAddress(written.scheme, written.id) if written else None


def _presentation(written: CompanyDocument, wanted: CustomerDocument) -> Presentation:
    language = wanted.language or written.language
    form = wanted.document_format or FormatEntry()
    texts = written.texts.get(language) or TextsEntry()
    brand, e_invoice = written.brand, wanted.e_invoice
    delivery = wanted.delivery or written.delivery
    return Presentation(
        language=language,
        format=form.format or written.format,
        group_by=tuple(written.group_by if form.group_by is None else form.group_by),
        brand=Brand(brand.primary, brand.accent, brand.logo_sha256),
        texts=Texts(texts.introduction, texts.payment, texts.closing, texts.footer),
        e_invoice=EInvoice(e_invoice.syntax, e_invoice.profile) if e_invoice else None,
        delivery=Delivery(delivery.channel, delivery.address) if delivery else None,
    )


def _unit_codes(written: CompanyDocument, lines: Iterable[ProposalLine]) -> dict[str, str]:
    units = {line.unit.id: None for line in lines if line.unit}
    return {unit: written.unit_codes[unit] for unit in units if unit in written.unit_codes}


def _named(setup: FinanceSetup, part: Part, company: str, number: str | None) -> Named | None:
    if not number:
        return None
    name = setup.source_of(part, company, number).get("name")
    return Named(number, name.value if name and isinstance(name.value, str) else None)


def _by_id(id: str | None) -> Named | None:
    return Named(id) if id else None
