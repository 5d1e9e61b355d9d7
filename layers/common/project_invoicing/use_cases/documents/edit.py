"""What a person may do: change a document before posting, look at what posting would make, delete lines, reset, replay.

Everything else on a line comes from Dataverse and is refused by name (JRN-14, TAX-11, DIM-09).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.domain.codes import JournalStatus, PostingFailure, ProposalStatus, StagingState, WaitReason
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.domain.text import guid, whole
from project_invoicing.errors import Rejected
from project_invoicing.rules.invoice_draft import written_invoice_date
from project_invoicing.rules.owner import Blocked, Invalid
from project_invoicing.rules.resolution import resolve
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.actuals.sync import REJECTED, sync_row
from project_invoicing.use_cases.documents.delete_lines import delete_journal_lines, delete_proposal_lines
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.documents.requests import named, proposals_named
from project_invoicing.use_cases.intercompany.propose import IntercompanyProposals, PostedSales
from project_invoicing.use_cases.invoices.preview import preview
from project_invoicing.use_cases.proposals.import_lines import ProposalImport
from project_invoicing.use_cases.proposals.sync import sync_header
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.prevalidate import NoRegister

ACTIONS = ("edit", "delete_lines", "reset", "replay", "preview", "intercompany_invoice")
"""What ``DocumentEditing`` does, by the names of its methods."""
_TAX_GROUPS = {"sales_tax_group": "groups", "item_sales_tax_group": "item_groups"}
_DATES = frozenset({"invoice_date", "due_date", "accounting_date"})
_HEADER_FIELDS = _DATES | {"dimensions"}
_NAMING = frozenset({"company", "proposal_id", "journal_id", "actual_id"})
_JOURNAL_FIELDS = frozenset({*_TAX_GROUPS, "dimensions"})
_REDERIVE = "rederive_dimensions"
_REDERIVE_TAX = "rederive_sales_tax"
_REDERIVED = frozenset({_REDERIVE, _REDERIVE_TAX})
_PROPOSAL_FIELDS = frozenset({*_TAX_GROUPS, *_REDERIVED})


@dataclass(frozen=True, slots=True)
class DocumentEditing:
    """The edits of one request.

    Each raises ``Rejected`` for a request that cannot be right, and ``Refused`` for what the document does not allow;
    a proposal keeps that.
    """

    proposals: Proposals
    journals: Journals
    staging: Staging
    setups: SetupVersions
    at: str

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    def apply(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        """Carries out ``{action: request}``. Returns ``outcome``, what became of it, and what the action gives.

        What was not done is in ``refused``, a list of ``Refusal``s (contract, section 7).
        """
        detail = whole(detail)
        try:
            return self._apply(detail)
        except Refused as refused:
            return {"outcome": str(refused), "refused": [_refusal(detail, refused.reason, refused.detail)]}
        except Rejected as rejected:
            outcome = f"refused: {rejected.detail}"
            return {"outcome": outcome, "refused": [_refusal(detail, rejected.reason, rejected.detail)]}

    def _apply(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        for name, request in detail.items():
            if name not in ACTIONS:
                known = ", ".join(ACTIONS)
                raise _bad(name, f"{name} is not possible here, only {known}; proposals come from Dataverse (PROP-04)")
            if not isinstance(request, Mapping):
                raise _bad(name, f"{name} is written as an object that names a document, not {request!r}")
            given: str | dict[str, Any] = getattr(self, name)(named(request))
            return {"outcome": given} if isinstance(given, str) else given
        raise _bad("detail", f"the request says nothing to do; it can say {', '.join(ACTIONS)}")

    def preview(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What posting a proposal would make, on an ``invoice_date`` if one is given; nothing is written."""
        number = _need(request, "proposal_id")
        scope = {name: _need(request, name) for name in ("company", "invoice_date") if name in request}
        return {"outcome": "previewed", "previews": preview(self.proposals, self.setups, number, self.at, **scope)}

    def replay(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Delivers the rejected events of a row again, once what was wrong has been mended."""
        entity, asked = _need(request, "entity"), _need(request, "id")
        id = guid(asked) or asked  # what had no id of its own was kept under what it had instead
        outcomes = []
        for sort_key, event in self.staging.rejected(entity, id):
            # What could not even be read as rows was kept as the RemoteExecutionContext that it came as.
            details = [event] if "entity" in event else [one.detail for one in row_events(event, self.at)]
            delivered = [self._deliver(detail) for detail in details]
            if REJECTED not in delivered:
                self.staging.mended(entity, id, sort_key)
            outcomes += delivered
        row = self.staging.readable([id]).get(id)
        if row and row.state is StagingState.INVALID:  # accepted once, and found wrong by the import
            transact(self.staging.client, [self.staging.revive(row)])
            outcomes.append("pending")
        if not outcomes:
            raise _bad("id", f"no rejected event of {entity} {id} is kept")
        again = self.staging.rejections(entity, id) if REJECTED in outcomes else ()
        refused = [asdict(Refusal(None, id, one.reason, one.detail)) for one in again]
        return {"outcome": ", ".join(outcomes)} | ({"refused": refused} if refused else {})

    def _deliver(self, detail: dict[str, Any]) -> str:
        if detail["entity"] == PROFORMA:
            return sync_header(self.proposals, self.staging, self.setup, detail, self.at)
        return sync_row(self.staging, detail, self.at)

    def intercompany_invoice(self, request: Mapping[str, Any]) -> str:
        """Makes proposals of what ``company`` sold to ``borrower`` on accounting dates ``from`` to ``to`` (IC-15)."""
        lender, borrower = _need(request, "company"), _need(request, "borrower")
        days = _need(request, "from"), _need(request, "to")
        start, end = (given_day(day, name) for name, day in zip(("from", "to"), days, strict=True))
        sales = PostedSales(self.staging, self.journals, self.proposals)
        made = IntercompanyProposals(sales, self.proposals, self.setup, self.at)
        headers = made.create(lender, borrower, start, end)
        lines = ProposalImport(self.staging, self.journals, self.proposals, self.setups, self.at, NoRegister())
        for id, _ in headers:
            lines.run_one(id)
        return f"created {', '.join(number for _, number in headers)}"

    def edit(self, request: Mapping[str, Any]) -> str:
        """Changes what a person may change: a line, or without an actual a proposal's header.

        On a line its tax groups, on a journal also its dimensions; those of a proposal's line are never set, but
        ``rederive_dimensions`` takes them anew from the set-up (DIM-09, STG-19), and ``rederive_sales_tax`` the tax
        groups. Where a person has chosen the tax (D-079), its percents are of the invoice date, whatever the line
        continues (99-22). On a header invoice date, due date and accounting date, ``null`` for those of Dataverse and
        of the terms, and the dimensions where the company allows it (DUE-03, DIM-10, 99-23).
        """
        of_header = "actual_id" not in request and "journal_id" not in request
        allowed = _HEADER_FIELDS if of_header else _JOURNAL_FIELDS if "journal_id" in request else _PROPOSAL_FIELDS
        changes = {name: value for name, value in request.items() if name not in _NAMING}
        for name in changes:
            if name not in allowed:
                raise _bad(name, f"{name} cannot be edited; what can: {', '.join(sorted(allowed))}")
        self._check(changes)
        if "journal_id" in request:
            return self._edit_journal(request, changes)
        return self._edit_header(request, changes) if of_header else self._edit_proposal(request, changes)

    def _check(self, changes: Mapping[str, Any]) -> None:
        """Raises ``Rejected`` for a value that its field does not take."""
        for name, value in changes.items():
            if name in _TAX_GROUPS:
                groups = getattr(self.setup.document.sales_tax, _TAX_GROUPS[name])
                if value is not None and value not in groups:
                    raise _bad(name, f"{name} {value} does not exist; there are {', '.join(sorted(groups)) or 'none'}")
            elif name == "dimensions" and not _are_dimensions(value):
                raise _bad(name, f'dimensions are written as {{"CostCenter": "007"}}, not {value!r}')
            elif name in _DATES and value is not None:
                given_day(str(value), name)
            elif name in _REDERIVED and value is not True:
                raise _bad(name, f"{name} can only be true, not {value!r}")

    def delete_lines(self, request: Mapping[str, Any]) -> str:
        """Deletes all lines of an unposted proposal or journal; the next import builds them anew."""
        if "journal_id" in request:
            company, journal_id = _need(request, "company"), _need(request, "journal_id")
            delete_journal_lines(self.journals, self.staging, company, journal_id)
            return "deleted"
        stores = self.proposals, self.staging
        return self._guarded(request, lambda header: delete_proposal_lines(*stores, header, self.at))

    def reset(self, request: Mapping[str, Any]) -> str:
        """Turns a journal in error into a draft that can be posted again (POST-04, POST-09)."""
        company, journal_id = _need(request, "company"), _need(request, "journal_id")
        journal = self.journals.get(company, journal_id)
        if journal is None:
            raise _bad("journal_id", f"{company} has no journal {journal_id}")
        if journal.status is not JournalStatus.ERROR:
            raise _bad("journal_id", f"journal {journal_id} is {journal.status}; only one in error can be reset")
        change = self.journals.changing(journal)
        change.reset(self.at)
        transact(self.journals.client, [change.write()])
        return "reset"

    def _edit_header(self, request: Mapping[str, Any], changes: dict[str, Any]) -> str:
        def change(header: Proposal) -> None:
            _must_be_ready(header)
            company = str(header.company)
            if "dimensions" in changes and not self.setup.parameters(company).allow_header_dimensions:
                raise _bad("dimensions", f"parameters.{company}.allow_header_dimensions does not allow it")
            edits = header.edits
            if "invoice_date" in changes:
                day = _date(changes["invoice_date"])
                if day != edits.invoice_date:  # a manual due date does not outlive the invoice date (DUE-06)
                    edits = replace(edits, invoice_date=day, due_date=None, due_for=None)
            if "due_date" in changes:
                for_day = edits.invoice_date or written_invoice_date(header, self.setup)
                edits = replace(edits, due_date=_date(changes["due_date"]), due_for=for_day)
            if "accounting_date" in changes:
                edits = replace(edits, accounting_date=_date(changes["accounting_date"]))
            if "dimensions" in changes:
                edits = replace(edits, dimensions=changes["dimensions"])
            edited = self.proposals.changing(header)
            edited.edited(edits)
            transact(self.proposals.client, [edited.write()])

        return self._guarded(request, change)

    def _edit_proposal(self, request: Mapping[str, Any], changes: dict[str, Any]) -> str:
        actual_id = _need(request, "actual_id")

        def change(header: Proposal) -> None:
            _must_be_ready(header)
            for page in self.proposals.pages(header.id):
                if any(line.actual_id == actual_id for line in page.lines):
                    values = self._rederived(actual_id, changes)
                    lines = [replace(x, **values) if x.actual_id == actual_id else x for x in page.lines]
                    edited = self.proposals.changing(header)
                    edited.edited()
                    writes = [self.proposals.edited_page(header.id, page, lines), edited.write()]
                    transact(self.proposals.client, writes)
                    return
            raise _bad("actual_id", f"proposal {header.number} has no line for actual {actual_id}")

        return self._guarded(request, change)

    def _rederived(self, actual_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The changes, with dimensions and tax groups of now where they are to be taken anew.

        Refuses what cannot be resolved.
        """
        values: dict[str, Any] = {}
        if changes.keys() & _REDERIVED:
            row = self.staging.rows([actual_id])[actual_id]
            resolved = resolve(row.actual, self.setup)
            if isinstance(resolved, Blocked):
                raise Refused(resolved.wait.reason, resolved.wait.detail)
            if isinstance(resolved, Invalid):
                raise _bad(resolved.field, resolved.detail)
            if _REDERIVE in changes:
                values["dimensions"] = resolved.dimensions
            if _REDERIVE_TAX in changes:
                values |= {name: getattr(resolved, name) for name in _TAX_GROUPS}
        values |= {name: value for name, value in changes.items() if name not in _REDERIVED}
        return values | ({"retaxed": True} if values.keys() & _TAX_GROUPS.keys() else {})

    def _edit_journal(self, request: Mapping[str, Any], changes: dict[str, Any]) -> str:
        company, journal_id = _need(request, "company"), _need(request, "journal_id")
        actual_id = _need(request, "actual_id")
        journal = self.journals.get(company, journal_id)
        if journal is None or journal.status not in (JournalStatus.DRAFT, JournalStatus.ERROR):
            state = journal.status if journal else "unknown"
            raise _bad("journal_id", f"lines of journal {journal_id} cannot be edited: it is {state}")
        for page in self.journals.pages(company, journal_id):
            if any(line.actual_id == actual_id for line in page.lines):
                lines = [_edited(x, changes) if x.actual_id == actual_id else x for x in page.lines]
                change = self.journals.changing(journal)
                change.lines_changed(self.at)
                transact(self.journals.client, [self.journals.changed_page(journal, page, lines), change.write()])
                return "edited"
        raise _bad("actual_id", f"journal {journal_id} has no line for actual {actual_id}")

    def _guarded(self, request: Mapping[str, Any], action: Any) -> str:
        """Runs the action on the proposal that the request names; a refusal is stored on it."""
        number = _need(request, "proposal_id")
        companies: Iterable[str] = [request["company"]] if "company" in request else self.setup.document.companies
        found = proposals_named(self.proposals, companies, number)
        if not found:
            raise Refused(WaitReason.HEADER_MISSING, f"there is no proposal {number}")
        for header in found:
            try:
                action(header)
            except Refused as refused:
                change = self.proposals.changing(header)
                change.refused(refused, self.at)
                transact(self.proposals.client, [change.write()])
                raise
        return "done"


def _refusal(detail: Mapping[str, Any], reason: str, why: str) -> dict[str, Any]:
    """The refusal of ``{action: request}``, with the document that the request names."""
    request = next((one for one in detail.values() if isinstance(one, Mapping)), {})
    named = (request.get(name) for name in ("proposal_id", "journal_id", "id"))
    return asdict(Refusal(request.get("company"), next((one for one in named if one), None), reason, why))


def _edited(line: JournalLine, changes: Mapping[str, Any]) -> JournalLine:
    """Another tax group drops the percents of an invoice line that this one replaces."""
    charges = line.charges
    if changes.keys() & _TAX_GROUPS.keys():
        charges = tuple(charge.retaxed() for charge in charges)
    return replace(line, charges=charges, **changes)


def _must_be_ready(header: Proposal) -> None:
    if header.status is ProposalStatus.READY:
        return
    posted = header.status in (ProposalStatus.POSTED, ProposalStatus.POSTING)
    reason = PostingFailure.ALREADY_POSTED if posted else PostingFailure.LINES_MISSING
    raise Refused(reason, f"proposal {header.number} cannot be edited: it is {header.status}")


def _need(request: Mapping[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _bad(name, f"the request needs {name}")
    return value.strip()


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _are_dimensions(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, dict) and all(isinstance(text, str) and text for pair in value.items() for text in pair)


def _bad(field: str, detail: str) -> Rejected:
    return Rejected("schema", detail, entity="edit", field=field)
