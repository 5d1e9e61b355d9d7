"""What lists ask of master data: names beside numbers, and the currencies of amounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.proposal import Proposal
from project_invoicing.rules.proforma import company_unknown, currency_of, customer_name_of, customer_of
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer whose number is known."""

    company: str
    number: str

    def ask(self, setup: FinanceSetup) -> None:
        setup.customer(self.company, self.number)


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """Whose a proposal is, who pays it, and in which currency."""

    id: str
    header: Proposal = field(compare=False)

    @classmethod
    def of(cls, header: Proposal) -> ProposalFacts:
        return cls(header.id, header)

    def ask(self, setup: FinanceSetup) -> None:
        if self.header.company is None:
            company_unknown(self.header.proforma, setup)
        currency_of(self.header, setup)
        customer_of(self.header, setup)
        customer_name_of(self.header, setup)


@dataclass(frozen=True, slots=True)
class CurrencyFacts:
    """The currency of a proposal."""

    id: str
    header: Proposal = field(compare=False)

    @classmethod
    def of(cls, header: Proposal) -> CurrencyFacts:
        return cls(header.id, header)

    def ask(self, setup: FinanceSetup) -> None:
        currency_of(self.header, setup)


@dataclass(frozen=True, slots=True)
class ReferenceFacts:
    """A row of Dataverse whose finance id is shown."""

    reference: Reference | None

    def ask(self, setup: FinanceSetup) -> None:
        setup.named(self.reference)
