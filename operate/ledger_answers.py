"""Deliveries and answers of ledger batches, and what verifies and compares them: for ``invoicing ledger …``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from operate import stack_tables
from operate.calling import call, stack_named
from operate.documents import exact_json, json_problem, read_text
from operate.invalid_input import InvalidInput
from project_invoicing import bootstrap
from project_invoicing.config import Settings
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.ledger_batch import BatchId, BatchKind
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.store.batch_answers import BatchAnswers
from project_invoicing.store.batch_deliveries import BatchDeliveries
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger_ahead import LedgerAhead
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.ready import Ready
from project_invoicing.use_cases.ledger_batches.compare import Comparing
from project_invoicing.use_cases.ledger_batches.documents import Documents
from project_invoicing.use_cases.ledger_batches.files import BatchFiles
from project_invoicing.use_cases.ledger_batches.lines import BatchLines
from project_invoicing.use_cases.ledger_batches.read import BatchReader
from project_invoicing.use_cases.ledger_batches.verify import Verification
from project_invoicing.use_cases.setups import SetupVersions

Json = dict[str, Any]

_FUNCTION: Final = "ledger_answers"
_TABLES: Final = ("ledger_batches", "journals", "proposals", "ledger", "setup", "master_data")


def deliver(stack: str | None, id: BatchId, format: str, actor: str) -> Json:
    """What the function answered: ``outcome``, and the delivery or what was ``refused``."""
    request = {"company": id.company, "kind": id.kind, "number": id.number, "format": format, "actor": actor}
    return call(stack_named(stack), _FUNCTION, {"deliver": request})


def acknowledge(stack: str | None, said: Mapping[str, Any], actor: str) -> Json:
    """What the function answered: ``outcome`` is what the answer did, ``refused`` what somebody has to look at."""
    return call(stack_named(stack), _FUNCTION, {"acknowledge": {**said, "actor": actor}})


def verify(stack: str | None, company: str | None, kind: str | None, number: int | None, bucket: str | None) -> Json:
    """``Verification.of``, of a company or of all of them."""
    tools = _Tools.of(stack, bucket)
    stack_tables.check_company(company, tools.setups.current)
    companies = [company] if company else sorted(tools.setups.current.document.companies)
    kinds = [BatchKind(kind)] if kind else list(BatchKind)
    files = BatchFiles(tools.batches, tools.documents, tools.reader.bucket)
    verification = Verification(tools.batches, tools.deliveries, files, tools.reader.bucket)
    reports = [verification.of(one, kinds, number) for one in companies]
    if number and not any(report["batches"] for report in reports):
        raise InvalidInput([f"there is no batch {number} that has files"])
    return {
        "ok": all(report["ok"] for report in reports),
        "batches": sum(report["batches"] for report in reports),
        "files": sum(report["files"] for report in reports),
        "faults": [fault for report in reports for fault in report["faults"]],
    }


def compare(stack: str | None, file: Path, company: str, period: str, bucket: str | None) -> Json:
    """``Comparing.compare`` with the trial balance in a file. Raises ``InvalidInput``."""
    tools = _Tools.of(stack, bucket)
    stack_tables.check_company(company, tools.setups.current)
    stores = (tools.batches, tools.answers, tools.reader, tools.ready, tools.documents)
    try:
        return Comparing(*stores, tools.setups.current).compare(company, period, read_text(file))
    except Rejected as rejected:
        where = "--period" if rejected.field == "period" else str(file)
        raise InvalidInput([f"{where}: {rejected.detail}"]) from None


def answer_in(file: Path) -> Json:
    """The answer in a file. Raises ``InvalidInput``."""
    try:
        found = exact_json(read_text(file))
    except ValueError as error:
        raise InvalidInput([f"{file}: is no JSON: {json_problem(error)}"]) from None
    if not isinstance(found, dict):
        raise InvalidInput([f"{file}: has no JSON object"])
    return found


@dataclass(frozen=True, slots=True)
class _Tools:
    """What reads the batches of a stack."""

    batches: LedgerBatches
    answers: BatchAnswers
    deliveries: BatchDeliveries
    ready: Ready
    documents: Documents
    reader: BatchReader
    setups: SetupVersions

    @classmethod
    def of(cls, stack: str | None, bucket: str | None) -> _Tools:
        named, tables = stack_tables.named(stack, *_TABLES), client.dynamodb()
        versions = SetupVersions.read(tables, named.setup_table, named.master_data_table, on_demand=True)
        ahead = LedgerAhead(tables, named.ledger_table)
        journals = Journals(tables, named.journals_table)
        proposals = Proposals(tables, named.proposals_table, calendar_dates("invoices"))
        table = named.ledger_batches_table
        return cls(
            LedgerBatches(tables, table),
            BatchAnswers(tables, table),
            BatchDeliveries(tables, table),
            Ready(tables, table),
            Documents(BatchLines(journals, proposals, ahead, versions), ahead),
            BatchReader(bootstrap.ledger_bucket(bucket or _bucket(stack, named))),
            versions,
        )


def _bucket(stack: str | None, named: Settings) -> str:
    """The stack's bucket: an output of a deployed one. Raises ``InvalidInput``."""
    if not stack and named.ledger_bucket:
        return named.ledger_bucket
    if not stack:
        raise InvalidInput(["set LEDGER_BUCKET, name the bucket with --bucket, or the stack with --stack"])
    [found] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
    if "LedgerBucketName" not in outputs:
        raise InvalidInput([f"--stack: {stack} has no bucket of batches; name it with --bucket"])
    return str(outputs["LedgerBucketName"])
