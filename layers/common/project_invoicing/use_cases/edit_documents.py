"""What a person may change before posting: tax groups and dimensions of a line, deletion of lines, reset of a journal.

Everything else on a line comes from Dataverse and is refused by name (JRN-14, TAX-11, DIM-09).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from project_invoicing.domain.codes import JournalStatus, PostingFailure, ProposalStatus
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposal, Proposals, refusal_columns
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.delete_lines import delete_journal_lines, delete_proposal_lines

_TAX_GROUPS = {"sales_tax_group": "groups", "item_sales_tax_group": "item_groups"}
_NAMING = frozenset({"company", "proposal_id", "journal_id", "actual_id"})
_JOURNAL_FIELDS = frozenset({*_TAX_GROUPS, "dimensions"})


@dataclass(frozen=True, slots=True)
class DocumentEditing:
    """The edits of one request. Each raises ``Rejected`` for a request that cannot be right, and stores refusals."""

    proposals: Proposals
    journals: Journals
    staging: Staging
    setup: FinanceSetup
    at: str

    def edit(self, request: Mapping[str, Any]) -> str:
        """Changes tax groups of a proposal line, or tax groups and dimensions of a journal line."""
        allowed = _JOURNAL_FIELDS if "journal_id" in request else frozenset(_TAX_GROUPS)
        changes = {name: value for name, value in request.items() if name not in _NAMING}
        for name in changes:
            if name not in allowed:
                raise _bad(name, f"{name} cannot be edited; what can: {', '.join(sorted(allowed))}")
        for name, value in changes.items():
            groups = getattr(self.setup.document.sales_tax, _TAX_GROUPS[name]) if name in _TAX_GROUPS else None
            if value is not None and groups is not None and value not in groups:
                raise _bad(name, f"{name} {value} does not exist; there are {', '.join(sorted(groups)) or 'none'}")
        if "journal_id" in request:
            return self._edit_journal(request, changes)
        return self._edit_proposal(request, changes)

    def delete_lines(self, request: Mapping[str, Any]) -> str:
        """Deletes all lines of an unposted proposal or journal; the next import builds them anew."""
        if "journal_id" in request:
            delete_journal_lines(self.journals, self.staging, _need(request, "company"), request["journal_id"])
            return "deleted"
        return self._guarded(request, lambda header: delete_proposal_lines(self.proposals, self.staging, header))

    def reset(self, request: Mapping[str, Any]) -> str:
        """Turns a journal in error into a draft that can be posted again (POST-04, POST-09)."""
        company, journal_id = _need(request, "company"), _need(request, "journal_id")
        journal = self.journals.get(company, journal_id)
        if journal is None:
            raise _bad("journal_id", f"{company} has no journal {journal_id}")
        if journal.status is not JournalStatus.ERROR:
            raise _bad("journal_id", f"journal {journal_id} is {journal.status}; only one in error can be reset")
        transact(self.journals.client, [self.journals.reset(journal)])
        return "reset"

    def _edit_proposal(self, request: Mapping[str, Any], changes: dict[str, Any]) -> str:
        actual_id = _need(request, "actual_id")

        def change(header: Proposal) -> None:
            if header.status is not ProposalStatus.READY:
                posted = header.status in (ProposalStatus.POSTED, ProposalStatus.POSTING)
                reason = PostingFailure.ALREADY_POSTED if posted else PostingFailure.LINES_MISSING
                raise Refused(reason, f"lines of proposal {header.number} cannot be edited: it is {header.status}")
            for page in self.proposals.pages(header.id):
                if any(line.actual_id == actual_id for line in page.lines):
                    lines = [replace(x, **changes) if x.actual_id == actual_id else x for x in page.lines]
                    unchanged = self.proposals.change(header, {"rf": None})
                    transact(self.proposals.client, [self.proposals.edited_page(header.id, page, lines), unchanged])
                    return
            raise _bad("actual_id", f"proposal {header.number} has no line for actual {actual_id}")

        return self._guarded(request, change)

    def _edit_journal(self, request: Mapping[str, Any], changes: dict[str, Any]) -> str:
        company, journal_id = _need(request, "company"), _need(request, "journal_id")
        actual_id = _need(request, "actual_id")
        journal = self.journals.get(company, journal_id)
        if journal is None or journal.status not in (JournalStatus.DRAFT, JournalStatus.ERROR):
            state = journal.status if journal else "unknown"
            raise _bad("journal_id", f"lines of journal {journal_id} cannot be edited: it is {state}")
        for page in self.journals.pages(company, journal_id):
            if any(line.actual_id == actual_id for line in page.lines):
                lines = [replace(x, **changes) if x.actual_id == actual_id else x for x in page.lines]
                unchanged = self.journals.change(journal, {"st": journal.status})
                transact(self.journals.client, [self.journals.changed_page(journal, page, lines), unchanged])
                return "edited"
        raise _bad("actual_id", f"journal {journal_id} has no line for actual {actual_id}")

    def _guarded(self, request: Mapping[str, Any], action: Any) -> str:
        """Runs the action on the proposal that the request names; a refusal is stored on it."""
        number = _need(request, "proposal_id")
        companies: Iterable[str] = [request["company"]] if "company" in request else self.setup.document.companies
        found = self.proposals.by_number(companies, number)
        if not found:
            raise _bad("proposal_id", f"there is no proposal {number}")
        for proforma_id in found.values():
            header = self.proposals.get(proforma_id)
            if header is None:
                continue
            try:
                action(header)
            except Refused as refused:
                transact(self.proposals.client, [self.proposals.change(header, refusal_columns(refused, self.at))])
                return str(refused)
        return "done"


def _need(request: Mapping[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise _bad(name, f"the request needs {name}")
    return value


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="edit", field=field)
