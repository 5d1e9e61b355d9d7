"""The set-up document of the contract, for tests: only what matters in a test needs to be written there.

document(exchange_rates=[])                          one key of it replaced
document(("parameters.USPM.journal_period", "all"))  one value of it replaced
finance_setup(…)                                     the look-ups over it
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from tests.builders import references

CONTRACT_DOCUMENT = """
companies:            {USPM: {name: Contoso, accounting_currency: USD, time_zone: America/New_York},
                       GBPM: {name: Contoso UK, accounting_currency: GBP, time_zone: Europe/London}}
currencies:           {USD: {precision: "0.01"}, GBP: {precision: "0.01"}, JPY: {precision: "1"}}
exchange_rates:       [{from: GBP, to: USD, valid_from: 2026-01-01, rate: "130", factor: 100},
                       {from: GBP, to: USD, valid_from: 2026-08-01, rate: "140", factor: 100}]
fiscal_periods:       {USPM: [{start: 2026-08-01, end: 2026-08-31, status: open},
                              {start: 2026-09-01, end: 2026-09-30, status: on_hold},
                              {start: 2026-10-01, end: 2026-10-31, status: closed},
                              {start: 2026-11-01, end: 2026-11-30, status: open}]}
parameters:
  USPM:
    journal_period: days
    journal_line_limit: 200
    auto_open_period: true
    sales_tax_group_method: search
    material_item_tax_group_method: item
    milestone_item_sales_tax_group: FULL
    category_defaults: {time: Labor, expense: Travel, material: Material, fee: Fee}
    line_property_mapping: {not_specified: NONE, chargeable: CHARGE, non_chargeable: NOCHARGE,
                            complimentary: COMP, not_available: NONE}
    prevalidation_minutes: 0
    auto_post_proposals: false
    require_invoice_total: true
line_properties:      {CHARGE: {chargeable: true, accrue_revenue: true, on_invoice: true},
                       NOCHARGE: {chargeable: false, accrue_revenue: false, on_invoice: true}, COMP: {}, NONE: {}}
customers:            {USPM: {C-001: {name: Adatum, group: DOM, sales_tax_group: DOM, terms_of_payment: N30,
                                     on_hold: false, dimensions: {}}},
                       GBPM: {IC-USPM: {name: Contoso}}}
contracts:            {CTR-1: {company: USPM, customer: C-001, currency: GBP, sales_tax_group: null,
                              fixed_exchange_rate: {currency: GBP, rate: "125", factor: 100},
                              terms_of_payment: null}}
contract_lines:       {CTR-1-1: {contract: CTR-1, billing_method: time_and_material, dimensions: {}},
                       CTR-1-2: {contract: CTR-1, billing_method: fixed_price}}
projects:             {PRJ-1: {company: USPM, contract: CTR-1, group: TM, sales_tax_group: DOM, open: true,
                              dimensions: {}}}
categories:           {USPM: {Labor: {kind: time, item_sales_tax_group: SERV},
                              Material: {kind: material, group: Stock, item_sales_tax_group: SERV}}}
transaction_categories: {USPM: {Installation: Labor}}
products:             {P-100: {item_sales_tax_group: GOODS}}
profiles:             {TM-WIP: {billing_method: time_and_material,
                               post_costs: {time: profit_and_loss, expense: profit_and_loss, material: profit_and_loss},
                               accrue_revenue: {time: true, expense: true, material: true, fee: true},
                               on_account: profit_and_loss}}
profile_rules:        [{company: USPM, project: PRJ-1, profile: TM-WIP}]
ledger_posting:       {USPM: [{posting_type: cost, category: Labor, account: "540100"},
                              {posting_type: customer_balance, account: "130100"}]}
sales_tax:
  codes:              {VAT20: {rates: [{valid_from: 2020-01-01, percent: "20"},
                                       {valid_from: 2026-09-01, percent: "21.5"}], account: "222100"},
                       CITY: {rates: [{valid_from: 2020-01-01, percent: "1"}]}}
  groups:             {DOM: [VAT20, CITY], EXP: []}
  item_groups:        {SERV: [CITY, VAT20], GOODS: [VAT20]}
  rounding:           {precision: "0.01", method: normal, by: code, calculation: line}
terms_of_payment:     {N30: {method: net, days: 30}, M: {method: current_month}}
number_sequences:     {USPM: {journal: "USPM-######", voucher: "PV-########", invoice: "FTI-########",
                              proposal: {allow_lower: true, allow_higher: true}}}
intercompany:         [{lender: GBPM, borrower: USPM, customer: IC-USPM, vendor: V-GBPM}]
workers:              {USPM: {Molly Clark: {dimensions: {Unit: UK}}}}
dimension_rules:      [{company: USPM, customer: C-001, contract: CTR-1, project: PRJ-1, category: Labor,
                        resource: Nobody, dimensions: {Unit: None}}]
financial_tags:       {USPM: {delimiter: "~", tags: [{label: IndustryEvent}, {label: Old, active: false}],
                        rules: [{label: IndustryEvent, value: "2026 Event", customer: C-001, contract: CTR-1,
                                 project: PRJ-1, category: Labor, resource: Nobody, overwrite: true}]}}
account_structures:   {USPM: [{account: "999999", required: [CostCenter]}]}
"""

REFERENCES = references(
    project=["PRJ-1"],
    contract=["CTR-1"],
    contract_line=["CTR-1-1"],
    customer=["C-001"],
    currency=["GBP", "USD"],
    category=["Installation"],
    product=["P-100"],
    resource=["Bob Kozack"],
)

_DOCUMENT = yaml.safe_load(CONTRACT_DOCUMENT)


def document(*values: tuple[str, Any], **keys: Any) -> dict[str, Any]:
    """The contract's document with ``keys`` replaced, then single ``values`` by their path."""
    made: dict[str, Any] = {**deepcopy(_DOCUMENT), "references": deepcopy(REFERENCES), **keys}
    for path, value in values:
        *above, last = path.split(".")
        row: Any = made
        for step in above:
            row = row[int(step)] if isinstance(row, list) else row[step]
        row[int(last) if isinstance(row, list) else last] = value
    return made


def finance_setup(*values: tuple[str, Any], version: int = 1, **keys: Any) -> FinanceSetup:
    """The look-ups over ``document(...)``, which must be right."""
    made = document(*values, **keys)
    assert problems(made) == []
    return FinanceSetup(SetupDocument.model_validate(made), version)
