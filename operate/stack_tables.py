"""The tables and companies of a stack, deployed or local: for the commands that read one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from operate.invalid_input import InvalidInput, unknown
from project_invoicing.config import Settings, settings
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import client

_SETUP_TABLE: Final = "-SetupTable-"


def named(prefix: str | None, *kinds: str) -> Settings:
    """The tables of these ``kinds`` (``staging`` …): of the stack with this prefix, else as the environment says.

    CloudFormation names a table after the stack and its logical id, with a random end. Raises ``InvalidInput``.
    """
    known = settings()
    if prefix:
        pages = client.dynamodb().get_paginator("list_tables").paginate()
        names = [name for page in pages for name in page["TableNames"]]
        ids = {kind: "".join(word.capitalize() for word in kind.split("_")) for kind in kinds}
        found = {f"{kind}_table": _only(names, f"{prefix}-{id}Table") for kind, id in ids.items()}
        return replace(known, **found)
    missing = [kind for kind in kinds if not getattr(known, f"{kind}_table")]
    if missing:
        variables = ", ".join(f"{kind.upper()}_TABLE" for kind in missing)
        raise InvalidInput([f"set {variables}, or name the stack with --stack; or start a local one: invoicing serve"])
    return known


def stack_of(setup_table: str | None) -> str | None:
    """The stack that a Set-up table belongs to, where CloudFormation has named it."""
    stack, found, _ = (setup_table or "").partition(_SETUP_TABLE)
    return stack if found else None


def check_company(company: str | None, setup: FinanceSetup) -> None:
    """Raises ``InvalidInput`` for a company that the stack's set-up does not have."""
    if company is not None and company not in setup.document.companies:
        raise InvalidInput([unknown("--company", company, "company", setup.document.companies)])


def the_company(company: str | None, setup: FinanceSetup) -> str:
    """The company that is named, or the only one there is. Raises ``InvalidInput``."""
    check_company(company, setup)
    companies = sorted(setup.document.companies)
    if company is None and len(companies) != 1:
        raise InvalidInput([f"name one with --company: {', '.join(companies)}"])
    return company or companies[0]


def _only(names: Sequence[str], beginning: str) -> str:
    found = [name for name in names if name.startswith(beginning)]
    if len(found) > 1:
        raise InvalidInput([f"--stack: {', '.join(found)} all begin with {beginning}; it must be one table"])
    if not found:
        where = f"in {client.dynamodb().meta.region_name} no table begins with {beginning}"
        raise InvalidInput([f"--stack: {where}; check the stack's name, AWS_REGION and AWS_PROFILE"])
    return found[0]
