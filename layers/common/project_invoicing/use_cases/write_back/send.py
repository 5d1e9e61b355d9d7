"""Writes posted accounting back to Dataverse: the details of each actual, and the invoice's own (WB-01 to WB-07).

What is open of an invoice follows once its own row is written: ``write_back.payments`` (PAY-08).

The values come from the pages of the posted document, so that the event stays small, and only the rows on these pages
are ever written. The rows go in batches, across pages; after each batch its rows get their states, and then the
document records its progress. After a crash in between, one batch is sent again, which changes nothing: a posted
document has one value per column forever.

``If-Match: *`` lets a patch change a row and never create one (D-036).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, takewhile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.api import AccessDenied, Answer, DataverseApi, Patch, Throttled
from project_invoicing.dataverse.mapping import (
    actual_write_back,
    document_columns,
    invoice_state_columns,
    invoice_write_back,
    reads_fees,
)
from project_invoicing.dataverse.maps import (
    ACTUAL,
    ACTUALS_WRITE_BACK,
    INVOICES_WRITE_BACK,
    PAYMENTS_WRITE_BACK,
    PROFORMA,
)
from project_invoicing.domain.actor import Actor
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import JournalStatus, RejectReason, TransactionClass, WaitReason, WriteBackState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.text import number_of
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.events.own import InvoicePosted, JournalPosted
from project_invoicing.events.tasks import WriteBackTask
from project_invoicing.rules.write_back import SaleWithFee, Values, actual_of_invoice, actual_of_journal, row_of_invoice
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import transact_what_holds
from project_invoicing.store.write_backs import INVOICE_DOCUMENT, PAYMENT, Document, Progress, WriteBacks
from project_invoicing.use_cases.documents.requests import named
from project_invoicing.use_cases.requests.retry_write_back import RetryWriteBack
from project_invoicing.use_cases.table_maps.at_work import MapsAtWork
from project_invoicing.work_queue import WorkQueue

if TYPE_CHECKING:
    from project_invoicing.domain.history import HistoryEntry
    from project_invoicing.domain.journal_line import JournalLine
    from project_invoicing.domain.proposal_line import ProposalLine
    from project_invoicing.use_cases.write_back.tell_of_document import DocumentTelling

BATCH_ROWS: Final = 100
"""As many rows as one transaction can write the states of."""
RESUMED_AFTER: Final = timedelta(minutes=20)
"""The schedule resumes a document that made no progress for this long, which is longer than an invocation lasts."""
DENIED_FOR: Final = timedelta(hours=3)
"""How long the queue itself retries a failing message: five times half an hour."""
RETRY_SECONDS: Final = 60
"""Seconds until a document is retried after Dataverse did not answer."""
BATCH_MS: Final = 130_000
"""The time that a batch may take: its longest request, and the writes that follow."""
_NOT_SENT: Final = 400
_NOW: Final = timedelta(0)
ABOUT_DOCUMENTS: Final = frozenset({"InvoiceDocumentReady", "InvoiceMailChanged"})
"""Events about the documents of invoices. Their classes are not loaded: most stacks tell Dataverse nothing of them."""
_DETAIL: Final = 200
"""How many characters of Dataverse's answer a row keeps, to stay below 1 KB."""


class RowToWrite(NamedTuple):
    """A row to be written back and its place: the ``number``-th row (from 1) of ``page``.

    ``told`` stands for it where Dataverse knows it and its fee, or its work, as one actual (OAT-11).
    """

    actual_id: str
    values: Values
    page: str
    number: int
    is_fee: bool = False
    told: SaleWithFee | None = None


def document_of(detail: Mapping[str, Any]) -> Document:
    """The document that an event, a task or a person names. Raises ``Rejected``."""
    given = named(detail)
    company, journal, invoice = (given.get(name) for name in ("company", "journal_id", "invoice_number"))
    if company and given.get("paid_invoice"):
        return Document(PAYMENT, company, str(given["paid_invoice"]))
    if not company or bool(journal) == bool(invoice):
        raise Rejected(RejectReason.SCHEMA, "name company and journal_id, or company and invoice_number")
    return Document(JOURNAL, company, journal) if journal else Document(INVOICE, company, str(invoice))


def document_due(message: Mapping[str, Any]) -> Document:
    """The document of a queued message: the event of its posting or its payments, or a task. Raises ``Rejected``."""
    named: JournalPosted | InvoicePosted | WriteBackTask
    if message.get("detail-type") in ABOUT_DOCUMENTS:
        of = document_of(message.get("detail") or {})
        return Document(INVOICE_DOCUMENT, of.company, of.number)
    match message.get("detail-type"):
        case "InvoicePaymentsChanged":  # its class is not loaded for two of its fields
            said = message.get("detail") or {}
            task = {"company": said.get("company"), "paid_invoice": said.get("invoice_number")}
            return document_of(WriteBackTask.of({**message, "detail": task}).as_detail())
        case JournalPosted.TYPE:
            named = JournalPosted.of(message)
        case InvoicePosted.TYPE:
            named = InvoicePosted.of(message)
        case _:
            named = WriteBackTask.of(message)
            if named.invoice_document:
                return Document(INVOICE_DOCUMENT, named.company, named.invoice_document)
    return document_of(named.as_detail())


@dataclass(slots=True)
class WriteBack:
    """The work of one invocation.

    ``dataverse`` is ``None`` where none is connected: documents are noted then, and written back once one is.
    ``time_left`` returns the milliseconds the invocation has left. ``telling`` is what tells of documents of invoices.
    """

    journals: Journals
    proposals: Proposals
    staging: Staging
    documents: WriteBacks
    dataverse: DataverseApi | None
    queue: WorkQueue
    now: Callable[[], datetime]
    time_left: Callable[[], int]
    maps: MapsAtWork
    telling: Callable[[DataverseApi | None], DocumentTelling]
    done: int = 0
    failed: int = 0

    # Requests

    def write_back(self, document: Document, at: str) -> None:
        """Writes back a document that was posted at ``at``, from where it stands to its end.

        If it cannot be written back now, the queue retries it (Dataverse throttles or does not answer, the invocation
        ends) or the schedule does (no Dataverse is connected, the map is paused). Raises ``Conflict`` where the
        document is not posted, ``AccessDenied`` where access has to be granted first.
        """
        if document.source == INVOICE_DOCUMENT:
            if document_columns():
                self._trying(document, lambda: self._tell(document))
            return
        if document.source == PAYMENT:
            self._trying(document, lambda: self._tell_payments(document, at))
            return
        invoice = self._posted(document)
        if invoice and invoice.borrower:
            return  # its journal wrote its actuals back, and there is no proforma
        dataverse = self.dataverse
        if dataverse is None or not self.maps.running(ACTUALS_WRITE_BACK.name):
            self.documents.record(document, at)
            return
        progress = self.documents.take(document, self._from_now(RESUMED_AFTER))
        if progress:
            self._trying(document, lambda: self._go_on(dataverse, progress, invoice))

    def _trying(self, document: Document, work: Callable[[], None]) -> None:
        try:
            work()
        except Throttled as throttled:
            self._later(document, throttled.retry_after)
        except Unavailable:
            self._later(document, RETRY_SECONDS)
        except AccessDenied:
            self.documents.put_off(document, self._from_now(DENIED_FOR))
            raise

    def _tell_payments(self, document: Document, at: str) -> None:
        """What is open of an invoice, as ``write_back``."""
        # Imported late: most documents are written back before anybody has told of a payment.
        from project_invoicing.use_cases.write_back.payments import PaymentsWriteBack  # noqa: PLC0415

        dataverse = self.dataverse if self.maps.running(PAYMENTS_WRITE_BACK.name) else None
        invoices = self.proposals.invoices
        work = PaymentsWriteBack(invoices, self.documents, dataverse, self._from_now)
        for state in work.tell(document, at):
            self._count(int(state is WriteBackState.DONE), int(state is WriteBackState.FAILED))

    def hand_out(self, at: str) -> int:
        """Queues every unfinished document that no worker is busy with. Returns how many."""
        if self.dataverse is None:
            return 0
        running = self.maps.running(ACTUALS_WRITE_BACK.name)
        telling = bool(document_columns()) and self.maps.running(INVOICES_WRITE_BACK.name)
        if not running and not telling:
            return 0
        until = utc_text(datetime.fromisoformat(at) + RESUMED_AFTER)
        free = (
            document
            for document, since in self.documents.due(at)
            if (telling if document.source == INVOICE_DOCUMENT else running)
            and self.documents.put_off(document, until, since)
        )
        return self.queue.send(_task(document, at) for document in free)

    def answer(self, request: object, at: str) -> dict[str, str]:
        """The answer to a person's request to try a document again: ``outcome``, and ``actor`` if it names one."""
        try:
            asked = RetryWriteBack.of(request)
        except Rejected as rejected:
            return {"outcome": f"refused: {rejected.detail}"}
        return {"outcome": self.retry(asked, at, asked.who)} | asked.signed

    def retry(self, asked: RetryWriteBack, at: str, who: Actor) -> str:
        """Tries the refused rows of a finished document again, at a person's request. Returns the outcome.

        With ``everything``, all its rows, because somebody has changed them in Dataverse since. That ``who`` asked for
        it is kept in the transaction that opens the document again.
        """
        # Imported late: who only writes back needs neither.
        from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415

        document = document_of(asked.as_detail())
        progress = self.documents.get(document)
        name = f"{document.source} {document.number} of {document.company}"
        if progress is None:
            return f"refused: {name} has not been posted"
        if progress.unfinished:
            return f"refused: {name} is still being written back; its rows say which were refused"
        everything = bool(asked.everything)
        rows = progress.failed + (progress.own is WriteBackState.FAILED)
        paid = self._payments_again(document, at, everything=everything)
        if paid and not (rows or everything):
            self.documents.note(document, HistoryEntry(at, who, Done.WRITTEN_AGAIN, {}, {"rows": "payments"}))
            return f"what is open of {name} is told again"
        told = {"written": progress.done, "refused": rows}
        made = HistoryEntry(at, who, Done.WRITTEN_AGAIN, told, {"rows": "all" if everything else rows})
        telling = self._telling() if document.source == INVOICE and document_columns() else None
        due = telling is not None and telling.records.is_due(document.company, document.number)
        if telling and due and not (rows or everything):
            return self._tell_again(telling, document, at, made)
        if not (rows or everything) or not self.documents.again(
            progress, self._from_now(RESUMED_AFTER), made, everything=everything
        ):
            return f"refused: no row of {name} waits to be tried again"
        its_own = Document(INVOICE_DOCUMENT, document.company, document.number)
        self.queue.send([_task(document, at), *([_task(its_own, at)] if telling and (due or everything) else [])])
        tried = "all rows" if everything else number_of(rows, "row")
        return f"{tried} of {name} {'is' if tried == '1 row' else 'are'} tried again"

    def _tell_again(self, telling: DocumentTelling, invoice: Document, at: str, made: HistoryEntry) -> str:
        """All rows were taken, and only of the document Dataverse has to be told."""
        company, number = invoice.company, invoice.number
        if not telling.records.told.again(company, number, self._from_now(RESUMED_AFTER), made):
            return f"refused: Dataverse is still being told of the document of {number} of {company}"
        self.queue.send([_task(Document(INVOICE_DOCUMENT, company, number), at)])
        return f"Dataverse is told of the document of {number} of {company} again"

    def _payments_again(self, document: Document, at: str, *, everything: bool) -> bool:
        """Whether what is open of an invoice is told again: it was refused, or all of the invoice is written again."""
        paid = Document(PAYMENT, document.company, document.number)
        progress = self.documents.get(paid) if document.source == INVOICE else None
        if progress is None or not (everything or progress.own is WriteBackState.FAILED):
            return False
        self.queue.send([_task(paid, at)], RETRY_SECONDS if everything else 0)
        return True

    # Work

    def _telling(self) -> DocumentTelling:
        return self.telling(self.dataverse if self.maps.running(INVOICES_WRITE_BACK.name) else None)

    def _tell(self, document: Document) -> None:
        invoice = self._posted(Document(INVOICE, document.company, document.number))
        if invoice and not invoice.borrower:
            told = self._telling().tell(invoice, self._from_now(_NOW), self._from_now(RESUMED_AFTER))
            self._count(int(told is WriteBackState.DONE), int(told is WriteBackState.FAILED))

    def _posted(self, document: Document) -> Invoice | None:
        if document.source == INVOICE:
            invoice = self.proposals.invoices.get(document.company, document.number)
            if invoice is None or not invoice.posted:
                raise Conflict(f"invoice {document.number} of {document.company} is not posted yet")
            return invoice
        journal = self.journals.get(document.company, document.number)
        if journal is None or journal.status is not JournalStatus.POSTED:
            raise Conflict(f"journal {document.number} of {document.company} is not posted yet")
        return None

    def _go_on(self, dataverse: DataverseApi, progress: Progress, invoice: Invoice | None) -> None:
        for batch in self._batches(progress, invoice):
            if self.time_left() < BATCH_MS:
                self._later(progress.document, 0)
                return
            found = self._send(dataverse, batch)
            answers = list(takewhile(lambda answer: not answer.unanswered, found))
            if answers:
                self._mark(batch, answers)
                said = [f"{row.actual_id}: {one}" for row, one in zip(batch, answers, strict=False) if not one.ok]
                refused, last = len(said), batch[len(answers) - 1]
                got_on = self.documents.advance(
                    progress,
                    last.page,
                    last.number,
                    done=len(answers) - refused,
                    failed=refused,
                    refusal=said[0][:_DETAIL] if said else None,
                )
                if got_on is None:
                    return  # another worker is busy with it
                self._count(len(answers) - refused, refused)
                progress = got_on
            if len(answers) < len(found):
                raise Throttled(found[len(answers)].retry_after or RETRY_SECONDS)
        self._finish(dataverse, progress, invoice)

    def _send(self, dataverse: DataverseApi, batch: Sequence[RowToWrite]) -> list[Answer]:
        """The outcome for each row of a batch. A row that cannot be serialized is set aside as refused."""
        written = [guarded("actual", row.actual_id, _columns, row) for row in batch]
        patches = [
            Patch(ACTUAL, row.told.id if row.told else row.actual_id, columns)
            for row, columns in zip(batch, written, strict=True)
            if not isinstance(columns, Defect)
        ]
        answers = iter(dataverse.patch(patches))
        return [
            Answer(_NOT_SENT, str(WaitReason.DEFECT), columns.name) if isinstance(columns, Defect) else next(answers)
            for columns in written
        ]

    def _batches(self, progress: Progress, invoice: Invoice | None) -> Iterator[list[RowToWrite]]:
        """The rows not yet tried, a hundred at a time; in a retry, only those that are not written."""
        rows = self._rows(progress, invoice)
        if progress.again:
            rows = chain.from_iterable(map(self._not_written, chunks(rows, BATCH_ROWS)))
        for some in chunks(rows, BATCH_ROWS):
            # A fee may be from a time when the table map still had a column of fees.
            if reads_fees() or any(row.is_fee for row in some):
                yield from map(self._with_fees, chunks(some, BATCH_ROWS // 2))  # the fees' rows are marked as well
            else:
                yield some

    def _rows(self, progress: Progress, invoice: Invoice | None) -> Iterator[RowToWrite]:
        company, number = progress.document.company, progress.document.number
        pages: Iterator[tuple[str, Iterator[tuple[JournalLine | ProposalLine, Values]]]]
        if invoice:
            pages = (
                (key, ((line, actual_of_invoice(line, invoice)) for line in lines))
                for key, lines in self.proposals.invoices.pages(company, number, progress.page)
            )
        else:
            pages = (
                (page.key, ((line, actual_of_journal(line)) for line in page.lines))
                for page in self.journals.pages(company, number, progress.page)
            )
        for key, lines in pages:
            tried = progress.rows if key == progress.page else 0
            for place, (line, values) in enumerate(lines, start=1):
                if place > tried:
                    is_fee = line.transaction_class is TransactionClass.FEE
                    yield RowToWrite(line.actual_id, values, key, place, is_fee)

    def _not_written(self, rows: list[RowToWrite]) -> list[RowToWrite]:
        staged = self.staging.rows(row.actual_id for row in rows)
        written = {row.id for row in staged.values() if row.write_back is WriteBackState.DONE}
        return [row for row in rows if row.actual_id not in written]

    def _with_fees(self, rows: list[RowToWrite]) -> list[RowToWrite]:
        """Work and fee as the one actual that Dataverse knows, once both are posted; the last of the two writes it."""
        from project_invoicing.use_cases.write_back.fees import told_with_fees  # noqa: PLC0415  most have none

        told = told_with_fees(self.staging, [row.actual_id for row in rows])
        found: dict[str, RowToWrite] = {}
        for row in rows:
            whole = told.get(row.actual_id)
            if whole is None:
                found[row.actual_id] = row
            elif whole.values is not None:
                found[whole.id] = row._replace(told=whole)
        return [*found.values()]

    def _mark(self, batch: Sequence[RowToWrite], answers: Sequence[Answer]) -> None:
        """Stores the outcome on each row. A row no longer posted with this voucher cannot hold back the rest."""
        writes = [
            self.staging.written_back(id, voucher, None if answer.ok else str(answer)[:_DETAIL])
            for row, answer in zip(batch, answers, strict=False)
            for id, voucher in (row.told.parts if row.told else [(row.actual_id, row.values["voucher"])])
        ]
        # Dataverse reports our own writes as changes of the rows, so others may write them at the same time.
        if not transact_what_holds(self.staging.client, writes):
            raise Unavailable("other transactions were in the way of the rows' states")

    def _finish(self, dataverse: DataverseApi, progress: Progress, invoice: Invoice | None) -> None:
        """The invoice's own row comes last, when all its actuals have been tried (WB-07)."""
        own, detail = progress.own if invoice else None, None
        if invoice and own is not WriteBackState.DONE:
            if not self.maps.running(INVOICES_WRITE_BACK.name):
                return  # the schedule retries it
            answer = self._told_of_invoice(dataverse, invoice)
            if answer.unanswered:
                raise Throttled(answer.retry_after or RETRY_SECONDS)
            own = WriteBackState.DONE if answer.ok else WriteBackState.FAILED
            detail = None if answer.ok else str(answer)[:_DETAIL]
            self._count(int(answer.ok), int(not answer.ok))
        self.documents.finish(progress, own, detail, self._from_now(_NOW))

    def _told_of_invoice(self, dataverse: DataverseApi, invoice: Invoice) -> Answer:
        """What Dataverse says to the invoice's own values. A row that is Paid by us is made active for them (PAY-02).

        It is told again what is open once it has them.
        """
        patch = Patch(PROFORMA, invoice.proforma_id, invoice_write_back(**row_of_invoice(invoice)))
        (answer,) = dataverse.patch([patch])
        paid = Document(PAYMENT, invoice.company, invoice.invoice_number)
        if answer.ok or answer.unanswered or self.documents.get(paid) is None:
            return answer
        names = invoice_state_columns()
        (opened,) = dataverse.patch([Patch(PROFORMA, invoice.proforma_id, {names.state: names.active})])
        if not opened.ok:
            return opened if opened.unanswered else answer
        self.queue.send([_task(paid, utc_text(self.now()))], RETRY_SECONDS)
        (answer,) = dataverse.patch([patch])
        return answer

    def _count(self, done: int, failed: int) -> None:
        self.done += done
        self.failed += failed

    # Retries

    def _later(self, document: Document, delay: int) -> None:
        """The queue brings the document again. The schedule leaves it alone for that time."""
        self.documents.put_off(document, self._from_now(timedelta(seconds=delay) + RESUMED_AFTER))
        self.queue.send([_task(document, utc_text(self.now()))], delay)

    def _from_now(self, later: timedelta) -> str:
        return utc_text(self.now() + later)


def _columns(row: RowToWrite) -> Values:
    return actual_write_back(**((row.told.values if row.told else None) or row.values))


def _task(document: Document, at: str) -> dict[str, Any]:
    if document.source == INVOICE_DOCUMENT:
        return WriteBackTask(company=document.company, invoice_document=document.number).message(at)
    if document.source == INVOICE:
        return WriteBackTask(company=document.company, invoice_number=document.number).message(at)
    if document.source == PAYMENT:
        return WriteBackTask(company=document.company, paid_invoice=document.number).message(at)
    return WriteBackTask(company=document.company, journal_id=document.number).message(at)
