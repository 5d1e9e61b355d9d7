"""The vendor invoices of borrowers, one beside each invoice between companies. In the proposals table.

A header under the borrower, the lender and the number of the lender's invoice, whose lines are its lines: ``st``
status, ``in`` number, ``co`` borrower, ``le`` lender, ``ve`` vendor, ``di`` ``du`` ``da`` invoice date, due date and
accounting date of the lender, ``cu`` currency, ``su`` subtotal, ``tx`` sales tax, ``to`` total, ``n`` lines. Posting
adds ``vo`` voucher and ``pd`` the borrower's accounting date; an answer of other payables ``vo`` their number and
``rs`` why they refuse it. ``ap`` ``av``: its approval and how many steps that has had. ``oc`` ``od``: its place in the
index ``open_documents`` until it is posted; ``lp`` ``ls``: that in the index ``listed``. One that an earlier version
has made has neither, and is found by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.codes import VendorInvoiceStatus
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.states import APPROVALS, VENDOR_INVOICES, ApprovalVerb, VendorInvoiceVerb
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.store import history as histories
from project_invoicing.store import rows
from project_invoicing.store.invoices import HEADER, accounting_date
from project_invoicing.store.items import Item, readable
from project_invoicing.store.listing import Listed, Part, entry
from project_invoicing.store.transactions import MAX_READS, Write, get, get_many, put, query, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.approval import Approval
    from project_invoicing.domain.history import HistoryEntry

PREFIX: Final = "VENDOR#"
_INDEX: Final = "open_documents"


@dataclass(frozen=True, slots=True)
class VendorInvoices:
    """Access to them. ``table`` is that of the proposals."""

    client: DynamoDBClient
    table: str

    # Reading

    def get(self, borrower: str, lender: str, number: str) -> VendorInvoice | None:
        item = get(self.client, self.table, partition(borrower, lender, number), HEADER)
        return vendor_invoice_of(item) if item else None

    def of_lenders(self, borrower: str, lenders: Iterable[str], number: str) -> list[VendorInvoice]:
        """Those with this number. One request."""
        keys = ((partition(borrower, lender, number), HEADER) for lender in dict.fromkeys(lenders))
        return [vendor_invoice_of(item) for item in get_many(self.client, self.table, keys)]

    def many(self, borrower: str, lender: str, numbers: Iterable[str]) -> dict[str, VendorInvoice]:
        """Those of a lender with these numbers."""
        keys = ((partition(borrower, lender, number), HEADER) for number in dict.fromkeys(numbers))
        found = map(vendor_invoice_of, get_many(self.client, self.table, keys))
        return {one.invoice_number: one for one in found}

    def open(self, borrower: str) -> list[VendorInvoice]:
        """Those of a borrower that nobody has posted, oldest first. An index read: verify before writing."""
        found = query(self.client, self.table, _list_of(borrower), index=_INDEX, names=("oc", "od"))
        return [one for item in found if (one := readable(vendor_invoice_of, item)) and one.is_open]

    def newest(self, borrower: str, limit: int) -> list[VendorInvoice]:
        """The newest ones of a borrower, posted or not. Two requests."""
        found = Listed(self.client, self.table, one_list=True).newest(
            [Part(_list_of(borrower))], limit, since=None, before=None
        )
        keys = ((str(item["pk"]), HEADER) for item in found.entries)
        headers = map(vendor_invoice_of, get_many(self.client, self.table, keys))
        return sorted(headers, key=lambda one: (one.invoice_date, one.lender, one.invoice_number), reverse=True)

    def posted_since(self, borrower: str, day: date) -> Iterator[VendorInvoice]:
        """Those with an invoice date from a day on that are posted here, oldest first. Two requests for a hundred."""
        after: str | None = None
        while after != "":
            found = Listed(self.client, self.table, one_list=True).oldest(
                [Part(_list_of(borrower))], MAX_READS, since=day.isoformat(), after=after
            )
            after = found.before
            places = {str(item["pk"]): str(item["ls"]) for item in found.entries}
            headers = get_many(self.client, self.table, ((pk, HEADER) for pk in places))
            for item in sorted(headers, key=lambda item: places[str(item["pk"])]):
                if item["st"] == VendorInvoiceStatus.POSTED:
                    yield vendor_invoice_of(item)

    def history(self, one: VendorInvoice) -> Iterator[HistoryEntry]:
        return histories.of(self.client, self.table, _partition_of(one))

    def was_done(self, one: VendorInvoice, done: HistoryEntry) -> bool:
        return histories.is_there(self.client, self.table, _partition_of(one), done)

    # Writing

    def posted(self, one: VendorInvoice, voucher: str | None, on: date, done: HistoryEntry) -> list[Write]:
        """It is posted here, with its voucher, unless somebody was faster (ICV-02)."""
        values = {"vo": voucher, "pd": on.isoformat(), "rs": None}
        return self._changed(one, VendorInvoiceVerb.POSTED, values, done)

    def answered(
        self, one: VendorInvoice, verb: VendorInvoiceVerb, number: str | None, reason: str | None, done: HistoryEntry
    ) -> list[Write]:
        """What other payables say of it, with their number of it or why they refuse it (ICV-10)."""
        return self._changed(one, verb, {"vo": number, "rs": reason}, done)

    def approval_step(self, one: VendorInvoice, verb: ApprovalVerb, taken: Approval, done: HistoryEntry) -> list[Write]:
        """A step of its approval, if it is still open and nobody has taken another since it was read (WFL-02)."""
        APPROVALS.after(one.approval_state, verb)
        key = _partition_of(one)
        values = {"ap": rows.encode([taken]), "av": one.approval_steps + 1}
        changed = update(self.table, key, HEADER, values, expected=_as_read(one))
        return [changed, histories.entry(self.table, key, done)]

    def _changed(
        self, one: VendorInvoice, verb: VendorInvoiceVerb, values: dict[str, Any], done: HistoryEntry
    ) -> list[Write]:
        after = VENDOR_INVOICES.after(one.status, verb)
        if after is not VendorInvoiceStatus.REFUSED:
            values |= {"oc": None, "od": None}
        key = _partition_of(one)
        changed = update(self.table, key, HEADER, {"st": after, **values}, expected=_as_read(one))
        return [changed, histories.entry(self.table, key, done)]


def created(table: str, invoice: Invoice) -> Write:
    """The borrower's pending vendor invoice that matches the lender's invoice and has its number (IC-09)."""
    borrower, place = str(invoice.borrower), f"{invoice.invoice_date.isoformat()}#{invoice.company}"
    place = f"{place}#{invoice.invoice_number}"
    item = {
        "pk": partition(borrower, invoice.company, invoice.invoice_number),
        "sk": HEADER,
        "st": VendorInvoiceStatus.PENDING,
        "in": invoice.invoice_number,
        "co": borrower,
        "le": invoice.company,
        "ve": invoice.vendor,
        "di": invoice.invoice_date.isoformat(),
        "du": invoice.due_date.isoformat(),
        "da": invoice.accounting_date.isoformat(),
        "cu": invoice.currency,
        "su": invoice.subtotal,
        "tx": invoice.sales_tax,
        "to": invoice.total,
        "n": invoice.line_count,
        "oc": _list_of(borrower),
        "od": place,
        **entry(_list_of(borrower), place),
    }
    return put(table, item, unless_exists=True)


def vendor_invoice_of(item: Item) -> VendorInvoice:
    return VendorInvoice(
        invoice_number=item["in"],
        company=item["co"],
        vendor=item["ve"],
        lender=item["le"],
        status=VendorInvoiceStatus(item["st"]),
        invoice_date=date.fromisoformat(item["di"]),
        due_date=date.fromisoformat(item["du"]),
        accounting_date=accounting_date(item),
        currency=item["cu"],
        subtotal=Decimal(item["su"]),
        sales_tax=Decimal(item["tx"]),
        total=Decimal(item["to"]),
        line_count=int(item.get("n", 0)),
        voucher=item.get("vo"),
        posted_on=date.fromisoformat(item["pd"]) if "pd" in item else None,
        reason=item.get("rs"),
        approval=_approval_of(item["ap"]) if "ap" in item else None,
        approval_steps=int(item.get("av", 0)),
    )


def _as_read(one: VendorInvoice) -> dict[str, Any]:
    return {"st": one.status, "av": one.approval_steps or None}


def _approval_of(text: str) -> Approval:
    # Imported late: few companies approve.
    from project_invoicing.domain.approval import Approval  # noqa: PLC0415

    return rows.decode(Approval, text)[0]


def partition(borrower: str, lender: str, number: str) -> str:
    return f"{PREFIX}{borrower}#{lender}#{number}"


def _partition_of(one: VendorInvoice) -> str:
    return partition(one.company, one.lender, one.invoice_number)


def _list_of(borrower: str) -> str:
    return f"{PREFIX}{borrower}"
