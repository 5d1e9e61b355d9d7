"""What the API does: it reads the call, asks the use cases, and says what has come of it.

Whatever is imported here is needed by one operation, and a function that shows pages needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from project_invoicing import bootstrap
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.refusals import Refusal, unknown_company
from project_invoicing.use_cases.commands.apply import apply
from project_invoicing.use_cases.explain.ask import explain as explained
from project_invoicing.use_cases.lists.asked import FILTERS, Asked, Kind
from project_invoicing.use_cases.lists.show import page
from project_invoicing.use_cases.people import must_be_allowed
from project_invoicing.use_cases.requests.acknowledge_batch import AcknowledgeBatch
from project_invoicing.use_cases.requests.build_batches import BuildBatches
from project_invoicing.use_cases.requests.control_map import ControlMap
from project_invoicing.use_cases.requests.deliver_batch import DeliverBatch
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.use_cases.requests.post_invoices import PostInvoices
from project_invoicing.use_cases.requests.post_journals import PostJournals
from project_invoicing.use_cases.requests.question import Question
from project_invoicing.use_cases.requests.record_payment import RecordPayment
from project_invoicing.use_cases.requests.repair_differences import ALL, RepairDifferences
from project_invoicing.use_cases.requests.retry_write_back import RetryWriteBack
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.workspace.api.asking import must_be_viewer, must_know, must_not_sign, request_of
from project_invoicing.workspace.api.call import Call, Kept
from project_invoicing.workspace.api.problem import Problem, status_of

Answer = dict[str, Any]

REFUSED: Final = "refused: "
_ENOUGH_MS: Final = 5_000


def list_rows(call: Call) -> Answer:
    """Rows of a list, and the cursor of its next page."""
    if call.part not in set(Kind):
        raise Problem(404, "unknown", f"there is no list {call.part[:40]!r}; there are {', '.join(Kind)}")
    kind = Kind(call.part)
    must_know(call.query, (*FILTERS[kind], "limit", "cursor"))
    must_be_viewer(call)
    given: dict[str, Any] = dict(call.query)
    if "limit" in given:
        given["limit"] = _number(given["limit"])
    found = page(bootstrap.list_place(call.at, call.actor.companies), Asked(kind, **given))
    return {"rows": [asdict(row) for row in found.rows], "cursor": found.cursor}


def explain(call: Call) -> Answer:
    """Everything known about an id or a number."""
    must_know(call.query, ("company",))
    asked = Question(id=call.part, company=call.query.get("company"))
    must_be_allowed(call.actor, asked)
    stores = bootstrap.explained_stores()
    _must_be_known(asked.company, stores.setups)
    return explained(stores, asked.id, asked.company, call.actor.companies)


def command(call: Call) -> Answer:
    """Carries out ``{action: request}``."""
    if len(call.body) != 1:
        raise Problem(422, RejectReason.SCHEMA, "the body names one action: {action: request}")
    for request in call.body.values():
        must_not_sign(request if isinstance(request, Mapping) else {})
    answer = apply(call.body, bootstrap.workplace(call.at, call.actor))
    return _done(answer, answer.get("refused", ()), done="refused" not in answer)


def post_invoices(call: Call) -> Answer:
    """Posts the proposals that are ready, or one."""
    asked = request_of(PostInvoices, call)
    run = bootstrap.invoice_posting(call.at, call.actor)
    run.run_asked(asked)
    return _posted({"posted": run.posted}, run.refused)


def post_journals(call: Call) -> Answer:
    """Posts the journals that are drafts, or those that the request selects."""
    asked = request_of(PostJournals, call)
    run = bootstrap.journal_posting(call.at, call.actor)
    run.run(asked)
    return _posted({"posted": run.posted, "failed": run.failed}, run.refused)


def build_batches(call: Call) -> Answer:
    """Has batches made of what is ready for a general ledger; it takes seconds to minutes."""
    asked = request_of(BuildBatches, call)
    return bootstrap.ledger_builds(call.at, call.actor).ask(asked)


def deliver_batch(call: Call) -> Answer:
    """Has what of a ledger batch is not accepted yet delivered; it takes seconds to minutes."""
    asked = request_of(DeliverBatch, call)
    return bootstrap.ledger_deliveries(call.at, call.actor).ask(asked)


def acknowledge_batch(call: Call) -> Answer:
    """Says what the other ledger has made of a batch."""
    asked = request_of(AcknowledgeBatch, call)
    answer = bootstrap.ledger_acknowledging(call.at, call.actor).answer(asked)
    return _done(answer, answer.get("refused", ()), done="refused" not in answer)


def record_payment(call: Call) -> Answer:
    """Says what was settled of a posted invoice."""
    asked = request_of(RecordPayment, call)
    answer = bootstrap.payments(call.at, call.actor).record(asked)
    return _done(Kept(answer) if "aside" in answer else answer, answer.get("refused", ()), done="refused" not in answer)


def import_staging(call: Call) -> Answer:
    """Imports what waits in staging: all of it, or what the request names."""
    asked = request_of(ImportStaging, call)
    must_be_allowed(call.actor, asked)
    run = bootstrap.staging_import(call.at)
    _must_be_known(asked.company, run.setups)
    return dict(run.everything(asked))


def retry_write_back(call: Call) -> Answer:
    """Writes the refused rows of a posted document, or all its rows, back to Dataverse again."""
    asked = request_of(RetryWriteBack, call)
    must_be_allowed(call.actor, asked)
    outcome = bootstrap.write_back(call.time_left).retry(asked, call.at, call.actor)
    if outcome.startswith(REFUSED):
        raise Problem(409, "not_retried", outcome.removeprefix(REFUSED))
    return {"outcome": outcome}


def repair_differences(call: Call) -> Answer:
    """Repairs one row that a reconciliation found to differ."""
    asked = request_of(RepairDifferences, call)
    must_be_allowed(call.actor, asked)
    if asked.repair in (None, ALL):
        detail = "repair is the id of one row; all of them are repaired by the function that compares everything"
        raise Problem(422, RejectReason.SCHEMA, detail, field="repair")
    return {"repaired": bootstrap.repairs(call.at, call.actor).one(str(asked.repair))}


def control_map(call: Call) -> Answer:
    """Pauses, resumes, stops or starts a table map, or lists them all."""
    asked = request_of(ControlMap, call)
    return bootstrap.map_control(call.at, lambda: call.time_left() > _ENOUGH_MS).apply(asked, call.actor)


def _must_be_known(company: str | None, setups: SetupVersions) -> None:
    if company and company not in setups.current.document.companies:
        refused = unknown_company(company)
        raise Problem(422, refused.reason, refused.detail, field="company")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Problem(422, RejectReason.SCHEMA, f"limit is {text[:40]!r}, not a number", field="limit")
    return int(text)


def _posted(answer: Answer, refused: Sequence[Refusal]) -> Answer:
    """The answer of a posting. Where everything was refused, that is a problem."""
    shown = [asdict(one) for one in refused]
    return _done({**answer, "refused": shown}, shown, done=any(answer.values()) or not shown)


def _done(answer: Answer, refused: Sequence[Mapping[str, Any]], *, done: bool) -> Answer:
    """The answer of something that was done, in whole or in part. Raises ``Problem`` with the first refusal, if not."""
    if done:
        return answer
    first = refused[0]
    reason = str(first["reason"])
    more = {name: value for name, value in answer.items() if name not in ("reason", "detail")}  # those of the refusal
    raise Problem(status_of(reason), reason, str(first["detail"]), **more)
