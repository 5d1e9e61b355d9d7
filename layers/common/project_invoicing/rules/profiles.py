"""The project profile that decides how a line is posted, or the refusal that names the missing rule."""

from __future__ import annotations

from project_invoicing.domain.codes import BillingMethod, PostingFailure
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.posting import Profile


def profile_for(
    company: str, project: str | None, contract: str | None, contract_line: str | None, setup: FinanceSetup
) -> Profile:
    """The profile of the most specific rule for the billing method of the contract line (LED-41, LED-42, 99-17).

    Raises ``Refused`` with ``profile_missing`` where no rule matches.
    """
    method = setup.billing_method(company, contract_line)
    found = setup.profile(company, project, contract, method)
    if found is None:
        raise Refused(
            PostingFailure.PROFILE_MISSING,
            f"no profile rule for {method} matches project {project} of contract {contract} in {company}",
        )
    return found[1]


def on_account_profile(line: ProposalLine, company: str, setup: FinanceSetup) -> Profile:
    """As ``profile_for``; without a contract line, the billing methods of all lines of the contract count (OAT-06).

    The refusal names the actual, because a retainer often has neither a project nor a contract line to find it by.
    """
    if line.contract_line:
        return profile_for(company, line.project, line.contract, line.contract_line, setup)
    methods = setup.billing_methods_of(company, line.contract)
    found = setup.profile(company, line.project, line.contract, *methods)
    if found is None:
        raise Refused(
            PostingFailure.PROFILE_MISSING,
            f"no profile rule for {' or '.join(methods)} matches {line.transaction_class} {line.actual_id} of contract "
            f"{line.contract} in {company}, which has no contract line",
        )
    return found[1]


def group_of(
    company: str | None, project: str | None, contract: str | None, contract_line: str | None, setup: FinanceSetup
) -> str | None:
    """The group of a project of the company: its own, else the default for how the work is billed (D-097)."""
    method = setup.billing_method(company, contract_line) if contract else BillingMethod.INVESTMENT
    return setup.project_group(company, project, method)
