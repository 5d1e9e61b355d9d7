"""Each write of a document on condition that it is as it was read: whoever comes second changes nothing.

A race has the write, what its condition asks about as the writer read it, and each change by another run that has to
stop it, with what would go wrong otherwise. The write is also made with nothing changed, so that it is that change
alone which stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import boto3
import pytest
from moto import mock_aws

from project_invoicing.domain.accrued_revenue import AccrualCorrection
from project_invoicing.domain.actor import person
from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.codes import (
    JournalStatus,
    PaymentRefusal,
    PostingType,
    ProposalStatus,
    StagingState,
    VendorInvoiceStatus,
    WriteBackState,
)
from project_invoicing.domain.correction_journal import (
    CorrectionJournal,
    CorrectionLine,
    CorrectionPage,
    CorrectionStatus,
    Wanted,
)
from project_invoicing.domain.credited_tax import NOTHING, TaxOfInvoice
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.invoice_document import Party, Snapshot
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.ledger_answer import Answer, Effect, Outcome
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, BatchState, LedgerBatch, ReceivablesWay
from project_invoicing.domain.made_document import Attachment, DocumentState, MadeDocument
from project_invoicing.domain.mailed_document import MailedDocument, MailState
from project_invoicing.domain.master_data import NameKey, Part, RateKey, RowKey
from project_invoicing.domain.master_row import MasterRow, Placement
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.payment import Payment, Receivable, Settlement
from project_invoicing.domain.proposal import Proposal, ProposalPage
from project_invoicing.domain.seals import Seal
from project_invoicing.domain.staged_row import Correction, OnJournal, Rejection, StagedRow
from project_invoicing.domain.states import BatchVerb
from project_invoicing.domain.sweep import Sweep
from project_invoicing.domain.told_document import ToldDocument
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.domain.waits import Waits
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.store import (
    batch_answers,
    dismissals,
    history,
    list_backfill,
    milestone_links,
    unsealed,
    vendor_invoices,
)
from project_invoicing.store.batch_answers import BatchAnswers, KeptAnswer
from project_invoicing.store.batch_deliveries import BatchDeliveries, Delivery, RefusedFormat
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.store.dismissals import Kept, dismiss, kept_in, kept_of
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.invoices import Invoices
from project_invoicing.store.items import Item, key, typed_item
from project_invoicing.store.journals import Journals
from project_invoicing.store.leaving import TAKEN, Taken, Turn
from project_invoicing.store.ledger import Entry, Ledger
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.list_backfill import ListBackfill
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.store.mailed_documents import MailedDocuments
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.master_data import MasterData, _finance_write
from project_invoicing.store.master_items import DELETED, item_key
from project_invoicing.store.master_writes import FinanceMove, RowChange, name_writes, row_write
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.rates import ExchangeRates, StoredRates
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.store.ready_progress import Progress as ReadyRead
from project_invoicing.store.ready_progress import ReadyProgress
from project_invoicing.store.receivables import Receivables
from project_invoicing.store.reconciliations import Reconciliations
from project_invoicing.store.seals import Head, Seals
from project_invoicing.store.signatures import Signatures
from project_invoicing.store.staging import Staging
from project_invoicing.store.staging_queue import DISMISSED, REJECTED, changed_position, relinked_position
from project_invoicing.store.sweeps import Sweeps
from project_invoicing.store.told_documents import ToldDocuments
from project_invoicing.store.transactions import Write, transact
from project_invoicing.store.vendor_invoices import VendorInvoices
from project_invoicing.store.write_backs import HEADER, INVOICE_DOCUMENT, UNFINISHED, Document, Progress, WriteBacks
from tests.builders import guid
from tests.faults import overtaken
from tests.own_events import journal_posted
from tests.store import tables
from tests.store.rows import a_link, an_actual, version
from tests.store_free.recorded import invoice, journal_line, proposal_line

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE: Final = "documents"
NOBODY: Any = None
"""The client of stores that only make writes here."""
AT, LATER = "2026-08-31T09:00:00Z", "2026-08-31T09:05:00Z"
DAY = date(2026, 8, 31)
ANN = person("ann@contoso.example")
EDITED = HistoryEntry(AT, ANN, Done.EDITED)


Meanwhile = Mapping[str, Mapping[str, Any] | None]
"""What another run has changed, by what it did; ``None`` where it has removed the item."""


class Race(NamedTuple):
    """``held``: the item as it was read.

    ``write`` gives the write. With ``at``, the key of the item, it writes itself; ``quiet``: whoever comes second has
    nothing left to do, and is not failed.
    """

    what: str
    write: Callable[[Any], Any]
    held: Item
    meanwhile: Meanwhile
    at: tuple[str, str] | None = None
    quiet: bool = False


def empty(client: DynamoDBClient) -> None:
    for old in tables.contents(client, TABLE):
        client.delete_item(TableName=TABLE, Key=key(old["pk"], old["sk"]))


def happens(client: DynamoDBClient, race: Race, item: Mapping[str, Any] | None) -> bool:
    """Whether the write is made where the item is like this."""
    empty(client)
    if race.at is None:
        write = race.write(client)
        (request,) = write.values()
        if item is not None:
            client.put_item(TableName=TABLE, Item=request["Key"] | typed_item(item))
        try:
            transact(client, [write])
        except TransactionCancelled:
            return False
        return True
    if item is not None:
        client.put_item(TableName=TABLE, Item=key(*race.at) | typed_item(item))
    before = list(tables.contents(client, TABLE))
    with nullcontext() if race.quiet else suppress(Conflict):
        race.write(client)
    return list(tables.contents(client, TABLE)) != before


# --- rows -------------------------------------------------------------------------------------------------------------

STAGING = Staging(NOBODY, TABLE)
ACTUAL, TAKER, OTHER = guid("actual"), guid("taker"), guid("other")
PENDING = StagedRow(an_actual(ACTUAL), StagingState.PENDING, changes=3, deliveries=1, links_accepted=2)
POSTED = replace(
    PENDING,
    state=StagingState.POSTED,
    taken_by=TAKER,
    intercompany_proposal="IC-1",
    corrections=(Correction("adjustment", "V-1"),),
)
AS_PENDING = {"st": "pending", "ch": 3, "lk": 2}
AS_POSTED = {"st": "posted", "tk": UUID(TAKER).bytes, "ip": "IC-1", "cv": ["adjustment#V-1"]}
RATE = ExchangeRate(Decimal(100), Decimal(100))
UNCHANGED: Meanwhile = {
    "imported by another run, and would be on two documents": {"st": "imported"},
    "changed, and the line would say what is no longer so": {"ch": 4},
    "connected, and the line would not continue what it takes": {"lk": 3},
}
UNMOVED: Meanwhile = {
    "not posted, so that there is nothing to move": {"st": "imported"},
    "taken back by another, which would reverse the accounts of before": {"tk": UUID(OTHER).bytes},
    "billed to another company with the accounts of before": {"ip": "IC-2"},
    "moved by another voucher, whose move would be lost": {"cv": ["adjustment#V-1", "adjustment#V-2"]},
}

RACES: list[Race] = [
    Race("an import", lambda _: STAGING.journalised(PENDING, "USPM", "J-1", 1, RATE), AS_PENDING, UNCHANGED),
    Race(
        "an invalid row that is read again",
        lambda _: STAGING.revive(replace(PENDING, state=StagingState.INVALID), AT),
        {"st": "invalid", "ch": 3},
        {
            "revived and imported by another run": {"st": "imported"},
            "a newer version, which is queued already": {"ch": 4},
        },
    ),
    Race(
        "taking what is continued",
        lambda _: STAGING.take(ACTUAL, TAKER, POSTED),
        {"cv": ["adjustment#V-1"]},
        {
            "taken by another, and would be taken back twice": {"tk": UUID(OTHER).bytes},
            "moved to other accounts than the line has": {"cv": None},
        },
    ),
    Race(
        "giving back what is continued",
        lambda _: STAGING.free(ACTUAL, TAKER),
        {"tk": UUID(TAKER).bytes},
        {"taken by another, who would lose it": {"tk": UUID(OTHER).bytes}},
    ),
    Race(
        "another rate",
        lambda _: STAGING.rerated(ACTUAL, "J-1", RATE),
        {"st": "imported", "jn": "J-1"},
        {"posted with the rate of before": {"st": "posted"}, "moved to another journal": {"jn": "J-2"}},
    ),
    Race(
        "a voucher of its own that moves it",
        lambda _: STAGING.corrected(POSTED, Correction("adjustment", "V-2")),
        AS_POSTED,
        UNMOVED,
    ),
    Race(
        "looking whether it was moved",
        lambda _: STAGING.as_corrected(POSTED),
        AS_POSTED,
        {name: change for name, change in UNMOVED.items() if change and "st" not in change},
    ),
    Race(
        "a draft of corrections",
        lambda _: STAGING.put_on_correction_journal(POSTED, "C-1"),
        AS_POSTED,
        {"on another draft, and would be corrected twice": {"aj": "C-2"}},
    ),
    Race(
        "off a draft",
        lambda _: STAGING.taken_off_correction_journal(ACTUAL, "C-1"),
        {"aj": "C-1"},
        {"on another draft, which would lose it": {"aj": "C-2"}},
    ),
    Race(
        "an accrual that is corrected",
        lambda _: STAGING.accrual_corrected(
            replace(POSTED, correction_journal="C-1"),
            Correction("accrual", "V-2"),
            AccrualCorrection("C-1", "V-2", ()),
        ),
        {**AS_POSTED, "aj": "C-1"},
        {"taken off the draft, and put on another one": {"aj": "C-2"}},
    ),
    Race(
        "Dataverse has the accounting details",
        lambda _: STAGING.written_back(ACTUAL, "V-1", None),
        {"st": "posted", "vo": "V-1"},
        {
            "of another voucher, which nobody has told": {"vo": "V-2"},
            "not posted any more": {"st": "pending"},
        },
    ),
    Race(
        "on an intercompany proposal",
        lambda _: STAGING.billed_between(replace(POSTED, intercompany_proposal=None), "IC-2"),
        {"st": "posted", "cv": ["adjustment#V-1"]},
        {
            "on another one, and would be billed twice": {"ip": "IC-1"},
            "not posted": {"st": "imported"},
            "moved, and billed with what was before": {"cv": None},
        },
    ),
    Race(
        "off an intercompany proposal",
        lambda _: STAGING.not_billed_between(POSTED, "IC-1", "USPM", "GBPM", DAY),
        {"st": "posted", "ip": "IC-1", "ch": 3},
        {
            "on another one, which would lose it": {"ip": "IC-2"},
            "changed, which its place among what changed says": {"ch": 4},
            "not posted": {"st": "pending"},
        },
    ),
]

# --- journals and proposals -------------------------------------------------------------------------------------------

JOURNALS = Journals(NOBODY, TABLE)
DRAFT = Journal("USPM", "J-1", JournalStatus.DRAFT, "2026-08", line_count=4, next_line=6, changed_at=AT)
AS_DRAFT = {"st": "draft", "n": 4, "no": 6, "ca": AT}
JOURNAL_PAGE = JournalPage("L#00000001", [], posted=False, version=2)


def added_to(journal: Journal) -> Write:
    change = JOURNALS.changing(journal)
    change.lines_added(1, LATER)
    return change.write()


def claimed(journal: Journal) -> Write:
    change = JOURNALS.changing(journal)
    change.begun(setup_version=7)
    return change.write()


def got_on(journal: Journal) -> Write:
    change = JOURNALS.changing(journal)
    change.page_posted()
    return change.write()


RACES += [
    Race(
        "a line more on a journal",
        lambda _: added_to(DRAFT),
        AS_DRAFT,
        {
            "posting, which would miss the line": {"st": "processing"},
            "fewer lines, and the count would be wrong": {"n": 3},
            "another line with the number": {"no": 7},
        },
    ),
    Race(
        "a posting",
        lambda _: claimed(DRAFT),
        AS_DRAFT,
        {"edited, and posted as it was judged before": {"ca": LATER}},
    ),
    Race(
        "the next page of a posting",
        lambda _: got_on(replace(DRAFT, status=JournalStatus.PROCESSING, posted_pages=2)),
        {**AS_DRAFT, "st": "processing", "pg": 2},
        {"posted by another run, and the page would be skipped": {"pg": 3}},
    ),
    Race(
        "the journal of a period",
        lambda _: JOURNALS.guard(DRAFT, "J-0"),
        {"jn": "J-0"},
        {"opened by another import, and there would be two": {"jn": "J-2"}},
    ),
    Race(
        "an edited page of a journal",
        lambda _: JOURNALS.changed_page(DRAFT, JOURNAL_PAGE, []),
        {"ve": 2},
        {"posted, and the ledger has the lines of before": {"po": True}, "edited, which would be lost": {"ve": 3}},
    ),
    Race(
        "a page taken off a journal",
        lambda _: JOURNALS.without_page(DRAFT, JOURNAL_PAGE),
        {"ve": 2},
        {"posted, and its lines are in the ledger": {"po": True}, "edited, and other lines are on it": {"ve": 3}},
    ),
]

PROPOSALS = Proposals(NOBODY, TABLE, frozenset())
PROPOSAL_PAGE = ProposalPage("L#00000001", [], version=2)

RACES += [
    Race(
        "an edited page of a proposal",
        lambda _: PROPOSALS.edited_page(guid("p"), PROPOSAL_PAGE, []),
        {"ve": 2},
        {"edited, which would be lost": {"ve": 3}},
    ),
    Race(
        "a page taken off a proposal",
        lambda _: PROPOSALS.without_page(guid("p"), PROPOSAL_PAGE),
        {"ve": 2},
        {"edited, and other lines are on it": {"ve": 3}},
    ),
    Race(
        "the number of a proposal",
        lambda _: PROPOSALS.number_used("USPM", "P-2", "P-1"),
        {"nr": "P-1"},
        {"used by another, and the sequence would go back": {"nr": "P-3"}},
    ),
]

# --- correction journals ----------------------------------------------------------------------------------------------

CORRECTIONS = CorrectionJournals(NOBODY, TABLE)
CORRECTION = CorrectionJournal("USPM", "C-1", CorrectionStatus.DRAFT, Wanted(DAY, DAY), version=4)
CORRECTION_PAGE = CorrectionPage("L#00000001", [], 2)

RACES += [
    Race(
        "a correction journal",
        lambda _: CORRECTIONS.changed(CORRECTION)[1],
        {"ve": 4},
        {"changed, which would be lost": {"ve": 5}},
    ),
    Race(
        "an edited page of a correction journal",
        lambda _: CORRECTIONS.changed_page(CORRECTION, CORRECTION_PAGE, []),
        {"ve": 2},
        {"edited, which would be lost": {"ve": 3}},
    ),
    Race(
        "a page taken off a correction journal",
        lambda _: CORRECTIONS.without_page(CORRECTION, CORRECTION_PAGE),
        {"ve": 2},
        {"edited, and its lines would stay on no journal": {"ve": 3}},
    ),
]

# --- invoices ---------------------------------------------------------------------------------------------------------

INVOICES = Invoices(NOBODY, TABLE)

RACES += [
    Race(
        "tax that a credit note gives back",
        lambda _: INVOICES.give_back("USPM", "I-1", TaxOfInvoice(NOTHING), TaxOfInvoice(NOTHING)),
        {"po": True},
        {
            "not posted, and nothing was charged": {"po": False},
            "given back by another credit note, and it would be given back twice": {"gb": "[]"},
        },
    ),
    Race(
        "an invoice whose pages are all there",
        lambda _: INVOICES.visible("USPM", "I-1"),
        {"po": False},
        {"posted already": {"po": True}},
    ),
]

# --- seals ------------------------------------------------------------------------------------------------------------

SEALED = {"pk": "JOURNAL#USPM#1", "sk": "H", "ua": AT, "sp": 1}

RACES += [
    Race(
        "pages of a document that are sealed",
        lambda _: unsealed.sealed_up_to(TABLE, SEALED, 2),
        {"ua": AT, "sp": 1},
        {
            "sealed by another run, and its mark would say that it is not": {"ua": None},
            "sealed further, and pages would be sealed twice": {"sp": 2},
        },
    ),
    Race(
        "what a version without seals wrote",
        lambda _: unsealed.of_an_earlier_version(TABLE, {"pk": "JOURNAL#USPM#1", "sk": "H", "st": "posted"}, AT),
        {"st": "posted"},
        {
            "marked by another run, with a later time": {"ua": LATER},
            "sealed, and would be sealed twice": {"se": "USPM#1"},
            "not posted any more": {"st": "draft"},
        },
    ),
    Race(
        "an entry that a version without seals wrote",
        lambda _: unsealed.of_an_earlier_version(TABLE, {"pk": "HISTORY#1", "sk": "1"}, AT),
        {},
        {"removed, and what is not there would be sealed": None},
    ),
    Race(
        "the end of a chain",
        lambda client: Seals(client, TABLE).appended(Seal("USPM", 2, AT, "before", AT, AT, ()))[1],
        {"n": 1, "h": "before"},
        {
            "continued by another run, and the chain would have two ends": {"n": 2},
            "another seal with that number, which this one does not continue": {"h": "other"},
        },
    ),
    Race(
        "the beginning of a chain",
        lambda client: Seals(client, TABLE).appended(Seal("USPM", 1, AT, "", AT, AT, ()))[1],
        {},
        {"begun by another run, and the end would go back": {"n": 5}},
    ),
    Race(
        "seals that are in the bucket",
        lambda client: Seals(client, TABLE).kept(Head("USPM", 9, "h", AT, kept=3), 5),
        {"n": 9, "h": "h", "k": 3},
        {"more of them by another run, which would be put again": {"k": 8}},
        ("HEADS", "USPM"),
        quiet=True,
    ),
]

# --- what leaves for a ledger -----------------------------------------------------------------------------------------

READY = Ready(NOBODY, TABLE)
LISTED = ReadyDocument("USPM", JOURNAL, "J-1", DAY, DAY, done=("2026-08",))
BATCH = BatchId("USPM", BatchKind.LEDGER, 3)
DELIVERY = Delivery(number=1, format="beancount", setup_version=7, without=0, at=AT, who=ANN)

RACES += [
    Race(
        "a document that a batch takes",
        lambda _: READY.taken(LISTED),
        {"dn": ["2026-08"]},
        {"taken for another period meanwhile": {"dn": ["2026-08", "2026-09"]}},
    ),
    Race(
        "one of a document's periods",
        lambda _: READY.done_with(LISTED, "2026-09"),
        {"dn": ["2026-08"]},
        {
            "taken whole, and it would be listed again": None,
            "another period was taken, which would be taken again": {"dn": ["2026-07", "2026-08"]},
        },
    ),
    Race(
        "a document that cannot be taken",
        lambda _: READY.held(replace(LISTED, done=()), "why"),
        {},
        {
            "taken, and it would be listed again": None,
            "taken for a period meanwhile": {"dn": ["2026-08"]},
        },
    ),
    Race(
        "how far the list was filled",
        lambda client: ReadyProgress(client, TABLE).write(ReadyRead(version=2)),
        {"ve": 2},
        {"further by another run, which would be lost": {"ve": 3}},
    ),
    Race(
        "a delivery that is complete",
        lambda client: BatchDeliveries(client, TABLE).completed(BATCH, DELIVERY),
        {"fo": "beancount"},
        {
            "complete already, with a time that was told": {"da": LATER},
            "given up, since more was accepted": {"ga": LATER},
            "in another format": {"fo": "csv"},
        },
    ),
    Race(
        "a format that can take a batch now",
        lambda client: BatchDeliveries(client, TABLE).not_refused(BATCH, RefusedFormat("csv", AT, "why")),
        {"at": AT},
        {"refused again by another run, for another reason": {"at": LATER}},
    ),
    Race(
        "a delivery that is given up",
        lambda client: BatchDeliveries(client, TABLE).give_up(BATCH, DELIVERY, LATER),
        {"fo": "beancount"},
        {
            "complete, and its files were fetched": {"da": AT},
            "given up already": {"ga": AT},
            "in another format": {"fo": "csv"},
        },
        ("DELIVERY#USPM#ledger#000003", "0001"),
        quiet=True,
    ),
]

# --- documents of invoices --------------------------------------------------------------------------------------------

MAKING = MadeDocument("USPM", "I-1", DocumentState.MAKING, (), 2, AT, possible=(("invoice.pdf", "hash"),))
MAIL = MailedDocument("USPM", "I-1", MailState.SENDING, 1, "claim", "to@example.com", "en", AT, seen=("send",))
AS_MAIL = {"n": 1, "st": "sending", "se": "send"}
MEANWHILE_MAILED: Meanwhile = {
    "a mail of another run, and the customer would get two": {"n": 2},
    "told by the mail service how it went, which would be lost": {"st": "sent"},
    "told more of by the mail service, which would be lost": {"se": "send delivery"},
}
OF_INVOICE = "INVOICE#USPM#I-1"

RACES += [
    Race(
        "a document that is made again",
        lambda client: MadeDocuments(client, TABLE).begin_again(MAKING, replace(MAKING, version=3)),
        {"st": "making", "pb": '[["invoice.pdf", "hash"]]'},
        {
            "ready, and its files were sent": {"st": "ready"},
            "made again by another run, whose file would not count as ours": {"pb": "[]"},
        },
        (OF_INVOICE, "DOCUMENT"),
    ),
    Race(
        "the next mail",
        lambda client: MailedDocuments(client, TABLE).claim(MAIL, replace(MAIL, attempt=2), ()),
        AS_MAIL,
        MEANWHILE_MAILED,
        (OF_INVOICE, "MAIL"),
    ),
    Race(
        "what became of a mail",
        lambda client: MailedDocuments(client, TABLE).move(MAIL, replace(MAIL, state=MailState.UNKNOWN), None, None),
        AS_MAIL,
        MEANWHILE_MAILED,
        (OF_INVOICE, "MAIL"),
    ),
]

# --- write-backs ------------------------------------------------------------------------------------------------------

WRITTEN = Document(INVOICE, "USPM", "I-1")
PROGRESS = Progress(WRITTEN, "L#1", 4, 4, 1, unfinished=True, again=True, own=WriteBackState.PENDING, own_detail=None)
AS_PROGRESS = {"q": UNFINISHED, "qs": AT, "pg": "L#1", "n": 4, "rt": True, "dn": 4, "fl": 1}
WRITE_BACK = (WRITTEN.pk, HEADER)

RACES += [
    Race(
        "the next rows of a document",
        lambda client: WriteBacks(client, TABLE).advance(PROGRESS, "L#1", 8, done=4, failed=0),
        AS_PROGRESS,
        {
            "finished, and it would begin again": {"q": None},
            "on another page, and rows would be left out": {"pg": "L#2"},
            "further on the page, and rows would be counted twice": {"n": 8},
            "asked for anew, with all of its rows": {"rt": None},
        },
        WRITE_BACK,
        quiet=True,
    ),
    Race(
        "a document that is tried again",
        lambda client: WriteBacks(client, TABLE).again(PROGRESS, LATER, EDITED, everything=False),
        {"dn": 4, "fl": 1},
        {
            "begun again by another, who holds it": {"q": UNFINISHED},
            "another number of refused rows": {"fl": 2},
        },
        WRITE_BACK,
        quiet=True,
    ),
    Race(
        "one that is put off by whoever saw it due",
        lambda client: WriteBacks(client, TABLE).put_off(WRITTEN, LATER, seen=AT),
        {"q": UNFINISHED, "qs": AT},
        {"put off by another worker, and there would be two": {"qs": LATER + "1"}},
        WRITE_BACK,
        quiet=True,
    ),
    Race(
        "one that is put off by its holder",
        lambda client: WriteBacks(client, TABLE).put_off(WRITTEN, LATER),
        {"q": UNFINISHED, "qs": AT},
        {"finished, and would have a time and no queue": {"q": None}},
        WRITE_BACK,
        quiet=True,
    ),
    Race(
        "one that is resumed",
        lambda client: WriteBacks(client, TABLE).take(WRITTEN, LATER),
        {"q": UNFINISHED, "qs": AT, "dn": 0, "fl": 0},
        {"finished, and would be written back once more": {"q": None}},
        WRITE_BACK,
        quiet=True,
    ),
    Race(
        "payments that are taken up",
        lambda client: WriteBacks(client, TABLE).note_payments(WRITTEN, 3, LATER),
        {"nn": 2, "dn": 0, "fl": 0},
        {"newer ones, which would not be told": {"nn": 4}},
        WRITE_BACK,
        quiet=True,
    ),
    Race(
        "payments that were told",
        lambda client: WriteBacks(client, TABLE).told_payments(WRITTEN, 3, WriteBackState.DONE, None, None),
        {"q": UNFINISHED, "qs": AT, "nn": 3},
        {"newer ones, which are still to be told": {"nn": 4}},
        WRITE_BACK,
        quiet=True,
    ),
]

# --- headers of proposals ---------------------------------------------------------------------------------------------

PROFORMA = Proforma(id=guid("p"), version=version(), number="P-1")
PROPOSAL = Proposal(PROFORMA, ProposalStatus.READY, changes=2, deliveries=2, company="USPM", line_count=3, pages=1)
AS_PROPOSAL = {"st": "ready", "ch": 2, "pg": 1}


def edited(proposal: Proposal) -> Write:
    change = PROPOSALS.changing(proposal)
    change.edited()
    return change.write()


WAITING = replace(PROPOSAL, status=ProposalStatus.WAITING)


def waiting(proposal: Proposal) -> Write:
    change = PROPOSALS.changing(proposal)
    change.left_waiting(Waits(), AT)
    return change.write()


def told_again(proposal: Proposal) -> Write:
    change = PROPOSALS.changing(proposal)
    change.received(AT)
    return change.write()


RACES += [
    Race(
        "an edited proposal",
        lambda _: edited(PROPOSAL),
        AS_PROPOSAL,
        {
            "being posted, with what was there before": {"st": "posting"},
            "told in a newer version": {"ch": 3},
            "with another page of lines": {"pg": 2},
            "posted up to a page": {"pp": 1},
            "being emptied": {"dx": True},
            "edited, which would be lost": {"ev": 1},
            "submitted, and what is approved would be something else": {"av": 1},
        },
    ),
    Race(
        "a proforma that arrives again",
        lambda _: told_again(PROPOSAL),
        AS_PROPOSAL,
        {
            "a newer version of it, which would be judged as the older one": {"ch": 3},
            "posted, and it would be said to have arrived before that": {"st": "posted"},
            "submitted, which a newer version would have to take back": {"av": 1},
        },
    ),
    Race(
        "what a proposal waits for",
        lambda _: waiting(replace(WAITING, waits=Waits(documents=frozenset({"J-1", "J-2"})))),
        {"st": "waiting", "ch": 2, "pg": 1, "wp": ["J-1", "J-2"]},
        {"one of them posted meanwhile, which it would wait for again": {"wp": ["J-2"]}},
    ),
    Race(
        "that a proposal waits for no document",
        lambda _: waiting(replace(WAITING, waits=Waits())),
        {"st": "waiting", "ch": 2, "pg": 1},
        {"one to wait for, which would be forgotten": {"wp": ["J-1"]}},
    ),
    Race(
        "the first look at what a proposal waits for",
        lambda _: waiting(WAITING),
        {"st": "waiting", "ch": 2, "pg": 1},
        {"looked at by another run": {"wp": ["J-1"]}},
    ),
    Race(
        "the company of a proposal",
        lambda _: PROPOSALS.assign(replace(PROPOSAL, company=None), "USPM"),
        {"ch": 2},
        {"of another company already": {"co": "GBPM"}, "a newer version, of another contract": {"ch": 3}},
    ),
    Race(
        "a header whose number is refused",
        lambda _: PROPOSALS.refuse(PROPOSAL),
        {"ch": 2},
        {"of a company, which has it": {"co": "GBPM"}, "a newer version, with another number": {"ch": 3}},
    ),
    Race(
        "a number that a canceled proforma had",
        lambda _: PROPOSALS.take_number("USPM", PROFORMA, freed_by=guid("canceled")),
        {"id": guid("canceled"), "fr": True},
        {"another's by now": {"id": OTHER}, "of one that was activated again": {"fr": None}},
    ),
    Race(
        "the number of a canceled proforma",
        lambda _: PROPOSALS.free_number("USPM", PROPOSAL),
        {"id": guid("p")},
        {"another's, who would lose it": {"id": OTHER}, "free already": {"fr": True}},
    ),
]

# --- master data ------------------------------------------------------------------------------------------------------

UNNAMED = MasterRow("msdyn_project", guid("row"), version(), {"name": "Bridge"}, changes=4)
NAMED = replace(UNNAMED, placed=Placement("USPM", "1"))
RENAMED = replace(UNNAMED, placed=Placement("USPM", "2"))
DELETED_ONE = RowKey("msdyn_project", guid("deleted"))
PAIR = RateKey("default", "EUR", "USD")
NAME = NameKey(Part.PROJECTS, "USPM", "1")
HOLDER, OTHERS, OF_DELETED = (f"msdyn_project#{id}" for id in (guid("row"), OTHER, DELETED_ONE.id))


def of_name(which: int, before: MasterRow, after: MasterRow, takes_from: RowKey | None = None) -> Write:
    return name_writes(TABLE, before, after, takes_from, FinanceMove(leaves="[1]"))[which]


RACES += [
    Race(
        "a row of master data",
        lambda _: row_write(TABLE, NAMED, NAMED),
        {"ch": 4},
        {"changed, and the older one would win": {"ch": 5}},
    ),
    Race(
        "a name that a row gets",
        lambda _: of_name(0, NAMED, RENAMED),
        {"g": HOLDER},
        {"another's, and two rows would have it": {"g": OTHERS}},
    ),
    Race(
        "a name that gets columns of finance",
        lambda _: name_writes(TABLE, NAMED, RENAMED, None, FinanceMove(comes="[1]"))[0],
        {},
        {"with columns that a person has set on it, which would be lost": {"f": "[2]"}},
    ),
    Race(
        "columns of finance",
        lambda _: _finance_write(TABLE, NAME, {"g": HOLDER, "fv": 2}, {"b": 1}, {}),
        {"g": HOLDER, "fv": 2},
        {
            "of another row, which they are not meant for": {"g": OTHERS},
            "set and taken away again by another person": {"fv": 4},
            "set by another person": {"f": '{"a":1}'},
        },
    ),
    Race(
        "a name that a row leaves",
        lambda _: of_name(1, NAMED, RENAMED),
        {"g": HOLDER, "f": "[1]"},
        {
            "another's, who would lose it": {"g": OTHERS},
            "with other columns of finance, which would be lost": {"f": "[2]"},
        },
    ),
    Race(
        "a name that a deleted row has",
        lambda _: of_name(0, UNNAMED, NAMED, DELETED_ONE),
        {"g": OF_DELETED, "st": DELETED},
        {"another's": {"g": OTHERS}, "of a row that is there again": {"st": "active"}},
    ),
    Race(
        "a deleted row whose name is taken",
        lambda _: of_name(1, UNNAMED, NAMED, DELETED_ONE),
        {"nu": "1", "st": DELETED, "ch": 1},
        {"with another name, which it would lose": {"nu": "2"}, "there again, with its name": {"st": "active"}},
    ),
    Race(
        "the columns of a name",
        lambda _: of_name(0, NAMED, replace(NAMED, columns={"name": "Tunnel"})),
        {"g": HOLDER},
        {"another row's, and it would have the columns of this one": {"g": OTHERS}},
    ),
    Race(
        "rates of a pair, as they are to be",
        lambda client: ExchangeRates(client, TABLE).write(
            PAIR, StoredRates({}, 1, {}, fence="a"), {DAY: RATE}, AT, told=False
        ),
        {"ve": 1, "fe": "a"},
        {"other rates by another run": {"ve": 2}, "a day that a row has left for good": {"fe": "b"}},
        item_key(PAIR),
    ),
    Race(
        "which row has a rate",
        lambda client: ExchangeRates(client, TABLE).give(PAIR, StoredRates({}, 1, {DAY: ACTUAL}), {DAY: TAKER}),
        {"r_31": UUID(ACTUAL).bytes},
        {"given to another row, whose rate would count no more": {"r_31": UUID(OTHER).bytes}},
        (item_key(PAIR)[0], "ROWS#2026-08"),
    ),
]

# --- batches, settlements and others ----------------------------------------------------------------------------------

LEDGER_BATCH = LedgerBatch(
    company="USPM",
    kind=BatchKind.LEDGER,
    number=3,
    period="2026-08",
    period_number=2,
    state=BatchState.CLAIMING,
    setup_version=1,
    receivables=ReceivablesWay.JOURNAL,
    opened_at=AT,
    accounting_currency="USD",
    spans=((DAY, DAY),),
    text="",
    digits={},
    version=5,
)
BATCHES = LedgerBatches(NOBODY, TABLE)
OF_BATCH = Taken(BATCH, 1, "2026-08", ())
ANSWER = Answer(company="USPM", kind=BatchKind.LEDGER, number=3, outcome=Outcome.ACCEPTED)
KEPT = KeptAnswer("hash", AT, ANN, Outcome.ACCEPTED, Effect.NOT_READY, "nothing yet")
CHANGED_BATCH: Meanwhile = {
    "changed by another run, which would be lost": {"ve": 6},
    "sealed, and its list is closed": {"st": "sealed"},
}
SETTLED = Settlement(Payment("USPM", "S-1", 2), AT, PaymentRefusal.UNKNOWN_INVOICE)
INBOX = Receivables(NOBODY, TABLE)

RACES += [
    Race(
        "a document more in a batch",
        lambda _: BATCHES.changed(LEDGER_BATCH, BatchVerb.CLAIMED)[0],
        {"ve": 5, "st": "claiming"},
        CHANGED_BATCH,
    ),
    Race(
        "why a batch has no files",
        lambda _: BATCHES.troubled(LEDGER_BATCH, "why")[0],
        {"ve": 5, "st": "claiming"},
        CHANGED_BATCH,
    ),
    Race(
        "receivables batches that are counted",
        lambda _: BATCHES.counted(LEDGER_BATCH, 2, 3),
        {"r": 2},
        {"counted by another batch, and would be counted twice": {"r": 3}},
    ),
    Race(
        "the number of a batch in its period",
        lambda _: BATCHES.opened(LEDGER_BATCH)[2],
        {"n": 1},
        {"another batch has it": {"n": 2}},
    ),
    Race(
        "an answer that is tried again",
        lambda _: BatchAnswers(NOBODY, TABLE).keep_again(ANSWER, KEPT, KEPT),
        {"ef": Effect.NOT_READY, "at": AT},
        {
            "applied by another run, and would be twice": {"ef": Effect.APPLIED},
            "tried again by another run": {"at": LATER},
        },
    ),
    Race(
        "a newer version of a settlement",
        lambda _: INBOX._settlement_write(SETTLED, SETTLED),
        {"vs": 2, "re": PaymentRefusal.UNKNOWN_INVOICE, "at": AT},
        {
            "an even newer one": {"vs": 3},
            "counted meanwhile, and would be counted twice": {"re": None},
            "set aside again, at a later time": {"at": LATER},
        },
    ),
    Race(
        "what was settled of an invoice",
        lambda _: INBOX._receivable_write(Receivable("USPM", "I-1", (), 3), Receivable("USPM", "I-1", (), 4)),
        {"n": 3},
        {"another settlement, which would be lost": {"n": 4}},
    ),
    Race(
        "how far a table was read",
        lambda client: Sweeps(client, TABLE).store(Sweep("msdyn_project", version=3)),
        {"version": 3},
        {"further by another sweep, which would go back": {"version": 4}},
        ("SWEEP", "msdyn_project"),
    ),
]

VENDOR = VendorInvoice(
    "I-1", "GBPM", "V-1", "USPM", VendorInvoiceStatus.PENDING, DAY, DAY, DAY, "USD", Decimal(1), Decimal(0), Decimal(1)
)
TOLD = ToldDocument("USPM", "I-1", WriteBackState.PENDING, takers=2)
TOLD_AT = (f"WRITEBACK#{INVOICE_DOCUMENT}#USPM#I-1", HEADER)
REJECTED_AT = ("REJECTED#actual#1", "1#schema")
EARLIER = Kept(
    Rejection("actual", "1", "schema", "why", AT), None, "place", {"pk": REJECTED_AT[0], "sk": REJECTED_AT[1]}
)
KEPT_EVENT_OF = Kept(
    Rejection("actual", "1", "schema", "why", AT),
    None,
    "place",
    {"pk": REJECTED_AT[0], "sk": REJECTED_AT[1], "q": REJECTED},
)

RACES += [
    Race(
        "a vendor invoice that is posted",
        lambda client: transact(client, VendorInvoices(client, TABLE).posted(VENDOR, "V-1", DAY, EDITED)),
        {"st": "pending"},
        {"posted by another run, and there would be two vouchers": {"st": "posted"}},
        (vendor_invoices.partition("GBPM", "USPM", "I-1"), HEADER),
    ),
    Race(
        "a document that is ready",
        lambda client: MadeDocuments(client, TABLE).ready(MAKING, (), journal_posted(AT)),
        {"st": "making"},
        {"ready already, and would be told and mailed again": {"st": "ready"}},
        (OF_INVOICE, "DOCUMENT"),
    ),
    Race(
        "Dataverse was told of a document",
        lambda client: ToldDocuments(client, TABLE).end(TOLD, WriteBackState.DONE),
        {"q": UNFINISHED, "qs": AT, "bg": 2},
        {"begun by another, who has seen more and still has to tell": {"bg": 3}},
        TOLD_AT,
        quiet=True,
    ),
    Race(
        "a document that is told again",
        lambda client: ToldDocuments(client, TABLE).again("USPM", "I-1", LATER, EDITED),
        {"bg": 2},
        {"being told, and its worker would count as overtaken": {"q": UNFINISHED}},
        TOLD_AT,
        quiet=True,
    ),
    Race(
        "a rejected event that is dismissed",
        lambda client: dismiss(Staging(client, TABLE), KEPT_EVENT_OF, "why", EDITED),
        {"q": REJECTED},
        {
            "dismissed by another person": {"q": DISMISSED},
            "accepted after all, and nothing is left to dismiss": None,
            "a row by now, which a delivery has changed": {"st": "pending"},
            "changed by a delivery": {"ch": 2},
        },
        REJECTED_AT,
        quiet=True,
    ),
    Race(
        "a rejected event of an earlier version, which is on no list",
        lambda client: dismiss(Staging(client, TABLE), EARLIER, "why", EDITED),
        {"re": "schema"},
        {"accepted after all, and a piece of it would come back": None},
        REJECTED_AT,
        quiet=True,
    ),
    Race(
        "the right to take documents for a batch",
        lambda _: Turn(BATCHES, "USPM", 3).take(OF_BATCH)[0],
        {"ve": 3},
        {"another run's, and documents would be in two batches": {"ve": 4}},
    ),
    Race(
        "documents that are off the list",
        lambda client: Turn(LedgerBatches(client, TABLE), "USPM", 3)._leave(OF_BATCH),
        {"ve": 3, "kd": "ledger", "nu": 3, "lp": 1},
        {
            "another page by another run, whose documents would stay": {"lp": 2},
            "another turn": {"ve": 4},
        },
        (f"{TAKEN}USPM", "PAGE"),
        quiet=True,
    ),
    Race(
        "a report of a reconciliation",
        lambda client: Reconciliations(client, TABLE).keep({"at": AT}),
        {"at": "2026-08-30T09:00:00Z", "r": "{}"},
        {"that of a later run": {"at": LATER}},
        ("RECONCILIATION", "LAST"),
        quiet=True,
    ),
]


@pytest.fixture(scope="module")
def client() -> Iterator[DynamoDBClient]:
    with mock_aws():
        made = boto3.Session("test", "test", region_name="us-east-1").client("dynamodb")
        made.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made


@pytest.mark.parametrize("race", RACES, ids=[race.what for race in RACES])
def test_who_comes_second_changes_nothing(client: DynamoDBClient, race: Race) -> None:
    assert happens(client, race, race.held), "even when nobody comes first"
    for why, change in race.meanwhile.items():
        assert not happens(client, race, None if change is None else {**race.held, **change}), f"meanwhile {why}"


# --- what is written once ---------------------------------------------------------------------------------------------

LINE = proposal_line()
JOURNAL_LINE = journal_line()
ENTRY = Entry("V-1", DAY, "1100", PostingType.CUSTOMER_BALANCE, "USD", Decimal(1), Decimal(1), Decimal(1))
AN_INVOICE = invoice(invoice_number="I-1")
SNAPSHOT = Snapshot(Party("USPM", "Contoso"), Party("C-001", "Adventure"), Decimal("0.01"))
KEPT_EVENT = {
    "source": "dataverse",
    "detail-type": "actual.created",
    "time": AT,
    "detail": {"id": ACTUAL, "entity": "actual", "row_version": 1},
}
CORRECTED = CorrectionLine(1, ACTUAL, (), ())
NEW: Mapping[str, Callable[[Any], Any]] = {
    "a journal": lambda _: JOURNALS.create(DRAFT),
    "a page of a journal": lambda _: JOURNALS.page("USPM", "J-1", [JOURNAL_LINE]),
    "a proposal": lambda _: PROPOSALS.create(PROFORMA, "USPM"),
    "a canceled proforma": lambda _: PROPOSALS.create_canceled(PROFORMA),
    "a page of a proposal": lambda _: PROPOSALS.page(guid("p"), [LINE]),
    "the number of a proposal": lambda _: PROPOSALS.take_number("USPM", PROFORMA),
    "an invoice": lambda _: INVOICES.create(AN_INVOICE, NOTHING),
    "a page of an invoice": lambda _: INVOICES.page("USPM", "I-1", 1, [LINE]),
    "what an invoice's document says": lambda _: INVOICES.keep_snapshot("USPM", "I-1", SNAPSHOT),
    "a vendor invoice": lambda _: vendor_invoices.created(TABLE, replace(AN_INVOICE, borrower="GBPM", vendor="V-1")),
    "a page of the ledger": lambda _: Ledger(NOBODY, TABLE).page(JOURNAL, "USPM", "J-1", 1, [ENTRY]),
    "a correction journal": lambda _: CORRECTIONS.create(CORRECTION),
    "a page of a correction journal": lambda _: CORRECTIONS.page(CORRECTION, [CORRECTED]),
    "a request for a correction journal": lambda _: CORRECTIONS.once("USPM", "token", "C-1"),
    "what is ready to leave": lambda _: READY.put(LISTED),
    "a batch": lambda _: BATCHES.opened(LEDGER_BATCH)[0],
    "an open batch": lambda _: BATCHES.opened(LEDGER_BATCH)[1],
    "a page of a batch": lambda _: BATCHES.page(OF_BATCH),
    "an answer": lambda _: BatchAnswers(NOBODY, TABLE).keep(ANSWER, KEPT),
    "a settlement": lambda _: INBOX._settlement_write(None, SETTLED),
    "the first settlement of an invoice": lambda _: INBOX._receivable_write(
        Receivable("USPM", "I-1"), Receivable("USPM", "I-1", (), 1)
    ),
    "an entry of a history": lambda _: history.entry(TABLE, "document", EDITED),
    "a seal": lambda client: Seals(client, TABLE).appended(Seal("USPM", 1, AT, "", AT, AT, ()))[0],
}


@pytest.mark.parametrize("name", NEW)
def test_what_another_run_has_written_is_not_written_over(client: DynamoDBClient, name: str) -> None:
    write = NEW[name](client)
    item = write["Put"]["Item"]
    empty(client)
    transact(client, [write])
    client.put_item(TableName=TABLE, Item={"pk": item["pk"], "sk": item["sk"], "by": {"S": "another run"}})
    with pytest.raises(TransactionCancelled):
        transact(client, [write])
    assert [one["by"] for one in tables.contents(client, TABLE)] == ["another run"]


ONCE: Mapping[str, Callable[[Any], Any]] = {
    "what came in place of an answer": lambda client: BatchAnswers(client, TABLE).keep_unreadable("text", "why", AT),
    "a document of an invoice": lambda client: MadeDocuments(client, TABLE).begin(MAKING),
    "the first mail of an invoice": lambda client: MailedDocuments(client, TABLE).claim(None, MAIL, ()),
    "an event that is kept for a map": lambda client: MapStates(client, TABLE).keep("actuals", KEPT_EVENT),
    "a signature": lambda client: Signatures(client, TABLE).claim("signature", 0),
    "a write-back that is to be done": lambda client: WriteBacks(client, TABLE).record(WRITTEN, AT),
}


REFUSED_TWICE = ("a document of an invoice", "the first mail of an invoice")


@pytest.mark.parametrize("name", ONCE)
def test_a_second_time_changes_nothing(client: DynamoDBClient, name: str) -> None:
    empty(client)
    ONCE[name](client)
    (item,) = tables.contents(client, TABLE)
    client.put_item(TableName=TABLE, Item={**key(item["pk"], item["sk"]), "by": {"S": "another run"}})
    with pytest.raises(Conflict) if name in REFUSED_TWICE else nullcontext():
        ONCE[name](client)
    assert [*tables.contents(client, TABLE)] == [{"pk": item["pk"], "sk": item["sk"], "by": "another run"}]


def test_an_accepted_batch_is_closed_once(client: DynamoDBClient) -> None:
    """The second answer of the other side finds that it is accepted, and looks again."""
    empty(client)
    transact(client, [BATCHES.opened(LEDGER_BATCH)[1]])
    transact(client, [BATCHES.closed(BATCH)])
    with pytest.raises(TransactionCancelled):
        transact(client, [BATCHES.closed(BATCH)])


@pytest.mark.parametrize("before", [None, "claiming"])
def test_a_batch_is_opened_once_the_one_before_is_sealed(client: DynamoDBClient, before: str | None) -> None:
    """Else two batches would take documents at once, and their numbers would not be in the order of their lists."""
    sealed = BATCHES.opened(LEDGER_BATCH)[3]
    where = sealed["ConditionCheck"]["Key"]
    empty(client)
    if before:
        client.put_item(TableName=TABLE, Item=where | {"st": {"S": before}})
    with pytest.raises(TransactionCancelled):
        transact(client, [sealed])
    client.put_item(TableName=TABLE, Item=where | {"st": {"S": "sealed"}})
    transact(client, [sealed])


def test_a_file_that_another_has_attached_under_the_name_stays(client: DynamoDBClient) -> None:
    """Both were put under their hash; the invoice has the one that came first."""
    empty(client)
    made = MadeDocuments(client, TABLE)
    made.attach("USPM", "I-1", Attachment("sheet.pdf", "first", 1, AT), EDITED)
    with pytest.raises(TransactionCancelled):
        made.attach("USPM", "I-1", Attachment("sheet.pdf", "second", 1, LATER), replace(EDITED, at=LATER))
    assert [one.sha256 for one in made.attachments("USPM", "I-1")] == ["first"]


def test_a_row_that_moved_meanwhile_is_not_dismissed_and_the_person_is_told(client: DynamoDBClient) -> None:
    empty(client)
    assert not dismiss(Staging(client, TABLE), KEPT_EVENT_OF, "why", EDITED)
    client.put_item(TableName=TABLE, Item=key(*REJECTED_AT) | {"q": {"S": REJECTED}})
    assert dismiss(Staging(client, TABLE), KEPT_EVENT_OF, "why", EDITED)


def test_a_delivery_that_another_run_has_begun_is_the_one_that_goes_on(client: DynamoDBClient) -> None:
    """It has the format and the set-up of then: two workers write the same files."""
    empty(client)
    deliveries = BatchDeliveries(client, TABLE)
    assert deliveries.begin(BATCH, DELIVERY) == DELIVERY
    assert deliveries.begin(BATCH, replace(DELIVERY, format="csv", at=LATER)) == DELIVERY


def only(client: DynamoDBClient) -> Item:
    (item,) = (one for one in tables.contents(client, TABLE) if one["sk"] == "A")
    return item


def imported(client: DynamoDBClient) -> None:
    row = replace(PENDING, changes=1, links_accepted=0)
    transact(client, [STAGING.journalised(row, "USPM", "J-1", 1, RATE)])


def test_a_row_that_is_imported_while_a_newer_version_arrives_stays_on_its_journal(client: DynamoDBClient) -> None:
    """It would wait for an import again, and its money would be on two journals."""
    empty(client)
    staging = Staging(client, TABLE)
    staging.receive(an_actual(ACTUAL, 1))
    with overtaken(client, 2, lambda: imported(client)):
        staging.receive(an_actual(ACTUAL, 2, price="200"))
    row = only(client)
    assert (row["st"], row["jn"], row["rv"]) == ("imported", "J-1", 2)
    assert "q" in row, "the import looks at its line again"


def test_a_row_that_is_posted_while_a_connection_arrives_is_not_looked_at_again(client: DynamoDBClient) -> None:
    empty(client)
    staging = Staging(client, TABLE)
    staging.receive(an_actual(ACTUAL, 1))
    imported(client)

    def posted() -> None:
        client.put_item(TableName=TABLE, Item=typed_item(only(client) | {"st": "posted"}))

    with overtaken(client, 2, posted):
        staging.connect(a_link(actual_id=ACTUAL))
    assert "q" not in only(client)


def test_a_row_that_changes_while_a_connection_arrives_is_looked_at_for_both(client: DynamoDBClient) -> None:
    """Its place in the queue says that both are to be looked at."""
    empty(client)
    staging = Staging(client, TABLE)
    staging.receive(an_actual(ACTUAL, 1))
    imported(client)
    with overtaken(client, 2, lambda: transact(client, [STAGING.to_look_at(ACTUAL, OnJournal("J-1"))])):
        staging.connect(a_link(actual_id=ACTUAL))
    changed = {"qs": changed_position(ACTUAL)}
    assert only(client)["qs"] == relinked_position(changed, ACTUAL) != relinked_position({}, ACTUAL)


REFUSED = Rejected("schema", "why", entity="actual", id="1")


def test_what_was_rejected_and_dismissed_stays_so_when_it_comes_again(client: DynamoDBClient) -> None:
    empty(client)
    staging = Staging(client, TABLE)
    staging.reject(REFUSED, {"row_version": 1}, AT)
    (kept,) = kept_of(staging, "actual", "1")
    assert dismiss(staging, kept, "why", EDITED)
    staging.reject(REFUSED, {"row_version": 1}, LATER)
    (rejection,) = staging.rejections("actual", "1")
    assert (rejection.at, rejection.dismissed) == (AT, "why")


def test_an_event_that_is_gone_is_not_mended_again(client: DynamoDBClient) -> None:
    """Nobody is said to have done what another one did."""
    empty(client)
    staging = Staging(client, TABLE)
    staging.mended("actual", "1", "1#schema", EDITED)
    assert list(staging.history("actual", "1")) == []


def test_who_asks_for_what_is_being_told_hears_that_it_is_due(client: DynamoDBClient) -> None:
    empty(client)
    told = ToldDocuments(client, TABLE)
    assert told.again("USPM", "I-1", LATER, EDITED)
    assert not told.again("USPM", "I-1", LATER, replace(EDITED, at=LATER))


def test_a_worker_that_was_overtaken_is_told_so_and_not_failed(client: DynamoDBClient) -> None:
    """It would be started again, and a document that another has finished would end among the dead letters."""
    empty(client)
    backs = WriteBacks(client, TABLE)
    assert backs.record(WRITTEN, AT)
    assert not backs.record(WRITTEN, AT)
    assert backs.advance(PROGRESS, "L#1", 8, done=4, failed=0) is None
    assert not backs.put_off(WRITTEN, LATER, seen=LATER)
    assert not backs.again(PROGRESS, LATER, EDITED, everything=True)


def test_dismissing_what_others_are_at_is_not_said_to_be_too_late(
    client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be there as it was: the person tries again."""

    def crowded(*_: Any) -> None:
        raise TransactionCancelled([("TransactionConflict", None), None])

    monkeypatch.setattr(dismissals, "transact", crowded)
    with pytest.raises(TransactionCancelled):
        dismiss(Staging(client, TABLE), KEPT_EVENT_OF, "why", EDITED)


def test_a_row_that_waits_with_a_reason_is_not_among_what_was_rejected() -> None:
    row = {"pk": ACTUAL, "sk": "A", "st": "pending", "re": "unknown_project", "rd": "why", "rs": AT, "co": "USPM"}
    assert kept_in(row) is None
    assert kept_in(row | {"st": "invalid"})


def test_an_invoice_is_found_once_all_of_it_is_posted(client: DynamoDBClient) -> None:
    """A credit note would take back what is not in the ledger yet."""
    empty(client)
    invoices = Invoices(client, TABLE)
    transact(client, [invoices.create(replace(AN_INVOICE, posted=False), NOTHING)])
    assert invoices.many("USPM", ["I-1"]) == {}
    transact(client, [invoices.visible("USPM", "I-1")])
    assert [*invoices.many("USPM", ["I-1"])] == ["I-1"]


def test_what_moves_on_while_it_is_listed_gets_the_place_of_what_it_is_by_then(client: DynamoDBClient) -> None:
    backfill: Any = SimpleNamespace(listed=0)
    read = {"pk": "p", "sk": "H", "st": "ready"}

    def place(item: Item) -> dict[str, str]:
        return {"lp": item.get("st", "page"), "ls": "1"}

    empty(client)
    for one in (read, {"pk": "p", "sk": "page"}):
        ListBackfill._put(backfill, client, TABLE, one, place)
    assert [*tables.contents(client, TABLE)] == [], "removed meanwhile"
    client.put_item(TableName=TABLE, Item=typed_item(read | {"st": "posted"}))
    ListBackfill._put(backfill, client, TABLE, read, place)
    assert [one["lp"] for one in tables.contents(client, TABLE)] == ["posted"]
    assert backfill.listed == 1


def test_a_canceled_proforma_is_on_no_list_of_proposals() -> None:
    assert list_backfill._proposal(replace(PROPOSAL, status=ProposalStatus.CANCELED)) is None
    assert list_backfill._proposal(PROPOSAL)


def test_rates_that_a_person_loads_first_are_told_to_nobody(client: DynamoDBClient) -> None:
    """Nothing waits for them, and every row of the currency would be looked at."""
    empty(client)
    ExchangeRates(client, TABLE).write(PAIR, StoredRates({}, 0, {}), {DAY: RATE}, AT, told=False, who=ANN)
    assert {one["pk"].partition("#")[0] for one in tables.contents(client, TABLE)} == {"RATE", "HISTORY"}


def test_a_milestone_that_is_named_again_stays_named(client: DynamoDBClient) -> None:
    empty(client)
    staging = Staging(client, TABLE)
    for _ in range(2):
        milestone_links.note(staging, "milestone", ACTUAL)
    assert milestone_links.naming(staging, ["milestone"]) == {"milestone": [ACTUAL]}


def test_an_answer_of_several_pages_whose_first_attempt_has_died_is_kept_by_the_next_one(
    client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would never be taken: its pages are there for good."""
    monkeypatch.setattr(batch_answers, "PAGE", 20)
    empty(client)
    for _ in range(2):
        BatchAnswers(client, TABLE).keep_pages(ANSWER)
    assert len([*tables.contents(client, TABLE)]) > 2


def test_a_row_that_changed_meanwhile_stops_none_of_those_that_are_written_with_it(client: DynamoDBClient) -> None:
    empty(client)
    new = MasterRow("msdyn_project", guid("new"), version(), {"name": "Tunnel"})
    changes = [RowChange(UNNAMED, UNNAMED, None), RowChange(new, new, None)]
    assert MasterData(client, TABLE).save_together(changes) == [False, True]
