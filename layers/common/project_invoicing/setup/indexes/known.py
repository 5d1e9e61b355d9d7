"""Master data by name, and by Dataverse id."""

from __future__ import annotations

from collections.abc import Container
from functools import cached_property

from project_invoicing.domain.actual import Reference
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.companies import (
    Company,
    Parameters,
)
from project_invoicing.setup.models.master_data import Contract, ContractLine, Customer, Product, Project

_DEFAULT_PARAMETERS = Parameters()


class KnownData:
    """One version of the set-up. ``None`` always means that the set-up has no answer."""

    def __init__(self, document: SetupDocument, version: int) -> None:
        self.document = document
        self.version = version

    def company(self, code: str) -> Company | None:
        return self.document.companies.get(code)

    def currency_of_company(self, company: str | None) -> str | None:
        """The company's accounting currency, ``None`` for an unknown company."""
        known = self.company(company) if company else None
        return known.accounting_currency if known else None

    def accounting_currency(self, company: str) -> str:
        return self.document.companies[company].accounting_currency

    def parameters(self, company: str) -> Parameters:
        """The company's parameters, or the contract's defaults when it has none."""
        return self.document.parameters.get(company, _DEFAULT_PARAMETERS)

    def project(self, name: str | None) -> Project | None:
        return self.document.projects.get(name) if name else None

    def contract(self, name: str | None) -> Contract | None:
        return self.document.contracts.get(name) if name else None

    def owner(self, project: str | None, contract: str | None) -> Project | Contract | None:
        """The project, else the contract: the owner determines the company that the work is for."""
        return self.project(project) or self.contract(contract)

    def contract_line(self, name: str | None) -> ContractLine | None:
        return self.document.contract_lines.get(name) if name else None

    def customer(self, company: str, name: str | None) -> Customer | None:
        return self.document.customers.get(company, {}).get(name) if name else None

    def product(self, name: str | None) -> Product | None:
        return self.document.products.get(name) if name else None

    def resolve(self, entity: str, id: str) -> str | None:
        """The finance id of a Dataverse row, ``None`` without one or when finance has no such master data."""
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
