"""Answers as tables for a person: previews, explanations, reports of reconciliations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from operate.terminal import printable
from project_invoicing.domain.text import number_of

_MOST_ROWS: Final = 30
_FIGURES: Final = (
    "accounting",
    "amount",
    "cost",
    "days",
    "expected",
    "line",
    "lines",
    "price",
    "quantity",
    "rate",
    "sales",
    "sales tax",
    "subtotal",
    "total",
)
_WRAPPED: Final = ("customer", "detail", "error", "event", "outcome", "posting type", "what")

_WITH_ACTUALS: Final = ("actual", "connection", "proposal", "invoice", "journal", "voucher")

Row = Mapping[str, Any]


def filters_said(asked: Mapping[str, object]) -> str:
    """The options that narrowed a list down, as a person writes them: ``--company USPM --problems``."""
    given = ((name, value) for name, value in asked.items() if value not in (None, False))
    return " ".join(f"--{name}" if value is True else f"--{name} {value}" for name, value in given)


def show_previews(console: Console, previews: Sequence[Row]) -> None:
    """Prints what posting proposals and journals would make, or why it would be refused."""
    journals = [one for one in previews if "journal_id" in one]
    _show_previewed_journals(console, journals)
    previews = [one for one in previews if "journal_id" not in one]
    show_rows(console, "Would be invoiced", (invoice_cells(one["invoice"]) for one in previews if one["invoice"]))
    show_rows(console, "Lines", (_previewed(line) for one in previews for line in one["lines"]))
    show_rows(
        console, "Voucher", (line for one in previews if one["voucher"] for line in voucher_lines(one["voucher"]))
    )
    refused = [{"proposal": one["proposal_id"], **one["refused"]} for one in previews if one["refused"]]
    refused += [{"journal": one["journal_id"], **one["refused"]} for one in journals if one["refused"]]
    for kind in ("proposal", "journal"):
        show_rows(console, "Would be refused", [row for row in refused if kind in row])


def _show_previewed_journals(console: Console, journals: Sequence[Row]) -> None:
    show_rows(console, "Journal lines", (_journal_line(one, line) for one in journals for line in one["lines"]))
    vouchers = (line for one in journals for voucher in one["vouchers"] for line in voucher_lines(voucher))
    show_rows(console, "Vouchers", vouchers)


def _journal_line(journal: Row, line: Row) -> Row:
    return {
        "journal": journal["journal_id"],
        "line": line["line_number"],
        "actual": line["actual_id"],
        "kind": f"{line['kind']} {line['class']}".replace("_", " "),
        "amount": f"{line['amount']} {line['currency']}",
        "date": line["accounting_date"],
        "voucher": line["voucher"],
        "error": line["error"],
    }


def show_explanations(console: Console, answer: Row) -> None:
    """Prints everything that is known about an id, or where it was looked for and what that means."""
    for one in answer["found"]:
        company = f"  {one['company']}" if one["company"] else ""
        console.print(_text(f"{one['headline']}{company}", style="bold"))
        console.print(_text(f"{one['kind']} {one['id']}\n"))
        show_rows(console, "Facts", ({"fact": name, "what": text} for name, text in one["facts"].items()))
        show_rows(
            console, "What happened", ({"when": step["at"] or "", "what": step["what"]} for step in one["history"])
        )
        show_rows(console, "Waits for", _filled([_blocker(entry) for entry in one["waits_for"]]))
        title = "Linked actuals" if one["kind"] in _WITH_ACTUALS else "What waits for it, or refers to it"
        show_rows(console, title, map(_linked, one["linked"]))
        show_rows(console, "Voucher", _ledger_lines(one["voucher_lines"]))
        for name, number in one["left_out"].items():
            console.print(f"{name.replace('_', ' ')}: {number} more are not shown")
        show_list(console, "What to do next", one["next"])
    if not answer["found"]:
        console.print(_text(f"Nothing is known about {answer['id']}.", style="bold"))
        console.print(_text(f"Looked in: {'; '.join(answer['looked_in'])}.\n"))
        show_list(console, "What that can mean, and what to do", answer["next"])


def show_organization(console: Console, report: Row) -> None:
    """Prints what an organization lacks for each table map, each with what to do, and what deserves a look."""
    webhooks = ", ".join(report["webhooks"]) or "none that can be seen"
    console.print(_text(f"{report['url']}, webhooks: {webhooks}\n"))
    show_rows(console, "Table maps", ({**one, "problems": one["problems"] or ""} for one in report["maps"]))
    notes = [one for one in report["findings"] if one["problem"] == "note"]
    for one in report["maps"]:
        found = [each for each in report["findings"] if each["map"] == one["map"] and each not in notes]
        _show_findings(console, f"{one['map']} ({one['table']})", found)
    if notes:
        _show_findings(console, "Worth a look; nothing is held up", notes)
    if report["complete"]:
        console.print("Nothing is missing.")


def _show_findings(console: Console, title: str, findings: Sequence[Row]) -> None:
    if not findings:
        return
    console.print(_text(title, style="bold"))
    for one in findings:
        console.print(_text(f"  {one['problem']}: {one['kind']} {one['name']}: {one['detail']}"), soft_wrap=True)
        console.print(_text(f"    -> {one['to_do']}"), soft_wrap=True)
    console.print()


def show_reconciliation(console: Console, report: Row) -> None:
    """Prints the checks of a reconciliation, each difference, and what was repaired."""
    if "checks" in report:
        finished = "" if report["complete"] else ", but not everything could be checked"
        differences = number_of(report["differences"], "difference")
        console.print(_text(f"Reconciliation of {report['at']}: {differences}{finished}\n"))
        show_rows(console, "Staged", map(_staged, report["staged"]))
        kept = report.get("rejected", {})
        show_rows(console, "Rejected and kept", ({"reason": why, "lines": number} for why, number in kept.items()))
        show_rows(console, "Checks", map(_check, report["checks"]))
        for check in report["checks"]:
            show_rows(console, check["title"], map(_found, check["found"]))
            if check["more"]:
                console.print(f"and {check['more']} more\n")
            show_rows(console, f"{check['title']}: answered", map(_found, check.get("answered", ())))
        _show_accounts(console, report.get("integration_accounts") or ())
        if lines := report.get("integration_lines"):
            _show_integration_lines(console, lines)
    show_rows(console, "Repaired", report.get("repaired", ()))


def show_integration(console: Console, report: Row) -> None:
    """Prints what is on integration accounts: our side of each, and the lines of the other side by their state."""
    _show_accounts(console, report["accounts"])
    _show_integration_lines(console, report)
    show_rows(console, "Repaired", report.get("repaired", ()))


def _show_accounts(console: Console, accounts: Sequence[Row]) -> None:
    show_rows(console, "Integration accounts, as far as our journals posted to them", map(_account, accounts))
    for account in accounts:
        title = f"On account {account['account']} of {account['company']}, the largest first"
        show_rows(console, title, ({"id": row["id"], "amount": row["amount"]} for row in account["actuals"]))
        if account["more"]:
            console.print(f"and {account['more']} more\n")


def _show_integration_lines(console: Console, report: Row) -> None:
    if report["not_read"]:
        console.print(_text(f"Lines of the other side: {report['not_read']}\n"))
        return
    days = (f"{one['company']} {one['from']} to {one['to']}" for one in report["intervals"])
    console.print(_text(f"Lines of the other side: {', '.join(days)}\n"))
    show_rows(console, "By state", map(_state, report["sums"]))
    lines = report["lines"]
    show_rows(console, "Lines, the largest first", map(_integration_line, lines), most=len(lines))
    if report["more"]:
        console.print(f"and {report['more']} more\n")


def _state(one: Row) -> Row:
    return {
        "company": one["company"],
        "of": one["posting_type"].replace("_", " "),
        "state": one["state"].replace("_", " "),
        "lines": one["lines"],
        "amount": f"{one['amount']} {one['currency']}",
    }


def _integration_line(one: Row) -> Row:
    return {
        "company": one["company"],
        "state": one["state"].replace("_", " "),
        "date": one["date"],
        "line": one["number"] or one["id"],
        "project": one["project"],
        "theirs": one["theirs"],
        "ours": one["ours"],
        "difference": f"{one['difference']} {one['currency']}",
        "detail": one["detail"],
        "repair": one["repair"],
    }


def _staged(row: Row) -> Row:
    return {"company": row["company"], "state": row["state"], "reason": row["reason"], "lines": row["rows"]}


def _check(check: Row) -> Row:
    amounts = ", ".join(f"{amount} {currency}" for currency, amount in check["amounts"].items())
    counts = ", ".join(f"{number} {what}" for what, number in check["counts"].items())
    return {
        "what": check["title"],
        "differences": check["differences"] if check["checked"] else "not checked",
        "amount": amounts,
        "detail": check["not_checked"] or counts,
    }


def _account(account: Row) -> Row:
    return {
        "company": account["company"],
        "account": account["account"],
        "of": account["posting_type"].replace("_", " "),
        "balance": f"{account['balance']} {account['currency'] or ''}",
        "credited": ", ".join(f"{kind.replace('_', ' ')} {amount}" for kind, amount in account["credited"].items()),
        "lines": len(account["actuals"]) + account["more"],
    }


def _found(found: Row) -> Row:
    amount = f"{found['amount']} {found['currency'] or ''}" if found["amount"] else ""
    return {
        "row": found["entity"].removeprefix("msdyn_"),
        "id": found["id"],
        "amount": amount,
        "detail": found["detail"],
    }


def _text(value: object, style: str = "") -> Text:
    """What others wrote, for the terminal: neither its control characters nor its brackets mean anything there."""
    return Text(printable(value), style=style)


def show_list(console: Console, title: str, texts: Iterable[str]) -> None:
    listed = list(texts)
    if not listed:
        return
    console.print(_text(title, style="bold"))
    for text in listed:
        console.print(_text(f"  - {text}"))
    console.print()


def _blocker(entry: Row) -> Row:
    amount = f"{entry['amount']} {entry['currency'] or ''}" if entry["amount"] else ""
    return {
        "actual": entry["actual_id"],
        "amount": amount,
        "date": entry["date"],
        "document": " ".join(text for text in (entry["document"], entry["status"]) if text),
        "error": entry["error"] or f"{entry['reason']}: {entry['detail']}",
    }


def _filled(rows: Sequence[Row]) -> list[Row]:
    """The rows without columns that are empty in all of them."""
    return [{name: value for name, value in row.items() if any(other[name] for other in rows)} for row in rows]


def _linked(entry: Row) -> Row:
    amount = f"{entry['amount']} {entry['currency'] or ''}" if entry["amount"] else ""
    return {"": entry["role"], "id": entry["id"], "kind": entry["what"], "amount": amount, "detail": entry["state"]}


def _ledger_lines(lines: Iterable[Row]) -> Iterator[Row]:
    for line in lines:
        yield {
            "voucher": line["voucher"],
            "date": line["accounting_date"],
            "account": line["account"],
            "posting type": line["posting_type"].replace("_", " "),
            "amount": f"{line['amount']} {line['currency']}",
            "accounting": line["accounting_amount"],
        }


def _cell(value: object) -> object:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else value


def show_rows(console: Console, title: str, rows: Iterable[Row], style: str = "bold", most: int = _MOST_ROWS) -> None:
    """Prints the first of some rows as a table with the names of their entries; nothing where there are none."""
    listed = list(rows)
    if not listed:
        return
    if len({row.get("company") for row in listed}) == 1:
        listed = [{name: value for name, value in row.items() if name != "company"} for row in listed]
    table = Table(title=title, title_justify="left", title_style=style, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    names = list(dict.fromkeys(name for row in listed for name in row))
    for name in names:
        table.add_column(name, justify="right" if name in _FIGURES else "left", no_wrap=name not in _WRAPPED)
    for row in listed[:most]:
        table.add_row(*(_text(_cell(row.get(name))) for name in names))
    console.print(table)
    if len(listed) > most:
        console.print(f"… and {len(listed) - most} more; --out FILE writes them all\n")


def invoice_cells(invoice: Row) -> Row:
    return {
        "invoice": invoice["invoice_number"],
        "company": invoice["company"],
        "type": invoice["document_type"].replace("_", " "),
        "proposal": invoice["proposal_id"],
        "date": invoice["invoice_date"],
        "subtotal": invoice["subtotal"],
        "sales tax": invoice["sales_tax"],
        "total": f"{invoice['total']} {invoice['currency']}",
        "due": invoice["due_date"],
    }


def voucher_lines(voucher: Row) -> Iterator[Row]:
    """A row for each line; the first has what they share."""
    for position, line in enumerate(voucher["lines"]):
        yield {
            "voucher": voucher["voucher"] if position == 0 else "",
            "date": voucher["accounting_date"] if position == 0 else "",
            "of": voucher["source_id"] if position == 0 else "",
            "account": line["account"],
            "posting type": line["posting_type"].replace("_", " "),
            "amount": f"{line['amount']} {line['currency']}",
            "accounting": line["accounting_amount"],
        }


def _previewed(line: Row) -> Row:
    return {
        "line": line["line_number"],
        "actual": line["actual_id"],
        "kind": line["kind"].replace("_", " "),
        "quantity": line["quantity"],
        "price": line["unit_price"],
        "amount": line["amount"],
        "sales tax group": line["sales_tax_group"],
        "item group": line["item_sales_tax_group"],
        "sales tax": line["sales_tax_amount"],
    }
