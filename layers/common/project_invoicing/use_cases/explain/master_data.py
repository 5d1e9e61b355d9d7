"""What is known of master data: by company and number, or by the id of a row in Dataverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.master_data import (
    GLOBAL,
    NAMED,
    PARTS,
    Children,
    ChildrenKey,
    NameKey,
    Part,
    RowKey,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.master_row import name_blocker
from project_invoicing.domain.refusals import row_blocker
from project_invoicing.rules.explaining import master_data as words
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.history import woven
from project_invoicing.setup.document import SetupDocument
from project_invoicing.store.whole_master_data import everything
from project_invoicing.use_cases.explain.stores import Stores


def names_of(stores: Stores, companies: Iterable[str], number: str) -> Iterator[NameKey]:
    """The names with this number that there are, of each part that is named, in each company."""
    of_each = list(companies)
    keys = [NameKey(part, company, number) for part in COLUMNS for company in ([""] if part in GLOBAL else of_each)]
    seen = stores.master.read(keys)
    document = stores.setup.document
    yield from (key for key in keys if seen[key] is not None or _is_written(document, key))


def _is_written(document: SetupDocument, key: NameKey) -> bool:
    """Whether the document may have an entry of the name; ``explain_name`` says whether it counts."""
    rows = getattr(document, key.part, {})
    return key.number in (rows.get(key.company, {}) if key.part in (Part.CUSTOMERS, Part.WORKERS) else rows)


def explain_name(stores: Stores, key: NameKey) -> Explanation | None:
    """What is known under a name; ``None`` where neither a row, nor finance, nor the set-up says anything of it."""
    seen = stores.master.read([key])[key]
    name = seen if isinstance(seen, SeenName) else None
    columns = stores.setup.source_of(key.part, key.company, key.number)
    if name is None and not columns:
        return None
    # Imported late: whoever explains an actual or a document starts without it.
    from project_invoicing.use_cases.master_data.policy_numbers import read_old_numbers  # noqa: PLC0415

    made = words.of_name(key, name, columns)
    numbers = [key.number, *(name.earlier if name else ())]
    for old in read_old_numbers(stores.master, stores.setup.document, [replace(key, number=one) for one in numbers]):
        made.advise(f"the set-up: {old.problem}")
    if name and name.entity and name.id:
        _say_row(stores, made, RowKey(name.entity, name.id))
    made.facts |= of_milestone(stores, key)
    return woven(made, stores.master.history(key))


def of_milestone(stores: Stores, key: NameKey) -> dict[str, str]:
    """How a milestone stands, and what it would be billed with now; nothing for what is none."""
    if key.part is not Part.ON_ACCOUNT_TRANSACTIONS:
        return {}
    # Imported late: few organizations bill by milestones.
    from project_invoicing.rules.on_account import as_it_would_be_billed  # noqa: PLC0415
    from project_invoicing.use_cases.master_data.milestones import standings  # noqa: PLC0415

    stands = standings(stores.staging, [key.number])[key.number]
    return {"stands": stands.text} | as_it_would_be_billed(key, stores.setup)


def explain_rows(stores: Stores, id: str) -> Iterator[Explanation]:
    """The rows of master data with this id, whatever their table. One that has a name is explained under it."""
    keys = [RowKey(entity, id) for entity in PARTS]
    for row in stores.master.read(keys).values():
        if not isinstance(row, SeenRow):
            continue
        part = PARTS[row.entity]
        key = _name_of(row, part)
        if key and (made := explain_name(stores, key)):
            yield made
            continue
        made = words.of_row(row, part)
        _say_row(stores, made, RowKey(row.entity, row.id))
        yield made


def _name_of(row: SeenRow, part: Part) -> NameKey | None:
    """The name that a row is placed under."""
    if part not in NAMED or row.number is None or row.problem:
        return None
    return NameKey(part, "" if part in GLOBAL else row.company or "", row.number)


def _say_row(stores: Stores, made: Explanation, key: RowKey) -> None:
    of_row = ChildrenKey(key.id)
    found = stores.master.read([key, of_row])
    row, children = found[key], found[of_row]
    if not isinstance(row, SeenRow):
        return
    words.say_row(made, row)
    if PARTS[row.entity] is Part.CURRENCIES and not row.deleted:
        words.say_useless(made, stores.setup.find(row.entity, row.id))
    if isinstance(children, Children):
        words.say_children(made, children, stores.setup.resolve)
    name = _name_of(row, PARTS[row.entity])
    blockers = [row_blocker(row.entity, row.id), *([name_blocker(name)] if name else [])]
    words.say_waiting(made, stores.staging.blocked_by(blockers))
    if row.deleted:
        words.say_referred(made, _referring(stores, row))
    woven(made, stores.staging.history(key.entity, key.id))


def _referring(stores: Stores, deleted: SeenRow) -> Iterator[SeenRow]:
    """The rows that point to a deleted one. No key leads to them: this reads the table."""
    for key, seen in everything(stores.master):
        if isinstance(key, RowKey) and isinstance(seen, SeenRow) and _points_to(seen, deleted):
            yield seen


def _points_to(row: SeenRow, other: SeenRow) -> bool:
    return any(isinstance(value, list) and value[:2] == [other.entity, other.id] for value in row.columns.values())
