"""Master data of a stack, deployed or local: ``invoicing master``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from operate.explain import stores
from operate.invalid_input import InvalidInput, unknown
from operate.master_file import Entry
from operate.stack_tables import check_company, named
from project_invoicing.domain.actor import person
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.master_data import GLOBAL, PARTS, NameKey, Part, RowKey, SeenName, SeenRow
from project_invoicing.domain.tables import CURRENCY, MILESTONE
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.finance_columns import problems
from project_invoicing.setup.indexes.references import without_precision
from project_invoicing.store import client, setups
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.master_items import FIRST, folded
from project_invoicing.store.staging import Staging
from project_invoicing.store.whole_master_data import everything
from project_invoicing.use_cases.commands.edit_master_data import told
from project_invoicing.use_cases.explain.master_data import explain_name
from project_invoicing.use_cases.master_data.milestones import may_not_be_edited
from project_invoicing.use_cases.master_data.set_columns import set_columns
from project_invoicing.use_cases.master_data.shown import by_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Json = dict[str, Any]

_MOST_PROBLEMS: Final = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a list shows: rows of one part, of one company, with a problem, or deleted.

    ``policy``: the current set-up, if there is one.
    """

    part: Part | None = None
    company: str | None = None
    problems: bool = False
    deleted: bool = False
    policy: SetupDocument | None = None


def name_of(part: Part, texts: Sequence[str]) -> NameKey:
    """The name in ``[COMPANY] NUMBER``. Raises ``InvalidInput``."""
    if part in GLOBAL:
        if len(texts) != 1:
            raise InvalidInput([f"{part} are the same in all companies: give the number alone"])
        return NameKey(part, "", texts[0])
    if len(texts) != 2:
        raise InvalidInput([f"give the company and the number of one of the {part}"])
    return NameKey(part, *texts)


def show(key: NameKey, stack_prefix: str | None) -> Json:
    """Everything known under a name, in the form of an explanation. Raises ``InvalidInput``."""
    read = stores(stack_prefix)
    if key.company and key.company not in read.setup.document.companies:
        raise InvalidInput([unknown("COMPANY", key.company, "company", read.setup.document.companies)])
    made = explain_name(read, key)
    name = " ".join(text for text in (key.part, key.company, key.number) if text)
    nothing = ["neither a row from Dataverse, nor finance, nor the set-up document has this name; check it"]
    return {
        "id": name,
        "found": [made.row()] if made else [],
        "looked_in": ["the master data", "the set-up"],
        "next": [] if made else nothing,
    }


def find(text: str, company: str | None, stack_prefix: str | None) -> list[Json]:
    """What has a name that begins so, as rows. Raises ``InvalidInput``."""
    if len(folded(text)) < FIRST:
        raise InvalidInput([f"TEXT: write {FIRST} letters of the name at least"])
    read = stores(stack_prefix)
    check_company(company, read.setup)
    companies = [company] if company else list(read.setup.document.companies)
    return [
        {"company": one.company, "part": str(one.part), "number": one.number, "name": one.name, "id": one.id}
        for one in by_name(read, text, None, companies)
    ]


def set_all(entries: Sequence[Entry], stack_prefix: str | None, actor: str | None = None) -> Iterator[Json]:
    """Sets the columns of each entry. Nothing is written if one is not valid: raises ``InvalidInput`` with all."""
    of_milestones = [one for one in entries if one.key.part is Part.ON_ACCOUNT_TRANSACTIONS]
    tables = named(stack_prefix, "setup", "master_data", *(("staging",) if of_milestones else ()))
    dynamodb = client.dynamodb()
    document = setups.current(dynamodb, tables.setup_table).document
    _check(document, entries)
    master = MasterData(dynamodb, tables.master_data_table)
    if of_milestones:
        _check_milestones(tables.staging_table, dynamodb, of_milestones)
    pairs = [(entry.key, entry.columns) for entry in entries]
    for made in set_columns(master, pairs, utc_text(datetime.now(UTC)), person(actor)):
        yield {**told(made), "changed": made.changed}


def listed(chosen: Chosen, stack_prefix: str | None) -> Iterator[Json]:
    """The rows that are chosen, one by one: this reads the whole table. Raises ``InvalidInput``."""
    tables = named(stack_prefix, "setup", "master_data")
    dynamodb = client.dynamodb()
    with suppress(setups.NotLoaded):
        setup = setups.current(dynamodb, tables.setup_table)
        check_company(chosen.company, setup)
        chosen = replace(chosen, policy=setup.document)
    for key, seen in everything(MasterData(dynamodb, tables.master_data_table)):
        if isinstance(key, RowKey) and isinstance(seen, SeenRow) and _is_chosen(seen, chosen):
            yield _row(seen, chosen)


def finance_columns(stack_prefix: str | None) -> Json:
    """All of finance's own columns, in the form of a file for ``master set``: this reads the whole table."""
    tables = named(stack_prefix, "master_data")
    master = MasterData(client.dynamodb(), tables.master_data_table)
    made: Json = {}
    for key, seen in everything(master):
        if isinstance(key, NameKey) and isinstance(seen, SeenName) and seen.finance:
            at = made.setdefault(str(key.part), {})
            if key.company:
                at = at.setdefault(key.company, {})
            at[key.number] = dict(seen.finance)
    return made


def _check(document: SetupDocument, entries: Sequence[Entry]) -> None:
    where = {entry.key: entry.where for entry in entries}
    found = [
        f"{where[key]}: {key.part} {key.number}: {text}"
        for key, text in problems(document, [(entry.key, entry.columns) for entry in entries])
    ]
    if found:
        more = [f"and {len(found) - _MOST_PROBLEMS} more"] if len(found) > _MOST_PROBLEMS else []
        raise InvalidInput(found[:_MOST_PROBLEMS] + more)


def _check_milestones(table: str, dynamodb: DynamoDBClient, entries: Sequence[Entry]) -> None:
    """Raises ``InvalidInput`` for milestones that are on a proposal, or billed (OAT-03)."""
    where = {one.key.number: one.where for one in entries}
    refused = may_not_be_edited(Staging(dynamodb, table), where)
    if refused:
        raise InvalidInput([f"{where[number]}: {why}" for number, why in refused.items()][:_MOST_PROBLEMS])


def _is_chosen(row: SeenRow, chosen: Chosen) -> bool:
    return (
        (chosen.part is None or PARTS.get(row.entity) is chosen.part)
        and (chosen.company is None or row.company == chosen.company)
        and (bool(_problem(row, chosen)) or not chosen.problems)
        and (row.deleted or not chosen.deleted)
    )


def _problem(row: SeenRow, chosen: Chosen) -> str | None:
    """What is wrong with a row by itself, or by what the policy lacks for it."""
    judged = chosen.policy if row.entity == CURRENCY and not row.deleted else None
    if judged and (lacks := without_precision(row, judged)):
        return f"{RejectReason.CURRENCY_UNKNOWN}: {lacks}"
    return row.problem or row.warning


def _row(row: SeenRow, chosen: Chosen) -> Json:
    """``asks_for`` is the number that a row would have, were there nothing wrong with it."""
    of_milestone = row.columns if row.entity == MILESTONE else {}
    return {
        "entity": row.entity,
        "id": row.id,
        "company": row.company,
        "number": row.number,
        "asks_for": None if row.number else row.columns.get("number"),
        "name": row.columns.get("name"),
        "state": "deleted" if row.deleted else "there",
        "problem": _problem(row, chosen),
        **{name: of_milestone.get(name) for name in ("contract_line", "date", "amount", "status") if of_milestone},
    }
