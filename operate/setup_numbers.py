"""A set-up document beside the master data of a stack: numbers that are old by now (D-156), and its customers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from operate.documents import read_setup, with_lines
from operate.invalid_input import InvalidInput
from operate.stack_tables import named, stack_of
from project_invoicing.config import settings
from project_invoicing.errors import IntegrationError
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.warnings import Customers
from project_invoicing.store import client
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.invoice_documents.customers import known_customers
from project_invoicing.use_cases.master_data.policy_numbers import read_old_numbers


def at_stack(path: Path, stack: str) -> list[str]:
    """The old numbers in the document, by the master data of a stack; a line each, with file and line."""
    return _warnings(path, named(stack, "master_data").master_data_table)


def customers_at(stack: str) -> Callable[[SetupDocument], Customers]:
    """What a stack knows of customers, as its documents would say it with another set-up."""
    table = named(stack, "master_data").master_data_table
    return lambda document: known_customers(MasterData(client.dynamodb(), table), document)


def after_load(path: Path, setup_table: str) -> list[str]:
    """As ``at_stack``, for a document that is loaded into ``setup_table``. Nothing that fails here undoes the load."""
    stack = stack_of(setup_table)
    try:
        table = settings().master_data_table
        if stack:
            table = named(stack, "master_data").master_data_table
        return _warnings(path, table) if table else []
    except (BotoCoreError, ClientError, IntegrationError, InvalidInput) as error:
        return [f"whether numbers in {path} are old could not be found out: {error}"]


def _warnings(path: Path, table: str) -> list[str]:
    document = SetupDocument.model_validate(read_setup(path))
    old = read_old_numbers(MasterData(client.dynamodb(), table), document)
    return with_lines(path, [one.problem for one in old]) if old else []
