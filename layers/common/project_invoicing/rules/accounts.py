"""Main accounts from the ledger posting set-up, or the refusal that names what is missing."""

from __future__ import annotations

from project_invoicing.domain.codes import PostingFailure, PostingType
from project_invoicing.domain.journal_line import AccountFor
from project_invoicing.domain.refusals import Refused
from project_invoicing.setup.lookups import FinanceSetup


def account_for(
    setup: FinanceSetup,
    company: str,
    project: str | None = None,
    project_group: str | None = None,
    category: str | None = None,
    customer: str | None = None,
    sales_tax_code: str | None = None,
    vendor: str | None = None,
) -> AccountFor:
    """A look-up of the account of each posting type for one line, the most specific entry (LED-57 to LED-59)."""

    def account(posting_type: PostingType) -> str:
        found = setup.posting_account(
            company,
            posting_type,
            project=project,
            project_group=project_group,
            category=category,
            customer=customer,
            sales_tax_code=sales_tax_code,
            vendor=vendor,
        )
        if found is None:
            named = {"project": project, "category": category, "customer": customer, "code": sales_tax_code}
            named |= {"vendor": vendor}
            for_what = ", ".join(f"{name} {value}" for name, value in named.items() if value) or "all"
            raise Refused(
                PostingFailure.LEDGER_ACCOUNT_MISSING,
                f"ledger_posting.{company} has no account for posting type {posting_type} ({for_what})",
            )
        return found

    return account
