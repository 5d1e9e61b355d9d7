"""Master data as administrators and sales people keep it: companies, customers, contracts, projects and what ends them.

What a row lacks here it lacks in Dataverse: tax groups, posting groups and dimensions are finance's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from dataverse_standin.business.contracts import CONTRACT, currency, named
from dataverse_standin.rows import Lookup, Refused, Rows

COMPANY: Final = "cdm_company"
PROJECT: Final = "msdyn_project"
SPLIT_RULE: Final = "msdyn_projectcontractsplitbillingrule"
RATE: Final = "msdyn_currencyexchangerate"
INACTIVE: Final = {"statecode": 1, "statuscode": 2}
CLOSED: Final = {"statecode": 1, "statuscode": 192350000}
OPEN: Final = {"statecode": 0, "statuscode": 1}
CUSTOMER_TYPE: Final = 3


def company(rows: Rows, code: str) -> Lookup:
    """The company with this code; its rows point to it."""
    return named(rows, COMPANY, "cdm_companycode", code, cdm_name=code)


def customer(rows: Rows, number: str, in_company: str, money: str, name: str = "", **columns: Any) -> Lookup:
    """The account with this number, made if there is none. A number is unique in its company."""
    of_company = company(rows, in_company)
    if found := rows.select("account", accountnumber=number, msdyn_company=of_company):
        return Lookup("account", found[0]["accountid"], found[0]["name"])
    values = {
        "accountnumber": number,
        "name": name or number,
        "customertypecode": CUSTOMER_TYPE,
        "msdyn_company": of_company,
        "transactioncurrencyid": currency(rows, money),
        **columns,
    }
    return Lookup("account", rows.create("account", values), values["name"])


def person(rows: Rows, name: str, in_company: str, money: str) -> Lookup:
    """A customer who is a contact, without a number of its own."""
    columns = {
        "msdyn_company": company(rows, in_company),
        "transactioncurrencyid": currency(rows, money),
        "msdyn_sellable": True,
    }
    return named(rows, "contact", "fullname", name, **columns)


def project(rows: Rows, number: str, unit: Lookup, in_company: str, of_customer: Lookup | None = None) -> Lookup:
    """The project with this number, which is its name too."""
    values: dict[str, Any] = {
        "msdyn_subject": number,
        "msdyn_owningcompany": company(rows, in_company),
        "msdyn_contractorganizationalunitid": unit,
        "msdyn_istemplate": False,
    }
    if of_customer is not None and of_customer.entity == "account":
        values["msdyn_customer"] = of_customer
    return named(rows, PROJECT, "msdyn_projectnumber", number, **values)


def split(rows: Rows, contract: Lookup, shares: Mapping[Lookup, str]) -> list[Lookup]:
    """Several customers of a contract, each with its share in percent. The first is the primary one."""
    made = []
    for position, (of_customer, percent) in enumerate(shares.items()):
        column = "msdyn_account" if of_customer.entity == "account" else "msdyn_contact"
        values = {
            "msdyn_name": f"{contract.name} {of_customer.name}",
            "msdyn_salesorderid": contract,
            column: of_customer,
            "msdyn_billingsplitpercentage": Decimal(percent),
            "msdyn_isprimary": position == 0,
            "msdyn_isrounding": position == 0,
        }
        made.append(Lookup(SPLIT_RULE, rows.create(SPLIT_RULE, values)))
    return made


def merge(rows: Rows, stays: Lookup, goes: Lookup) -> None:
    """Merges two customers: ``goes`` is deactivated, and everything that pointed to it points to ``stays``."""
    if stays.entity != goes.entity or stays == goes:
        raise Refused("only two different accounts, or two different contacts, can be merged")
    if rows.get(goes.entity, goes.id).get("merged"):
        raise Refused(f"{goes.entity} {goes.id} was merged before")
    rows.merge(stays.entity, stays.id, goes.id)


def in_use(rows: Rows, row: Lookup) -> bool:
    """Whether actuals point to the row: then Dataverse deletes neither a contract, a line nor a project."""
    columns = {
        CONTRACT: "msdyn_salescontract",
        "salesorderdetail": "msdyn_salescontractlineid",
        PROJECT: "msdyn_project",
    }
    return row.entity in columns and bool(rows.select("msdyn_actual", **{columns[row.entity]: row}))


def delete(rows: Rows, row: Lookup) -> None:
    """Deletes master data; ``Refused`` where actuals point to it."""
    if in_use(rows, row):
        raise Refused(f"{row.entity} {row.id} has actuals; close or deactivate it")
    rows.delete(row.entity, row.id)
