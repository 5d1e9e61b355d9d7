"""Batches for general ledgers: the list, one of them with its files and deliveries, and what people do with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.domain.ledger_answer import Outcome
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, BatchState, LedgerBatch
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected
from project_invoicing.store.batch_answers import BatchAnswers
from project_invoicing.store.batch_deliveries import BatchDeliveries
from project_invoicing.use_cases.ledger_batches.deliver import folder_of_delivery
from project_invoicing.use_cases.ledger_batches.lists import batch_row, shown
from project_invoicing.use_cases.ledger_batches.shown import DELIVERABLE, files_of, formats_for
from project_invoicing.use_cases.lists.asked import FILTERS, Kind
from project_invoicing.use_cases.requests.acknowledge_batch import AcknowledgeBatch
from project_invoicing.use_cases.requests.build_batches import BuildBatches
from project_invoicing.use_cases.requests.deliver_batch import DeliverBatch
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import why_not

_PAGE: Final = 50
_DOCUMENTS: Final = 100
_SECONDS: Final = 60
"""A link to a file is good for so long."""
_BY_HAND: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.VOIDED_THERE)


def listed(desk: Desk) -> Response[Any]:
    """The batches of a company and kind, newest first."""
    companies = desk.lists.companies
    company = desk.company or (companies[0] if companies else None)
    if company is None:
        raise NotFoundError
    kind, before = _kind(desk.query.get("kind") or BatchKind.LEDGER), _number(desk.query.get("before", "0"))
    batches, onward = bootstrap.ledger_batches().newest(company, kind, _PAGE, before or None)
    rows = [batch_row(one) | {"currency": one.accounting_currency, "trouble": one.trouble} for one in batches]
    choices = {"company": companies, "kind": tuple(BatchKind)}
    chosen = {"company": company, "kind": kind}
    return desk.page("ledger.html", title="General ledger", rows=rows, choices=choices, chosen=chosen, onward_to=onward)


def build(desk: Desk) -> Response[Any]:
    """Asks for batches of a company and kind."""
    company, kind = desk.form.get("company", ""), _kind(desk.form.get("kind", ""))
    if company not in desk.lists.companies:
        raise NotFoundError
    bootstrap.ledger_builds(desk.at, desk.actor).ask(BuildBatches(company=company, kind=kind))
    said = f"Batches of what waits in {company} are being made. Load the page again to see them."
    return desk.go("/ledger", said, company=company, kind=kind)


def missing(desk: Desk) -> Response[Any]:
    """What the general ledgers do not have yet."""
    kind, choices = Kind.UNEXPORTED, {"company": desk.lists.companies}
    title = "Not in the general ledger yet"
    return desk.page("ledger_missing.html", title=title, page=desk.listed(kind), fields=FILTERS[kind], choices=choices)


def show(desk: Desk) -> Response[Any]:
    """One batch: totals, files, deliveries, answers, documents, and what was done to it."""
    batch = _batch(desk, desk.query)
    store = bootstrap.ledger_batches()
    deliveries, refused = BatchDeliveries(store.client, store.table).of(batch.id)
    answers = BatchAnswers(store.client, store.table).of(batch.id)
    row = shown(store, batch)
    return desk.page(
        "ledger_batch.html",
        title=f"Batch {batch.id}",
        batch=batch,
        row=row,
        documents=row["listed"][:_DOCUMENTS],
        left_out=max(len(row["listed"]) - _DOCUMENTS, 0),
        files=files_of(batch),
        deliveries=deliveries,
        refused=refused,
        answers=answers,
        history=list(store.history(batch.id)),
        formats=formats_for(desk.lists.setup, batch) if batch.state in DELIVERABLE else [],
        outcomes=_BY_HAND,
        is_accepted=batch.state is BatchState.ACCEPTED,
        can_be_answered=batch.state in (*DELIVERABLE, BatchState.UNKNOWN),
    )


def download(desk: Desk) -> Response[Any]:
    """Sends the browser to a file of the batch, by a link that is good for a minute."""
    batch, name = _batch(desk, desk.query), desk.query.get("name", "")
    store = bootstrap.ledger_batches()
    delivery = _number(desk.query.get("delivery", "0"))
    if delivery:
        known = BatchDeliveries(store.client, store.table).get(batch.id, delivery)
        if known is None or name not in {part.name for part in known.parts}:
            raise NotFoundError
        key = f"{folder_of_delivery(batch, known)}{name}"
    else:
        if name not in {file for file, _ in files_of(batch)}:
            raise NotFoundError
        key = dict(files_of(batch))[name]
    address = bootstrap.ledger_bucket().link(key, f"{batch.id}-{name}", _SECONDS)
    return Response(303, "text/plain", "", {"Location": address})


def deliver(desk: Desk) -> Response[Any]:
    """Asks for a delivery of what is not accepted yet."""
    batch = _batch(desk, desk.form)
    asked = DeliverBatch(
        company=batch.company, kind=batch.kind, number=batch.number, format=desk.form.get("format", "")
    )
    try:
        bootstrap.ledger_deliveries(desk.at, desk.actor).ask(asked)
    except Refused as refused:
        return _back(desk, batch, f"Nothing is delivered: {why_not(refused.reason, refused.detail)}", refused=True)
    return _back(desk, batch, f"It is being delivered in {asked.format}. Load the page again to see it.")


def acknowledge(desk: Desk) -> Response[Any]:
    """Takes what a person says that the other ledger has made of it."""
    if desk.form.get("outcome") not in _BY_HAND:
        return _back(desk, _batch(desk, desk.form), "Nothing was changed: say what became of it.", refused=True)
    return _say(desk, desk.form["outcome"])


def void(desk: Desk) -> Response[Any]:
    """Takes that an accepted batch was voided there."""
    return _say(desk, Outcome.VOIDED_THERE)


def _say(desk: Desk, outcome: str) -> Response[Any]:
    batch, form = _batch(desk, desk.form), desk.form
    errors = [line.strip().partition(" ") for line in form.get("errors", "").splitlines() if line.strip()]
    said: dict[str, Any] = {
        "company": batch.company,
        "kind": batch.kind,
        "number": batch.number,
        "outcome": outcome,
        "external_number": form.get("external_number") or None,
        "posted_date": form.get("posted_date") or None,
        "message": form.get("message") or None,
        "errors": [{"external_id": id, "message": message.strip() or None} for id, _, message in errors] or None,
    }
    try:
        asked = AcknowledgeBatch.of({name: value for name, value in said.items() if value is not None})
        answer = bootstrap.ledger_acknowledging(desk.at, desk.actor).answer(asked)
    except (Rejected, Refused) as why:
        return _back(desk, batch, f"Nothing was changed: {why_not(why.reason, why.detail)}", refused=True)
    if refused := answer.get("refused"):
        return _back(
            desk, batch, f"Nothing was changed: {why_not(refused[0]['reason'], refused[0]['detail'])}", refused=True
        )
    return _back(desk, batch, f"{answer['detail']}.")


def _back(desk: Desk, batch: LedgerBatch, said: str, *, refused: bool = False) -> Response[Any]:
    number = str(batch.number)
    return desk.go("/ledger/batch", said, refused=refused, company=batch.company, kind=batch.kind, number=number)


def _batch(desk: Desk, given: Mapping[str, str]) -> LedgerBatch:
    """The batch that a query or a form names, of a company that the person may see."""
    company, number = given.get("company", ""), _number(given.get("number", "0"))
    kind = _kind(given.get("kind", ""))
    found = bootstrap.ledger_batches().get(BatchId(company, kind, number)) if desk.actor.sees(company) else None
    if found is None:
        raise NotFoundError
    return found


def _kind(text: str) -> BatchKind:
    if text not in list(BatchKind):
        raise NotFoundError
    return BatchKind(text)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise NotFoundError
    return int(text)
