"""Imports from staging: on schedule, by hand, after a document was posted, and after the set-up has changed."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.events import SCHEDULE_SOURCE
from project_invoicing.events.own import (
    ImportRequested,
    InvoicePosted,
    JournalPosted,
    MasterDataChanged,
    MasterDataLoaded,
    SetupChanged,
)
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.use_cases.staging.import_rows import StagingImport

RESERVE_MS = 30_000
"""Time reserved for the invoice between companies that was begun."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stores = (bootstrap.staging(), bootstrap.journals(), bootstrap.proposals(), bootstrap.ledger())
    setups = bootstrap.finance_setups
    run = StagingImport(*stores, setups(), event["time"], bootstrap.actuals_register(), setups)
    asked = ImportStaging()
    match event.get("detail-type"):
        case JournalPosted.TYPE:
            journal = JournalPosted.of(event)
            report = run.after_journal(journal.company, journal.journal_id)
        case InvoicePosted.TYPE:
            invoice = InvoicePosted.of(event)
            report = run.after_invoice(invoice.company, invoice.invoice_id)
            report |= _costs(run, invoice, event["time"])
        case SetupChanged.TYPE | MasterDataLoaded.TYPE:
            report = run.after_setup_change()
        case MasterDataChanged.TYPE:
            report = run.after_master_data(MasterDataChanged.of(event))
        case ImportRequested.TYPE:
            report = run.everything(ImportStaging.of(ImportRequested.of(event).as_detail()))
        case _:
            asked = ImportStaging.of(event.get("detail") or {})
            report = run.everything(asked)
            if event.get("source") == SCHEDULE_SOURCE:
                report |= _between_companies(run, event["time"], context)
    logger.info("import from staging", report=report, actor=asked.actor)
    for name, value in report.items():
        count(f"Import{name.title().replace('_', '')}", value)
    return report | asked.signed


def _between_companies(run: StagingImport, at: str, context: LambdaContext) -> dict[str, int]:
    """Bills between companies, and posts what was billed in borrowers, where the terms say that the schedule does."""
    terms, done = run.setups.current.document.intercompany, dict[str, int]()

    def time_left() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MS

    if any(one.batches for one in terms):
        billing = bootstrap.scheduled_billing(at, run.setups, time_left)
        billing.run()
        for one in billing.refused:
            logger.warning("a batch between companies was not made", **asdict(one))
        done["billed_between"] = len(billing.made)
    if any(one.vendor_invoices == "by_schedule" for one in terms):
        posting = bootstrap.scheduled_vendor_invoices(at, run.setups, time_left)
        posting.run()
        for one in posting.refused:
            logger.warning("a vendor invoice was not posted", **asdict(one))
        done["vendor_invoices"] = posting.posted
    return done


def _costs(run: StagingImport, invoice: InvoicePosted, at: str) -> dict[str, int]:
    """Posts the costs of an invoice, where its company wants it."""
    if not run.setups.current.parameters(invoice.company).post_costs_on_invoice:
        return {}
    posted, refused = bootstrap.costs_of_invoices(at, run.setups).post(invoice.company, invoice.invoice_number)
    for one in refused:
        logger.warning("a cost was not posted with its invoice", **asdict(one))
    return {"costs": posted}
