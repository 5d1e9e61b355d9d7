"""The main accounts of an invoice's lines: those of the line that is continued, else the set-up's (99-22)."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.codes import ON_ACCOUNT, PostingType
from project_invoicing.domain.journal_line import AccountFor
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.accounts import account_for
from project_invoicing.rules.profiles import group_of, on_account_profile
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.posting import OnAccountPosting


@dataclass(frozen=True, slots=True)
class Accounts:
    """The main accounts of a company's invoices. Each refuses where one is needed and the set-up has none.

    ``works_for``: the company whose projects the lines are of; the borrower's, on an invoice between companies.
    """

    setup: FinanceSetup
    company: str
    works_for: str

    def revenue(self, line: ProposalLine) -> tuple[PostingType, str]:
        before = line.continues[0] if line.continues else None
        if before and before.revenue_type and before.revenue_account:
            return before.revenue_type, before.revenue_account
        posting_type = _revenue_posting_type(line, self.company, self.setup)
        return posting_type, self._for(line, line.category)(posting_type)

    def discount(self, line: ProposalLine) -> str | None:
        before = line.continues[0] if line.continues else None
        if before and before.discount_account is not None:
            return before.discount_account or None
        category = self.setup.parameters(self.company).line_discount_category
        return self._for(line, category)(PostingType.DISCOUNT) if category else None

    def _for(self, line: ProposalLine, category: str | None) -> AccountFor:
        group = group_of(self.works_for, line.project, line.contract, line.contract_line, self.setup)
        return account_for(self.setup, self.company, line.project, group, category)

    def tax(self, code: str, account: str | None) -> str | None:
        """The account of a tax code; ``None`` where there is none and none was needed, because the tax is zero."""
        return account or self.setup.posting_account(self.company, PostingType.SALES_TAX_PAYABLE, sales_tax_code=code)


def _revenue_posting_type(line: ProposalLine, company: str, setup: FinanceSetup) -> PostingType:
    """On-account lines by the profile of their billing method, others as invoiced revenue (LED-11, LED-36, LED-37)."""
    if line.transaction_class not in ON_ACCOUNT:
        return PostingType.INVOICED_REVENUE
    profile = on_account_profile(line, company, setup)
    if profile.on_account is OnAccountPosting.BALANCE:
        return PostingType.WIP_INVOICED_ON_ACCOUNT
    return PostingType.INVOICED_REVENUE_ON_ACCOUNT
