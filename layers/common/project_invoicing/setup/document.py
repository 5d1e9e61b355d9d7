"""The set-up document: finance master data as finance writes it (contract, section 3).

The models of its parts are in ``setup.models``; ``setup.problems`` reports what is wrong with a document. Finance ids
are text and are compared as written. Rows are frozen: a loaded set-up never changes.
"""

from __future__ import annotations

from typing import Annotated, Any

from project_invoicing.setup.models.companies import (
    Company,
    Currency,
    DatedRate,
    FiscalPeriod,
    LineProperty,
    Parameters,
)
from project_invoicing.setup.models.defaults import Defaults
from project_invoicing.setup.models.dimensions import AccountRule, DimensionRule, FinancialTags, Worker
from project_invoicing.setup.models.intercompany import Intercompany
from project_invoicing.setup.models.master_data import (
    Category,
    Contract,
    ContractLine,
    Customer,
    ItemCost,
    PaymentTerms,
    Product,
    Project,
)
from project_invoicing.setup.models.numbers import NumberSequences
from project_invoicing.setup.models.posting import LedgerAccount, Profile, ProfileRule
from project_invoicing.setup.models.row import Limited, SetupRow
from project_invoicing.setup.models.sales_tax import SalesTax
from project_invoicing.setup.models.values import Name, OnOff, Switch


class SetupDocument(SetupRow):
    """The whole set-up. Only companies and currencies are required.

    ``units``: the companies of organizational units, by the unit's name, where its row in Dataverse does not say.
    ``ledger_formats``: formats of ledger batches beside the ready-made ones. They stay as written: the check of the
    document checks them, and only what delivers a batch reads them (``setup.models.ledger_formats``).
    ``master_rows``: off leaves the rows from Dataverse out of account, as if none had arrived.
    """

    companies: Annotated[dict[Name, Company], Limited(min_length=1)]
    currencies: Annotated[dict[Name, Currency], Limited(min_length=1)]
    exchange_rates: list[DatedRate] = []
    fiscal_periods: dict[Name, list[FiscalPeriod]] = {}
    parameters: dict[Name, Parameters] = {}
    line_properties: dict[Name, LineProperty] = {}
    customers: dict[Name, dict[Name, Customer]] = {}
    contracts: dict[Name, Contract] = {}
    contract_lines: dict[Name, ContractLine] = {}
    projects: dict[Name, Project] = {}
    categories: dict[Name, dict[Name, Category]] = {}
    transaction_categories: dict[Name, dict[Name, Name]] = {}
    products: dict[Name, Product] = {}
    item_costs: list[ItemCost] = []
    profiles: dict[Name, Profile] = {}
    profile_rules: list[ProfileRule] = []
    ledger_posting: dict[Name, list[LedgerAccount]] = {}
    sales_tax: SalesTax = SalesTax()
    terms_of_payment: dict[Name, PaymentTerms] = {}
    number_sequences: dict[Name, NumberSequences] = {}
    intercompany: list[Intercompany] = []
    workers: dict[Name, dict[Name, Worker]] = {}
    dimension_rules: list[DimensionRule] = []
    financial_tags: dict[Name, FinancialTags] = {}
    account_structures: dict[Name, list[AccountRule]] = {}
    references: dict[Name, dict[Name, Name]] = {}
    units: dict[Name, Name] = {}
    defaults: Defaults = Defaults()
    ledger_formats: dict[Name, dict[str, Any]] = {}
    master_rows: Switch = OnOff.ON
