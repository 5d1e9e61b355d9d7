"""The set-up that all scenarios have, and the plainest of their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.builders import Context

Step = dict[str, Any]

SETUP = """\
# Finance master data of the scenario. Every key is described in docs/setup.md.
companies:
  USPM: {name: Contoso Robotics US, accounting_currency: USD, time_zone: America/New_York}
currencies:
  USD: {precision: "0.01"}
  GBP: {precision: "0.01"}
exchange_rates:
  - {from: GBP, to: USD, valid_from: 2026-01-01, rate: "130", factor: 100}
  - {from: GBP, to: USD, valid_from: 2026-08-30, rate: "135", factor: 100}
fiscal_periods:
  USPM:
    - {start: 2026-08-01, end: 2026-08-31, status: open}
    - {start: 2026-09-01, end: 2026-09-30, status: open}
parameters:
  USPM:
    journal_period: days
    journal_line_limit: 200
    auto_open_period: true
    sales_tax_group_method: search
    material_item_tax_group_method: item
    milestone_item_sales_tax_group: FULL
    category_defaults: {time: Labor, expense: Travel, material: Material, fee: Fee}
    line_property_mapping:
      not_specified: NONE
      chargeable: CHARGE
      non_chargeable: NOCHARGE
      complimentary: COMP
      not_available: NONE
line_properties:
  CHARGE: {chargeable: true, accrue_revenue: true, on_invoice: true}
  NOCHARGE: {chargeable: false, accrue_revenue: false, on_invoice: false}
  COMP: {chargeable: false, accrue_revenue: false, on_invoice: true}
  NONE: {chargeable: false, accrue_revenue: false, on_invoice: false}
customers:
  USPM:
    C-001: {name: Adatum Corporation, group: DOM, sales_tax_group: DOM, terms_of_payment: N14}
    C-002: {name: Blue Yonder Airlines, group: EXP, sales_tax_group: EXP, terms_of_payment: N30}
contracts:
  CTR-1: {company: USPM, customer: C-001, currency: USD}
  CTR-2:
    company: USPM
    customer: C-002
    currency: GBP
    fixed_exchange_rate: {currency: GBP, rate: "125", factor: 100}
contract_lines:
  CTR-1-1: {contract: CTR-1, billing_method: time_and_material}
  CTR-1-2: {contract: CTR-1, billing_method: fixed_price}
  CTR-2-1: {contract: CTR-2, billing_method: time_and_material}
projects:
  PRJ-1: {company: USPM, contract: CTR-1, group: TM, open: true, dimensions: {CostCenter: "007"}}
  PRJ-2: {company: USPM, contract: CTR-2, group: TM, open: true}
categories:
  USPM:
    Labor: {kind: time, item_sales_tax_group: SERV}
    Travel: {kind: expense, item_sales_tax_group: SERV}
    Material: {kind: material, item_sales_tax_group: GOODS}
    Fee: {kind: fee, item_sales_tax_group: SERV}
transaction_categories:
  USPM: {Installation: Labor, Airfare: Travel}
products:
  P-100: {item_sales_tax_group: GOODS}
profiles:
  TM-WIP:
    billing_method: time_and_material
    post_costs: {time: profit_and_loss, expense: profit_and_loss, material: profit_and_loss}
    accrue_revenue: {time: true, expense: true, material: true, fee: true}
  FP:
    billing_method: fixed_price
    post_costs: {time: profit_and_loss, expense: profit_and_loss, material: profit_and_loss}
    on_account: profit_and_loss
profile_rules:
  - {company: USPM, project_group: TM, profile: TM-WIP}
  - {company: USPM, profile: FP}
ledger_posting:
  USPM:
    - {posting_type: cost, category: Labor, account: "540100"}
    - {posting_type: cost, account: "540900"}
    - {posting_type: payroll_allocation, account: "600300"}
    - {posting_type: expense_offset, account: "600400"}
    - {posting_type: cost_item, account: "140200"}
    - {posting_type: wip_sales_value, account: "161300"}
    - {posting_type: accrued_revenue_sales_value, account: "420200"}
    - {posting_type: invoiced_revenue, account: "411100"}
    - {posting_type: invoiced_revenue_on_account, account: "411200"}
    - {posting_type: customer_balance, account: "130100"}
sales_tax:
  codes:
    VAT20: {rates: [{valid_from: 2020-01-01, percent: "20"}], account: "222100"}
    RED5: {rates: [{valid_from: 2020-01-01, percent: "5"}], account: "222200"}
  groups: {DOM: [VAT20, RED5], EXP: []}
  item_groups: {SERV: [VAT20], GOODS: [VAT20], FULL: [VAT20], BOOKS: [RED5]}
  rounding: {precision: "0.01", method: normal, by: code, calculation: line}
terms_of_payment:
  N14: {method: net, days: 14}
  N30: {method: net, days: 30}
number_sequences:
  USPM: {journal: "USPM-######", voucher: "PV-########", invoice: "FTI-########"}
"""

KNOWN: Mapping[str, Sequence[str]] = {
    "project": ["PRJ-1", "PRJ-2"],
    "contract": ["CTR-1", "CTR-2"],
    "contract_line": ["CTR-1-1", "CTR-1-2", "CTR-2-1"],
    "customer": ["C-001", "C-002"],
    "currency": ["USD", "GBP"],
    "category": ["Installation", "Airfare"],
    "product": ["P-100"],
    "resource": ["Bob Kozack", "Julia Funderburk"],
}


def arrives(at: str, *contexts: Context) -> list[Step]:
    return [{"at": at, "dataverse": context} for context in contexts]


def runs(at: str, function: str, **scope: str) -> Step:
    return {"at": at, "run": function, **scope}
