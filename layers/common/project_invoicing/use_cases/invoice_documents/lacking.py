"""What a proposal lacks to become a document, where its company asks for documents."""

from __future__ import annotations

from collections.abc import Iterable

from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.setup.lookups import FinanceSetup


def lacking_of(header: Proposal, lines: Iterable[ProposalLine], setup: FinanceSetup) -> list[Wait]:
    """None or one. Companies without documents load nothing for it."""
    known = setup.company(str(header.company))
    if known is None or known.document is None:
        return []
    from project_invoicing.rules.document_needs import incomplete_document  # noqa: PLC0415 - see above

    lacking = incomplete_document(header, lines, setup)
    return [lacking] if lacking else []
