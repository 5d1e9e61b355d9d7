"""Terms of payment and number formats."""

from __future__ import annotations

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.master_data import SPLIT_RULE, Part
from project_invoicing.domain.terms import CashDiscount, TermsOfPayment
from project_invoicing.setup.effective import Contract, Customer, Found
from project_invoicing.setup.indexes.master_data import MasterDataLookups
from project_invoicing.setup.indexes.references import look_up
from project_invoicing.setup.indexes.shared import shared
from project_invoicing.setup.models.numbers import NumberSequences, ProposalNumbers

_DEFAULT_SEQUENCES = NumberSequences()


class TermLookups(MasterDataLookups):
    """Terms by name."""

    def terms(self, name: str | None) -> TermsOfPayment | None:
        return self._terms.get(name) if name else None

    @shared
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
        """The terms of payment with ``terms_name_for`` these."""
        return self.terms(self.terms_name_for(contract, customer, company))

    def terms_name_for(self, contract: str | None, customer: str | None, company: str) -> str | None:
        """The terms of payment of the customer's share in the contract, else of the contract, else of the customer.

        DUE-01, DUE-02. Terms that the policy has no longer are passed over, whoever named them (D-096).
        """
        of_contract, of_customer = self.contract(company, contract), self.customer(company, customer)
        owners = (of_contract, of_customer)
        of_share = self._terms_of_share(of_contract, of_customer, customer)
        names = (of_share, *(owner.terms_of_payment for owner in owners if owner))
        return next((name for name in names if self.terms(name)), None)

    def _terms_of_share(self, contract: Contract | None, customer: Customer | None, name: str | None) -> str | None:
        """The terms that a split billing rule of the contract gives the customer, or an account merged into it."""
        children = self.view.children(contract.row.id) if contract and contract.row else None
        rules = [columns for (entity, _), columns in children.rows.items() if entity == SPLIT_RULE] if children else []
        shares = [(account, rule) for rule in rules if (account := look_up(rule.get("customer")))]
        own = [rule for account, rule in shares if self._is_customer(account, customer, name)]
        if not own:  # only then are the accounts of the others looked at
            own = [rule for account, rule in shares if contract and self._is_merged_into(account, name, contract)]
        return self.terms_known(own[0].get("terms_of_payment")) if own else None

    def _is_merged_into(self, account: Reference, name: str | None, contract: Contract) -> bool:
        found = self.find(account.entity, account.id, deleted_too=True)
        return isinstance(found, Found) and found.name == name and found.company in (None, contract.company)

    def _is_customer(self, account: Reference, customer: Customer | None, name: str | None) -> bool:
        rows = [customer.row] if customer and customer.row else []
        return account.id in {row.id for row in (*rows, *self.ids_of(Part.CUSTOMERS, name or ""))}

    def number_sequences(self, company: str) -> NumberSequences:
        """The company's formats, for ``domain.number_sequence.format_number``, or the contract's defaults."""
        return self.document.number_sequences.get(company, _DEFAULT_SEQUENCES)

    def proposal_sequence(self, company: str) -> ProposalNumbers:
        """Which numbers a proforma may have (NUM-01)."""
        return self.number_sequences(company).proposal
