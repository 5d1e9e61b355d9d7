"""What Dataverse sends of master data, for tests: only what matters in a test needs to be written there.

    company("USPM")
    account("C-001", company="USPM", name="Adatum")
    contract("CTR-1", customer="C-001")
    project("PRJ-1", contract="CTR-1")
    merge("account", "C-002", into="C-001")

As in ``builders`` a name becomes a GUID that is always the same, and each returns a RemoteExecutionContext.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.builders import AT, Context, context, guid, lookup, option


def company(code: str, **given: Any) -> Context:
    return context("cdm_company", code, **_columns(given, {"cdm_companycode": code, "cdm_name": f"{code} Inc."}))


def currency(code: str, **given: Any) -> Context:
    return context("transactioncurrency", code, **_columns(given, {"isocurrencycode": code, "currencyprecision": 2}))


def exchange_rate(id: str, from_: str, to: str, rate: str, valid_from: str, **given: Any) -> Context:
    usual = {
        "msdyn_exchangeratetypename": "Default",
        "msdyn_fromcurrencycode": from_,
        "msdyn_tocurrencycode": to,
        "msdyn_exchangerate": Decimal(rate),
        "msdyn_validfrom": valid_from,
    }
    return context("msdyn_currencyexchangerate", id, **_columns(given, usual))


def unit(name: str, **given: Any) -> Context:
    return context("msdyn_organizationalunit", name, **_columns(given, {"msdyn_name": name}))


def category(name: str, **given: Any) -> Context:
    return context("msdyn_transactioncategory", name, **_columns(given, {"msdyn_name": name, "statecode": option(0)}))


def product(number: str, **given: Any) -> Context:
    usual = {"productnumber": number, "name": f"Product {number}", "statecode": option(0)}
    return context("product", number, **_columns(given, usual))


def resource(name: str, *, unit: str | None = None, **given: Any) -> Context:
    usual = {"name": name, "msdyn_organizationalunit": _to("msdyn_organizationalunit", unit), "statecode": option(0)}
    return context("bookableresource", name, **_columns(given, usual))


def account(id: str, *, number: str | None = None, company: str | None = "USPM", **given: Any) -> Context:
    """A customer. ``number`` is ``id`` unless it is given."""
    usual = {
        "accountnumber": number or id,
        "name": f"Customer {id}",
        "customertypecode": option(3),
        "msdyn_company": _to("cdm_company", company),
        "statecode": option(0),
    }
    return context("account", id, **_columns(given, usual))


def contact(id: str, *, number: str | None = None, company: str | None = "USPM", **given: Any) -> Context:
    usual = {
        "msdyn_contactpersonid": number or id,
        "fullname": f"Customer {id}",
        "msdyn_sellable": True,
        "msdyn_company": _to("cdm_company", company),
        "statecode": option(0),
    }
    return context("contact", id, **_columns(given, usual))


def contract(
    id: str,
    *,
    number: str | None = None,
    company: str | None = "USPM",
    customer: str | None = None,
    unit: str | None = None,
    **given: Any,
) -> Context:
    usual = {
        "ordernumber": number or id,
        "name": f"Contract {id}",
        "msdyn_ordertype": option(192350001),
        "msdyn_owningcompany": _to("cdm_company", company),
        "customerid": _to("account", customer),
        "msdyn_contractorganizationalunitid": _to("msdyn_organizationalunit", unit),
        "msdyn_psastate": option(192350002),
    }
    return context("salesorder", id, **_columns(given, usual))


def project(
    id: str,
    *,
    number: str | None = None,
    company: str | None = "USPM",
    contract: str | None = None,
    unit: str | None = None,
    **given: Any,
) -> Context:
    usual = {
        "msdyn_projectnumber": number or id,
        "msdyn_subject": f"Project {id}",
        "msdyn_company": _to("cdm_company", company),
        "msdyn_salesorderid": _to("salesorder", contract),
        "msdyn_contractorganizationalunitid": _to("msdyn_organizationalunit", unit),
        "statecode": option(0),
    }
    return context("msdyn_project", id, **_columns(given, usual))


def contract_line(
    id: str, contract: str, *, sequence: int | None = 1, project: str | None = None, **given: Any
) -> Context:
    usual = {
        "salesorderid": _to("salesorder", contract),
        "sequencenumber": sequence,
        "msdyn_linetype": option(690970000),
        "msdyn_billingmethod": option(192350000),
        "msdyn_project": _to("msdyn_project", project),
    }
    return context("salesorderdetail", id, **_columns(given, usual))


def split_rule(id: str, contract: str, customer: str, percent: str, **given: Any) -> Context:
    usual = {
        "msdyn_salesorderid": _to("salesorder", contract),
        "msdyn_account": _to("account", customer),
        "msdyn_billingsplitpercentage": Decimal(percent),
        "msdyn_paymentterms": option(1),
    }
    return context("msdyn_projectcontractsplitbillingrule", id, **_columns(given, usual))


def milestone(id: str, contract_line: str, amount: str, **given: Any) -> Context:
    usual = {
        "msdyn_name": f"Milestone {id}",
        "msdyn_contractline": _to("salesorderdetail", contract_line),
        "msdyn_amount": Decimal(amount),
        "msdyn_milestonedate": "2026-08-31",
        "msdyn_invoicestatus": option(192350001),
    }
    return context("msdyn_contractlinescheduleofvalue", id, **_columns(given, usual))


def deletion(entity: str, id: str, at: str = AT) -> Context:
    """A row is deleted, and the step has no image of it: only its id comes."""
    return context(entity, id, "Delete", at=at) | {"PreEntityImages": []}


def merge(entity: str, id: str, into: str, at: str = AT) -> Context:
    """``id`` is merged into another row."""
    parameters = {"Target": lookup(entity, into), "SubordinateId": guid(id), "PerformParentingChecks": False}
    made = context(entity, into, "Merge", at=at)
    return made | {"InputParameters": [{"key": name, "value": value} for name, value in parameters.items()]}


def _columns(given: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    if given.get("message") == "Update":
        given.setdefault("changed", ())
    return {**usual, **given}


def _to(entity: str, name: str | None) -> dict[str, Any] | None:
    return None if name is None else lookup(entity, name)
