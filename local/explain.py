"""Questions to a stack, deployed or local: what ``python -m local explain`` prints."""

from __future__ import annotations

from typing import Any

from local.stack_tables import named
from project_invoicing.store import client, setups
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.explain import explain
from project_invoicing.use_cases.explain_actuals import Stores
from project_invoicing.use_cases.setups import SetupVersions


def run(id: str, company: str | None, stack_prefix: str | None) -> dict[str, Any]:
    """Everything known about ``id``, as ``use_cases.explain`` says. Raises ``InvalidInput``."""
    return explain(stores(stack_prefix), id, company)


def stores(stack_prefix: str | None) -> Stores:
    """The stores of the stack with this prefix, else of the tables that the environment names."""
    tables = named(stack_prefix, "staging", "journals", "proposals", "ledger", "setup")
    dynamodb, setup = client.dynamodb(), tables.setup_table
    return Stores(
        Staging(dynamodb, tables.staging_table),
        Journals(dynamodb, tables.journals_table),
        Proposals(dynamodb, tables.proposals_table),
        Ledger(dynamodb, tables.ledger_table),
        SetupVersions(setups.current(dynamodb, setup), lambda number: setups.version(dynamodb, setup, number)),
    )
