"""Terms of payment and number formats."""

from __future__ import annotations

from functools import cached_property

from project_invoicing.domain.terms import CashDiscount, TermsOfPayment
from project_invoicing.setup.indexes.known import KnownData
from project_invoicing.setup.models.numbers import NumberSequences, ProposalNumbers

_DEFAULT_SEQUENCES = NumberSequences()


class TermLookups(KnownData):
    """Terms by name."""

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
        """Which numbers a proforma may have (NUM-01)."""
        return self.number_sequences(company).proposal
