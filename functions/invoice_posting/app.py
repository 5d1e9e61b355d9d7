"""Posts invoice proposals: by hand, when one becomes ready, or from a queue that the schedule fills with those due."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.errors import Rejected
from project_invoicing.events import SCHEDULE_SOURCE
from project_invoicing.events.own import ProposalReady
from project_invoicing.events.tasks import PostingTask
from project_invoicing.observe import code, count, logger, metrics
from project_invoicing.use_cases.invoices.post import InvoicePosting
from project_invoicing.use_cases.requests.post_invoices import PostInvoices

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def posting(at: str) -> InvoicePosting:
    stores = (bootstrap.proposals(), bootstrap.staging(), bootstrap.ledger(), bootstrap.ready())
    return InvoicePosting(*stores, bootstrap.finance_setups(), at)


def report(run: InvoicePosting, actor: str | None = None) -> dict[str, Any]:
    refused = [code(refusal.reason) for refusal in run.refused]
    logger.info("invoice posting", posted=run.posted, refused=refused, actor=actor)
    count("InvoicePosted", len(run.posted))
    count("InvoiceRefused", len(run.refused))
    return {"posted": run.posted, "refused": [asdict(refusal) for refusal in run.refused]}


def post(record: SQSRecord) -> None:
    task = record.json_body
    run = posting(task["time"])
    run.run_task(PostingTask.of(task).invoice_id)
    report(run)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" in event:
        return process_partial_response(event=event, record_handler=post, processor=processor, context=context)
    run = posting(event["time"])
    if event.get("source") == SCHEDULE_SOURCE:
        queued = run.hand_out(bootstrap.invoice_posting_queue())
        logger.info("invoice posting", queued=queued)
        count("InvoiceQueued", queued)
        return {"queued": queued}
    if event.get("detail-type") == ProposalReady.TYPE:
        run.run_one(ProposalReady.of(event).invoice_id, again=False)
        return report(run)
    asked = PostInvoices()
    try:
        asked = PostInvoices.of(event.get("detail") or {})
    except Rejected as rejected:
        run.refuse(rejected)
    else:
        run.run_asked(asked)
    return report(run, asked.actor) | asked.signed
