"""The proposals table: proposal headers and their lines, and the posted customer invoices.

Header attributes: ``a`` the mapped proforma as JSON text, ``rv`` ``ot`` ``h`` its version, ``ch`` ``dl`` as in staging,
``st`` status, ``nr`` number, ``co`` company, ``n`` lines, ``pg`` pages, ``su`` subtotal, ``ws`` since when it waits,
``wf`` what for (JSON, compressed; ``wm`` how many rows that does not list), ``wp`` the documents for whose posting it
waits, ``rf`` the last refusal (JSON), ``ed`` what a person has set on it, ``ev`` how often one has edited it or its
lines, ``sv`` the set-up version that its lines were built with, ``ic`` between which companies it bills, ``dx`` its
lines are being deleted, ``tk`` what its lines continue is marked as taken by them (99-25; absent where a version before
made them), ``ba`` the accounting date that its billed sales agree on; from the claim of its posting on ``in`` invoice
number, ``vo`` voucher, ``di`` invoice date, ``da`` accounting date, ``pv`` set-up version, ``pp`` pages posted; ``oc``
``od`` keys of the sparse index ``open_documents``.

A header whose proforma was canceled before it was posted stays, in no index, so that an older event cannot bring it
back. Its number has ``fr``: it is free, and still leads to the header until another proforma takes it.

A page of lines has ``l`` (lines as text) and ``ve``, a version that every edit raises.
A posted invoice has a header and pages of its own, which nothing changes any more but ``gb``: what credit notes have
given back of ``tc``, the sales tax that its lines were charged. One between companies has a pending vendor invoice of
the borrower beside it. The header of a proposal that credits others has from its claim on ``og``, what those had
charged and given back when its own tax was computed.

What was claimed or posted before there was a ``da`` has its invoice date for an accounting date. Dates of proformas
that were stored as instants before the table map said what they are, are read by it.

A header whose contract the set-up does not know yet has ``dt``, its event whole: its number may still be refused.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.dataverse.mapping import stored_date
from project_invoicing.dataverse.maps import table_maps
from project_invoicing.domain.actual import Proforma, Reference, RowVersion
from project_invoicing.domain.codes import ProposalStatus, WaitReason
from project_invoicing.domain.credited_tax import NOTHING, Tallies, Tally, TaxOfInvoice
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import UNRESOLVED, BetweenCompanies, HeaderEdits, Proposal, ProposalPage
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused, Wait
from project_invoicing.domain.waits import Waits
from project_invoicing.store import rows
from project_invoicing.store.items import Item, readable
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import Write, delete, get, get_many, put, query, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX: Final = "open_documents"
HEADER: Final = "H"
VENDOR: Final = "VENDOR#"
_PAGE: Final = "L#"
_WAIT_REASONS: Final = frozenset(WaitReason)


class Proposals:
    """Access to the proposals table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    # Reading

    def get(self, proforma_id: str) -> Proposal | None:
        item = get(self.client, self.table, _partition(proforma_id), HEADER)
        return proposal_of(item) if item else None

    def item(self, proforma_id: str) -> Item | None:
        return get(self.client, self.table, _partition(proforma_id), HEADER)

    def open(self, company: str) -> list[Proposal]:
        """Proposals of a company (or ``UNRESOLVED``) that are not posted. From the index: it only proposes."""
        found = query(self.client, self.table, company, index=INDEX, names=("oc", "od"))
        return [header for item in found if (header := readable(proposal_of, item))]

    def by_number(self, companies: Iterable[str], number: str) -> dict[str, str]:
        """Proforma ids by company of the proposals with this number; a free number gives the one that had it last."""
        keys = ((_number_partition(company, number), "N") for company in companies)
        return {item["co"]: item["id"] for item in get_many(self.client, self.table, keys)}

    def holder_of_number(self, company: str, number: str) -> tuple[str, bool] | None:
        """The proforma that has the number or had it last, and whether it is free."""
        item = get(self.client, self.table, _number_partition(company, number), "N")
        return (item["id"], item.get("fr", False)) if item else None

    def pages(self, proforma_id: str) -> Iterator[ProposalPage]:
        for item in query(self.client, self.table, _partition(proforma_id), prefix=_PAGE):
            yield ProposalPage(item["sk"], rows.decode(ProposalLine, item["l"]), item["ve"])

    def lines(self, proforma_id: str) -> list[ProposalLine]:
        return [line for page in self.pages(proforma_id) for line in page.lines]

    def invoice(self, company: str, invoice_number: str) -> Invoice | None:
        item = self.invoice_item(company, invoice_number)
        return invoice_of(item) if item else None

    def invoice_item(self, company: str, invoice_number: str) -> Item | None:
        return get(self.client, self.table, _invoice_partition(company, invoice_number), HEADER)

    def invoice_pages(
        self, company: str, invoice_number: str, first: str = ""
    ) -> Iterator[tuple[str, list[ProposalLine]]]:
        """The pages of a posted invoice, from the one with the key ``first`` on."""
        partition = _invoice_partition(company, invoice_number)
        for item in query(self.client, self.table, partition, prefix=_PAGE, first=first):
            yield item["sk"], rows.decode(ProposalLine, item["l"])

    def taxes_of(self, company: str, numbers: Iterable[str]) -> dict[str, TaxOfInvoice | None]:
        """What these posted invoices charged and what was given back; ``None`` for one that does not say (REG-19)."""
        keys = ((_invoice_partition(company, number), HEADER) for number in numbers)
        return {item["in"]: tax_of_invoice(item) for item in get_many(self.client, self.table, keys)}

    def last_number(self, company: str) -> str | None:
        """The proposal number that came last, for a sequence that does not allow lower or higher ones (NUM-01)."""
        found = get(self.client, self.table, f"SEQUENCE#{company}", "proposal")
        return found["nr"] if found else None

    def counter(self, company: str) -> Counter:
        """The sequence of customer invoice numbers: continuous, since it is drawn with the invoice (NUM-02)."""
        return Counter(self.client, self.table, company, "invoice")

    # Writes of the transactions

    def intercompany_counter(self, company: str) -> Counter:
        """The sequence of a lender's intercompany proposals."""
        return Counter(self.client, self.table, company, "intercompany")

    def create(
        self,
        proforma: Proforma,
        company: str | None,
        between: BetweenCompanies | None = None,
        event: str | None = None,
        at: str | None = None,
    ) -> Write:
        item: dict[str, Any] = {"pk": _partition(proforma.id), "sk": HEADER, "ch": 1, "dl": 1, "ws": at}
        item |= {"st": ProposalStatus.WAITING, "ic": rows.encode([between]) if between else None, "dt": event}
        item |= proforma_columns(proforma) | _company_columns(proforma, company)
        return put(self.table, item, unless_exists=True)

    def assign(self, proposal: Proposal, company: str) -> Write:
        """The header's contract has become known: it belongs to this company now."""
        expected = {"ch": proposal.changes, "co": proposal.company}
        values = _company_columns(proposal.proforma, company) | {"dt": None}
        return update(self.table, _partition(proposal.id), HEADER, values, expected=expected)

    def refuse(self, proposal: Proposal) -> Write:
        """Takes out a header that no company has: its number was refused, and its event is kept as rejected."""
        return delete(self.table, _partition(proposal.id), HEADER, expected={"ch": proposal.changes, "co": None})

    def take_number(self, company: str, proforma: Proforma, freed_by: str | None = None) -> Write:
        """The number is this proforma's; nobody else in the company has it (INV-20, NUM-10).

        ``freed_by`` is the proforma that had it before.
        """
        pk = _number_partition(company, proforma.number)
        if freed_by:
            return update(self.table, pk, "N", {"id": proforma.id, "fr": None}, expected={"id": freed_by, "fr": True})
        item = {"pk": pk, "sk": "N", "co": company, "id": proforma.id}
        return put(self.table, item, unless_exists=True)

    def free_number(self, company: str, proposal: Proposal) -> Write:
        """Another proforma may take the number of one that was canceled."""
        pk = _number_partition(company, proposal.number)
        return update(self.table, pk, "N", {"fr": True}, expected={"id": proposal.id, "fr": None})

    def number_used(self, company: str, number: str, before: str | None) -> Write:
        return update(self.table, f"SEQUENCE#{company}", "proposal", {"nr": number}, expected={"nr": before})

    def receive_again(self, item: Item, values: dict[str, Any], at: str, *, changed: bool) -> Write:
        """Counts one more delivery of a header; ``values`` are what a newer version changes.

        A delivery that was overtaken by a later one was there first: the proposal waits since then.
        """
        if "wf" not in item and at < item.get("ws", at):
            values = values | {"ws": at}
        add = {"dl": 1, "ch": 1} if changed else {"dl": 1}
        return update(self.table, item["pk"], HEADER, values, add=add, expected={"ch": item["ch"], "st": item["st"]})

    def create_canceled(self, proforma: Proforma) -> Write:
        """Remembers a proforma that was canceled before anything else of it came."""
        item = {"pk": _partition(proforma.id), "sk": HEADER, "ch": 1, "dl": 1, "st": ProposalStatus.CANCELED}
        return put(self.table, item | proforma_columns(proforma), unless_exists=True)

    def begin_withdrawal(self, proposal: Proposal, values: dict[str, Any]) -> Write:
        """Its proforma is canceled: it has no lines from now on, and those that are stored are to be taken away."""
        gone = {"st": ProposalStatus.WAITING, "dx": proposal.pages > 0 or None} | NO_LINES
        return self.change(proposal, values | gone, add={"dl": 1, "ch": 1})

    def withdrawn(self, proposal: Proposal) -> Write:
        """Nothing is left of the proposal but the version of its proforma."""
        return self.change(proposal, {"st": ProposalStatus.CANCELED, "dt": None, "ws": None} | NO_LINES | closed())

    def revive(self, item: Item, proforma: Proforma, company: str | None, event: str | None, at: str) -> Write:
        """The canceled proforma was activated again: its header waits for its lines as a new one does."""
        values = {"st": ProposalStatus.WAITING, "dt": event, "ws": at} | NO_LINES
        values |= proforma_columns(proforma) | _company_columns(proforma, company)
        return self.receive_again(item, values, at, changed=True)

    def change(
        self,
        proposal: Proposal,
        values: dict[str, Any],
        *,
        add: dict[str, int] | None = None,
        also_expected: Mapping[str, Any] | None = None,
    ) -> Write:
        """Changes the header, if its status, version, edits, lines and progress are still what was read."""
        expected: dict[str, Any] = {
            "st": proposal.status,
            "ch": proposal.changes,
            "pg": proposal.pages or None,
            "pp": proposal.posted_pages or None,
            "dx": proposal.deleting or None,
            "ev": proposal.edit_count or None,
        }
        expected |= also_expected or {}
        return update(self.table, _partition(proposal.id), HEADER, values, expected=expected, add=add)

    def waits(self, proposal: Proposal, waits: Sequence[Wait], documents: frozenset[str], since: str) -> Write | None:
        """What a proposal waits for by now; ``None`` where that is stored already.

        Since when is kept while it waits, whatever for. Refused where a document was taken off meanwhile.
        """
        waiting = Waits.for_these(waits, documents)
        if waiting == proposal.waits:
            return None
        values = waiting_columns(waiting) | {"ws": proposal.waiting_since or since}
        return self.change(proposal, values, also_expected=_same_documents(proposal))

    def no_longer_waits_for(self, proposal: Proposal, documents: set[str]) -> Write:
        """Takes documents that are posted off what a proposal waits for.

        Refused where others were taken off meanwhile: of two at once neither may bring back the other's.
        """
        left = (proposal.waits or Waits()).without(documents)
        return self.change(proposal, waiting_columns(left), also_expected=_same_documents(proposal))

    def edited(self, proposal: Proposal, values: dict[str, Any]) -> Write:
        """A person has edited the proposal or its lines: whoever has read it before, such as a posting, reads again."""
        return self.change(proposal, values | {"rf": None, "ev": proposal.edit_count + 1})

    def page(self, proforma_id: str, lines: list[ProposalLine]) -> Write:
        item = {
            "pk": _partition(proforma_id),
            "sk": f"{_PAGE}{lines[0].line_number:08d}",
            "l": rows.encode(lines),
            "ve": 1,
        }
        return put(self.table, item, unless_exists=True)

    def edited_page(self, proforma_id: str, page: ProposalPage, lines: list[ProposalLine]) -> Write:
        values = {"l": rows.encode(lines), "ve": page.version + 1}
        return update(self.table, _partition(proforma_id), page.key, values, expected={"ve": page.version})

    def without_page(self, proforma_id: str, page: ProposalPage) -> Write:
        return delete(self.table, _partition(proforma_id), page.key, expected={"ve": page.version})

    def give_back(self, company: str, number: str, before: TaxOfInvoice, after: TaxOfInvoice) -> Write:
        """A credit note gives back some of an invoice's tax, if no other has given back any since it was computed."""
        expected = {"po": True, "gb": None if before.given_back == NOTHING else _tallies_text(before.given_back)}
        values = {"tc": _tallies_text(after.charged), "gb": _tallies_text(after.given_back)}
        return update(self.table, _invoice_partition(company, number), HEADER, values, expected=expected)

    def create_invoice(self, invoice: Invoice, charged: Tallies) -> Write:
        item = {
            "tc": _tallies_text(charged),
            "pk": _invoice_partition(invoice.company, invoice.invoice_number),
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
        }
        return put(self.table, item, unless_exists=True)

    def create_vendor_invoice(self, invoice: Invoice) -> Write:
        """The borrower's pending vendor invoice that matches the lender's invoice and has its number (IC-09)."""
        item = {
            "pk": f"{VENDOR}{invoice.borrower}#{invoice.company}#{invoice.invoice_number}",
            "sk": HEADER,
            "st": "pending",
            "in": invoice.invoice_number,
            "co": invoice.borrower,
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
        }
        return put(self.table, item, unless_exists=True)

    def invoice_visible(self, company: str, invoice_number: str) -> Write:
        """The invoice's last page is there: from now on it is posted."""
        pk = _invoice_partition(company, invoice_number)
        return update(self.table, pk, HEADER, {"po": True}, expected={"po": False})

    def invoice_page(self, company: str, invoice_number: str, number: int, lines: list[ProposalLine]) -> Write:
        item = {
            "pk": _invoice_partition(company, invoice_number),
            "sk": f"{_PAGE}{number:06d}",
            "l": rows.encode(lines),
        }
        return put(self.table, item, unless_exists=True)


def waiting_columns(waits: Waits) -> dict[str, Any]:
    """What a header stores of what it waits for."""
    shown = [
        {"reason": w.reason, "actual_id": w.actual_id, "detail": w.detail}
        | ({"document": w.document} if w.document else {})
        for w in waits.listed
    ]
    unlisted = [[*of, rows] for of, rows in waits.unlisted.items()]
    return {
        "wf": zlib.compress(json.dumps(shown, separators=(",", ":")).encode()),
        "wm": json.dumps(unlisted, separators=(",", ":")) if unlisted else None,
        "wp": sorted(waits.documents),
    }


def _waits_of(item: Item) -> Waits | None:
    if "wf" not in item:
        return None
    packed = item["wf"]
    text = packed if isinstance(packed, str) else zlib.decompress(packed)  # text: as the version before stored it
    known = (w for w in json.loads(text) if w["reason"] in _WAIT_REASONS)  # a newer version's are not
    listed = (Wait(WaitReason(w["reason"]), w["detail"], w["actual_id"], w.get("document")) for w in known)
    counted = json.loads(item.get("wm") or "[]")
    unlisted = {(reason, document): rows for reason, document, rows in counted if reason in _WAIT_REASONS}
    return Waits(tuple(listed), unlisted, frozenset(item.get("wp", ())))


def _same_documents(proposal: Proposal) -> dict[str, Any]:
    """The condition that no document was taken off what the proposal waits for since it was read."""
    return {"wp": None if proposal.waits is None else sorted(proposal.waits.documents)}


def refusal_columns(refused: Refused, at: str) -> dict[str, Any]:
    return {"rf": json.dumps({"reason": refused.reason, "detail": refused.detail, "at": at})}


def edited_columns(edits: HeaderEdits) -> dict[str, Any]:
    return {"ed": rows.encode([edits])}


def claim_columns(invoice: Invoice, setup_version: int, originals: Mapping[str, TaxOfInvoice]) -> dict[str, Any]:
    """What a posting pins when it begins, so that whoever goes on with it computes the same.

    Of the invoices that it credits what they had charged and given back.
    """
    texts = {number: [_tallies_text(tax.charged), _tallies_text(tax.given_back)] for number, tax in originals.items()}
    return {
        "st": ProposalStatus.POSTING,
        "in": invoice.invoice_number or None,
        "vo": invoice.voucher,
        "di": invoice.invoice_date.isoformat(),
        "da": invoice.accounting_date.isoformat(),
        "pv": setup_version,
        "og": json.dumps(texts, separators=(",", ":")) if texts else None,
        "rf": None,
    }


def billed_on_columns(agreed: date | None) -> dict[str, Any]:
    """The accounting date that the billed sales of a proposal's lines agree on."""
    return {"ba": agreed.isoformat() if agreed else None}


NO_LINES: Final[dict[str, None]] = dict.fromkeys(("wf", "wm", "wp", "rf", "su", "sv"))
"""What a header knows of its lines, when it has none: nothing."""


def _credited_of(text: str) -> dict[str, TaxOfInvoice]:
    return {number: TaxOfInvoice(*map(_tallies_of, texts)) for number, texts in json.loads(text).items()}


def _tallies_text(tallies: Tallies) -> str:
    sides = [{code: [tally.lines[code], str(amount)] for code, amount in tally.taxes.items()} for tally in tallies]
    return json.dumps(sides, separators=(",", ":"))


def _tallies_of(text: str) -> Tallies:
    charges, credits = (
        Tally(
            {code: lines for code, (lines, _) in side.items()}, {code: Decimal(tax) for code, (_, tax) in side.items()}
        )
        for side in json.loads(text)
    )
    return charges, credits


def tax_of_invoice(item: Item) -> TaxOfInvoice | None:
    """What an invoice's header says; ``None`` where it was posted before headers did."""
    if "tc" not in item:
        return None
    return TaxOfInvoice(_tallies_of(item["tc"]), _tallies_of(item["gb"]) if "gb" in item else NOTHING)


def closed() -> dict[str, Any]:
    """What takes a proposal out of the index of open documents."""
    return {"oc": None, "od": None}


def proposal_of(item: Item) -> Proposal:
    return Proposal(
        proforma=_proforma_of(item),
        status=ProposalStatus(item["st"]),
        changes=item["ch"],
        deliveries=item["dl"],
        company=item.get("co"),
        line_count=item.get("n", 0),
        pages=item.get("pg", 0),
        subtotal=Decimal(item["su"]) if "su" in item else None,
        waits=_waits_of(item),
        waiting_since=item.get("ws"),
        refusal=json.loads(item["rf"]) if "rf" in item else None,
        setup_version=item.get("sv"),
        deleting=item.get("dx", False),
        invoice_number=item.get("in"),
        voucher=item.get("vo"),
        invoice_date=date.fromisoformat(item["di"]) if "di" in item else None,
        accounting_date=_accounting_date(item) if "di" in item else None,
        posting_setup_version=item.get("pv"),
        posted_pages=item.get("pp", 0),
        edits=rows.decode(HeaderEdits, item["ed"])[0] if "ed" in item else HeaderEdits(),
        edit_count=item.get("ev", 0),
        intercompany=rows.decode(BetweenCompanies, item["ic"])[0] if "ic" in item else None,
        event=item.get("dt"),
        billed_on=date.fromisoformat(item["ba"]) if "ba" in item else None,
        credited=_credited_of(item["og"]) if "og" in item else {},
        marked="tk" in item or "ic" in item,
    )


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
        accounting_date=_accounting_date(item),
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
    )


def _accounting_date(item: Item) -> date:
    return date.fromisoformat(item["da"] if "da" in item else item["di"])


def proforma_columns(proforma: Proforma) -> dict[str, Any]:
    """The mapped header and its version as attributes."""

    def reference(value: Reference | None) -> list[str] | None:
        return [value.entity, value.id] if value else None

    mapped = {
        "nm": proforma.name,
        "ct": reference(proforma.contract),
        "cs": reference(proforma.customer),
        "cu": reference(proforma.currency),
        "to": None if proforma.total is None else str(proforma.total),
        "di": proforma.invoice_date,
        "du": proforma.due_date,
        "ad": proforma.accounting_date,
        "bt": proforma.bill_to or None,
        "hc": proforma.has_corrections or None,
        "ca": proforma.canceled or None,
        "cx": proforma.custom or None,
    }
    return {
        "a": json.dumps({k: v for k, v in mapped.items() if v is not None}, separators=(",", ":"), ensure_ascii=False),
        "nr": proforma.number,
        "rv": proforma.version.number,
        "ot": proforma.version.occurred_at,
        "h": proforma.version.content,
    }


def version_of(item: Item) -> RowVersion:
    return RowVersion(item.get("rv"), item["ot"], item["h"])


def _proforma_of(item: Item) -> Proforma:
    mapped = json.loads(item["a"])
    invoice_map = table_maps()["invoices"]

    def reference(name: str) -> Reference | None:
        return Reference(*mapped[name]) if name in mapped else None

    return Proforma(
        id=item["pk"].partition("#")[2],
        version=version_of(item),
        number=item["nr"],
        name=mapped.get("nm"),
        contract=reference("ct"),
        customer=reference("cs"),
        currency=reference("cu"),
        total=Decimal(mapped["to"]) if "to" in mapped else None,
        invoice_date=stored_date(invoice_map, "invoice_date", mapped.get("di")),
        due_date=stored_date(invoice_map, "due_date", mapped.get("du")),
        accounting_date=mapped.get("ad"),
        bill_to=mapped.get("bt", {}),
        has_corrections=mapped.get("hc", False),
        canceled=mapped.get("ca", False),
        custom=mapped.get("cx", {}),
    )


def _company_columns(proforma: Proforma, company: str | None) -> dict[str, Any]:
    return {"co": company, "oc": company or UNRESOLVED, "od": proforma.id}


def _partition(proforma_id: str) -> str:
    return f"PROPOSAL#{proforma_id}"


def _number_partition(company: str, number: str) -> str:
    return f"NUMBER#{company}#{number}"


def _invoice_partition(company: str, number: str) -> str:
    return f"INVOICE#{company}#{number}"
