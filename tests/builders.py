"""What Dataverse sends, for tests and scenarios: only what matters in a test needs to be written there.

    actual("actual-1", transaction_type="unbilled_sales", quantity="6", price="200", row_version=7)
    connection("link-1", "actual-1", "Unbilled Sales", "actual-2", "Cost")
    proforma("invoice-1", number="INV-0001", total="1200")

Every name becomes a GUID that is always the same (``guid("actual-1")``), so that two rows find each other by name, and
``references(project=["PRJ-1"])`` gives a set-up the same ids. Each function returns a RemoteExecutionContext as
``parse_json`` would, fractions as ``Decimal``; ``to_json`` writes one, digit for digit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

AT = "2026-08-27T16:05:00Z"
ORGANIZATION = "4ef5b371-e89e-4711-8122-000d3aa2331c"

TRANSACTION_TYPES = {
    "cost": 192350000,
    "project_contract": 192350004,
    "unbilled_sales": 192350005,
    "billed_sales": 192350006,
    "resourcing_unit_cost": 192350007,
    "inter_organizational_sales": 192350008,
}
TRANSACTION_CLASSES = {
    "time": 192350000,
    "expense": 192350001,
    "material": 192350002,
    "milestone": 192350003,
    "fee": 192350004,
    "tax": 690970002,
    "retainer": 192350010,
}
BILLING_TYPES = {
    "non_chargeable": 192350000,
    "chargeable": 192350001,
    "complimentary": 192350002,
    "not_available": 192350003,
    "not_specified": None,
}
BILLING_STATUSES = {
    "unbilled_sales_created": 192350000,
    "customer_invoice_created": 192350001,
    "customer_invoice_posted": 192350002,
    "canceled": 192350003,
    "ready_to_invoice": 192350004,
}
ADJUSTMENT_STATUSES = {"in_process": 192350000, "adjusted": 192350001, "unadjustable": 192350002}
INVOICE_STATUSES = {"draft": 192350000, "in_review": 192350001, "confirmed": 192350002, "invoice_paid": 192350003}

REFERENCE_TABLES = {
    "project": "msdyn_project",
    "contract": "salesorder",
    "contract_line": "salesorderdetail",
    "customer": "account",
    "currency": "transactioncurrency",
    "category": "msdyn_transactioncategory",
    "product": "product",
    "resource": "bookableresource",
}

_NAMES = UUID("5f4c8f3e-0d5b-4d0c-9a53-7c1b6f1f8a10")
_CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"

Context = dict[str, Any]


def guid(name: str) -> str:
    """The id of what a test calls ``name``; an id stays as it is."""
    try:
        return str(UUID(name))
    except ValueError:
        return str(uuid5(_NAMES, name))


def references(**names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The ``references`` of a set-up: ``references(project=["PRJ-1"], currency=["USD"])``."""
    return {REFERENCE_TABLES[kind]: {guid(name): name for name in of_kind} for kind, of_kind in names.items()}


def money(amount: str | Decimal) -> dict[str, Any]:
    return {"__type": f"Money:{_CONTRACTS}", "Value": Decimal(amount)}


def option(code: int) -> dict[str, Any]:
    return {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": code}


def lookup(entity: str, id: str, name: str | None = None) -> dict[str, Any]:
    return {
        "__type": f"EntityReference:{_CONTRACTS}",
        "Id": guid(id),
        "KeyAttributes": [],
        "LogicalName": entity,
        "Name": name,
        "RowVersion": None,
    }


def wire_date(iso: str, offset: str = "") -> str:
    """``/Date(…)/`` of an instant, with the sender's ``offset`` (``-0700``) if one is given."""
    moment = datetime.fromisoformat(iso)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return f"/Date({since // timedelta(milliseconds=1)}{offset})/"


def row(entity: str, id: str, columns: Mapping[str, Any], *, row_version: int | None = None) -> dict[str, Any]:
    """A row as a Target or an image holds it."""
    return {
        "__type": f"Entity:{_CONTRACTS}",
        "Attributes": _pairs({**columns, f"{entity}id": guid(id)}),
        "EntityState": None,
        "FormattedValues": [],
        "Id": guid(id),
        "KeyAttributes": [],
        "LogicalName": entity,
        "RelatedEntities": [],
        "RowVersion": None if row_version is None else str(row_version),
    }


def context(
    entity: str,
    id: str,
    message: str = "Create",
    *,
    at: str = AT,
    row_version: int | None = None,
    changed: Iterable[str] = (),
    image: str = "AsynchronousStepPrimaryName",
    **columns: Any,
) -> Context:
    """A RemoteExecutionContext about one row.

    Columns whose value is ``None`` are left out, as Dataverse does. An Update carries the columns named in ``changed``
    in its Target and all of them in its post image, a Delete all of them in its pre image, each called ``image``.
    """
    present = {name: value for name, value in columns.items() if value is not None}
    if row_version is not None:
        present["versionnumber"] = row_version
    whole = row(entity, id, present, row_version=row_version)
    target, post, pre = whole, {}, {}
    if message == "Update":
        target, post = row(entity, id, {name: columns[name] for name in changed}), {image: whole}
    elif message == "Delete":
        target, pre = lookup(entity, id), {image: whole}
    return _envelope(entity, guid(id), message, at, {"Target": target}, post=post, pre=pre)


def multiple(*contexts: Context, message: str = "CreateMultiple") -> Context:
    """The rows of ``contexts`` (all of one table) in one CreateMultiple or UpdateMultiple."""
    first = contexts[0]
    entity = first["PrimaryEntityName"]
    targets = {
        "__type": f"EntityCollection:{_CONTRACTS}",
        "Entities": [part["value"] for each in contexts for part in each["InputParameters"]],
        "EntityName": entity,
        "MinActiveRowVersion": "-1",
        "MoreRecords": False,
        "PagingCookie": None,
        "TotalRecordCount": -1,
        "TotalRecordCountLimitExceeded": False,
    }
    made = _envelope(entity, "00000000-0000-0000-0000-000000000000", message, AT, {"Targets": targets})
    made["OperationCreatedOn"] = first["OperationCreatedOn"]
    made["PostEntityImagesCollection"] = [each["PostEntityImages"] for each in contexts]
    return made


def actual(
    id: str,
    *,
    transaction_type: str = "cost",
    transaction_class: str = "time",
    quantity: str | None = "8",
    price: str | None = "100",
    amount: str | None = "",
    billing_type: str = "chargeable",
    skip_sync: bool | None = None,
    currency: str | None = "USD",
    project: str | None = "PRJ-1",
    contract: str | None = "CTR-1",
    contract_line: str | None = "CTR-1-1",
    customer: str | None = "C-001",
    category: str | None = None,
    resource: str | None = "Bob Kozack",
    product: str | None = None,
    invoice: str | None = None,
    start: str | None = "2026-08-27",
    document_date: str | None = "2026-08-27",
    accounting_date: str | None = None,
    adjustment_status: str | None = None,
    billing_status: str | None = None,
    description: str | None = None,
    external_description: str | None = None,
    message: str = "Create",
    at: str = AT,
    row_version: int | None = None,
    changed: Iterable[str] = (),
    **columns: Any,
) -> Context:
    """A message about an msdyn_actual. The amount is quantity times price unless it is given. ``columns`` are
    more of them, by logical name, or others instead of those that the words above give."""
    if amount == "":
        amount = None if quantity is None or price is None else format(Decimal(quantity) * Decimal(price), "f")
    billing = BILLING_TYPES[billing_type]
    usual: dict[str, Any] = {
        "msdyn_transactiontypecode": option(TRANSACTION_TYPES[transaction_type]),
        "msdyn_transactionclassification": option(TRANSACTION_CLASSES[transaction_class]),
        "msdyn_billingtype": None if billing is None else option(billing),
        "msdyn_quantity": None if quantity is None else Decimal(quantity),
        "msdyn_price": None if price is None else money(price),
        "msdyn_amount": None if amount is None else money(amount),
        "msdyn_skipsync": skip_sync,
        "transactioncurrencyid": _named("transactioncurrency", currency),
        "msdyn_project": _named("msdyn_project", project),
        "msdyn_salescontract": _named("salesorder", contract),
        "msdyn_salescontractlineid": _named("salesorderdetail", contract_line),
        "msdyn_accountcustomer": _named("account", customer),
        "msdyn_transactioncategory": _named("msdyn_transactioncategory", category),
        "msdyn_bookableresource": _named("bookableresource", resource),
        "msdyn_product": _named("product", product),
        "msdyn_invoice": None if invoice is None else lookup("invoice", invoice),
        "msdyn_startdatetime": start,
        "msdyn_documentdate": document_date,
        "msdyn_accountingdate": accounting_date,
        "msdyn_adjustmentstatus": None if adjustment_status is None else option(ADJUSTMENT_STATUSES[adjustment_status]),
        "msdyn_billingstatus": None if billing_status is None else option(BILLING_STATUSES[billing_status]),
        "msdyn_description": description,
        "msdyn_externaldescription": external_description,
    }
    return context("msdyn_actual", id, message, at=at, row_version=row_version, changed=changed, **{**usual, **columns})


def connection(
    id: str,
    actual_1: str,
    role_1: str,
    actual_2: str,
    role_2: str,
    *,
    type_1: str = "msdyn_actual",
    type_2: str = "msdyn_actual",
    message: str = "Create",
    at: str = AT,
    row_version: int | None = None,
    **columns: Any,
) -> Context:
    """A message about an msdyn_transactionconnection between two rows with their roles (``Unbilled Sales`` …)."""
    usual = {
        "msdyn_transaction1": guid(actual_1),
        "msdyn_transaction1role": role_1,
        "msdyn_transaction1type": type_1,
        "msdyn_transaction2": guid(actual_2),
        "msdyn_transaction2role": role_2,
        "msdyn_transaction2type": type_2,
    }
    return context("msdyn_transactionconnection", id, message, at=at, row_version=row_version, **{**usual, **columns})


def proforma(
    id: str,
    *,
    number: str | None = "INV-0001",
    status: str = "confirmed",
    total: str | None = "1600",
    name: str | None = None,
    contract: str | None = "CTR-1",
    customer: str | None = "C-001",
    currency: str | None = "USD",
    invoice_date: str | None = None,
    due_date: str | None = None,
    has_corrections: bool | None = None,
    bill_to: Mapping[str, str] | None = None,
    message: str = "Update",
    at: str = AT,
    row_version: int | None = None,
    changed: Iterable[str] = ("msdyn_projectinvoicestatus",),
    **columns: Any,
) -> Context:
    """A message about an invoice, a confirmed proforma unless said otherwise. ``bill_to``: ``{"city": …}``."""
    usual: dict[str, Any] = {
        "invoicenumber": number,
        "name": name,
        "msdyn_projectinvoicestatus": option(INVOICE_STATUSES[status]),
        "msdyn_ordertype": option(192350001),
        "msdyn_hascorrections": has_corrections,
        "salesorderid": _named("salesorder", contract),
        "customerid": _named("account", customer),
        "transactioncurrencyid": _named("transactioncurrency", currency),
        "totallineitemamount": None if total is None else money(total),
        "msdyn_invoicedate": invoice_date,
        "duedate": due_date,
        **{f"billto_{part}": text for part, text in (bill_to or {}).items()},
    }
    return context("invoice", id, message, at=at, row_version=row_version, changed=changed, **{**usual, **columns})


def to_json(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON with each ``Decimal`` as the number it is, digit for digit."""
    text = json.dumps(value, default=lambda number: f"\0{number}\0", indent=indent, ensure_ascii=False)
    return re.sub(r'"\\u0000([^"\\]+)\\u0000"', r"\1", text)


def _named(entity: str, name: str | None) -> dict[str, Any] | None:
    return None if name is None else lookup(entity, name, name)


def _pairs(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": value} for name, value in columns.items()]


def _envelope(
    entity: str,
    id: str,
    message: str,
    at: str,
    parameters: Mapping[str, Any],
    *,
    post: Mapping[str, Any] | None = None,
    pre: Mapping[str, Any] | None = None,
) -> Context:
    operation = guid(f"{entity} {id} {message} {at}")
    return {
        "BusinessUnitId": "e2b9dd85-e89e-4711-8122-000d3aa2331c",
        "CorrelationId": operation,
        "Depth": 1,
        "InitiatingUserAzureActiveDirectoryObjectId": "00000000-0000-0000-0000-000000000000",
        "InitiatingUserId": "75c2dd85-e89e-4711-8122-000d3aa2331c",
        "InputParameters": _pairs(parameters),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": message,
        "Mode": 1,
        "OperationCreatedOn": wire_date(at),
        "OperationId": operation,
        "OrganizationId": ORGANIZATION,
        "OrganizationName": "contoso",
        "OutputParameters": [],
        "OwningExtension": {
            "Id": "75417616-4ea2-4711-8122-000d3aa2331c",
            "KeyAttributes": [],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": None,
            "RowVersion": None,
        },
        "ParentContext": None,
        "PostEntityImages": _pairs(post or {}),
        "PreEntityImages": _pairs(pre or {}),
        "PrimaryEntityId": id,
        "PrimaryEntityName": entity,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": "75c2dd85-e89e-4711-8122-000d3aa2331c",
    }
