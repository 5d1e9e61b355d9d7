"""Master data: finding a customer, a contract, a project …, and finance's own columns of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.master_data import GLOBAL, PARTS, NameKey, Part
from project_invoicing.domain.text import guid
from project_invoicing.use_cases.lists.asked import Kind, bad
from project_invoicing.use_cases.master_data import shown
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import kept
from project_invoicing.workspace.neighbours import neighbours

LAYERS: Final = {"finance": "finance", "row": "Dataverse", "document": "the set-up document", "default": "a default"}
_TEXTS, _LINES, _RATE, _YES = "text", "lines", "rate", "yes"
_FORMS: Final = {
    "dimensions": _LINES,
    "fixed_exchange_rate": _RATE,
    "on_hold": _YES,
    "address": _LINES,
    "electronic_address": _LINES,
    "document_format": _LINES,
    "e_invoice": _LINES,
    "delivery": _LINES,
}
"""How a column is written in a form; any other is one text."""
_GROUPING: Final = "group_by"
"""The only entry of these that is a list."""
_OF_RATE: Final = ("currency", "rate", "factor")


def search(desk: Desk) -> Response[Any]:
    """The names with a number, or the rows with an id. Without either, what the last reconciliation found wrong."""
    number, company, kind = desk.query.get("number"), desk.company, desk.query.get("kind")
    part = _part(kind) if kind else None
    names: list[NameKey] = []
    rows = []
    if number and (id := guid(number)):
        rows = list(shown.rows_with(desk.stores, id))
        names = [key for key in map(shown.name_of, rows) if key and _seen(desk, key.part, key.company)]
        rows = [row for row in rows if shown.name_of(row) is None and _seen(desk, PARTS[row.entity], row.company)]
    elif number:
        found = shown.found(desk.stores, number, part, company)
        names = [key for key in found if _seen(desk, key.part, key.company)]
    called = _called(desk, number, part, company) if number and not (names or rows) else []
    known: dict[str, Any] = {"number": number, "names": names, "rows": rows, "called": called, "kinds": list(COLUMNS)}
    report = None if number else desk.lists.report()
    return desk.page("master_data.html", title="Master data", report=report, problems=_problems(report), **known)


def _called(desk: Desk, text: str, part: Part | None, company: str | None) -> list[shown.Called]:
    """What has such a name, of the companies that the person may see."""
    among = [one for one in desk.lists.companies if company in (None, one)]
    return [one for one in shown.by_name(desk.stores, text, part, among) if _seen(desk, one.part, one.company)]


def show(desk: Desk) -> Response[Any]:
    """What is known of one name, or of a row without one."""
    made = _row_asked_for(desk) if "id" in desk.query else shown.shown_name(desk.stores, _key(desk.query))
    if made is None or not _seen(desk, made.part, made.company):
        raise NotFoundError
    made.waiting = [row for row in made.waiting if desk.actor.sees(row.company)]
    fields = [_field(desk, made, column) for column in made.editable]
    beside = None
    if made.key and made.key.part is Part.ON_ACCOUNT_TRANSACTIONS:
        key = made.key
        beside = neighbours(desk, Kind.ON_ACCOUNT, lambda row: (row.company, row.id) == (key.company, key.number))
    row: dict[str, Any] = {"title": made.title, "made": made, "fields": fields, "layers": LAYERS}
    return desk.page("master_data_row.html", **row, beside=beside, kept=kept(desk))


def edit(desk: Desk) -> Response[Any]:
    """Sets those columns that the person has changed on the page; what others have set meanwhile stays."""
    key = _key(desk.form)
    where: dict[str, Any] = {"kind": str(key.part), "company": key.company or None, "number": key.number, **kept(desk)}
    columns = {}
    for column in COLUMNS.get(key.part, ()):
        before, after = ({name: desk.form.get(f"{was}{column}{name}", "") for name in _names(column)} for was in _WAS)
        if before != after:
            columns[column] = _written(column, after)
    if columns.get("dimensions") and not all(columns["dimensions"].values()):
        said = "Not changed: write one dimension a line, as CostCenter: 007."
        return desk.go("/master-data/row", said, refused=True, **where)
    if not columns:
        return desk.go("/master-data/row", "Nothing was changed.", **where)
    request = {"part": str(key.part), "company": key.company or None, "number": key.number, "columns": columns}
    answer = desk.do("edit_master_data", **request)
    refused = answer.get("refused")
    changed = ", ".join(column.replace("_", " ") for column in columns)
    said = f"Not changed: {refused[0]['detail']}" if refused else f"Changed: {changed}. What waits for it is looked at."
    return desk.go("/master-data/row", said, refused=bool(refused), **where)


_OF_ALL: Final = (*GLOBAL, Part.CURRENCIES, Part.COMPANIES, Part.UNITS, Part.TRANSACTION_CATEGORIES)
"""Master data that is of no company."""


def _seen(desk: Desk, part: Part | None, company: str | None) -> bool:
    """Whether the person may see what is of a company, or for all of them."""
    return part in _OF_ALL or desk.actor.sees(company)


_WAS: Final = ("was.", "")


def _names(column: str) -> tuple[str, ...]:
    """The names of a column's fields, after its own."""
    return tuple(f".{one}" for one in _OF_RATE) if _FORMS.get(column) == _RATE else ("",)


def _written(column: str, fields: Mapping[str, str]) -> Any:
    """A column's value as the command takes it; ``None`` takes it back."""
    texts = list(fields.values())
    if not any(texts):
        return None
    match _FORMS.get(column):
        case "lines":
            pairs = (line.partition(":") for line in texts[0].splitlines() if line.strip())
            named = ((name.strip(), value.strip()) for name, _, value in pairs)
            return {name: _listed(value) if name == _GROUPING else value for name, value in named}
        case "rate":
            return dict(zip(_OF_RATE, texts, strict=True))
        case "yes":
            return texts[0] == "yes"
        case _:
            return texts[0]


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _field(desk: Desk, made: shown.ShownMaster, column: str) -> dict[str, Any]:
    """A field of the form, with what finance has set."""
    form, value = _FORMS.get(column, _TEXTS), made.finance.get(column)
    parts = [_said(form, value, name.lstrip(".")) for name in _names(column)]
    values = list(zip(_names(column), parts, strict=True))
    choices = _choices(desk, column)
    return {"column": column, "form": form, "values": values, "choices": choices, "labels": _OF_RATE}


def _said(form: str, value: Any, part: str) -> str:
    if value is None:
        return ""
    if form == _LINES:
        return "\n".join(f"{name}: {', '.join(one) if name == _GROUPING else one}" for name, one in value.items())
    if form == _RATE:
        return _plain(value.get(part, ""))
    if form == _YES:
        return "yes" if value else "no"
    return str(value)


def _plain(value: Any) -> str:
    try:
        return f"{Decimal(str(value)):f}"
    except InvalidOperation:
        return str(value)


def _choices(desk: Desk, column: str) -> list[str]:
    """The names that a column can have; empty where it can be any."""
    document = desk.lists.setup.document
    known: dict[str, Any] = {
        "sales_tax_group": document.sales_tax.groups,
        "item_sales_tax_group": document.sales_tax.item_groups,
        "terms_of_payment": document.terms_of_payment,
        "on_hold": ("yes", "no"),
    }
    return sorted(known.get(column, ()))


def _key(given: Mapping[str, str]) -> NameKey:
    part, number = _part(given.get("kind", "")), given.get("number", "")
    company = "" if part in GLOBAL else given.get("company", "")
    if not number or (not company and part not in GLOBAL):
        raise bad("number", "the address names a kind, a company and a number, or an id")
    return NameKey(part, company, number)


def _part(kind: str) -> Part:
    if kind not in list(Part):
        raise bad("kind", f"kind is {kind!r}; there are {', '.join(Part)}")
    return Part(kind)


def _row_asked_for(desk: Desk) -> shown.ShownMaster | None:
    id = guid(desk.query["id"])
    rows = list(shown.rows_with(desk.stores, id)) if id else []
    if not rows:
        return None
    key = shown.name_of(rows[0])
    return shown.shown_name(desk.stores, key) if key else shown.shown_row(desk.stores, rows[0])


def _problems(report: Mapping[str, Any] | None) -> list[Any]:
    """The checks of a report that are about master data and found something."""
    about = ("master_data_problems", "split_rules_not_100", "awaited_and_never_came", "deleted_and_referred_to")
    return [check for check in (report or {}).get("checks", ()) if check["name"] in about and check["found"]]
