"""Master data of an engagement, the prices in its price lists, and the confirmation of a contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dataverse_standin.business import actuals
from dataverse_standin.business.actuals import ACTUAL, Row
from dataverse_standin.business.amounts import Number, price_of
from dataverse_standin.business.codes import (
    CUSTOMER_TYPES,
    WORK_BASED,
    BillingMethod,
    BillingStatus,
    ContractStatus,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.rows import Lookup, Refused, Rows

CONTRACT: Final = "salesorder"
CONTRACT_LINE: Final = "salesorderdetail"
PROJECT_SERVICE: Final = 690970000

PRICES: Final[Mapping[int, tuple[str, str]]] = {
    TransactionClass.TIME: ("msdyn_resourcecategorypricelevel", "msdyn_resourcecategory"),
    TransactionClass.EXPENSE: ("msdyn_transactioncategorypricelevel", "msdyn_transactioncategory"),
    TransactionClass.MATERIAL: ("productpricelevel", "msdyn_product"),
}
"""Class -> the table of its prices, and the column that they depend on."""


@dataclass(frozen=True)
class Engagement:
    """The rows that work on one project refers to."""

    currency: Lookup
    unit: Lookup
    customer: Lookup
    contract: Lookup
    contract_line: Lookup
    project: Lookup
    resource: Lookup


def named(rows: Rows, entity: str, column: str, name: str, /, **columns: Any) -> Lookup:
    """The row called ``name``, made with ``columns`` if there is none."""
    found = rows.select(entity, **{column: name})
    id = found[0][f"{entity}id"] if found else rows.create(entity, {column: name, **columns})
    return Lookup(entity, id, name)


def currency(rows: Rows, code: str, precision: int = 2) -> Lookup:
    columns = {"currencyname": code, "currencyprecision": precision}
    return named(rows, "transactioncurrency", "isocurrencycode", code, **columns)


def organizational_unit(rows: Rows, name: str, code: str, company: str) -> Lookup:
    """An organizational unit of a company of finance, with its own list of cost prices in currency ``code``.

    Its second list has the prices at which it lends its people to other units.
    """
    unit = named(rows, "msdyn_organizationalunit", "msdyn_name", name, msdyn_company=company)
    if rows.get(unit.entity, unit.id).get("msdyn_costpricelist") is None:
        lists = {f"msdyn_{kind}pricelist": price_list(rows, f"{name} {kind}", code) for kind in ("cost", "transfer")}
        rows.update(unit.entity, unit.id, lists)
    return unit


def price_list(rows: Rows, name: str, code: str) -> Lookup:
    return named(rows, "pricelevel", "name", name, transactioncurrencyid=currency(rows, code))


def set_price(
    rows: Rows, list_: Lookup, transaction_class: TransactionClass, price: Number, key: Lookup | None = None
) -> None:
    """The price of a role, a category or a product in a price list; without ``key``, of all that have none."""
    entity, column = PRICES[transaction_class]
    amount = price_of(price)
    found = rows.select(entity, pricelevelid=list_, **{column: key})
    if found:
        rows.update(entity, found[0][f"{entity}id"], {"amount": amount})
    else:
        rows.create(entity, {"pricelevelid": list_, column: key, "amount": amount})


def set_rates(rows: Rows, unit: Lookup, contract: Lookup, cost_rate: Number, bill_rate: Number) -> None:
    """The rates of time: what it costs the unit, and what the customer of the contract pays."""
    set_price(rows, rows.get(unit.entity, unit.id)["msdyn_costpricelist"], TransactionClass.TIME, cost_rate)
    set_price(rows, rows.get(contract.entity, contract.id)["pricelevelid"], TransactionClass.TIME, bill_rate)


def find_price(rows: Rows, list_: Lookup, transaction_class: int, key: Lookup | None) -> Any:
    """The price in a price list, or ``None``."""
    entity, column = PRICES[transaction_class]
    for wanted in (key, None):
        if found := rows.select(entity, pricelevelid=list_, **{column: wanted}):
            return found[0]["amount"]
    return None


def add_contract(
    rows: Rows, number: str, customer: Lookup, code: str, unit: Lookup, *, id: str | None = None
) -> Lookup:
    """A project contract in draft, in currency ``code``, with a price list of its own; its ``id`` is drawn or given."""
    company = rows.get(unit.entity, unit.id)["msdyn_company"]
    values = {
        "ordernumber": number,
        "name": number,
        "msdyn_owningcompany": named(rows, "cdm_company", "cdm_companycode", company, cdm_name=company),
        "customerid": customer,
        "transactioncurrencyid": currency(rows, code),
        "pricelevelid": price_list(rows, f"{number} sales", code),
        "msdyn_contractorganizationalunitid": unit,
        "msdyn_ordertype": WORK_BASED,
        "msdyn_psastatusreason": int(ContractStatus.DRAFT),
    }
    return Lookup(CONTRACT, rows.create(CONTRACT, values, id=id), number)


def add_contract_line(
    rows: Rows,
    contract: Lookup,
    project: Lookup,
    billing_method: BillingMethod,
    name: str,
    includes: tuple[TransactionClass, ...],
    *,
    id: str | None = None,
) -> Lookup:
    """A line of a contract, the next one. ``includes`` are the classes of the project's work that it bills."""
    numbers = [row["sequencenumber"] for row in rows.select(CONTRACT_LINE, salesorderid=contract)]
    values = {
        "salesorderid": contract,
        "msdyn_linetype": PROJECT_SERVICE,
        "sequencenumber": max(numbers, default=0) + 1,
        "salesorderdetailname": name,
        "productdescription": name,
        "msdyn_billingmethod": int(billing_method),
        "msdyn_project": project,
        "msdyn_includetime": TransactionClass.TIME in includes,
        "msdyn_includeexpense": TransactionClass.EXPENSE in includes,
        "msdyn_includematerial": TransactionClass.MATERIAL in includes,
    }
    return Lookup(CONTRACT_LINE, rows.create(CONTRACT_LINE, values, id=id), name)


_INCLUDES: Final = {
    TransactionClass.TIME: "msdyn_includetime",
    TransactionClass.EXPENSE: "msdyn_includeexpense",
    TransactionClass.MATERIAL: "msdyn_includematerial",
}


def line_of_work(rows: Rows, project: Lookup, transaction_class: TransactionClass) -> Row | None:
    """The contract line that bills this work; ``None`` for internal projects and in presales (INT, PRE)."""
    lines = rows.select(CONTRACT_LINE, msdyn_project=project, **{_INCLUDES[transaction_class]: True})
    return lines[0] if lines else None


def is_fixed_price(rows: Rows, line: Lookup | None) -> bool:
    method = rows.get(CONTRACT_LINE, line.id)["msdyn_billingmethod"] if line else None
    return bool(method == BillingMethod.FIXED_PRICE)


def sold_under(rows: Rows, contract: Lookup) -> Row:
    """The columns of everything that is sold under ``contract``."""
    header = rows.get(CONTRACT, contract.id)
    customer = header["customerid"]
    return {
        "msdyn_salescontract": Lookup(CONTRACT, contract.id, header["name"]),
        f"msdyn_{customer.entity}customer": customer,
        "msdyn_customertype": CUSTOMER_TYPES[customer.entity],
        "transactioncurrencyid": header["transactioncurrencyid"],
    }


def confirm_contract(rows: Rows, contract: Lookup) -> None:
    """Reverses what was approved so far and records it again (TM-09, FP-07). Work on an invoice stays as it is."""
    header = rows.get(CONTRACT, contract.id)
    if header["msdyn_psastatusreason"] == ContractStatus.CONFIRMED:
        raise Refused(f"contract {header['name']} is confirmed already")
    rows.update(CONTRACT, contract.id, {"msdyn_psastatusreason": int(ContractStatus.CONFIRMED)})
    works: dict[Any, list[Row]] = defaultdict(list)
    for row in rows.select(ACTUAL, msdyn_salescontract=contract, msdyn_adjustmentstatus=None):
        if not actuals.is_settled(row):
            works[row.get("msdyn_sourcedocument")].append(row)
    for work in works.values():
        sales = [row for row in work if actuals.is_type(row, TransactionType.UNBILLED_SALES)]
        if all(actuals.is_open_sale(row) for row in sales) and not _billed(work):
            _record_again(rows, work)


def _billed(work: list[Row]) -> bool:
    return any(actuals.is_type(row, TransactionType.BILLED_SALES) for row in work)


def _record_again(rows: Rows, work: list[Row]) -> None:
    new = []
    for row in work:
        actuals.adjust(rows, row, BillingStatus.CANCELED)
        actuals.reverse(rows, row, {"msdyn_billingstatus": int(BillingStatus.CANCELED)})
        same = {
            **actuals.description(row),
            "msdyn_billingstatus": row.get("msdyn_billingstatus"),
            "msdyn_skipsync": row["msdyn_skipsync"],
        }
        new.append(actuals.record(rows, TransactionType(row["msdyn_transactiontypecode"]), same))
    connect_sales_with_cost(rows, new)


def connect_sales_with_cost(rows: Rows, work: list[Row]) -> None:
    """CONN-02: each unbilled sale with the cost of the same approval."""
    costs = [row for row in work if actuals.is_type(row, TransactionType.COST)]
    for sale in work:
        for cost in costs if actuals.is_type(sale, TransactionType.UNBILLED_SALES) else ():
            actuals.connect(rows, actuals.reference(sale), "Unbilled Sales", actuals.reference(cost), "Cost")
