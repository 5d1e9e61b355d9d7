"""Headers of proposals as items: the mapped proforma, its waits, and the documents read from them.

The attributes are listed in ``store.proposals``. Proforma dates stored as instants, before the table map typed them,
are read as what their columns hold. Waits stored by a newer version are left out.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.actual import Proforma, Reference, RowVersion
from project_invoicing.domain.calendar import calendar_date
from project_invoicing.domain.codes import ProposalStatus, WaitReason
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.proposal import UNRESOLVED, BetweenCompanies, HeaderEdits, Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.waits import Waits
from project_invoicing.store import rows
from project_invoicing.store.invoices import accounting_date, tallies_of, tallies_text
from project_invoicing.store.items import Item
from project_invoicing.store.listing import PROPOSAL, entry, list_of, open_entry

if TYPE_CHECKING:
    from project_invoicing.domain.approval import Approval

PREFIX: Final = "PROPOSAL#"
_WAIT_REASONS: Final = frozenset(WaitReason)
NO_LINES: Final[dict[str, None]] = dict.fromkeys(("wf", "wm", "wp", "bk", "rf", "su", "sv", "mp"))
"""Attributes about lines, cleared while a header has none."""
CLOSED: Final[dict[str, None]] = {"oc": None, "od": None}
"""Removes a proposal from the index of open documents."""


def partition(proforma_id: str) -> str:
    return f"{PREFIX}{proforma_id}"


# --- attributes -------------------------------------------------------------------------------------------------------


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
        "lc": payer.id if (payer := proforma.customer or proforma.contract) else None,
        "rv": proforma.version.number,
        "ot": proforma.version.occurred_at,
        "h": proforma.version.content,
    }


def company_columns(proforma: Proforma, company: str | None) -> dict[str, Any]:
    return {"co": company, "oc": company or UNRESOLVED, "od": proforma.id}


def listed_open(proforma: Proforma, company: str | None, at: str) -> dict[str, str]:
    """The place in the lists of a proposal that is not posted: under the day ``at`` which it came."""
    return open_entry(PROPOSAL, company, f"{at[:10]}#{proforma.number}#{proforma.id[:8]}")


def listed_posted(number: str, company: str | None, on: date) -> dict[str, str]:
    """The place in the lists of a posted proposal: under its invoice date."""
    return entry(list_of(PROPOSAL, company), f"{on.isoformat()}#{number}")


def waiting_columns(waits: Waits) -> dict[str, Any]:
    """The attributes in which a header stores what it waits for."""
    shown = [
        {"reason": w.reason, "actual_id": w.actual_id, "detail": w.detail}
        | ({"document": w.document} if w.document else {})
        | ({"blocker": w.blocker} if w.blocker else {})
        | ({"also": w.also} if w.also else {})
        for w in waits.listed
    ]
    unlisted = [[*of, rows] for of, rows in waits.unlisted.items()]
    return {
        "wf": zlib.compress(json.dumps(shown, separators=(",", ":")).encode()),
        "wm": json.dumps(unlisted, separators=(",", ":")) if unlisted else None,
        "wp": sorted(waits.documents),
        "bk": waits.blocker,
    }


def credited_text(originals: Mapping[str, TaxOfInvoice]) -> str | None:
    """What the invoices credited by a posting had charged and given back when its own tax was computed."""
    texts = {number: [tallies_text(tax.charged), tallies_text(tax.given_back)] for number, tax in originals.items()}
    return json.dumps(texts, separators=(",", ":")) if texts else None


# --- documents --------------------------------------------------------------------------------------------------------


def proposal_of(item: Item, calendar_dates: Collection[str]) -> Proposal:
    """``calendar_dates`` are the fields of the proforma whose columns hold calendar dates (D-061)."""
    return Proposal(
        proforma=_proforma_of(item, calendar_dates),
        status=ProposalStatus(item["st"]),
        changes=item["ch"],
        deliveries=item["dl"],
        company=item.get("co"),
        line_count=item.get("n", 0),
        pages=item.get("pg", 0),
        subtotal=Decimal(item["su"]) if "su" in item else None,
        waits=_waits_of(item),
        blocked_by=item.get("bk"),
        waiting_since=item.get("ws"),
        refusal=json.loads(item["rf"]) if "rf" in item else None,
        setup_version=item.get("sv"),
        deleting=item.get("dx", False),
        invoice_number=item.get("in"),
        voucher=item.get("vo"),
        invoice_date=date.fromisoformat(item["di"]) if "di" in item else None,
        accounting_date=accounting_date(item) if "di" in item else None,
        posting_setup_version=item.get("pv"),
        posted_pages=item.get("pp", 0),
        edits=rows.decode(HeaderEdits, item["ed"])[0] if "ed" in item else HeaderEdits(),
        edit_count=item.get("ev", 0),
        intercompany=rows.decode(BetweenCompanies, item["ic"])[0] if "ic" in item else None,
        event=item.get("dt"),
        billed_on=date.fromisoformat(item["ba"]) if "ba" in item else None,
        credited=_credited_of(item["og"]) if "og" in item else {},
        marked="tk" in item or "ic" in item,
        pinned="mp" in item,
        approval=_approval_of(item["ap"]) if "ap" in item else None,
        approval_steps=item.get("av", 0),
    )


def _approval_of(text: str) -> Approval:
    # Imported late: only companies that approve have any.
    from project_invoicing.domain.approval import Approval  # noqa: PLC0415

    return rows.decode(Approval, text)[0]


def _proforma_of(item: Item, calendar_dates: Collection[str]) -> Proforma:
    mapped = json.loads(item["a"])

    def reference(name: str) -> Reference | None:
        return Reference(*mapped[name]) if name in mapped else None

    def day(field: str, name: str) -> str | None:
        stored: str | None = mapped.get(name)
        is_instant = stored is not None and len(stored) > len("2026-08-31")
        return calendar_date(stored).isoformat() if stored and is_instant and field in calendar_dates else stored

    return Proforma(
        id=item["pk"].partition("#")[2],
        version=RowVersion(item.get("rv"), item["ot"], item["h"]),
        number=item["nr"],
        name=mapped.get("nm"),
        contract=reference("ct"),
        customer=reference("cs"),
        currency=reference("cu"),
        total=Decimal(mapped["to"]) if "to" in mapped else None,
        invoice_date=day("invoice_date", "di"),
        due_date=day("due_date", "du"),
        accounting_date=mapped.get("ad"),
        bill_to=mapped.get("bt", {}),
        has_corrections=mapped.get("hc", False),
        canceled=mapped.get("ca", False),
        custom=mapped.get("cx", {}),
    )


def _waits_of(item: Item) -> Waits | None:
    if "wf" not in item:
        return None
    packed = item["wf"]
    text = packed if isinstance(packed, str) else zlib.decompress(packed)  # text: as stored by the previous version
    known = (w for w in json.loads(text) if w["reason"] in _WAIT_REASONS)  # those of a newer version are not
    listed = (
        Wait(
            reason=WaitReason(w["reason"]),
            detail=w["detail"],
            actual_id=w["actual_id"],
            document=w.get("document"),
            blocker=w.get("blocker"),
            also=tuple(w.get("also", ())),
        )
        for w in known
    )
    counted = json.loads(item.get("wm") or "[]")
    unlisted = {(reason, document): rows for reason, document, rows in counted if reason in _WAIT_REASONS}
    return Waits(tuple(listed), unlisted, frozenset(item.get("wp", ())))


def _credited_of(text: str) -> dict[str, TaxOfInvoice]:
    return {number: TaxOfInvoice(*map(tallies_of, texts)) for number, texts in json.loads(text).items()}
