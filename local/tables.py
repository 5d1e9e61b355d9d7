"""What came out of a run, as tables for a person. The whole of it is what ``--out`` writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rich.console import Console

from local.run import Outcome
from operate.answers import invoice_cells, show_list, show_rows, voucher_lines
from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.text import number_of

Row = Mapping[str, Any]


def show(console: Console, outcome: Outcome) -> None:
    """Prints the documents, what waits and why, what goes back to Dataverse, what was refused, rejected and lost."""
    result = outcome.result
    states = Counter(row["state"] for row in result["staging"])
    counted = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    console.print(number_of(len(result["staging"]), "actual") + (f": {counted}" if counted else ""))
    show_rows(console, "Journals", map(_journal, result["journals"]))
    show_rows(console, "Invoice proposals", map(_proposal, result["proposals"]))
    show_rows(console, "Customer invoices", map(invoice_cells, result["invoices"]))
    show_rows(console, "Vouchers", (line for voucher in result["vouchers"] for line in voucher_lines(voucher)))
    show_rows(console, "Batches for the general ledger", map(_batch, result["batches"]))
    show_rows(console, "To be written back to Dataverse", map(_write_back, result["write_back"]))
    waiting = [*_waiting_rows(result["staging"]), *_waiting_proposals(result["proposals"])]
    show_rows(console, "Waiting", waiting)
    show_rows(console, "Errors in journals", (line for journal in result["journals"] for line in _errors(journal)))
    show_rows(console, "Refused", map(_refusal, result["refused"]))
    reasons = dict.fromkeys(str(row["reason"]) for row in [*waiting, *result["refused"]])
    reasons.pop(RejectReason.SCHEMA, None)  # what was asked is wrong in itself, and the detail says how
    if reasons:
        show_list(console, "What to do", (f"{reason}: {what_to_do(reason)}" for reason in reasons))
    show_rows(console, "Rejected", result["rejected"])
    show_rows(console, "Dead letters", (asdict(letter) for letter in outcome.dead_letters), style="bold red")


def _journal(journal: Row) -> Row:
    return {
        "journal": journal["journal_id"],
        "company": journal["company"],
        "period": journal["period"],
        "status": journal["status"],
        "lines": len(journal["lines"]),
        "cost": _sums(journal["lines"], "cost_amount"),
        "sales": _sums(journal["lines"], "sales_amount"),
    }


def _proposal(proposal: Row) -> Row:
    return {
        "proposal": proposal["proposal_id"],
        "company": proposal["company"],
        "status": proposal["status"],
        "customer": proposal["customer"],
        "lines": len(proposal["lines"]),
        "expected": proposal["expected"],
        "subtotal": proposal["subtotal"],
        "sales tax": proposal["sales_tax"],
        "total": f"{proposal['total']} {proposal['currency'] or ''}",
        "due": proposal["due_date"],
    }


def _batch(batch: Row) -> Row:
    shown = ("company", "kind", "number", "period", "documents", "lines", "debit", "credit", "state", "deliveries")
    return {name: batch[name] for name in shown}


def _write_back(update: Row) -> Row:
    values = update["values"]
    return {
        "row": update["entity"].removeprefix("msdyn_"),
        "id": update["id"],
        "amount": values.get("accounting_amount"),
        "rate": values.get("exchange_rate"),
        "sales tax": values.get("sales_tax_amount"),
        "number": values.get("voucher") or values.get("invoice_number"),
        "state": update["state"],
    }


def _waiting_rows(staging: Iterable[Row]) -> Iterator[Row]:
    for row in staging:
        if row["reason"] and row["state"] == "pending":
            kind = f"{row['transaction_type']} {row['transaction_class']}".replace("_", " ")
            yield {"what": kind, "id": row["actual_id"], "since": None, "reason": row["reason"], "detail": None}


def _waiting_proposals(proposals: Iterable[Row]) -> Iterator[Row]:
    for proposal in proposals:
        for waiting in proposal["waiting_for"]:
            what = {"what": "proposal", "id": proposal["proposal_id"], "since": proposal["waiting_since"]}
            yield {**what, "reason": waiting["reason"], "detail": waiting["detail"]}


def _errors(journal: Row) -> Iterator[Row]:
    for line in journal["lines"]:
        if line["error"]:
            yield {"journal": journal["journal_id"], "actual": line["actual_id"], "error": line["error"]}


def _refusal(refusal: Row) -> Row:
    return {
        "at": refusal["at"],
        "company": refusal["company"],
        "what": " ".join(text for text in (refusal["action"], refusal["document"]) if text),
        "error": f"{refusal['reason']}: {refusal['detail']}",
    }


def _sums(lines: Iterable[Row], name: str) -> str:
    """The sum per currency: ``400.00 USD, 80.00 GBP``."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line[name] is not None:
            sums[line["currency"]] = sums.get(line["currency"], Decimal(0)) + Decimal(line[name])
    return ", ".join(f"{amount} {currency}" for currency, amount in sorted(sums.items()) if amount)
