"""What the rules ask of the finance set-up. Every answer is a look-up in an index: lines ask by the thousand."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import BillingMethod, BillingType, PostingType, TransactionClass
from project_invoicing.domain.money import SAME_CURRENCY, ExchangeRate
from project_invoicing.domain.sales_tax import TaxForm, TaxRounding
from project_invoicing.domain.terms import CashDiscount, TermsOfPayment
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.companies import (
    CategoryKind,
    Company,
    FiscalPeriod,
    ItemTaxGroupMethod,
    LineProperty,
    Parameters,
    PeriodStatus,
    SalesTaxGroupMethod,
)
from project_invoicing.setup.models.dimensions import AccountRule, DimensionRule
from project_invoicing.setup.models.intercompany import Intercompany
from project_invoicing.setup.models.master_data import Category, Contract, ContractLine, Customer, Product, Project
from project_invoicing.setup.models.numbers import NumberSequences, ProposalNumbers
from project_invoicing.setup.models.posting import Profile

T = TypeVar("T")


_CATEGORY_KINDS = {
    TransactionClass.TIME: CategoryKind.TIME,
    TransactionClass.EXPENSE: CategoryKind.EXPENSE,
    TransactionClass.MATERIAL: CategoryKind.MATERIAL,
    TransactionClass.FEE: CategoryKind.FEE,
    TransactionClass.MILESTONE: CategoryKind.ON_ACCOUNT,
    TransactionClass.RETAINER: CategoryKind.ON_ACCOUNT,
}
_RULE_COLUMNS = ("customer", "contract", "project_group", "project", "category", "resource")
"""The columns of a dimension rule, from general to specific (DIM-07)."""
_CENT = Decimal("0.01")
_DATE_LENGTH = len("2026-08-27")


class Dated(Generic[T]):
    """Values that hold from a day on."""

    def __init__(self, entries: Iterable[tuple[date, T]]) -> None:
        in_order = sorted(entries, key=lambda entry: entry[0])
        self._days = [day for day, _ in in_order]
        self._values: list[T | None] = [None, *(value for _, value in in_order), None]

    def around(self, day: date) -> tuple[T | None, T | None]:
        """The newest value on or before ``day``, and the first after it."""
        position = bisect_right(self._days, day)
        return self._values[position], self._values[position + 1]

    def on(self, day: date) -> T | None:
        """The newest value on or before ``day``."""
        return self.around(day)[0]


_Level = tuple[bool, str] | None
_Key = tuple[_Level, _Level, _Level]
_NO_PERIODS: Dated[FiscalPeriod] = Dated(())
_DEFAULT_PARAMETERS = Parameters()
_DEFAULT_SEQUENCES = NumberSequences()


def _level(name: str | None, group: str | None) -> _Level:
    """The level of a ledger entry on one axis: ``(True, name)``, ``(False, group)``, or ``None`` for all."""
    if name:
        return (True, name)
    return (False, group) if group else None


def _levels(name: str | None, group: str | None) -> list[_Level]:
    """The levels that hold for a line on one axis, the most specific first."""
    return [level for level in (_level(name, None), _level(None, group)) if level] + [None]


class FinanceSetup:
    """One version of the set-up, with its indexes. Immutable, so that one object serves all invocations of a process.

    ``None`` always means that the set-up has no answer; which reason follows from that is the caller's rule.
    """

    def __init__(self, document: SetupDocument, version: int) -> None:
        self.document = document
        self.version = version
        self._answered: dict[tuple[str | None, ...], str | None] = {}

    # --- what there is ------------------------------------------------------------------------------------------------

    def company(self, code: str) -> Company | None:
        return self.document.companies.get(code)

    def accounting_currency(self, company: str | None) -> str | None:
        known = self.company(company) if company else None
        return known.accounting_currency if known else None

    def parameters(self, company: str) -> Parameters:
        """The company's parameters, or the contract's defaults when it has none."""
        return self.document.parameters.get(company, _DEFAULT_PARAMETERS)

    def project(self, name: str | None) -> Project | None:
        return self.document.projects.get(name) if name else None

    def contract(self, name: str | None) -> Contract | None:
        return self.document.contracts.get(name) if name else None

    def contract_line(self, name: str | None) -> ContractLine | None:
        return self.document.contract_lines.get(name) if name else None

    def owner(self, project: str | None, contract: str | None) -> Project | Contract | None:
        """The project, else the contract: what it belongs to says which company the work is for."""
        return self.project(project) or self.contract(contract)

    def customer(self, company: str, name: str | None) -> Customer | None:
        return self.document.customers.get(company, {}).get(name) if name else None

    def product(self, name: str | None) -> Product | None:
        return self.document.products.get(name) if name else None

    # --- references ---------------------------------------------------------------------------------------------------

    def resolve(self, entity: str, id: str) -> str | None:
        """The finance id of a Dataverse row, ``None`` when there is none or when finance has no such master data."""
        return self._finance_ids.get(entity, {}).get(id)

    def named(self, reference: Reference | None) -> str | None:
        """As ``resolve``, for a reference that may be missing."""
        return self.resolve(reference.entity, reference.id) if reference else None

    @cached_property
    def _finance_ids(self) -> dict[str, dict[str, str]]:
        document = self.document
        customers = {name for of_company in document.customers.values() for name in of_company}
        known: dict[str, Container[str]] = {
            "msdyn_project": document.projects,
            "salesorder": document.contracts,
            "salesorderdetail": document.contract_lines,
            "account": customers,
            "contact": customers,
            "product": document.products,
        }
        return {
            entity: {
                guid.strip("{}").lower(): name
                for guid, name in references.items()
                if entity not in known or name in known[entity]
            }
            for entity, references in document.references.items()
        }

    # --- currencies ---------------------------------------------------------------------------------------------------

    def currency_precision(self, code: str) -> Decimal | None:
        currency = self.document.currencies.get(code)
        return currency.precision if currency else None

    def accounting_currency(self, company: str) -> str:
        return self.document.companies[company].accounting_currency

    def accounting_precision(self, company: str) -> Decimal:
        """The step that amounts in the company's accounting currency are rounded to."""
        return self.currency_precision(self.accounting_currency(company)) or _CENT

    def exchange_rate(self, from_: str, to: str, on: date) -> ExchangeRate | None:
        """The newest rate valid on ``on`` (contract, section 5; FXR-11, FXR-14). A pair has no reverse of its own."""
        if from_ == to:
            return SAME_CURRENCY
        rates = self._exchange_rates.get((from_, to))
        return rates.on(on) if rates else None

    @cached_property
    def _exchange_rates(self) -> dict[tuple[str, str], Dated[ExchangeRate]]:
        pairs: dict[tuple[str, str], list[tuple[date, ExchangeRate]]] = defaultdict(list)
        for row in self.document.exchange_rates:
            pairs[row.from_, row.to].append((row.valid_from, ExchangeRate(row.rate, row.factor)))
        return {pair: Dated(rates) for pair, rates in pairs.items()}

    def price_rate(self, contract: str | None, currency: str, company: str, on: date) -> ExchangeRate | None:
        """From ``currency`` to the company's accounting currency: the contract's agreement first (FXR-07, FXR-09)."""
        accounting = self.accounting_currency(company)
        agreed = self._agreed_rates.get(contract) if contract and currency != accounting else None
        if agreed and agreed[:2] == (company, currency):
            return agreed[2]
        return self.exchange_rate(currency, accounting, on)

    @cached_property
    def _agreed_rates(self) -> dict[str, tuple[str, str, ExchangeRate]]:
        return {
            name: (contract.company, fixed.currency, ExchangeRate(fixed.rate, fixed.factor))
            for name, contract in self.document.contracts.items()
            if (fixed := contract.fixed_exchange_rate)
        }

    # --- profiles and accounts ----------------------------------------------------------------------------------------

    def billing_method(self, contract_line: str | None) -> BillingMethod:
        line = self.contract_line(contract_line)
        return line.billing_method if line else BillingMethod.TIME_AND_MATERIAL

    def profile(
        self, company: str, project: str | None, contract: str | None, billing_method: BillingMethod
    ) -> tuple[str, Profile] | None:
        """The profile of the most specific rule: project, contract, project group, all (LED-41, LED-42, 99-17)."""
        found = self.project(project)
        contract = contract or (found.contract if found else None)
        return self._first_rule(company, project, contract, (billing_method,))

    def internal_profile(self, company: str, project: str | None) -> tuple[str, Profile] | None:
        """The profile of work without a contract: project, project group, all (LED-49 to LED-51, IVP-02, 99-31).

        It names no billing method, so rules for investments and for time and material count, at each level in this
        order; only the former where the company keeps other internal work in profit and loss (D-057).
        """
        methods = [BillingMethod.INVESTMENT]
        if self.parameters(company).internal_projects_use_profile:
            methods.append(BillingMethod.TIME_AND_MATERIAL)
        return self._first_rule(company, project, None, methods)

    def _first_rule(
        self, company: str, project: str | None, contract: str | None, methods: Sequence[BillingMethod]
    ) -> tuple[str, Profile] | None:
        found = self.project(project)
        levels = (
            ("project", project),
            ("contract", contract),
            ("project_group", found.group if found else None),
            ("all", None),
        )
        for level, name in levels:
            for method in methods:
                if rule := self._profile_rules.get((company, method, level, name)):
                    return rule
        return None

    @cached_property
    def _profile_rules(self) -> dict[tuple[str, BillingMethod, str, str | None], tuple[str, Profile]]:
        rules = {}
        for row in self.document.profile_rules:
            profile = self.document.profiles[row.profile]
            named = (("project", row.project), ("contract", row.contract), ("project_group", row.project_group))
            level, name = next((entry for entry in named if entry[1]), ("all", None))
            rules[row.company, profile.billing_method, level, name] = (row.profile, profile)
        return rules

    def posting_account(
        self,
        company: str,
        posting_type: PostingType,
        *,
        project: str | None = None,
        category: str | None = None,
        customer: str | None = None,
        sales_tax_code: str | None = None,
    ) -> str | None:
        """The main account of the most specific entry (LED-57, LED-58, LED-59).

        A sales tax code's own account comes first. Then the project decides before the category, and the category
        before the customer; of each, the one named before its group before all.
        """
        asked = (company, posting_type, project, category, customer, sales_tax_code)
        if asked not in self._answered:
            code = self.document.sales_tax.codes.get(sales_tax_code or "")
            own = code.account if code else None
            self._answered[asked] = own or self._most_specific(company, posting_type, project, category, customer)
        return self._answered[asked]

    def _most_specific(
        self, company: str, posting_type: PostingType, project: str | None, category: str | None, customer: str | None
    ) -> str | None:
        accounts = self._accounts.get((company, posting_type), {})
        of_project = self.project(project)
        of_category = self.category_entry(company, category)
        of_customer = self.customer(company, customer)
        levels = product(
            _levels(project, of_project.group if of_project else None),
            _levels(category, of_category.group if of_category else None),
            _levels(customer, of_customer.group if of_customer else None),
        )
        return next((accounts[key] for key in levels if key in accounts), None)

    @cached_property
    def _accounts(self) -> dict[tuple[str, PostingType], dict[_Key, str]]:
        accounts: dict[tuple[str, PostingType], dict[_Key, str]] = defaultdict(dict)
        for company, rows in self.document.ledger_posting.items():
            for row in rows:
                key = (
                    _level(row.project, row.project_group),
                    _level(row.category, row.category_group),
                    _level(row.customer, row.customer_group),
                )
                accounts[company, row.posting_type][key] = row.account
        return dict(accounts)

    # --- categories and line properties -------------------------------------------------------------------------------

    def category(
        self, company: str, transaction_category: str | None, transaction_class: TransactionClass
    ) -> str | None:
        """The project category: that of the transaction category, or, only without one, the default of the class.

        CAT-01, CAT-02; a transaction category without a project category in the company has none (CAT-03, 99-09).
        Milestones and retainers share the default ``on_account`` (RET-12).
        """
        if transaction_category is not None:
            return self.document.transaction_categories.get(company, {}).get(transaction_category)
        kind = _CATEGORY_KINDS.get(transaction_class)
        default = self.parameters(company).category_defaults.get(kind) if kind else None
        return default if default in self.document.categories.get(company, {}) else None

    def category_fits(self, company: str, name: str, transaction_class: TransactionClass) -> bool:
        """Whether a project category is of the class of the line (CAT-05)."""
        entry = self.category_entry(company, name)
        return entry is None or entry.kind is _CATEGORY_KINDS.get(transaction_class, entry.kind)

    def category_entry(self, company: str, name: str | None) -> Category | None:
        return self.document.categories.get(company, {}).get(name) if name else None

    def line_property(self, company: str, billing_type: BillingType) -> tuple[str, LineProperty] | None:
        """The line property mapped for a billing type, with its name (LP-01 to LP-05)."""
        name = self.parameters(company).line_property_mapping.get(billing_type)
        found = self.document.line_properties.get(name) if name else None
        return (name, found) if name and found else None

    # --- intercompany and dimensions ----------------------------------------------------------------------------------

    def lenders(self, borrower: str) -> tuple[Intercompany, ...]:
        """The intercompany terms under which others lend resources to ``borrower`` (STG-15)."""
        return self._lenders.get(borrower, ())

    @cached_property
    def _lenders(self) -> dict[str, tuple[Intercompany, ...]]:
        found: dict[str, tuple[Intercompany, ...]] = {}
        for row in self.document.intercompany:
            found[row.borrower] = (*found.get(row.borrower, ()), row)
        return found

    def worker_dimensions(self, company: str, resource: str | None) -> dict[str, str]:
        """The dimensions of a resource's employment in the company (DIM-04)."""
        worker = self.document.workers.get(company, {}).get(resource or "")
        return dict(worker.dimensions) if worker else {}

    def ruled_dimensions(self, company: str, **names: str | None) -> dict[str, str] | None:
        """The dimensions of the most specific rule that matches, ``None`` without one (DIM-07).

        ``names``: customer, contract, project_group, project, category, resource of the line.
        """
        best: tuple[tuple[bool, ...], DimensionRule] | None = None
        for rule in self._dimension_rules.get(company, ()):
            asked = {column: getattr(rule, column) for column in _RULE_COLUMNS}
            if any(value is not None and value != names.get(column) for column, value in asked.items()):
                continue
            specific = tuple(asked[column] is not None for column in reversed(_RULE_COLUMNS))
            if best is None or specific > best[0]:
                best = (specific, rule)
        return dict(best[1].dimensions) if best else None

    @cached_property
    def _dimension_rules(self) -> dict[str, list[DimensionRule]]:
        rules: dict[str, list[DimensionRule]] = defaultdict(list)
        for row in self.document.dimension_rules:
            rules[row.company].append(row)
        return dict(rules)

    def dimension_problem(self, company: str, account: str, dimensions: Mapping[str, str]) -> str | None:
        """What an account refuses of a dimension combination, in words, ``None`` when it takes it (DIM-14)."""
        rule = self._account_rules.get((company, account))
        if rule is None:
            return None
        for name in rule.required:
            if not dimensions.get(name):
                return f"account {account} needs dimension {name}"
        for name, allowed in rule.values.items():
            if name in dimensions and dimensions[name] not in allowed:
                return f"account {account} does not take {dimensions[name]} for {name}; it takes {', '.join(allowed)}"
        return None

    @cached_property
    def _account_rules(self) -> dict[tuple[str, str], AccountRule]:
        structures = self.document.account_structures
        return {(company, rule.account): rule for company, rules in structures.items() for rule in rules}

    # --- sales tax ----------------------------------------------------------------------------------------------------

    def sales_tax_group(
        self, company: str, project: str | None, contract: str | None, customer: str | None
    ) -> str | None:
        """The sales tax group by the company's method; only ``search`` falls back (TAX-01 to TAX-06)."""
        method = self.parameters(company).sales_tax_group_method
        owners = {
            SalesTaxGroupMethod.PROJECT: self.project(project),
            SalesTaxGroupMethod.CONTRACT: self.contract(contract),
            SalesTaxGroupMethod.CUSTOMER: self.customer(company, customer),
        }
        asked = owners.values() if method is SalesTaxGroupMethod.SEARCH else [owners[method]]
        return next((owner.sales_tax_group for owner in asked if owner and owner.sales_tax_group), None)

    def item_sales_tax_group(
        self, company: str, transaction_class: TransactionClass, category: str | None, product: str | None
    ) -> str | None:
        """The item sales tax group: the category's; a material's by the company's method; a milestone's parameter.

        TAX-07 to TAX-10.
        """
        parameters = self.parameters(company)
        if transaction_class in ON_ACCOUNT:
            return parameters.milestone_item_sales_tax_group
        by_item = parameters.material_item_tax_group_method is ItemTaxGroupMethod.ITEM
        if transaction_class is TransactionClass.MATERIAL and by_item:
            owner: Product | Category | None = self.product(product)
        else:
            owner = self.category_entry(company, category)
        return owner.item_sales_tax_group if owner else None

    def sales_tax_codes(self, group: str | None, item_group: str | None) -> tuple[str, ...]:
        """The codes that both groups name, in the order of the sales tax group (TAX-12)."""
        return self._tax_codes.get((group or "", item_group or ""), ())

    @cached_property
    def _tax_codes(self) -> dict[tuple[str, str], tuple[str, ...]]:
        tax = self.document.sales_tax
        return {
            (group, item_group): tuple(code for code in codes if code in item_codes)
            for item_group, item_codes in tax.item_groups.items()
            for group, codes in tax.groups.items()
        }

    def tax_percent(self, code: str, on: date) -> Decimal | None:
        """The code's percent, or amount per unit, on a date; ``None`` before its first rate or for an unknown code."""
        rates = self._tax_rates.get(code)
        return rates.on(on) if rates else None

    @cached_property
    def _tax_rates(self) -> dict[str, Dated[Decimal]]:
        return {
            name: Dated((rate.valid_from, rate.value) for rate in code.rates)
            for name, code in self.document.sales_tax.codes.items()
        }

    def is_exempt(self, code: str, group: str | None) -> bool:
        """Whether a sales tax group names the code without charging it."""
        found = self.document.sales_tax.codes.get(code)
        return found is not None and group in found.exempt_in

    @cached_property
    def tax_forms(self) -> dict[str, TaxForm]:
        """How each code is computed (TAX-16 to TAX-21)."""
        return {
            name: TaxForm(code.origin, code.base_code, code.marginal_base)
            for name, code in self.document.sales_tax.codes.items()
        }

    @cached_property
    def tax_rounding(self) -> TaxRounding:
        rounding = self.document.sales_tax.rounding
        return TaxRounding(rounding.precision, rounding.method, rounding.by, rounding.calculation)

    # --- dates --------------------------------------------------------------------------------------------------------

    def period_is_open(self, company: str, on: date) -> bool:
        """Whether ``on`` lies in an open period: neither on hold, nor closed, nor outside all periods."""
        return self.next_open_date(company, on) == on

    def next_open_date(self, company: str, on: date) -> date | None:
        """``on`` itself where its period is open, else the first date of the next open period (JRN-08, JRN-10)."""
        latest, following = self._open_periods.get(company, _NO_PERIODS).around(on)
        if latest and on <= latest.end:
            return on
        return following.start if following else None

    @cached_property
    def _open_periods(self) -> dict[str, Dated[FiscalPeriod]]:
        return {
            company: Dated((period.start, period) for period in periods if period.status is PeriodStatus.OPEN)
            for company, periods in self.document.fiscal_periods.items()
        }

    def today(self, company: str, now: str) -> date:
        """The company's date at the instant ``now``."""
        return self.local_date(company, now)

    def local_date(self, company: str, value: str) -> date:
        """The day of a bare date or of an instant in the company's time zone (contract, section 5).

        A timestamp without offset is taken as local already. Raises ``ValueError`` for anything else.
        """
        if len(value) == _DATE_LENGTH:
            return date.fromisoformat(value)
        instant = datetime.fromisoformat(value)
        return (instant.astimezone(self._time_zones[company]) if instant.tzinfo else instant).date()

    @cached_property
    def _time_zones(self) -> dict[str, ZoneInfo]:
        return {code: ZoneInfo(company.time_zone) for code, company in self.document.companies.items()}

    # --- terms and numbers --------------------------------------------------------------------------------------------

    def terms(self, name: str | None) -> TermsOfPayment | None:
        return self._terms.get(name) if name else None

    @cached_property
    def _terms(self) -> dict[str, TermsOfPayment]:
        return {
            name: TermsOfPayment(
                row.method,
                row.months,
                row.days,
                row.cutoff_day,
                CashDiscount(row.cash_discount.days, row.cash_discount.percent) if row.cash_discount else None,
            )
            for name, row in self.document.terms_of_payment.items()
        }

    def terms_for(self, contract: str | None, customer: str | None, company: str) -> TermsOfPayment | None:
        """The terms of payment of the contract, else of the customer (DUE-01, DUE-02)."""
        owners = (self.contract(contract), self.customer(company, customer))
        return self.terms(next((owner.terms_of_payment for owner in owners if owner and owner.terms_of_payment), None))

    def number_sequences(self, company: str) -> NumberSequences:
        """The company's formats, for ``domain.number_sequence.format_number``, or the contract's defaults."""
        return self.document.number_sequences.get(company, _DEFAULT_SEQUENCES)

    def proposal_sequence(self, company: str) -> ProposalNumbers:
        """What a proforma's number may be (NUM-01)."""
        return self.number_sequences(company).proposal
