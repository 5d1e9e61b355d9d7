"""Finance's own columns out of the current set-up document: ``invoicing master import-setup``.

What a document says of customers, contracts, projects and so on that Dataverse does not carry becomes finance's own
columns of the same name. Columns that finance has set already stay. It may be stopped and given again.

Finance's columns go before the row. So what Dataverse carries too (customer group, terms of payment) is only taken
where that is asked for: a change in Dataverse would have no effect any more. Nor is a customer who is not on hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from operate.stack_tables import named
from project_invoicing.chunks import chunks
from project_invoicing.domain.actor import person
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.finance_columns import COLUMNS, Columns
from project_invoicing.domain.master_data import NameKey, Part, SeenName
from project_invoicing.setup.document import SetupDocument
from project_invoicing.store import client, setups
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.set_columns import AT_ONCE, set_columns

Json = dict[str, Any]

_BY_COMPANY: Final = (Part.CUSTOMERS, Part.WORKERS)
_IN_DATAVERSE: Final = frozenset(
    {(Part.CUSTOMERS, "group"), (Part.CUSTOMERS, "terms_of_payment"), (Part.CONTRACTS, "terms_of_payment")}
)


def run(stack_prefix: str | None, *, dry_run: bool, all_columns: bool = False, actor: str | None = None) -> Json:
    """What was written, or would be, by part: ``{"version", "parts": {part: {"changed", "unchanged"}}}``.

    ``all_columns``: those that Dataverse carries too.
    """
    tables = named(stack_prefix, "setup", "master_data")
    dynamodb = client.dynamodb()
    setup = setups.current(dynamodb, tables.setup_table)
    master = MasterData(dynamodb, tables.master_data_table)
    counted = {str(part): {"changed": 0, "unchanged": 0} for part in COLUMNS}
    at = utc_text(datetime.now(UTC))
    for chunk in chunks(entries(setup.document, all_columns=all_columns), AT_ONCE):
        missing = _missing(master, chunk)
        if not dry_run:
            for _ in set_columns(master, missing, at, person(actor)):
                pass
        for key, _ in missing:
            counted[str(key.part)]["changed"] += 1
        written = {key for key, _ in missing}
        for key, _ in chunk:
            counted[str(key.part)]["unchanged"] += key not in written
    return {"version": setup.version, "parts": counted}


def entries(document: SetupDocument, *, all_columns: bool = False) -> Iterator[tuple[NameKey, Columns]]:
    """Finance's columns of each entry of a document that gives some, by the company that owns it."""
    written = document.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    for part, known in COLUMNS.items():
        names = [name for name in known if all_columns or (part, name) not in _IN_DATAVERSE]
        for company, number, entry in _named(document, part, written.get(str(part), {})):
            columns = {name: entry[name] for name in names if entry.get(name) not in (None, {}, False)}
            if columns:
                yield NameKey(part, company, number), columns


def _named(
    document: SetupDocument, part: Part, content: Mapping[str, Any]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if part in _BY_COMPANY:
        for company, rows in content.items():
            yield from ((company, number, entry) for number, entry in rows.items())
        return
    for number, entry in content.items():
        for company in _owners(document, part, number):
            yield company, number, entry


def _owners(document: SetupDocument, part: Part, number: str) -> list[str]:
    """The companies that an entry counts for: its own, that of its contract, else all; none for products."""
    if part is Part.PRODUCTS:
        return [""]
    contract = number if part is Part.CONTRACTS else None
    company = None
    if part is Part.PROJECTS:
        company = document.projects[number].company
    elif part is Part.CONTRACT_LINES:
        contract = document.contract_lines[number].contract
    if contract and (found := document.contracts.get(contract)):
        company = found.company
    return [company] if company else list(document.companies)


def _missing(master: MasterData, chunk: list[tuple[NameKey, Columns]]) -> list[tuple[NameKey, Columns]]:
    """What finance has not set yet, of each entry."""
    seen = master.read([key for key, _ in chunk])
    left: list[tuple[NameKey, Columns]] = []
    for key, columns in chunk:
        name = seen[key]
        there = name.finance if isinstance(name, SeenName) else {}
        if missing := {column: value for column, value in columns.items() if column not in there}:
            left.append((key, missing))
    return left
