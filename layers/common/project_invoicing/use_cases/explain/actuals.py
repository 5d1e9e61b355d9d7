"""An actual explained: what was delivered, what became of it, what it waits for, what it is linked with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from project_invoicing.config import Settings
from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.dataverse.maps import ACTUAL
from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import (
    SECOND_REASONS,
    ConnectionRole,
    JournalStatus,
    ProposalStatus,
    RejectReason,
    StagingState,
    TransactionType,
    WaitReason,
    WriteBackState,
)
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import INVOICE, JOURNAL, Voucher
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.states import MapState
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.late_changes import PostedAs, amount_now
from project_invoicing.rules.owner import Owner, owner_of
from project_invoicing.rules.proposal_lines import day_of, unposted
from project_invoicing.rules.review import who_posts
from project_invoicing.rules.taking import WHAT, described, how
from project_invoicing.rules.waiting import waits_as
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.items import Item
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staged_rows import links_of, row_of
from project_invoicing.store.staging import Staging
from project_invoicing.store.write_backs import Document, WriteBacks
from project_invoicing.use_cases.explain.explanation import NOTE, TYPES, Explanation, Row, has_replaced
from project_invoicing.use_cases.setups import SetupVersions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ROLES: Final = {
    ConnectionRole.UNBILLED: "bills",
    ConnectionRole.COST: "its cost",
    ConnectionRole.ORIGINAL: "reverses",
    ConnectionRole.REPLACED: "replaces",
}
UNPOSTED: Final = (WaitReason.UNBILLED_SALES_NOT_POSTED, WaitReason.FEE_NOT_POSTED)


@dataclass(frozen=True, slots=True)
class Stores:
    """What an explanation reads; it writes nowhere."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    ledger: Ledger
    setups: SetupVersions
    maps: MapStates

    @classmethod
    def read(cls, client: DynamoDBClient, named: Settings) -> Stores:
        """Those of the tables that are ``named``."""
        return cls(
            Staging(client, named.staging_table),
            Journals(client, named.journals_table),
            Proposals(client, named.proposals_table),
            Ledger(client, named.ledger_table),
            SetupVersions.read(client, named.setup_table),
            MapStates(client, named.dataverse_table),
        )

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    def told(self, company: str, invoice_number: str) -> tuple[WriteBackState, str | None]:
        """Whether Dataverse was told of an invoice on the proforma's own row, and its answer where it refused."""
        document = Document(INVOICE, company, invoice_number)
        progress = WriteBacks(self.staging.client, self.staging.table).get(document)
        return (progress.own, progress.own_detail) if progress else (WriteBackState.PENDING, None)

    def posted_as(self, row: StagedRow) -> PostedAs:
        """What ``amount_now`` needs of the document that a row was posted with."""
        if row.journal_id:
            return PostedAs(gross=row.actual.discount is not None and self._accrued_gross(row))
        header = self.proposal_numbered(row.company, row.proposal_id or "")
        invoice = (
            header and header.invoice_number and self.proposals.invoices.get(str(row.company), header.invoice_number)
        )
        if not invoice:
            return PostedAs()
        included = self.setup.document.sales_tax.amounts_include_tax
        pages = self.proposals.invoices.pages(invoice.company, invoice.invoice_number) if included else ()
        return PostedAs(invoice=invoice, lines=[line for _, page in pages for line in page])

    def _accrued_gross(self, row: StagedRow) -> bool:
        """Whether a posted sale was accrued without its discount: as its company did then, a reversal as its original.

        FEE-06, FEE-10.
        """
        original = row.links.get(ConnectionRole.ORIGINAL)
        found = self.staging.readable([original]).get(original) if original else None
        of = found if found and found.journal_id else row
        journal = self.journals.get(str(of.company), str(of.journal_id))
        setup = self.setups.of(journal.setup_version) if journal and journal.setup_version else self.setup
        return setup.parameters(str(of.company)).line_discount_category is not None

    def off(self, row: StagedRow) -> tuple[Decimal | None, str]:
        """By how much the books are off where a row has changed after its posting, in accounting currency, in words.

        ``None`` where that cannot be said; the text says why.
        """
        words = Words(self.setup)
        known = self.setup.company(row.company) if row.company else None
        currency = known.accounting_currency if known else None
        actual = words.money(row.actual.amount, words.currency(row.actual))
        if row.state is not StagingState.POSTED:
            return None, f"is {actual} now, and its document is being posted with what it was before"
        posted = words.money(row.accounting_amount or ZERO, currency)
        if row.actual.inactive:
            return -(row.accounting_amount or ZERO), f"is inactive now, and was posted with {posted}"
        now = amount_now(row, self.posted_as(row), self.setup)
        if isinstance(now, str):
            return None, f"is {actual} now, was posted with {posted}, and would not be posted as it is: {now}"
        text = f"is {actual} now and would be posted with {words.money(now, currency)}, and was posted with {posted}"
        return now - (row.accounting_amount or ZERO), text

    def proposal_numbered(self, company: str | None, number: str) -> Proposal | None:
        found = self.proposals.by_number([company], number).get(company) if company else None
        return self.proposals.get(found) if found else None


class Words:
    """Amounts and states as a person reads them."""

    def __init__(self, setup: FinanceSetup) -> None:
        self.setup = setup
        self.show = Figures(setup)

    def currency(self, actual: Actual) -> str | None:
        reference = actual.currency
        return self.setup.resolve(reference.entity, reference.id) if reference else None

    def money(self, amount: Decimal | None, currency: str | None) -> str:
        return self.show.money(amount, currency)

    def kind(self, actual: Actual) -> str:
        return f"{TYPES[actual.transaction_type]} ({actual.transaction_class})"

    def company(self, row: StagedRow) -> str | None:
        owner = owner_of(row.actual, self.setup)
        return row.company or (owner.company if isinstance(owner, Owner) else None)

    @staticmethod
    def state(row: StagedRow, wait: Wait | None = None) -> str:
        """``wait`` is what ``waits_as`` says of it, where that was asked."""
        document = f"journal {row.journal_id}" if row.journal_id else f"proposal {row.proposal_id}"
        match row.state:
            case StagingState.PENDING:
                reason = wait.reason if wait else row.reason
                billed = row.actual.transaction_type is TransactionType.BILLED_SALES
                return f"waits: {reason}" if reason else f"waits for {'its proposal' if billed else 'the next import'}"
            case StagingState.IMPORTED:
                return f"on {document}, line {row.line_number}, not posted"
            case StagingState.POSTED if row.voucher:
                return f"posted with voucher {row.voucher}, on {document}"
            case StagingState.POSTED if row.accounting_amount is not None:
                return f"posted without a ledger entry, on {document}"
            case StagingState.POSTED:
                return f"done with {document}, without money and voucher"
            case StagingState.SKIPPED:
                return f"skipped: {row.detail or 'Dataverse says Skip Sync'}"
            case StagingState.INVALID:
                return f"invalid: {row.detail}"

    def linked(self, role: str, id: str, row: StagedRow | None) -> Row:
        """One actual in a line."""
        if row is None:
            return {"role": role, "id": id, "what": None, "amount": None, "currency": None, "state": "has not arrived"}
        currency = self.currency(row.actual)
        return {
            "role": role,
            "id": id,
            "what": self.kind(row.actual),
            "amount": self.show.amount(row.actual.amount, currency),
            "currency": currency,
            "state": self.state(row),
        }

    def voucher_lines(self, vouchers: Iterable[Voucher]) -> Iterator[Row]:
        for voucher in vouchers:
            for line in voucher.lines:
                yield {
                    "voucher": voucher.voucher,
                    "accounting_date": voucher.accounting_date.isoformat(),
                    "account": line.account,
                    "posting_type": line.posting_type,
                    "amount": self.show.amount(line.amount, line.currency),
                    "currency": line.currency,
                    "accounting_amount": self.show.accounting(line.accounting_amount, voucher.company),
                }


class Block(NamedTuple):
    """A reason of waiting or of a refusal, with the actual that it is about."""

    reason: str
    detail: str
    actual_id: str | None = None


def blockers(stores: Stores, waits: Iterable[Wait | Block], since: str | None, company: str | None) -> list[Row]:
    """What something waits for, each with the actual that blocks: its amount, date, document, and why that stands.

        {"reason", "detail", "since", "actual_id", "amount", "currency", "date", "document", "status", "error",
         "posting"}

    ``document`` is the journal or proposal of the blocking actual, ``status`` that of the document, ``error`` why its
    line was not posted, ``posting`` who posts a draft.
    """
    words = Words(stores.setup)
    listed = list(waits)
    rows = stores.staging.readable(wait.actual_id for wait in listed if wait.actual_id)
    on_journals = [(words.company(row), row.journal_id) for row in rows.values() if row.journal_id]
    headers = {
        owner: stores.journals.many(owner, [id for of, id in on_journals if of == owner])
        for owner in {of for of, _ in on_journals if of}
    }
    found: list[Row] = []
    for wait in listed:
        row = rows.get(wait.actual_id or "")
        entry: Row = {"reason": wait.reason, "detail": wait.detail, "since": since, "actual_id": wait.actual_id}
        entry |= dict.fromkeys(("amount", "currency", "date", "document", "status", "error", "posting"))
        if row:
            entry["currency"] = words.currency(row.actual)
            entry["amount"] = words.show.amount(row.actual.amount, entry["currency"])
            entry["date"] = day_of(row, words.setup, company)
            owner = words.company(row)
            journal = headers.get(owner or "", {}).get(row.journal_id or "")
            entry["status"] = row.state
            if journal:
                line = stores.journals.line(journal.company, journal.journal_id, row.line_number or 0, row.id)
                entry |= {"document": journal.journal_id, "status": journal.status}
                entry["error"] = line[0].error if line else None
                if journal.status is JournalStatus.DRAFT:
                    entry["posting"] = who_posts(journal, stores.setup)
            elif row.proposal_id:
                entry["document"] = row.proposal_id
        found.append(entry)
    return found


def advise_on_blockers(made: Explanation) -> None:
    """What to do about everything that ``made`` waits for: for a journal in error, mend that first."""
    for entry in made.waits_for:
        if entry["reason"] in SECOND_REASONS:
            made.advise_on(str(entry["reason"]))
        elif entry["error"]:
            code = str(entry["error"]).partition(":")[0]
            made.advise_on(code)
            made.advise(f"then reset journal {entry['document']} with document_editing, and it posts")
        elif entry["posting"]:
            made.advise(f"post journal {entry['document']}: {entry['posting']}")
        else:
            made.advise_on(str(entry["reason"]))


@dataclass(slots=True)
class ActualExplained:
    """The explanation of one actual, put together step by step."""

    stores: Stores
    item: Item
    row: StagedRow
    made: Explanation
    words: Words
    header: Proposal | None
    wait: Wait | None

    def whole(self) -> Explanation:
        row = self.row
        not_taken(self.made, self.stores, ACTUAL, row.id, accepted_at=row.actual.version.occurred_at)
        self._arrived()
        linked = self.stores.staging.readable(row.links.values())
        self.made.linked = [self.words.linked(_ROLES[role], id, linked.get(id)) for role, id in row.links.items()]
        self._taken(row.taken_by)
        match row.state:
            case StagingState.PENDING:
                self._waits(linked)
            case StagingState.INVALID:
                self.made.happened(f"became invalid: {row.detail}", row.since)
                self.made.advise_on(str(self.item.get("re", "")))
                self.made.advise("then replay the actual with document_editing")
            case StagingState.SKIPPED:
                self.made.happened(self.words.state(row), row.since)
                self.made.advise("nothing: what is skipped gets no line and no voucher")
        if row.journal_id:
            self._on_journal(row.journal_id)
        if row.proposal_id:
            self._on_proposal(row.proposal_id)
        if row.intercompany_proposal:
            self._between_companies(row.intercompany_proposal)
        if row.late and row.actual.inactive:
            self.made.happened("was deactivated in Dataverse after the posting; the books have it")
            self.made.advise(
                "late change: correct the invoice or the actual in Dataverse, so that it is reversed; or activate it"
            )
        elif row.late:
            off = self.stores.off(row)[1]
            what = "a newer version with other figures came after the posting; the books have the old one: it"
            self.made.happened(f"{what} {off}")
            self.made.advise(
                "late change: correct the invoice or the actual in Dataverse, so that it is reversed and "
                "billed again; what is posted is never changed"
            )
        if not self.made.next:
            self.made.advise("nothing: it is done")
        return self.made

    def _arrived(self) -> None:
        row, version = self.row, self.row.actual.version
        number = f"version {version.number}" if version.number is not None else "a version without a number"
        same = row.deliveries - row.changes
        counted = f"{row.deliveries} {'delivery' if row.deliveries == 1 else 'deliveries'}"
        repeated = f", {same} of them changed nothing" if same else ""
        self.made.happened(f"{number}, the newest known: {counted}{repeated}", version.occurred_at)

    def _taken(self, by: str | None) -> None:
        """What bills the actual or takes it back, which nothing else may then (99-25)."""
        if by is None:
            return
        first = self.stores.staging.readable([by]).get(by)
        if first:
            self.made.happened(f"{WHAT[how(first)]} {described(first, self.stores.setup)}")
        self.made.linked.append(self.words.linked(WHAT[how(first)] if first else "is taken by", by, first))

    def _waits(self, linked: dict[str, StagedRow]) -> None:
        row, made, header = self.row, self.made, self.header
        if header:
            made.facts["proposal"] = f"{header.number} ({header.status})"
        if self.wait is None:
            made.advise("nothing: the next import looks at it (staging_import, by its schedule)")
            return
        told = header is not None and row.reason is None
        since = header.waiting_since if header and told else row.since
        wait = self._as_of_now(self.wait, linked) if told else self.wait
        made.happened(f"waits: {wait.reason}, {wait.detail}", since)
        blocking = row.links.get(ConnectionRole.UNBILLED) or row.links.get(ConnectionRole.ORIGINAL)
        blocks = blocking if blocking and blocking in wait.detail and blocking in linked else None
        if blocks and wait.reason in SECOND_REASONS:
            blocks = linked[blocks].taken_by
        made.waits_for = blockers(self.stores, [replace(wait, actual_id=blocks)], since, made.company)
        advise_on_blockers(made)

    def _as_of_now(self, told: Wait, linked: dict[str, StagedRow]) -> Wait:
        """What the header tells of a row that it lists; of another what holds the row up itself, or else the proposal.

        A header lists some of its rows only, so the posting that one of the others waits for is read from its link.
        """
        unbilled = self.row.links.get(ConnectionRole.UNBILLED)
        if told.actual_id in {self.row.id, *self.row.links.values()}:
            return told
        sale = linked.get(unbilled) if unbilled else None
        if unbilled and told.reason in UNPOSTED and not (sale and sale.state is StagingState.POSTED):
            return replace(told, detail=unposted(unbilled, sale, self.stores.setup), actual_id=unbilled)
        return replace(told, detail=f"all of its proposal or none: {told.detail}")

    def _on_journal(self, journal_id: str) -> None:
        made, row, company = self.made, self.row, str(self.row.company)
        journal = self.stores.journals.get(company, journal_id)
        found = self.stores.journals.line(company, journal_id, row.line_number or 0, row.id)
        if journal is None or found is None:
            made.happened(f"was put on journal {journal_id}, which has no line for it")
            made.advise(f"line missing on journal {journal_id}: this must not be; tell whoever looks after the stack")
            return
        line = found[0]
        if journal.original_journal:
            made.happened(
                f"became a line of journal {journal.original_journal}, and moved to {journal_id} with an error"
            )
        made.happened(f"became line {row.line_number} of journal {journal_id} of {journal.period} ({journal.status})")
        if row.state is StagingState.POSTED:
            self._posted(line, journal)
            if row.actual.transaction_type is TransactionType.INTER_ORGANIZATIONAL_SALES:
                made.facts["billed between companies"] = row.intercompany_proposal or "not yet"
        elif line.error:
            made.happened(f"was not posted: {line.error}")
            made.advise_on(line.error.partition(":")[0])
            made.advise(f"then reset journal {journal_id} with document_editing, and it posts")
        else:
            made.advise(f"post journal {journal_id}: {who_posts(journal, self.stores.setup)}")

    def _posted(self, line: JournalLine, journal: Journal) -> None:
        made, row = self.made, self.row
        accounting = self.stores.setup.document.companies[journal.company].accounting_currency
        amount = self.words.money(row.accounting_amount, accounting)
        made.happened(
            f"was posted in journal {journal.journal_id} "
            f"{f'with voucher {row.voucher}' if row.voucher else 'without a ledger entry'}, accounting date "
            f"{line.accounting_date}: {amount} at {self.words.show.figure(row.exchange_rate)}"
        )
        vouchers = self.stores.ledger.vouchers(JOURNAL, journal.company, journal.journal_id)
        made.voucher_lines = list(self.words.voucher_lines(v for v in vouchers if v.voucher == row.voucher))
        if not made.voucher_lines:
            made.facts["ledger"] = "nothing: its profile posts this kind neither to profit and loss nor to the balance"
        self._written_back()

    def _on_proposal(self, number: str) -> None:
        made, row, company = self.made, self.row, self.row.company
        header = self.stores.proposal_numbered(company, number)
        if header is None:
            made.happened(f"was put on proposal {number}, which is not there")
            made.advise(f"proposal {number} missing: this must not be; tell whoever looks after the stack")
            return
        if row.line_number is not None:
            made.happened(f"became line {row.line_number} of invoice proposal {number} ({header.status})")
        else:
            made.happened(f"is covered by proposal {number} ({header.status}): it has no money and came after it")
        if header.invoice_number and header.company and row.state is StagingState.POSTED:
            made.happened(
                f"was posted with customer invoice {header.invoice_number} of {header.invoice_date}, accounting date "
                f"{header.accounting_date}, voucher {row.voucher or f'(none: {_without_voucher(row)})'}"
            )
            if row.accounting_amount is not None:
                vouchers = self.stores.ledger.vouchers(INVOICE, header.company, header.invoice_number)
                made.voucher_lines = list(self.words.voucher_lines(vouchers))
                self._written_back()
        else:
            next_of_proposal(made, header, self.stores.setup)

    def _between_companies(self, number: str) -> None:
        header = self.stores.proposal_numbered(self.row.company, number)
        state = (
            f"{header.status}" + (f", invoice {header.invoice_number}" if header.invoice_number else "")
            if header
            else "?"
        )
        self.made.happened(f"is on intercompany proposal {number} ({state})")

    def _written_back(self) -> None:
        written_back(self.made, self.row.write_back, self.row.write_back_detail, self.row.id)


def _without_voucher(row: StagedRow) -> str:
    return "it is not shown on the invoice" if row.accounting_amount is None else "the invoice comes to nothing"


def written_back(made: Explanation, state: WriteBackState, answer: str | None, id: str) -> None:
    """How the write-back of a posted row or invoice stands, and what to do where Dataverse refused it."""
    match state:
        case WriteBackState.DONE:
            made.happened("was written back to Dataverse")
        case WriteBackState.FAILED:
            made.happened(f"was refused by Dataverse when it was written back: {answer}")
            made.advise(f"write-back refused: mend what Dataverse says, then `python -m local reconcile --repair {id}`")
        case WriteBackState.PENDING:
            made.happened("is not written back to Dataverse yet")
            made.advise("nothing here: accounting_writeback tells Dataverse; where none is connected it stays recorded")


def next_of_proposal(made: Explanation, header: Proposal, setup: FinanceSetup) -> None:
    """What to do so that a proposal is posted."""
    company = str(header.company)
    automatic = bool(setup.company(company)) and setup.parameters(company).auto_post_proposals
    if header.refusal:
        made.happened(
            f"posting was refused: {header.refusal['reason']}, {header.refusal['detail']}", header.refusal["at"]
        )
        made.advise_on(header.refusal["reason"])
        if not automatic:
            made.advise(f"then post proposal {header.number}: invoice_posting")
    elif header.status is ProposalStatus.READY:
        how = "invoice_posting does it by its schedule" if automatic else "invoice_posting, by hand"
        made.advise(f"post proposal {header.number}: {how}")
    elif header.status is ProposalStatus.POSTING:
        made.advise("its posting was begun: the next run of invoice_posting finishes it")


_CORRECTED: Final = "the corrected row comes by itself; to fetch it now: `python -m local reconcile --repair ID`"
_AGAIN: Final[Mapping[str, str]] = {
    RejectReason.SCHEMA: _CORRECTED,
    RejectReason.AMOUNT_OUT_OF_RANGE: _CORRECTED,
    RejectReason.DUPLICATE_PROPOSAL_NUMBER: _CORRECTED,
    RejectReason.TOO_LARGE: "replaying it does not help: the event is as large as before",
}
"""What comes after the advice, where the same event would be rejected again: what is wrong is in the event itself."""


def not_taken(made: Explanation, stores: Stores, entity: str, id: str, *, accepted_at: str = "") -> str | None:
    """Adds what came of a row of Dataverse and was not taken: rejected, or kept for a table map that is paused.

    What was rejected before ``accepted_at``, the time of the version that stands there, has been mended: no advice.
    Returns which of it was last, ``None`` where there is nothing.
    """
    outcome = None
    for rejection in stores.staging.rejections(entity, id):
        outcome = "was rejected"
        made.happened(f"a delivery was rejected: {rejection.reason}, {rejection.detail}", rejection.at)
        if rejection.at > accepted_at:
            made.advise_on(rejection.reason)
            made.advise(_AGAIN.get(rejection.reason, "then replay the rejected event with document_editing"))
    name = inbound_maps()[entity].name
    for _, event in stores.maps.kept(name, id):
        outcome = f"waits for the table map {name}"
        made.happened(f"a delivery waits for the table map {name} (version {event.detail['row_version']})", event.time)
    if outcome and "waits" in outcome:
        status = stores.maps.of(name)
        if status.state is MapState.RUNNING:
            made.advise("nothing: its map runs again, and dataverse_catchup delivers it by its schedule")
        else:
            why = f": {status.reason}" if status.reason else ""
            action = "resume" if status.state is MapState.PAUSED else "start"
            made.happened(f"the map is {status.state}{why}", status.since)
            made.advise(f"{action} the map: `python -m local map {action} {name} --stack-prefix STACK`")
    return outcome


def explain_actual(stores: Stores, id: str) -> Explanation | None:
    """Everything known about an actual; ``None`` where nothing is."""
    item = stores.staging.item(id)
    row = row_of(item) if item else None
    if item is not None and row is not None:
        words = Words(stores.setup)
        currency = words.currency(row.actual)
        company = words.company(row)
        kind = words.kind(row.actual)
        header = stores.proposals.get(row.actual.invoice.id) if row.queued and row.actual.invoice else None
        wait = waits_as(row, header)
        state = words.state(row, wait)
        headline = f"{kind[0].upper()}{kind[1:]} of {words.money(row.actual.amount, currency)}: {state}"
        made = Explanation("actual", id, company, headline, _facts(row, words))
        return ActualExplained(stores, item, row, made, words, header, wait).whole()
    links = links_of(item) if item else {}
    made = Explanation("actual", id, None, "Actual that has not arrived; only connections of it have")
    outcome = not_taken(made, stores, ACTUAL, id)
    if outcome:
        made.headline = f"Actual that {outcome}"
    elif not links:
        return None
    words = Words(stores.setup)
    linked = stores.staging.readable(links.values())
    made.linked = [words.linked(_ROLES[role], other, linked.get(other)) for role, other in links.items()]
    if not outcome:
        made.advise(f"fetch it from Dataverse: `python -m local reconcile --repair {id}`")
    return made


def _facts(row: StagedRow, words: Words) -> dict[str, str]:
    """What the actual says of itself, in the set-up's names where they are known."""
    actual = row.actual
    facts = {
        "amount": f"{words.show.figure(actual.quantity)} at {words.money(actual.price, words.currency(actual))}",
        "billing type": str(actual.billing_type).replace("_", " "),
        "date": day_of(row, words.setup),
    }
    for name in ("project", "contract", "customer", "category", "resource"):
        reference = getattr(actual, name)
        if reference:
            facts[name] = words.setup.resolve(reference.entity, reference.id) or reference.name or reference.id
    if actual.invoice:
        facts["proforma"] = actual.invoice.id
    if actual.billing_status:
        facts["billing status in Dataverse"] = actual.billing_status.replace("_", " ")
    if actual.description:
        facts["description"] = actual.description
    if has_replaced(actual):
        facts["note"] = NOTE
    return {name: text for name, text in facts.items() if text}
