"""Retainers: what was applied and refunded against what was invoiced (INV-24, OAT-07)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from project_invoicing.domain.codes import StagingState, TransactionClass, TransactionType
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import CONTRACT
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.proforma import contract_of, currency_of, customer_of
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.rules.reconciliation.headers import Headers
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(slots=True)
class Retainers:
    """Adds up the posted retainers of each proposal.

    No row says which retainer it applies, so they are compared for each customer of a contract.
    """

    setup: FinanceSetup
    _on_proposals: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def add(self, row: StagedRow) -> None:
        actual = row.actual
        billed = actual.transaction_type is TransactionType.BILLED_SALES and row.state is StagingState.POSTED
        if billed and actual.transaction_class is TransactionClass.RETAINER and row.company and row.proposal_id:
            self._on_proposals[row.company, row.proposal_id] += actual.amount

    def judge(self, headers: Headers) -> Iterator[Finding]:
        """The customers who have been given more than was ever invoiced to them."""
        left: dict[tuple[str, str, str, str], Decimal] = defaultdict(lambda: ZERO)
        numbers: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
        for (company, number), amount in self._on_proposals.items():
            header = headers.numbered(company, number)
            if header is None:
                continue  # found as a row without a document
            contract, customer = contract_of(header.proforma, self.setup), customer_of(header, self.setup)
            whose = (company, contract or "", customer or "", currency_of(header, self.setup) or "")
            left[whose] += amount
            numbers[whose].append(number)
        for whose, amount in left.items():
            if amount < ZERO:
                of_company, of_contract, of_customer, currency = whose
                detail = (
                    f"{Figures(self.setup).money(-amount, currency or None)} more of the retainers of customer "
                    f"{of_customer} was applied, refunded or taken back than was invoiced, on proposals "
                    f"{', '.join(sorted(numbers[whose]))}; correct it in Dataverse"
                )
                yield Finding("retainers", Difference(CONTRACT, of_contract, detail, of_company, amount, currency))
