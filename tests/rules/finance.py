"""The finance set-up of the rules' examples: Contoso (USPM, in USD) with the accounts that the documents print.

finance()                                            Contoso as the examples have it: revenue accrues, no sales tax
finance(accrual=False)                               "T&M - No WIP"
finance(("customers.USPM.C-001.sales_tax_group", "DOM"))   one value of it replaced
finance(exchange_rates=[])                           one key of it replaced
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

from tests.builders import references

ACCOUNTS = {
    "cost": "540100",
    "payroll_allocation": "600300",
    "expense_offset": "600400",
    "cost_item": "140200",
    "wip_cost_value": "161100",
    "wip_cost_item": "161200",
    "wip_sales_value": "161300",
    "accrued_revenue_sales_value": "420200",
    "invoiced_revenue": "411100",
    "invoiced_revenue_on_account": "411200",
    "wip_invoiced_on_account": "161400",
    "customer_balance": "130100",
}

_CONTOSO = """
companies: {USPM: {name: Contoso, accounting_currency: USD, time_zone: America/New_York}}
currencies: {USD: {precision: "0.01"}, GBP: {precision: "0.01"}, JPY: {precision: "1"}}
exchange_rates:
  - {from: GBP, to: USD, valid_from: 2026-01-01, rate: "130", factor: 100}
  - {from: GBP, to: USD, valid_from: 2026-08-30, rate: "137.77", factor: 100}
fiscal_periods: {USPM: [{start: 2026-01-01, end: 2026-12-31, status: open}]}
parameters:
  USPM:
    journal_period: all
    milestone_item_sales_tax_group: FULL
    category_defaults: {time: Labor, expense: Travel, material: Material, fee: Fee}
    line_property_mapping: {not_specified: NONE, chargeable: CHARGE, non_chargeable: NOCHARGE,
                            complimentary: COMP, not_available: NONE}
line_properties:
  CHARGE: {chargeable: true, accrue_revenue: true, on_invoice: true}
  NOCHARGE: {chargeable: false, accrue_revenue: false, on_invoice: false}
  COMP: {chargeable: false, accrue_revenue: false, on_invoice: true}
  NONE: {chargeable: false, accrue_revenue: false, on_invoice: false}
customers:
  USPM: {C-001: {name: Adatum}, C-002: {name: Blue Yonder}}
contracts:
  CTR-1: {company: USPM, customer: C-001, currency: USD}
  CTR-GBP: {company: USPM, customer: C-001, currency: GBP}
  CTR-FIXED: {company: USPM, customer: C-001, currency: GBP,
              fixed_exchange_rate: {currency: GBP, rate: "125", factor: 100}}
contract_lines:
  CTR-1-1: {contract: CTR-1, billing_method: time_and_material}
  CTR-1-FP: {contract: CTR-1, billing_method: fixed_price}
  CTR-GBP-1: {contract: CTR-GBP, billing_method: time_and_material}
  CTR-FIXED-1: {contract: CTR-FIXED, billing_method: time_and_material}
projects:
  PRJ-1: {company: USPM, contract: CTR-1, group: TM}
  PRJ-GBP: {company: USPM, contract: CTR-GBP, group: TM}
  PRJ-FIXED: {company: USPM, contract: CTR-FIXED, group: TM}
categories:
  USPM:
    Labor: {kind: time, item_sales_tax_group: SERV}
    Travel: {kind: expense, item_sales_tax_group: SERV}
    Material: {kind: material, item_sales_tax_group: GOODS}
    Fee: {kind: fee, item_sales_tax_group: SERV}
transaction_categories: {USPM: {Installation: Labor}}
products: {P-100: {item_sales_tax_group: GOODS}}
profiles:
  TM: {billing_method: time_and_material, accrue_revenue: {time: true, expense: true, material: true, fee: true}}
  FP: {billing_method: fixed_price, on_account: profit_and_loss}
profile_rules: [{company: USPM, profile: TM}, {company: USPM, profile: FP}]
sales_tax:
  codes: {VAT20: {rates: [{valid_from: 2020-01-01, percent: "20"}], account: "222100"}}
  groups: {DOM: [VAT20], EXP: []}
  item_groups: {SERV: [VAT20], GOODS: [VAT20], FULL: [VAT20]}
terms_of_payment: {D14: {days: 14}, N30: {days: 30}}
number_sequences:
  USPM: {journal: "USPM-######", voucher: "PV-########", invoice: "FTI-########"}
"""

REFERENCES = references(
    project=["PRJ-1", "PRJ-GBP", "PRJ-FIXED"],
    contract=["CTR-1", "CTR-GBP", "CTR-FIXED"],
    contract_line=["CTR-1-1", "CTR-1-FP", "CTR-GBP-1", "CTR-FIXED-1"],
    customer=["C-001", "C-002"],
    currency=["USD", "GBP", "JPY"],
    category=["Installation", "Training"],
    product=["P-100"],
)

_DOCUMENT: dict[str, Any] = {
    **yaml.safe_load(_CONTOSO),
    "ledger_posting": {"USPM": [{"posting_type": name, "account": at} for name, at in ACCOUNTS.items()]},
    "references": REFERENCES,
}

TAXED = ("customers.USPM.C-001.sales_tax_group", "DOM")
"""Contoso's customer pays 20 %."""


def finance(*values: tuple[str, Any], accrual: bool = True, **keys: Any) -> dict[str, Any]:
    """The document with ``keys`` replaced, then single ``values`` by their path (``None`` takes the entry out)."""
    made = deepcopy(_DOCUMENT | keys)
    if not accrual:
        made["profiles"]["TM"]["accrue_revenue"] = {}
    for path, value in values:
        *above, last = path.split(".")
        row = made
        for step in above:
            row = row[step]
        if value is None:
            del row[last]
        else:
            row[last] = value
    return made


def accounts_without(*posting_types: str) -> dict[str, list[dict[str, str]]]:
    """``ledger_posting`` in which some posting types have no account."""
    return {"USPM": [{"posting_type": t, "account": at} for t, at in ACCOUNTS.items() if t not in posting_types]}


def second_company(document: dict[str, Any], code: str = "GBPM") -> dict[str, Any]:
    """The document with a second company beside USPM, which has the same of everything under ``<code> ``-names."""
    made = deepcopy(document)
    made["companies"][code] = {**made["companies"]["USPM"], "name": code}
    for key in (
        "fiscal_periods",
        "parameters",
        "customers",
        "categories",
        "transaction_categories",
        "ledger_posting",
        "number_sequences",
    ):
        made[key][code] = deepcopy(made[key]["USPM"])
    made["contracts"]["CTR-2"] = {"company": code, "customer": "C-001", "currency": "USD"}
    made["contract_lines"]["CTR-2-1"] = {"contract": "CTR-2", "billing_method": "time_and_material"}
    made["projects"]["PRJ-2"] = {"company": code, "contract": "CTR-2", "group": "TM"}
    made["profile_rules"] += [{**rule, "company": code} for rule in made["profile_rules"]]
    for kind, names in references(project=["PRJ-2"], contract=["CTR-2"], contract_line=["CTR-2-1"]).items():
        made["references"][kind] |= names
    return made
