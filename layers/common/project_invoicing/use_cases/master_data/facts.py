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
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
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
        pass


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """A proforma whose company is asked for."""

    contract: Reference | None

    @classmethod
    def of(cls, proforma: Proforma) -> HeaderFacts:
        return cls(proforma.contract)

    def ask(self, setup: FinanceSetup) -> None:
        pass


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
        pass


@dataclass(frozen=True, slots=True)
class JournalLineFacts:
    """A journal line that is posted."""

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None

    @classmethod
    def of(cls, company: str, line: JournalLine) -> JournalLineFacts:
        return cls(company, line.project, line.contract, line.contract_line)

    def ask(self, setup: FinanceSetup) -> None:
        pass


@dataclass(frozen=True, slots=True)
class ProposalLineFacts:
    """A proposal line that is posted."""

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None

    @classmethod
    def of(cls, company: str, line: ProposalLine) -> ProposalLineFacts:
        return cls(company, line.project, line.contract, line.contract_line)

    def ask(self, setup: FinanceSetup) -> None:
        pass


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
        pass
