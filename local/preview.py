"""Dry run of a posting against a stack, deployed or local: what ``python -m local preview`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.documents import InvalidInput
from project_invoicing.config import settings
from project_invoicing.errors import Rejected
from project_invoicing.store import client, setups
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.preview import preview
from project_invoicing.use_cases.setups import SetupVersions

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``stack_prefix``: what the names of the stack's tables begin with; without it the environment names them."""

    proposal: str
    company: str | None = None
    invoice_date: str | None = None
    stack_prefix: str | None = None


def run(options: Options) -> list[Json]:
    """What posting the proposal would make, as ``use_cases.preview`` says. Raises ``InvalidInput``."""
    proposals, setup = _tables(options.stack_prefix)
    dynamodb = client.dynamodb()
    versions = SetupVersions(setups.current(dynamodb, setup), lambda number: setups.version(dynamodb, setup, number))
    stored = Proposals(dynamodb, proposals)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    try:
        return preview(stored, versions, options.proposal, now, options.company, options.invoice_date)
    except Rejected as rejected:
        raise InvalidInput([rejected.detail]) from None


def _tables(prefix: str | None) -> tuple[str, str]:
    """The tables of proposals and of set-ups: of the stack with this prefix, else those the environment names.

    CloudFormation puts what a table is called between the stack's name and something random.
    """
    if prefix:
        names = [
            name for page in client.dynamodb().get_paginator("list_tables").paginate() for name in page["TableNames"]
        ]
        return _only(names, f"{prefix}-ProposalsTable"), _only(names, f"{prefix}-SetupTable")
    named = settings()
    for variable, name in (("PROPOSALS_TABLE", named.proposals_table), ("SETUP_TABLE", named.setup_table)):
        if not name:
            raise InvalidInput([f"set {variable}, or name the stack with --stack-prefix"])
    return named.proposals_table, named.setup_table


def _only(names: list[str], beginning: str) -> str:
    found = [name for name in names if name.startswith(beginning)]
    if len(found) != 1:
        raise InvalidInput([f"--stack-prefix: {len(found)} tables begin with {beginning}; it must be one"])
    return found[0]
