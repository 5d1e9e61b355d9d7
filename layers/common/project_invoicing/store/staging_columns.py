"""An actual and its posting result, written to and read from the text columns of a staging row."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from project_invoicing.domain.actual import DISCOUNT, RESOURCING_UNIT, Actual, Reference, RowVersion, typed_of_custom
from project_invoicing.domain.codes import BillingType, CostOrigin, PostingType, TransactionClass, TransactionType
from project_invoicing.domain.journal_line import Accrual, CostAccounts
from project_invoicing.store.items import Item, readable

_NAMES: Final = {
    "transaction_type": "ty",
    "transaction_class": "cl",
    "billing_type": "bt",
    "quantity": "qt",
    "price": "pr",
    "amount": "am",
    "skip_sync": "sk",
    "inactive": "na",
    "currency": "cu",
    "project": "pj",
    "contract": "ct",
    "contract_line": "cl1",
    "customer": "cs",
    "category": "cg",
    "resource": "rs",
    "task": "tk",
    "role": "rl",
    "product": "pd",
    "invoice": "iv",
    "start": "sd",
    "document_date": "dd",
    "accounting_date": "ad",
    "adjustment_status": "as",
    "billing_status": "bs",
    "description": "ds",
    "external_description": "xd",
    "unit": "un",
    "custom": "cu1",
    "origin": "og",
    "milestone": "ms",
    "fee": "fe",
    "fee_of": "fo",
}
_ENTITIES: Final = {
    "currency": "transactioncurrency",
    "project": "msdyn_project",
    "contract": "salesorder",
    "contract_line": "salesorderdetail",
    "customer": "account",
    "category": "msdyn_transactioncategory",
    "resource": "bookableresource",
    "task": "msdyn_projecttask",
    "role": "bookableresourcecategory",
    "product": "product",
    "invoice": "invoice",
    "milestone": "msdyn_contractlinescheduleofvalue",
}
_WITH_NAMES: Final = frozenset({"resource", "task", "role"})
_IN_CUSTOM: Final = ("discount", "resourcing_unit")
_OFF_LINE: Final = frozenset({"skip_sync", "adjustment_status", "billing_status", "fee", "fee_of"})
ON_LINE: Final = frozenset({*_NAMES, *_IN_CUSTOM} - _OFF_LINE)
"""What a line takes from its actual. A change of one of these after the import changes an unposted line; that of a
posted one is flagged, never applied."""
TEXTS: Final = frozenset({"description", "external_description", "task", "role"})
"""What people may change on an actual at any time (CAN-10): it changes what a line says and nothing else."""


def actual_text(actual: Actual) -> str:
    columns: dict[str, Any] = {}
    for name, short in _NAMES.items():
        value = _custom_out(actual) if name == "custom" else getattr(actual, name)
        if value is None or value is False or value == {}:
            continue
        if isinstance(value, Reference):
            value = _reference_out(name, value)
        elif isinstance(value, Decimal):
            value = str(value)
        elif isinstance(value, Enum):
            value = value.value
        columns[short] = value
    return json.dumps(columns, separators=(",", ":"), ensure_ascii=False)


def says_a_fee(item: Item) -> bool:
    """Whether the actual in an item may have a fee: a look at its text, without reading it."""
    return f'"{_NAMES["fee"]}":' in str(item.get("a"))


def _custom_out(actual: Actual) -> dict[str, str]:
    """Custom columns, including those now typed: the previous version looks for them there (D-015)."""
    typed = {DISCOUNT: actual.discount, RESOURCING_UNIT: actual.resourcing_unit}
    return actual.custom | {name: str(value) for name, value in typed.items() if value is not None}


def _reference_out(name: str, reference: Reference) -> str | list[str | None]:
    """The id alone, or with name and table; no table stands for the column's default target."""
    named = reference.name if name in _WITH_NAMES else None
    usual = reference.entity == _ENTITIES[name]
    if usual and named is None:
        return reference.id
    return ["" if usual else reference.entity, reference.id, named]


def _reference_in(entity: str, stored: str | list[str | None]) -> Reference:
    if isinstance(stored, str):
        return Reference(entity, stored)
    named, id, name = stored
    return Reference(named or entity, str(id), name)


def actual_of(id: str, version: RowVersion, text: str) -> Actual:
    columns = json.loads(text)
    values: dict[str, Any] = {
        name: columns[short] for name, short in _NAMES.items() if short in columns and name not in _ENTITIES
    }
    for name, entity in _ENTITIES.items():
        stored = columns.get(_NAMES[name])
        if stored is not None:
            values[name] = _reference_in(entity, stored)
    values["transaction_type"] = TransactionType(values["transaction_type"])
    values["transaction_class"] = TransactionClass(values["transaction_class"])
    values["billing_type"] = BillingType(values["billing_type"])
    for name in ("quantity", "price", "amount", "fee"):
        if name in values:
            values[name] = Decimal(values[name])
    origin = CostOrigin(values.pop("origin")) if "origin" in values else None
    values |= typed_of_custom(values.get("custom", {}), origin)
    return Actual(id=id, version=version, **values)


def changed_on_line(actual: Actual, item: Item, after: Actual) -> set[str]:
    """The line fields that a newer version changes; all of them if the stored row is unreadable and differs at all.

    Both versions are as stored: names that an event may carry with its look-ups do not count as a change.
    """
    before = readable(lambda stored: actual_of(actual.id, actual.version, stored["a"]), item)
    if before is None:
        return set() if item.get("h") == actual.version.content else set(ON_LINE)
    return {name for name in ON_LINE if getattr(before, name) != getattr(after, name)}


def accrual_text(accrual: Accrual) -> str:
    values = (getattr(accrual, f.name) for f in fields(Accrual))
    return json.dumps([str(v) if isinstance(v, Decimal) else v for v in values], separators=(",", ":"))


def accrual_of(text: str) -> Accrual:
    currency, amount, accounting, rate, *accounts = json.loads(text)
    return Accrual(currency, Decimal(amount), Decimal(accounting), Decimal(rate), *accounts)


def cost_accounts_of(text: str) -> CostAccounts:
    return {PostingType(posting_type): account for posting_type, account in json.loads(text).items()}
