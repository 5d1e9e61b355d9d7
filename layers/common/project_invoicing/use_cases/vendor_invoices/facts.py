"""The master data that posting a vendor invoice asks for, apart from other facts as few functions load it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.master_data.facts import ProposalLineFacts

_ANY_DAY: Final = date(2000, 1, 1)
"""Rates are read for all days at once."""


@dataclass(frozen=True, slots=True)
class VendorInvoiceFacts:
    """What a line names, all of it the borrower's."""

    currency: str
    work: ProposalLineFacts

    @classmethod
    def of(cls, company: str, currency: str, line: ProposalLine) -> VendorInvoiceFacts:
        return cls(
            currency, ProposalLineFacts(company, line.project, line.contract, line.contract_line, on_account=False)
        )

    def ask(self, setup: FinanceSetup) -> None:
        company, contract = self.work.company, self.work.contract
        setup.contract(company, contract)
        setup.customer_of_contract(company, contract)
        self.work.ask(setup)
        setup.exchange_rate(self.currency, setup.accounting_currency(company), _ANY_DAY)
