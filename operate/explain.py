"""Everything known about an id in a stack, deployed or local: what ``invoicing explain`` prints."""

from __future__ import annotations

from typing import Any

from operate.stack_tables import check_company, named
from project_invoicing.store import client
from project_invoicing.use_cases.explain.ask import explain
from project_invoicing.use_cases.explain.stores import Stores

KINDS = ("staging", "journals", "proposals", "ledger", "setup", "dataverse", "master_data")
"""The tables that an explanation reads."""


def run(id: str, company: str | None, stack_prefix: str | None) -> dict[str, Any]:
    """Everything known about ``id``, as ``use_cases.explain`` says. Raises ``InvalidInput``."""
    read = stores(stack_prefix)
    check_company(company, read.setup)
    return explain(read, id, company)


def stores(stack_prefix: str | None, *more: str) -> Stores:
    """The stores of the stack with this prefix, else of the tables that the environment names.

    ``more``: kinds of tables that are needed beside ``KINDS``.
    """
    batches = ("ledger_batches",) if stack_prefix else ()  # of an environment it is read if it is named
    tables = named(stack_prefix, *KINDS, *more, *batches)
    return Stores.read(client.dynamodb(), tables)
