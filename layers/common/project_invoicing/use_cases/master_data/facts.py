"""What a step knows of the things it works on, and which look-ups its rules will make about them.

A fact is small, so that a thousand lines come down to the few combinations of project, contract and customer that they
have. ``ask`` makes the look-ups of the rules and drops their answers: whoever stands behind the set-up sees the keys.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from project_invoicing.domain.actual import Actual, Proforma, Reference
from project_invoicing.domain.codes import INTERCOMPANY, TransactionClass
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.master_data import SPLIT_RULE, Part
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.text import guid
from project_invoicing.setup.effective import Found, Missing
from project_invoicing.setup.indexes.references import look_up
from project_invoicing.setup.lookups import FinanceSetup

_ANY_DAY: Final = date(2000, 1, 1)
"""Rates are read for all days at once."""


class Fact(Hashable, Protocol):
    def ask(self, setup: FinanceSetup) -> None:
        """Makes the look-ups that the rules make, as far as the answers so far lead."""


@dataclass(frozen=True, slots=True)
class ActualFacts:
    """An actual that is imported, or looked at as one that could be."""

    project: Reference | None
    contract: Reference | None
    contract_line: Reference | None
    customer: Reference | None
    currency: Reference | None
    category: Reference | None
    product: Reference | None
    resource: Reference | None
    resourcing_unit: str | None
    transaction_class: TransactionClass
    between_companies: bool

    @classmethod
    def of(cls, actual: Actual) -> ActualFacts:
        return cls(
            project=actual.project,
            contract=actual.contract,
            contract_line=actual.contract_line,
            customer=actual.customer,
            currency=actual.currency,
            category=actual.category,
            product=actual.product,
            resource=actual.resource,
            resourcing_unit=actual.resourcing_unit,
            transaction_class=actual.transaction_class,
            between_companies=actual.transaction_type in INTERCOMPANY,
        )

    def ask(self, setup: FinanceSetup) -> None:
        project, contract, line = (_found(one, setup) for one in (self.project, self.contract, self.contract_line))
        customer, currency = _found(self.customer, setup), _found(self.currency, setup)
        product, resource = _found(self.product, setup), self._resource(setup)
        _found(self.category, setup)
        if self.resourcing_unit:
            setup.resolve("msdyn_organizationalunit", self.resourcing_unit)
        if self.contract is None and self.project:
            _ask_ahead_for_contract(self.project, setup)
        if self.customer is None and self.contract:
            _ask_ahead(self.contract, "customer", setup)
        owner = project or contract
        company = owner.company if owner else None
        if company is None:
            return
        contract = contract or (_known(setup.contract_of_project(company, project.name)) if project else None)
        customer = customer or (
            _known(setup.customer_of_contract(contract.company or company, contract.name)) if contract else None
        )
        _ask_for_work(setup, company, *(one.name if one else None for one in (project, contract, line)))
        terms = setup.lenders(company) if self.between_companies else ()
        lent: list[tuple[str, str | None]] = [(row.lender, row.customer) for row in terms]
        for of_company, name in lent or [(company, customer.name if customer else None)]:
            setup.customer(of_company, name)
            setup.worker(of_company, resource)
            if currency and of_company in setup.document.companies:
                setup.exchange_rate(currency.name, setup.accounting_currency(of_company), _ANY_DAY)
            setup.item_sales_tax_group(of_company, self.transaction_class, None, product.name if product else None)

    def _resource(self, setup: FinanceSetup) -> str | None:
        """The name that the actual carries, else that of the row (``finance_ids``)."""
        if self.resource is None or self.resource.name:
            return self.resource.name if self.resource else None
        found = _found(self.resource, setup)
        return found.name if found else None


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """A proforma whose company is asked for."""

    contract: Reference | None

    @classmethod
    def of(cls, proforma: Proforma) -> HeaderFacts:
        return cls(proforma.contract)

    def ask(self, setup: FinanceSetup) -> None:
        _found(self.contract, setup)


@dataclass(frozen=True, slots=True)
class ProformaFacts:
    """The header of a proposal that is filled, previewed or posted."""

    company: str | None
    contract: Reference | None
    customer: Reference | None
    currency: Reference | None
    between: tuple[str, str] | None
    """Customer and currency of an intercompany proposal."""

    @classmethod
    def of(cls, header: Proposal) -> ProformaFacts:
        proforma, between = header.proforma, header.intercompany
        return cls(
            company=header.company,
            contract=proforma.contract,
            customer=proforma.customer,
            currency=proforma.currency,
            between=(between.customer, between.currency) if between else None,
        )

    def ask(self, setup: FinanceSetup) -> None:
        contract, customer, currency = (
            _found(one, setup, deleted_too=True) for one in (self.contract, self.customer, self.currency)
        )
        if self.contract:
            setup.view.children(self.contract.id)  # the terms of its customers
            for column, own in (("customer", self.customer), ("currency", self.currency)):
                if own is None:
                    _ask_ahead(self.contract, column, setup)
        if contract:
            customer = customer or _known(setup.customer_of_contract(contract.company, contract.name, deleted_too=True))
            currency = currency or _known(setup.currency_of_contract(contract.company, contract.name, deleted_too=True))
        company = self.company or (contract.company if contract else None)
        account = self.between[0] if self.between else customer.name if customer else None
        code = self.between[1] if self.between else currency.name if currency else None
        if company is None:
            return
        setup.terms_for(contract.name if contract else None, account, company)
        if customer and customer.company not in (None, company):
            setup.customer(customer.company, customer.name)
        if code and company in setup.document.companies:
            setup.price_rate(contract.name if contract else None, code, company, _ANY_DAY)


@dataclass(frozen=True, slots=True)
class JournalLineFacts:
    """A journal line that is posted. Its project is the borrower's, where the company lends a resource."""

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None
    customer: str | None
    between_companies: bool

    @classmethod
    def of(cls, company: str, line: JournalLine) -> JournalLineFacts:
        between = line.kind in INTERCOMPANY
        customer = line.customer if between else None
        return cls(company, line.project, line.contract, line.contract_line, customer, between)

    def ask(self, setup: FinanceSetup) -> None:
        owner: str | None = self.company
        if self.between_companies:
            owner = setup.borrower(self.company, self.customer, self.project, self.contract)
        setup.project(owner, self.project)
        setup.contract_line(owner, self.contract_line)
        _ask_who_had_it(setup, owner, self.project, self.contract, self.contract_line)


@dataclass(frozen=True, slots=True)
class ProposalLineFacts:
    """A proposal line that is posted. ``company`` is the one whose project it is: the borrower, between companies."""

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None

    @classmethod
    def of(cls, header: Proposal, line: ProposalLine) -> ProposalLineFacts:
        return cls(header.works_for, line.project, line.contract, line.contract_line)

    def ask(self, setup: FinanceSetup) -> None:
        setup.project(self.company, self.project)
        setup.contract_line(self.company, self.contract_line)
        _ask_who_had_it(setup, self.company, self.project, self.contract, self.contract_line)


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """A journal line whose exchange rate is asked for."""

    company: str
    contract: str | None
    currency: str

    @classmethod
    def of(cls, company: str, line: JournalLine) -> PriceFacts:
        return cls(company, line.contract, line.currency)

    def ask(self, setup: FinanceSetup) -> None:
        setup.contract(self.company, self.contract)
        setup.price_rate(self.contract, self.currency, self.company, _ANY_DAY)


def _ask_for_work(
    setup: FinanceSetup, company: str, project: str | None, contract: str | None, contract_line: str | None
) -> None:
    setup.project(company, project)
    setup.contract(company, contract)
    setup.contract_line(company, contract_line)


def _ask_who_had_it(
    setup: FinanceSetup, company: str | None, project: str | None, contract: str | None, contract_line: str | None
) -> None:
    """The rows that have left these numbers, and what their numbers are now."""
    named = ((Part.PROJECTS, project), (Part.CONTRACTS, contract), (Part.CONTRACT_LINES, contract_line))
    for part, name in named:
        for row in setup.passed_on(part, company, name):
            _found(row, setup, deleted_too=True)


def _ask_ahead_for_contract(project: Reference, setup: FinanceSetup) -> None:
    """The contract of a project by the ids alone, one round earlier than by the project's name."""
    _ask_ahead(project, "contract", setup)
    children = setup.view.children(project.id)
    lines = [columns for (entity, _), columns in children.rows.items() if entity != SPLIT_RULE] if children else []
    for contract in (look_up(columns.get("contract")) for columns in lines):
        if contract:
            _found(contract, setup)
            _ask_ahead(contract, "customer", setup)


def _ask_ahead(reference: Reference, column: str, setup: FinanceSetup) -> None:
    """What a column of a row leads to, and the customer of a contract."""
    row = setup.view.row(reference.entity, reference.id) if guid(reference.id) else None
    parent = look_up(row.columns.get(column)) if row else None
    if parent:
        _found(parent, setup, deleted_too=True)
        if column == "contract":
            _ask_ahead(parent, "customer", setup)


def _found(reference: Reference | None, setup: FinanceSetup, *, deleted_too: bool = False) -> Found | None:
    return _known(setup.find(reference.entity, reference.id, deleted_too=deleted_too)) if reference else None


def _known(found: Found | Missing | None) -> Found | None:
    return found if isinstance(found, Found) else None
