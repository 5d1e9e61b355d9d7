"""What a milestone would be billed with now: finance's own columns, else what the set-up of the day says (MS-17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import TransactionClass
from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.rules.defaults import dimensions, sales_tax_group
from project_invoicing.rules.owner import Owner
from project_invoicing.setup.effective import Columns, Found, Layer, Missing
from project_invoicing.setup.lookups import FinanceSetup

_MILESTONE: Final = TransactionClass.MILESTONE


def as_it_would_be_billed(key: NameKey, setup: FinanceSetup) -> dict[str, str]:
    """Contract line, contract and the value of each column in words, with where it comes from.

    Project and customer are those of the contract line. A billed sale that names others has theirs.
    """
    columns = setup.source_of(key.part, key.company, key.number)
    owner = _owner(key.company, columns, setup)
    category = _own(columns, "category") or setup.category(key.company, None, _MILESTONE)
    of_setup: dict[str, Any] = {
        "sales_tax_group": sales_tax_group(owner, setup),
        "item_sales_tax_group": setup.item_sales_tax_group(key.company, _MILESTONE, category, None),
        "category": category,
        "dimensions": dimensions(owner, category, None, True, setup),
    }
    told = {"contract line": owner.contract_line or "not known", "contract": owner.contract or "not known"}
    for name in COLUMNS[Part.ON_ACCOUNT_TRANSACTIONS]:
        own = _own(columns, name)
        where = "finance's own" if own else "the set-up"
        told[f"billed with {name.replace('_', ' ')}"] = f"{_text(own or of_setup[name])} ({where})"
    return told


def _owner(company: str, columns: Columns, setup: FinanceSetup) -> Owner:
    line = _name(_value(columns, "contract_line"), setup)
    of_line = setup.source_of(Part.CONTRACT_LINES, company, line) if line else {}
    contract = _name(_value(of_line, "contract"), setup)
    customer = setup.customer_of_contract(company, contract)
    return Owner(
        company,
        project=_name(_value(of_line, "project"), setup),
        contract=contract,
        contract_line=line,
        customer=customer.name if isinstance(customer, Found) else None,
        currency="",
    )


def _name(value: Any, setup: FinanceSetup) -> str | None:
    """The name of what a column leads to."""
    if isinstance(value, Reference):
        found: Found | Missing = setup.find(value.entity, value.id)
        return found.name if isinstance(found, Found) else None
    return value or None


def _value(columns: Columns, name: str) -> Any:
    found = columns.get(name)
    return found.value if found else None


def _own(columns: Columns, name: str) -> Any:
    found = columns.get(name)
    return found.value if found and found.layer is Layer.FINANCE else None


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or "none"
    return str(value) if value else "none"
