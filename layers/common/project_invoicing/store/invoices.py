"""Posted customer invoices. In the proposals table.

A posted invoice has a header and pages of its own, which never change except for ``gb``: what credit notes have given
back of ``tc``, the sales tax charged on its lines. Its header: ``in`` number, ``nr`` ``id`` number and id of its
proforma, ``co`` company, ``cs`` customer, ``ty`` kind of document, ``di`` ``du`` ``da`` invoice date, due date and
accounting date, ``cu`` currency, ``su`` subtotal, ``tx`` sales tax, ``to`` total, ``vo`` voucher, ``er`` exchange rate,
``n`` lines, ``po`` whether its last page is there, ``cd`` ``cp`` cash discount, ``bo`` ``ve`` borrower and vendor of an
intercompany invoice, ``tn`` the revenue that each sales tax code is charged on. A page has ``l``, its lines as text.
``lp`` ``ls`` are places in the index ``listed`` (``store.listing``): of a header among the invoices of its customer, of
its first page among the vouchers. Item ``SNAPSHOT`` has ``sn``, what the invoice's document says beside these
(``store.snapshots``); invoices posted before it existed have none.

An intercompany invoice has a vendor invoice of the borrower beside it (``store.vendor_invoices``). Invoices
posted before ``da`` existed use their invoice date as accounting date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.credited_tax import NOTHING, Tallies, Tally, TaxOfInvoice
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.store import rows
from project_invoicing.store.items import Item, readable
from project_invoicing.store.listing import (
    PROPOSAL,
    Listed,
    Listing,
    Part,
    customer_list,
    entry,
    listing,
    parts_of,
    voucher_list,
)
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import Write, around, get, get_many, put, query, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.invoice_document import Snapshot

HEADER: Final = "H"
PREFIX: Final = "INVOICE#"
PAGE: Final = "L#"
SNAPSHOT: Final = "SNAPSHOT"
_DIGITS: Final = 6
"""Of its number in the key of a page."""


class Invoices:
    """Access to the posted invoices."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    # Reading

    def get(self, company: str, number: str) -> Invoice | None:
        item = get(self.client, self.table, partition(company, number), HEADER)
        return invoice_of(item) if item else None

    def many(self, company: str, numbers: Iterable[str]) -> dict[str, Invoice]:
        """The readable ones of these posted invoices, by number."""
        keys = ((partition(company, number), HEADER) for number in dict.fromkeys(numbers))
        found = (readable(invoice_of, item) for item in get_many(self.client, self.table, keys))
        return {invoice.invoice_number: invoice for invoice in found if invoice and invoice.posted}

    def listed(
        self,
        company: str,
        limit: int,
        *,
        since: str | None,
        before: str | None,
        customers: Sequence[str] | None = None,
        until: str | None = None,
    ) -> Listing:
        """Numbers of posted invoices under their dates: of a company, or of each of these customers of it. One request.

        From the day ``since`` to the day ``until``.
        """
        of_customers = [Part(customer_list(company, one)) for one in customers or ()]
        parts = parts_of(PROPOSAL, company, "posted") if customers is None else of_customers
        found = Listed(self.client, self.table).newest(parts, limit, since=since, before=before, until=until)
        return listing(found, lambda item: item.get("in") if customers is None else number_in(item["pk"]))

    def oldest(self, company: str, limit: int, *, after: str) -> tuple[list[str], str]:
        """Numbers of a company's posted invoices by their dates, and where it goes on. One request."""
        posted = parts_of(PROPOSAL, company, ProposalStatus.POSTED)
        found = Listed(self.client, self.table).oldest(posted, limit, since=None, after=after)
        return [item["in"] for item in found.entries if "in" in item], found.before

    def with_voucher(self, company: str, voucher: str) -> str | None:
        """The number of the invoice with this voucher. By key."""
        found = Listed(self.client, self.table).at(voucher_list(company), voucher)
        return next((number_in(item["pk"]) for item in found), None)

    def pages(self, company: str, number: str, first: str = "") -> Iterator[tuple[str, list[ProposalLine]]]:
        """The pages of a posted invoice with their keys, starting at key ``first``."""
        for item in query(self.client, self.table, partition(company, number), prefix=PAGE, first=first):
            yield item["sk"], rows.decode(ProposalLine, item["l"])

    def page_at(self, company: str, number: str, page: int) -> tuple[list[ProposalLine], int | None, int | None]:
        """The lines of a page of a posted invoice, and the numbers of the pages beside it."""
        item, before, after = around(self.client, self.table, partition(company, number), PAGE, page, _DIGITS)
        return rows.decode(ProposalLine, item["l"]) if item else [], before, after

    def snapshot(self, company: str, number: str) -> Snapshot | None:
        """What the document of a posted invoice says; ``None`` for one that an earlier version has posted."""
        from project_invoicing.store.snapshots import unpacked  # noqa: PLC0415 - few functions need documents

        item = get(self.client, self.table, partition(company, number), SNAPSHOT)
        return unpacked(item["sn"]) if item else None

    def lines(self, company: str, number: str) -> list[ProposalLine]:
        return [line for _, page in self.pages(company, number) for line in page]

    def whole(self, invoices: Iterable[Invoice]) -> dict[str, list[ProposalLine]]:
        """The lines of a company's posted invoices, by number.

        One request for a hundred, and one more for each that is longer than a page.
        """
        known = {partition(one.company, one.invoice_number): one for one in invoices}
        keys = ((pk, f"{PAGE}{1:0{_DIGITS}d}") for pk in known)
        first = {str(item["pk"]): item for item in get_many(self.client, self.table, keys)}
        made: dict[str, list[ProposalLine]] = {}
        for pk, one in known.items():
            lines = rows.decode(ProposalLine, first[pk]["l"]) if pk in first else []
            if len(lines) < one.line_count:
                lines = self.lines(one.company, one.invoice_number)
            made[one.invoice_number] = lines
        return made

    def taxes_of(self, company: str, numbers: Iterable[str]) -> dict[str, TaxOfInvoice | None]:
        """What these posted invoices charged and what was given back; ``None`` for one that does not say (REG-19)."""
        keys = ((partition(company, number), HEADER) for number in numbers)
        return {item["in"]: tax_of_invoice(item) for item in get_many(self.client, self.table, keys)}

    def counter(self, company: str) -> Counter:
        """The sequence of customer invoice numbers: without gaps, as each is drawn with its invoice (NUM-02)."""
        return Counter(self.client, self.table, company, "invoice")

    # Writes of the transactions

    def create(self, invoice: Invoice, charged: Tallies) -> Write:
        item = {
            "tc": tallies_text(charged),
            "pk": partition(invoice.company, invoice.invoice_number),
            "sk": HEADER,
            "in": invoice.invoice_number,
            "nr": invoice.proposal_id,
            "id": invoice.proforma_id,
            "co": invoice.company,
            "cs": invoice.customer,
            "ty": invoice.document_type,
            "di": invoice.invoice_date.isoformat(),
            "du": invoice.due_date.isoformat(),
            "da": invoice.accounting_date.isoformat(),
            "cu": invoice.currency,
            "su": invoice.subtotal,
            "tx": invoice.sales_tax,
            "to": invoice.total,
            "vo": invoice.voucher,
            "er": invoice.exchange_rate,
            "n": invoice.line_count,
            "po": invoice.posted,
            "cd": invoice.cash_discount_date.isoformat() if invoice.cash_discount_date else None,
            "cp": invoice.cash_discount_percent,
            "bo": invoice.borrower,
            "ve": invoice.vendor,
            "tn": None if invoice.net_by_code is None else json.dumps(dict(invoice.net_by_code), default=str),
            **listed(invoice),
        }
        return put(self.table, item, unless_exists=True)

    def keep_snapshot(self, company: str, number: str, snapshot: Snapshot) -> Write:
        """Written with the header of the invoice, and never again."""
        from project_invoicing.store.snapshots import packed  # noqa: PLC0415

        item = {"pk": partition(company, number), "sk": SNAPSHOT, "sn": packed(snapshot)}
        return put(self.table, item, unless_exists=True)

    def page(
        self, company: str, number: str, page: int, lines: list[ProposalLine], voucher: str | None = None
    ) -> Write:
        """A new page. ``voucher`` is given with the first one: it leads from the voucher to the invoice."""
        item = {"pk": partition(company, number), "sk": f"{PAGE}{page:0{_DIGITS}d}", "l": rows.encode(lines)}
        if voucher:
            item |= listed_voucher(company, voucher)
        return put(self.table, item, unless_exists=True)

    def visible(self, company: str, number: str) -> Write:
        """The invoice's last page is written: it now counts as posted."""
        return update(self.table, partition(company, number), HEADER, {"po": True}, expected={"po": False})

    def give_back(self, company: str, number: str, before: TaxOfInvoice, after: TaxOfInvoice) -> Write:
        """A credit note gives back tax of an invoice, unless another has done so since the amount was computed."""
        expected = {"po": True, "gb": None if before.given_back == NOTHING else tallies_text(before.given_back)}
        values = {"tc": tallies_text(after.charged), "gb": tallies_text(after.given_back)}
        return update(self.table, partition(company, number), HEADER, values, expected=expected)


def listed(invoice: Invoice) -> dict[str, str]:
    """The place of an invoice among those of its customer, under its date."""
    place = f"{invoice.invoice_date.isoformat()}#{invoice.invoice_number}"
    return entry(customer_list(invoice.company, invoice.customer), place)


def listed_voucher(company: str, voucher: str) -> dict[str, str]:
    """The place of the first page of an invoice, under its voucher."""
    return entry(voucher_list(company), voucher)


def invoice_of(item: Item) -> Invoice:
    return Invoice(
        invoice_number=item["in"],
        proposal_id=item["nr"],
        proforma_id=item["id"],
        company=item["co"],
        customer=item["cs"],
        document_type=item["ty"],
        invoice_date=date.fromisoformat(item["di"]),
        due_date=date.fromisoformat(item["du"]),
        accounting_date=accounting_date(item),
        currency=item["cu"],
        subtotal=Decimal(item["su"]),
        sales_tax=Decimal(item["tx"]),
        total=Decimal(item["to"]),
        voucher=item.get("vo"),
        exchange_rate=Decimal(item["er"]),
        line_count=item["n"],
        posted=item["po"],
        cash_discount_date=date.fromisoformat(item["cd"]) if "cd" in item else None,
        cash_discount_percent=Decimal(item["cp"]) if "cp" in item else None,
        borrower=item.get("bo"),
        vendor=item.get("ve"),
        net_by_code=_nets(item["tn"]) if "tn" in item else None,
    )


def _nets(text: str) -> tuple[tuple[str, Decimal], ...]:
    return tuple((code, Decimal(net)) for code, net in json.loads(text).items())


def tax_of_invoice(item: Item) -> TaxOfInvoice | None:
    """What an invoice's header says about its tax; ``None`` where it was posted before headers did."""
    if "tc" not in item:
        return None
    return TaxOfInvoice(tallies_of(item["tc"]), tallies_of(item["gb"]) if "gb" in item else NOTHING)


def accounting_date(item: Item) -> date:
    """The accounting date of a posting; the invoice date where it began before accounting dates were stored."""
    return date.fromisoformat(item["da"] if "da" in item else item["di"])


def tallies_text(tallies: Tallies) -> str:
    sides = [{code: [tally.lines[code], str(amount)] for code, amount in tally.taxes.items()} for tally in tallies]
    return json.dumps(sides, separators=(",", ":"))


def tallies_of(text: str) -> Tallies:
    charges, credits = (
        Tally(
            {code: lines for code, (lines, _) in side.items()}, {code: Decimal(tax) for code, (_, tax) in side.items()}
        )
        for side in json.loads(text)
    )
    return charges, credits


def number_in(key: str) -> str:
    """The number in the partition key of an invoice."""
    return key.split("#", 2)[2]


def partition(company: str, number: str) -> str:
    return f"{PREFIX}{company}#{number}"
