"""The composition root: builds a function's use cases at first use and keeps them for the life of the process.

Each builder imports what it builds (D-052), so that a cold function loads only its own modules: the models of the
set-up cost a fifth of a second, and everything a webhook does not need costs most of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from project_invoicing.config import settings
from project_invoicing.store import client

if TYPE_CHECKING:
    from project_invoicing.bus import Bus
    from project_invoicing.dataverse.api import DataverseApi
    from project_invoicing.document_bucket import DocumentBucket
    from project_invoicing.domain.actor import Actor
    from project_invoicing.domain.master_data import RowKey
    from project_invoicing.ledger_bucket import LedgerBucket
    from project_invoicing.other_function import OtherFunction
    from project_invoicing.seal_bucket import SealBucket
    from project_invoicing.store.batch_answers import BatchAnswers
    from project_invoicing.store.finance_vouchers import FinanceVouchers
    from project_invoicing.store.journals import Journals
    from project_invoicing.store.ledger import Ledger
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.store.made_documents import MadeDocuments
    from project_invoicing.store.mailed_documents import MailedDocuments
    from project_invoicing.store.map_states import MapStates
    from project_invoicing.store.master_data import MasterData
    from project_invoicing.store.proposals import Proposals
    from project_invoicing.store.ready import Ready
    from project_invoicing.store.receivables import Receivables
    from project_invoicing.store.reconciliations import Reconciliations
    from project_invoicing.store.signatures import Signatures
    from project_invoicing.store.staging import Staging
    from project_invoicing.store.told_documents import ToldDocuments
    from project_invoicing.use_cases.audit.seal import Sealing
    from project_invoicing.use_cases.commands.workplace import Workplace
    from project_invoicing.use_cases.explain.stores import Stores
    from project_invoicing.use_cases.intercompany.schedule import ScheduledBilling
    from project_invoicing.use_cases.invoice_documents.ask import DocumentRequests
    from project_invoicing.use_cases.invoice_documents.inbox import DocumentInbox
    from project_invoicing.use_cases.invoice_documents.make import Rendering
    from project_invoicing.use_cases.invoice_sending.inbox import SendingInbox
    from project_invoicing.use_cases.invoice_sending.send import Sending
    from project_invoicing.use_cases.invoices.post import InvoicePosting
    from project_invoicing.use_cases.journals.post import JournalPosting
    from project_invoicing.use_cases.ledger_batches.acknowledge import Acknowledging
    from project_invoicing.use_cases.ledger_batches.build import Building
    from project_invoicing.use_cases.ledger_batches.deliver import Delivering
    from project_invoicing.use_cases.ledger_batches.inbox import Acknowledgements, Builds, Deliveries, Inbox
    from project_invoicing.use_cases.lists.place import ListPlace
    from project_invoicing.use_cases.master_data.receive import MasterDataSync
    from project_invoicing.use_cases.outbox.relay import Relay
    from project_invoicing.use_cases.posted_costs.after_invoice import CostsOfInvoices
    from project_invoicing.use_cases.posted_costs.schedule import ScheduledPosting
    from project_invoicing.use_cases.receivables.inbox import PaymentInbox, Payments
    from project_invoicing.use_cases.receivables.take import Taking
    from project_invoicing.use_cases.reconciliation.repair import Repairs
    from project_invoicing.use_cases.reconciliation.run import Reconciliation
    from project_invoicing.use_cases.setups import SetupVersions
    from project_invoicing.use_cases.staging.import_rows import StagingImport
    from project_invoicing.use_cases.staging.prevalidate import ActualsRegister
    from project_invoicing.use_cases.table_maps.at_work import MapsAtWork
    from project_invoicing.use_cases.table_maps.catch_up import CatchUp
    from project_invoicing.use_cases.table_maps.control import MapControl
    from project_invoicing.use_cases.table_maps.receive import Webhook
    from project_invoicing.use_cases.vendor_invoices.schedule import ScheduledVendorInvoices
    from project_invoicing.use_cases.write_back.records import DocumentRecords
    from project_invoicing.use_cases.write_back.send import WriteBack
    from project_invoicing.use_cases.write_back.tell_of_document import DocumentTelling
    from project_invoicing.work_queue import WorkQueue


@cache
def staging() -> Staging:
    from project_invoicing.store.staging import Staging

    return Staging(client.dynamodb(), settings().staging_table)


@cache
def journals() -> Journals:
    from project_invoicing.store.journals import Journals

    return Journals(client.dynamodb(), settings().journals_table)


@cache
def proposals() -> Proposals:
    from project_invoicing.dataverse.mapping import calendar_dates
    from project_invoicing.store.proposals import Proposals

    return Proposals(client.dynamodb(), settings().proposals_table, calendar_dates("invoices"))


@cache
def ledger() -> Ledger:
    from project_invoicing.store.ledger import Ledger

    return Ledger(client.dynamodb(), settings().ledger_table)


@cache
def ready() -> Ready:
    from project_invoicing.store.ready import Ready

    return Ready(client.dynamodb(), settings().ledger_batches_table)


def finance_vouchers() -> FinanceVouchers:
    """What posts vouchers of their own: new for each run, as it remembers numbers."""
    from project_invoicing.store.finance_vouchers import FinanceVouchers

    return FinanceVouchers(client.dynamodb(), settings().journals_table, ledger(), ready())


@cache
def master_data() -> MasterData:
    from project_invoicing.store.master_data import MasterData

    return MasterData(client.dynamodb(), settings().master_data_table)


@cache
def map_states() -> MapStates:
    from project_invoicing.domain.states import MapState
    from project_invoicing.store.map_states import MapStates

    return MapStates(client.dynamodb(), settings().dataverse_table, settings().master_data_maps or MapState.RUNNING)


def maps_at_work() -> MapsAtWork:
    """Which table maps are running now; reads them once per invocation."""
    from project_invoicing.use_cases.table_maps.at_work import MapsAtWork

    return MapsAtWork.read(map_states())


@cache
def webhook() -> Webhook:
    from project_invoicing.secrets import Secret
    from project_invoicing.use_cases.table_maps.receive import Webhook

    secret = Secret(client.secrets_manager(), settings().webhook_keys)
    return Webhook(secret, signatures, staging, bus())


def signatures() -> Signatures:
    from project_invoicing.store.signatures import Signatures

    return Signatures(client.dynamodb(), settings().dataverse_table)


def dataverse_api() -> DataverseApi:
    """The API of the connected Dataverse. Raises ``NotConnected`` where there is none."""
    from project_invoicing.dataverse.api import NotConnected

    connected = dataverse()
    if connected is None:
        raise NotConnected("no Dataverse is connected: set the parameter DataverseUrl")
    return connected


def catch_up(at: str, time_left: Callable[[], bool]) -> CatchUp:
    """The catch-up from Dataverse at ``at``; ``time_left`` says whether the invocation can read another page."""
    from project_invoicing.store.sweeps import Sweeps
    from project_invoicing.use_cases.table_maps.catch_up import CatchUp

    sweeps = Sweeps(client.dynamodb(), settings().dataverse_table)
    return CatchUp(dataverse_api, sweeps, map_states(), staging(), bus(), at, time_left)


def master_data_sync(time_left: Callable[[], bool]) -> MasterDataSync:
    """What takes rows of master data; ``time_left`` says whether another waiting row can be looked at."""
    from functools import partial

    from project_invoicing.use_cases.master_data.receive import MasterDataSync
    from project_invoicing.use_cases.master_data.settle import Settling

    settling = partial(Settling, master_data(), units, time_left, written=written_in_setup)
    return MasterDataSync(settling, staging, maps_at_work())


def units() -> Mapping[str, str]:
    """The companies of organizational units, by name, as the set-up has them; none where no set-up is loaded yet."""
    from project_invoicing.store import setups

    try:
        return setups.current(client.dynamodb(), settings().setup_table).document.units
    except setups.NotLoaded:
        return {}


def written_in_setup(row: RowKey) -> tuple[str, str] | None:
    """Company and number of a contract, or a contract line, as the set-up document has them."""
    from project_invoicing.setup.effective import Found
    from project_invoicing.store import setups

    try:
        found = setups.current(client.dynamodb(), settings().setup_table).find(row.entity, row.id)
    except setups.NotLoaded:
        return None
    return (found.company, found.name) if isinstance(found, Found) and found.company else None


def bus() -> Bus:
    from project_invoicing.bus import Bus

    return Bus(client.event_bridge(), settings().event_bus_name)


def finance_setups() -> SetupVersions:
    """The current set-up with its master data, and the earlier versions that unfinished work started with.

    Costs one small read per invocation; the document itself is cached by version.
    """
    from project_invoicing.use_cases.setups import SetupVersions

    return SetupVersions.read(client.dynamodb(), settings().setup_table, settings().master_data_table)


def explained_stores() -> Stores:
    """The stores that an explanation reads."""
    from project_invoicing.use_cases.explain.stores import Stores

    return Stores.read(client.dynamodb(), settings())


def list_place(at: str, only: frozenset[str] | None = None) -> ListPlace:
    """What lists read, for a question asked ``at`` a time; ``only`` of these companies."""
    from project_invoicing.use_cases.lists.place import ListPlace

    return ListPlace.read(client.dynamodb(), settings(), at, only)


def invoice_posting(at: str, actor: Actor) -> InvoicePosting:
    """The posting of proposals that a person asks for at a door that knows the person."""
    from project_invoicing.use_cases.invoices.post import InvoicePosting

    return InvoicePosting(proposals(), staging(), ledger(), ready(), finance_setups(), at, actor)


def journal_posting(at: str, actor: Actor) -> JournalPosting:
    """The posting of journals that a person asks for at a door that knows the person."""
    from project_invoicing.use_cases.journals.post import JournalPosting

    return JournalPosting(journals(), staging(), ledger(), ready(), finance_setups(), at, actor)


def due_corrections(at: str, time_left: Callable[[], bool]) -> list[str]:
    """Goes on with the correction journals that were left to the schedule; returns their numbers."""
    from project_invoicing.store.due_corrections import due_corrections as asked

    due = asked(client.dynamodb(), settings().journals_table)
    if not due:  # as nearly always: nothing else is loaded
        return []
    from dataclasses import replace

    from project_invoicing.domain.actor import BY_SCHEDULE
    from project_invoicing.use_cases.accrued_revenue.schedule import go_on_with_all

    return go_on_with_all(replace(workplace(at, BY_SCHEDULE).corrections(), time_left=time_left), due)


def scheduled_costs(at: str, setups: SetupVersions, time_left: Callable[[], bool]) -> ScheduledPosting:
    """What posts the costs of companies that let their schedule do it."""
    from project_invoicing.use_cases.posted_costs.schedule import ScheduledPosting

    return ScheduledPosting(journals(), staging(), finance_vouchers(), setups, proposals(), at, time_left)


def costs_of_invoices(at: str, setups: SetupVersions) -> CostsOfInvoices:
    """What posts the costs of companies that want it with their invoices."""
    from project_invoicing.use_cases.posted_costs.after_invoice import CostsOfInvoices

    return CostsOfInvoices(journals(), staging(), proposals(), finance_vouchers(), setups, at)


def scheduled_billing(at: str, setups: SetupVersions, time_left: Callable[[], bool]) -> ScheduledBilling:
    """What bills between companies where the terms have batches."""
    from project_invoicing.domain.actor import BY_SCHEDULE
    from project_invoicing.domain.history import Done, HistoryEntry
    from project_invoicing.use_cases.intercompany.propose import IntercompanyProposals, PostedSales
    from project_invoicing.use_cases.intercompany.schedule import ScheduledBilling
    from project_invoicing.use_cases.proposals.import_lines import ProposalImport
    from project_invoicing.use_cases.staging.prevalidate import NoRegister

    sales = PostedSales(staging(), journals(), proposals())
    created = HistoryEntry(at, BY_SCHEDULE, Done.CREATED)
    headers = IntercompanyProposals(sales, proposals(), setups.current, at, created)
    lines = ProposalImport(staging(), journals(), proposals(), setups, at, NoRegister())
    return ScheduledBilling(headers, lines, time_left)


def scheduled_vendor_invoices(at: str, setups: SetupVersions, time_left: Callable[[], bool]) -> ScheduledVendorInvoices:
    """What posts vendor invoices of borrowers whose terms let the schedule do it."""
    from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices
    from project_invoicing.use_cases.vendor_invoices.schedule import ScheduledVendorInvoices

    known = KnownVendorInvoices(proposals(), staging(), ledger(), setups)
    return ScheduledVendorInvoices(known, finance_vouchers(), at, time_left)


def staging_import(at: str) -> StagingImport:
    """The import from staging that a person asks for."""
    from project_invoicing.use_cases.staging.import_rows import StagingImport

    stores = (staging(), journals(), proposals(), ledger())
    return StagingImport(*stores, finance_setups(), at, actuals_register(), finance_setups)


def map_control(at: str, time_left: Callable[[], bool]) -> MapControl:
    """What pauses, resumes, stops and starts table maps."""
    from project_invoicing.store.sweeps import Sweeps
    from project_invoicing.use_cases.table_maps.control import MapControl

    sweeps = Sweeps(client.dynamodb(), settings().dataverse_table)
    return MapControl(map_states(), sweeps, bus(), at, time_left)


def workplace(at: str, actor: Actor | None = None) -> Workplace:
    """What a person's command works with. ``actor``: who asks, where the door knows it."""
    from project_invoicing.use_cases.commands.workplace import Workplace

    stores = (proposals(), journals(), staging(), master_data())

    return Workplace(*stores, finance_setups(), at, actor, finance_vouchers)


@cache
def dataverse() -> DataverseApi | None:
    """The Dataverse at ``DATAVERSE_URL``, with its token and its pace; ``None`` where the setting is empty."""
    url = settings().dataverse_url
    if not url:
        return None
    # Imported only where Dataverse is connected: the HTTP client, and msal with the first token.
    import urllib3

    from project_invoicing.dataverse.tokens import ClientCredentials
    from project_invoicing.dataverse.web_api import TIMEOUT, WebApi
    from project_invoicing.secrets import Secret

    pool = urllib3.PoolManager(timeout=TIMEOUT)
    secret = Secret(client.secrets_manager(), settings().dataverse_credentials)
    return WebApi(url, ClientCredentials(url, secret.read, pool), pool=pool)


def now() -> datetime:
    """The clock for retries and delays; everything else takes its time from its event."""
    return datetime.now(UTC)


def write_back(time_left: Callable[[], int]) -> WriteBack:
    """The write-back of one invocation, which has ``time_left()`` milliseconds to go."""
    from project_invoicing.store.write_backs import WriteBacks
    from project_invoicing.use_cases.write_back.send import WriteBack
    from project_invoicing.work_queue import WorkQueue

    documents = WriteBacks(client.dynamodb(), settings().staging_table)
    queue = WorkQueue(client.sqs(), settings().accounting_writeback_queue)
    stores = (journals(), proposals(), staging(), documents)
    return WriteBack(*stores, dataverse(), queue, now, time_left, maps_at_work(), document_telling)


def document_telling(connected: DataverseApi | None) -> DocumentTelling:
    """What tells Dataverse of the documents of invoices."""
    from project_invoicing.use_cases.write_back.tell_of_document import DocumentTelling

    return DocumentTelling(document_records(), settings().workspace_url, connected)


def document_records() -> DocumentRecords:
    """What is known of the documents of invoices, on both sides."""
    from project_invoicing.store.mailed_documents import MailedDocuments
    from project_invoicing.use_cases.write_back.records import DocumentRecords

    mailed = MailedDocuments(client.dynamodb(), settings().proposals_table)
    return DocumentRecords(made_documents(), mailed, told_documents())


def told_documents() -> ToldDocuments:
    """What Dataverse was told of the documents of invoices."""
    from project_invoicing.store.told_documents import ToldDocuments

    return ToldDocuments(client.dynamodb(), settings().staging_table)


def actuals_register() -> ActualsRegister:
    """The register that tells whether Dataverse has an actual before it is imported."""
    from project_invoicing.use_cases.staging.prevalidate import DataverseRegister, NoRegister

    connected = dataverse()
    return DataverseRegister(connected) if connected else NoRegister()


def reconciliation(at: str, time_left: Callable[[], bool]) -> Reconciliation:
    """A reconciliation run at ``at``, which keeps reading while ``time_left`` allows."""
    from project_invoicing.use_cases.reconciliation.run import Reconciliation

    return Reconciliation(explained_stores(), dataverse(), at, time_left, seal_bucket())


def reconciliations() -> Reconciliations:
    """The store that keeps the report of the last reconciliation."""
    from project_invoicing.store.reconciliations import Reconciliations

    return Reconciliations(client.dynamodb(), settings().dataverse_table)


def repairs(at: str, actor: Actor | str | None, stores: Stores | None = None, bus: str = "") -> Repairs:
    """Repairs what a reconciliation found, for ``actor``, by events on ``bus`` or else on the bus in the settings."""
    from project_invoicing.bus import Bus
    from project_invoicing.domain.actor import Actor, person
    from project_invoicing.use_cases.reconciliation.repair import Repairs

    to = Bus(client.event_bridge(), bus or settings().event_bus_name)
    return Repairs(
        stores or explained_stores(), dataverse(), to.publish, at, actor if isinstance(actor, Actor) else person(actor)
    )


def invoice_posting_queue() -> WorkQueue:
    """The queue that hands proposals to the workers that post them."""
    from project_invoicing.work_queue import WorkQueue

    return WorkQueue(client.sqs(), settings().invoice_posting_queue)


def reference_rates() -> Callable[[str], dict[str, int]] | None:
    """Takes over the reference rates at a time; ``None`` where no address of them is set."""
    named = settings()
    address = f"s3://{named.reference_rates_object}" if named.reference_rates_object else named.reference_rates_url
    if not address:
        return None
    import urllib3

    from project_invoicing.published_files import PublishedFiles
    from project_invoicing.store import setups
    from project_invoicing.store.rates import ExchangeRates
    from project_invoicing.use_cases.master_data.reference_rates import ReferenceRates

    rates = ExchangeRates(client.dynamodb(), named.master_data_table)
    policy = setups.current(client.dynamodb(), named.setup_table)
    read = PublishedFiles(urllib3.PoolManager(), client.s3).read
    checked = named.reference_rates_checksum == "sha256"
    return ReferenceRates(rates, policy, read, address, checked=checked).take_over


def outbox_relay() -> Relay:
    """What publishes the events in the outboxes of our tables."""
    from project_invoicing.use_cases.outbox.relay import Relay

    named = settings()
    business = (named.staging_table, named.journals_table, named.proposals_table)
    tables = (*business, named.setup_table, named.master_data_table, named.ledger_batches_table)
    return Relay(client.dynamodb(), client.event_bridge(), named.event_bus_name, tables)


@cache
def ledger_batches() -> LedgerBatches:
    from project_invoicing.store.ledger_batches import LedgerBatches

    return LedgerBatches(client.dynamodb(), settings().ledger_batches_table)


def ledger_building(at: str, time_left: Callable[[], bool]) -> Building:
    """What makes batches for general ledgers; ``time_left`` says whether another step may be begun."""
    from project_invoicing.store.ledger_ahead import LedgerAhead
    from project_invoicing.use_cases.ledger_batches.build import Building
    from project_invoicing.use_cases.ledger_batches.documents import Documents
    from project_invoicing.use_cases.ledger_batches.files import BatchFiles
    from project_invoicing.use_cases.ledger_batches.lines import BatchLines
    from project_invoicing.use_cases.setups import SetupVersions

    named, tables = settings(), client.dynamodb()
    setups = SetupVersions.read(tables, named.setup_table, named.master_data_table, on_demand=True)
    ahead = LedgerAhead(tables, named.ledger_table)
    documents = Documents(BatchLines(journals(), proposals(), ahead, setups), ahead)
    files = BatchFiles(ledger_batches(), documents, ledger_bucket(), time_left)
    stores = (ledger_batches(), ready(), documents, files)
    return Building(*stores, setups.current, at, time_left)


def ledger_inbox() -> Inbox:
    """What takes messages and requests about batches."""
    from project_invoicing.use_cases.ledger_batches.inbox import Inbox
    from project_invoicing.use_cases.ledger_batches.read import BatchReader

    reader = BatchReader(ledger_bucket())
    return Inbox(ledger_batches(), batch_answers(), reader, _acknowledging, _delivering)


def ledger_acknowledging(at: str, actor: Actor) -> Acknowledgements:
    """What takes an answer that a person gives at a door that knows the person."""
    from project_invoicing.use_cases.ledger_batches.inbox import Acknowledgements

    return Acknowledgements(_acknowledging(at, actor))


def ledger_deliveries(at: str, actor: Actor) -> Deliveries:
    """What has batches delivered that a person asks for."""
    from project_invoicing.use_cases.ledger_batches.inbox import Deliveries

    return Deliveries(ledger_batches(), bus(), at, actor)


def ledger_builds(at: str, actor: Actor) -> Builds:
    """What has batches made that a person asks for."""
    from project_invoicing.store import setups
    from project_invoicing.use_cases.ledger_batches.inbox import Builds

    return Builds(setups.current(client.dynamodb(), settings().setup_table), bus(), at, actor)


def _acknowledging(at: str, actor: Actor) -> Acknowledging:
    from project_invoicing.use_cases.ledger_batches.acknowledge import Acknowledging
    from project_invoicing.use_cases.ledger_batches.read import BatchReader

    return Acknowledging(ledger_batches(), batch_answers(), BatchReader(ledger_bucket()).lines, at, actor)


def _delivering(at: str, actor: Actor) -> Delivering:
    from project_invoicing.store.batch_deliveries import BatchDeliveries
    from project_invoicing.use_cases.ledger_batches.deliver import Delivering, Stores
    from project_invoicing.use_cases.ledger_batches.read import BatchReader
    from project_invoicing.use_cases.setups import SetupVersions

    named, tables = settings(), client.dynamodb()
    deliveries, reader = BatchDeliveries(tables, named.ledger_batches_table), BatchReader(ledger_bucket())
    setups = SetupVersions.read(tables, named.setup_table, named.master_data_table, on_demand=True)
    return Delivering(Stores(ledger_batches(), batch_answers(), deliveries, reader, ledger_bucket(), setups), at, actor)


def batch_answers() -> BatchAnswers:
    from project_invoicing.store.batch_answers import BatchAnswers

    return BatchAnswers(client.dynamodb(), settings().ledger_batches_table)


def payment_inbox() -> PaymentInbox:
    """What takes messages and requests about payments."""
    from project_invoicing.use_cases.ledger_batches.read import BatchReader
    from project_invoicing.use_cases.receivables.inbox import PaymentInbox

    return PaymentInbox(payment_taking, BatchReader(ledger_bucket()), batch_answers())


def payment_taking(at: str, actor: Actor) -> Taking:
    """What takes payments that are told at ``at``."""
    from project_invoicing.store import setups
    from project_invoicing.store.invoices import Invoices
    from project_invoicing.use_cases.receivables.take import Taking

    named, tables = settings(), client.dynamodb()
    setup = setups.current(tables, named.setup_table)
    return Taking(receivables(), Invoices(tables, named.proposals_table), setup, at, actor)


def payments_again(at: str) -> int:
    """Tries again what is set aside; how many payments are still."""
    from project_invoicing.domain.actor import BY_SCHEDULE

    return payment_taking(at, BY_SCHEDULE).again()


def payments(at: str, actor: Actor) -> Payments:
    """What takes a payment that a person tells at a door that knows the person."""
    from project_invoicing.use_cases.receivables.inbox import Payments

    return Payments(payment_taking(at, actor))


def receivables() -> Receivables:
    from project_invoicing.store.receivables import Receivables

    return Receivables(client.dynamodb(), settings().proposals_table)


def ledger_overdue(at: str) -> int:
    """How many batches have waited too long for an answer."""
    from project_invoicing.store import setups
    from project_invoicing.use_cases.ledger_batches.overdue import overdue

    return len(overdue(ledger_batches(), setups.current(client.dynamodb(), settings().setup_table), at))


def ledger_bucket(named: str | None = None) -> LedgerBucket:
    """The bucket in which batches leave, or one that is ``named``."""
    from project_invoicing.ledger_bucket import LedgerBucket

    return LedgerBucket(client.s3(), named or settings().ledger_bucket)


def document_inbox(rendering: Rendering, time_left: Callable[[], bool]) -> DocumentInbox:
    """What takes messages and requests about documents of invoices; ``rendering`` makes their files."""
    from project_invoicing.use_cases.invoice_documents.inbox import DocumentInbox
    from project_invoicing.use_cases.invoice_documents.make import Making
    from project_invoicing.use_cases.invoice_documents.read import DocumentStores
    from project_invoicing.use_cases.setups import SetupVersions

    named, tables = settings(), client.dynamodb()

    def making(at: str, actor: Actor) -> Making:
        setups = SetupVersions.read(tables, named.setup_table, named.master_data_table, on_demand=True)
        stores = DocumentStores(proposals(), staging(), setups)
        sends = bool(named.mail_sender)
        return Making(stores, made_documents(), document_bucket(), rendering, at, actor, sends)

    return DocumentInbox(making, mailed_documents(), time_left)


def sending_inbox() -> SendingInbox:
    """What takes messages and requests about mails of invoices."""
    from project_invoicing.mail_service import Mail, MailFolder, Ses
    from project_invoicing.store.invoices import Invoices
    from project_invoicing.use_cases.invoice_sending.inbox import SendingInbox
    from project_invoicing.use_cases.invoice_sending.send import MailStores, Sending

    named, tables, bucket = settings(), client.dynamodb(), document_bucket()
    stores = MailStores(Invoices(tables, named.proposals_table), made_documents(), mailed_documents(), bucket)

    def sending(at: str, actor: Actor) -> Sending:
        sender = named.mail_sender
        mail: Mail = Ses(client.ses(), sender, named.mail_configuration_set) if sender else MailFolder(bucket)
        return Sending(stores, mail, at, actor)

    return SendingInbox(sending)


def made_documents() -> MadeDocuments:
    from project_invoicing.store.made_documents import MadeDocuments

    return MadeDocuments(client.dynamodb(), settings().proposals_table)


def document_bucket(named: str | None = None) -> DocumentBucket:
    """The bucket of the invoices' documents, or one that is ``named``."""
    from project_invoicing.document_bucket import DocumentBucket

    return DocumentBucket(client.s3(), named or settings().document_bucket)


def mailed_documents() -> MailedDocuments:
    from project_invoicing.store.mailed_documents import MailedDocuments

    return MailedDocuments(client.dynamodb(), settings().proposals_table)


def document_requests(at: str, actor: Actor) -> DocumentRequests:
    """What asks the functions that make and mail documents, for those who have neither their fonts nor their rights."""
    from project_invoicing.other_function import OtherFunction
    from project_invoicing.use_cases.invoice_documents.ask import DocumentRequests

    named = settings()
    functions = {
        name: OtherFunction(client.functions(), function)
        for name, function in (
            ("invoice_documents", named.invoice_documents_function),
            ("invoice_sending", named.invoice_sending_function),
        )
        if function
    }
    return DocumentRequests(functions, at, actor)


def reconciliation_function() -> OtherFunction:
    """The function that compares everything, which takes minutes."""
    from project_invoicing.other_function import OtherFunction

    return OtherFunction(client.functions(), settings().reconciliation_function)


def audit_sealing(at: str, time_left: Callable[[], bool]) -> Sealing:
    """What seals at ``at``; ``time_left`` says whether another seal may be begun."""
    from project_invoicing.store.seals import Seals
    from project_invoicing.use_cases.audit.seal import Sealing
    from project_invoicing.use_cases.audit.tables import sealable

    named, tables = settings(), client.dynamodb()
    return Sealing(Seals(tables, named.audit_table), sealable(tables, named), seal_bucket(), at, time_left)


def seal_bucket(named: str | None = None) -> SealBucket | None:
    """The bucket of the seals, or one that is ``named``; ``None`` where there is none."""
    name = named or settings().audit_bucket
    if not name:
        return None
    from project_invoicing.seal_bucket import SealBucket

    return SealBucket(client.s3(), name)


NAMED = (
    settings,
    staging,
    journals,
    proposals,
    ledger,
    ready,
    ledger_batches,
    master_data,
    map_states,
    dataverse,
    webhook,
)
"""What is built with the names in a function's environment. The clients know no names."""


def forget() -> None:
    """Drops everything that was built, for tests and local runs that change the environment."""
    for built in NAMED:
        built.cache_clear()
    client.forget()
