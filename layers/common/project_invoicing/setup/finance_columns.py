"""What is wrong with values of finance's own columns of master data.

They are checked as the same columns of a set-up document are, against the names in the current one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from project_invoicing.domain.finance_columns import COLUMNS, Columns
from project_invoicing.domain.master_data import GLOBAL, NameKey, Part
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.companies import CategoryKind
from project_invoicing.setup.problems import check, instead

_OBJECTS: Final = (
    "dimensions",
    "fixed_exchange_rate",
    "address",
    "electronic_address",
    "document_format",
    "e_invoice",
    "delivery",
)
_BY_COMPANY: Final = frozenset({Part.CUSTOMERS, Part.WORKERS})
"""The parts that a set-up document has by company."""
_OF_MILESTONES: Final = {
    Part.CUSTOMERS: ("sales_tax_group", "dimensions"),
    Part.PRODUCTS: ("item_sales_tax_group",),
}
_POLICY: Final = ("companies", "currencies", "categories", "sales_tax", "terms_of_payment")


def problems(document: SetupDocument, entries: Iterable[tuple[NameKey, Columns]]) -> Iterator[tuple[NameKey, str]]:
    """What is wrong with each entry, with the column at fault and what would be right."""
    valued: dict[str, list[tuple[NameKey, Columns]]] = defaultdict(list)
    for key, columns in entries:
        found = list(_misplaced(document, key, columns))
        if columns.get("category") is not None and not found:
            found += filter(None, [_wrong_category(document, key.company, columns["category"])])
        yield from ((key, text) for text in found)
        values = {name: value for name, value in columns.items() if value is not None}
        if values and not found:
            valued[key.company].append((key, values))
    policy = document.model_dump(mode="json", by_alias=True, exclude_unset=True, include=set(_POLICY))
    for company, listed in valued.items():
        yield from _wrong_values(policy, company, listed)


def _misplaced(document: SetupDocument, key: NameKey, columns: Columns) -> Iterator[str]:
    """What is wrong with the names, before any value is looked at."""
    known = COLUMNS.get(key.part)
    if known is None:
        yield f"finance has no columns of {key.part}; it has some of {', '.join(COLUMNS)}"
        return
    if key.part in GLOBAL and key.company:
        yield f"{key.part} are the same in all companies; leave {key.company} out"
    elif key.part not in GLOBAL and key.company not in document.companies:
        yield f"company {key.company or 'is missing'}: {instead(key.company, document.companies)}"
    if not columns:
        yield f"there is nothing to set; finance may set {', '.join(known)}"
    for name, value in columns.items():
        if name not in known:
            yield f"{name} is not finance's to set; {instead(name, known)}"
        elif name in _OBJECTS and not isinstance(value, Mapping | None):
            yield f"{name}: {value!r} must be a mapping of keys to values"


def _as_in_a_document(part: Part, columns: Columns) -> Iterator[tuple[Part, Columns]]:
    """The parts of a document that have these columns. Those of a milestone are a customer's and a product's."""
    if part is not Part.ON_ACCOUNT_TRANSACTIONS:
        yield part, columns
        return
    for of_part, names in _OF_MILESTONES.items():
        if found := {name: columns[name] for name in names if name in columns}:
            yield of_part, found


def _wrong_category(document: SetupDocument, company: str, name: object) -> str | None:
    """What is wrong with the category of a milestone (CAT-05)."""
    known = document.categories.get(company, {})
    if not isinstance(name, str) or name not in known:
        return f"category: {instead(str(name), known)}"
    kind = known[name].kind
    return None if kind is CategoryKind.ON_ACCOUNT else f"category: {name} is one for {kind}, not for on_account"


def _wrong_values(
    policy: Mapping[str, Any], company: str, entries: Iterable[tuple[NameKey, Columns]]
) -> Iterator[tuple[NameKey, str]]:
    """What a set-up document with these entries alone would be refused for."""
    parts: dict[str, Any] = {}
    by_path: dict[tuple[str | int, ...], NameKey] = {}
    for key, entry in entries:
        for part, columns in _as_in_a_document(key.part, entry):
            names = (company, key.number) if part in _BY_COMPANY else (key.number,)
            at = parts.setdefault(str(part), {})
            if part in _BY_COMPANY:
                at = at.setdefault(company, {})
            at[key.number] = {"company": company, **columns} if part in (Part.CONTRACTS, Part.PROJECTS) else columns
            by_path[str(part), *names] = key
    for problem in check({**policy, **parts}):
        for length in range(len(problem.path), 1, -1):
            if named := by_path.get(problem.path[:length]):
                column = ".".join(str(step) for step in problem.path[length:])
                yield named, f"{column}: {problem.text}" if column else problem.text
                break
