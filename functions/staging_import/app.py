"""Imports from staging: on schedule, by hand, after a document was posted, and after the set-up has changed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
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
        case SetupChanged.TYPE | MasterDataLoaded.TYPE:
            report = run.after_setup_change()
        case MasterDataChanged.TYPE:
            report = run.after_master_data(MasterDataChanged.of(event))
        case ImportRequested.TYPE:
            report = run.everything(ImportStaging.of(ImportRequested.of(event).as_detail()))
        case _:
            asked = ImportStaging.of(event.get("detail") or {})
            report = run.everything(asked)
    logger.info("import from staging", report=report, actor=asked.actor)
    for name, value in report.items():
        count(f"Import{name.title().replace('_', '')}", value)
    return report | asked.signed
