"""The ledger batches of a stack, deployed or local: what the commands ``invoicing ledger …`` read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operate import stack_tables
from operate.invalid_input import InvalidInput
from project_invoicing.domain.ledger_batch import BatchId, BatchKind
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import client, setups
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.ready import Ready
from project_invoicing.use_cases.ledger_batches import closing, lists

Json = dict[str, Any]


def check_company(company: str | None, stack: str | None) -> None:
    """Raises ``InvalidInput`` for a company that the stack's set-up does not have."""
    stack_tables.check_company(company, _setup(stack))


def only_company(stack: str | None) -> str:
    """The company, where the set-up has one alone. Raises ``InvalidInput``."""
    companies = list(_setup(stack).document.companies)
    if len(companies) > 1:
        raise InvalidInput([f"name one with --company: {', '.join(companies)}"])
    return companies[0]


def listed(stack: str | None, company: str | None, kind: str | None, limit: int, before: int | None) -> Json:
    """``batches`` newest first, ``waiting``: how many documents wait, and those that are ``held``, by company."""
    setup = _setup(stack)
    stack_tables.check_company(company, setup)
    batches, ready = _stores(stack)
    companies = [company] if company else sorted(setup.document.companies)
    kinds = [BatchKind(kind)] if kind else list(BatchKind)
    found = [
        row for one in companies for of in kinds for row in lists.listed(batches, one, of, limit, before)["batches"]
    ]
    waiting = {one: sum(1 for _ in ready.of(one)) for one in companies}
    return {
        "batches": found,
        "waiting": {one: number for one, number in waiting.items() if number},
        "held": [row for one in companies for row in lists.held(ready, one)],
    }


def shown(stack: str | None, id: BatchId) -> Json:
    """A batch with its documents and its history. Raises ``InvalidInput`` for one that is not there."""
    batches, _ = _stores(stack)
    batch = batches.get(id)
    if batch is None:
        last = batches.last(id.company, id.kind)
        known = f"the last one is {last.id}" if last else f"{id.company} has none of kind {id.kind}"
        raise InvalidInput([f"there is no batch {id}; {known}"])
    return lists.shown(batches, batch)


def closing_warnings(stack: str | None, document: Mapping[str, Any], table: str | None = None) -> list[str]:
    """What a set-up document leaves behind in the periods that it closes, a sentence each.

    The one before it is current in the stack, or in its Set-up ``table``; nothing where there is none. Raises
    ``InvalidInput`` where it changes the accounting currency of a company of which something has not left yet, or where
    that cannot be found out.
    """
    try:
        before = setups.current(client.dynamodb(), table) if table else _setup(stack)
    except setups.NotLoaded:
        return []
    after = SetupDocument.model_validate(document)
    recoined, closed = closing.recoined(before.document, after), list(closing.closed_by(before.document, after))
    if not recoined and not closed:
        return []
    try:
        batches, ready = _stores(stack or stack_tables.stack_of(table))
    except (BotoCoreError, ClientError, InvalidInput) as unknown:
        if stack:
            raise
        told = f"whether anything has not left for the general ledger cannot be found out: {unknown}"
        if recoined:
            refused = "no company may change its accounting currency then"
            raise InvalidInput([f"companies.{recoined[0]}.accounting_currency: {told}; {refused}"]) from unknown
        return [f"{len(closed)} fiscal period{' is' if len(closed) == 1 else 's are'} closed, and {told}"]
    if wrong := list(closing.currency_problems(batches, ready, before.document, after)):
        raise InvalidInput(wrong)
    return list(closing.closing_warnings(batches, ready, before, after))


def _setup(stack: str | None) -> FinanceSetup:
    return setups.current(client.dynamodb(), stack_tables.named(stack, "setup").setup_table)


def _stores(stack: str | None) -> tuple[LedgerBatches, Ready]:
    table = stack_tables.named(stack, "ledger_batches").ledger_batches_table
    return LedgerBatches(client.dynamodb(), table), Ready(client.dynamodb(), table)
