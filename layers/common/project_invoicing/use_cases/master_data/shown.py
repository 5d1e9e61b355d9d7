"""One name or row of master data as people look at it: each value and where it comes from, problems, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from project_invoicing.domain.actor import Role
from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.master_data import (
    GLOBAL,
    NAMED,
    PARTS,
    Children,
    ChildrenKey,
    Key,
    NameKey,
    Part,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.master_row import name_blocker
from project_invoicing.domain.refusals import row_blocker
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.explaining import master_data as words
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.setup.effective import Layer
from project_invoicing.store.master_items import FIRST, folded
from project_invoicing.use_cases.explain.master_data import names_of, of_milestone
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.people import ACCOUNTING

MOST_WAITING: Final = 50
MOST_CALLED: Final = 20


@dataclass(frozen=True, slots=True)
class Value:
    """A column's value in words, and the layer that gave it."""

    column: str
    text: str
    layer: Layer


@dataclass(slots=True)
class ShownMaster:
    """``key`` is ``None`` for a row without a name. ``finance`` are finance's own columns, of those it may ``edit``.

    ``waiting``: rows that wait for it, at most ``MOST_WAITING``. ``problem`` and ``warning`` as of ``SeenRow``.
    """

    key: NameKey | None
    part: Part | None
    title: str
    row: SeenRow | None = None
    values: list[Value] = field(default_factory=list)
    finance: Mapping[str, Any] = field(default_factory=dict)
    editable: tuple[str, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    waiting: list[StagedRow] = field(default_factory=list)

    @property
    def role(self) -> str:
        """Who may set finance's own columns."""
        return Role.ACCOUNTANT if self.part in ACCOUNTING else Role.ADMINISTRATOR

    @property
    def company(self) -> str | None:
        """Whose it is; ``None`` for what is of no company."""
        return self.key.company if self.key else self.row.company if self.row else None


def found(stores: Stores, number: str, part: Part | None, company: str | None) -> list[NameKey]:
    """The names with this number, of one part or of all, in one company or in all. A request for a hundred of them."""
    companies = [company] if company else list(stores.setup.document.companies)
    return [key for key in names_of(stores, companies, number) if part in (None, key.part)]


@dataclass(frozen=True, slots=True)
class Called:
    """Something whose name begins as was asked. ``id`` is that of its row; ``None`` where only the document has it."""

    part: Part
    company: str | None
    number: str | None
    name: str
    id: str | None


def by_name(stores: Stores, text: str, part: Part | None, companies: Iterable[str]) -> list[Called]:
    """What is called so: rows whose names begin with ``text``, and customers of the document with such a word.

    Small and capital letters are the same. At most ``MOST_CALLED`` of each company; one request for each, and one more.
    Empty for a text that is shorter than two letters.
    """
    text, among = folded(text), list(companies)
    if len(text) < FIRST:
        return []
    keys = [key for company in [*among, None] for key in stores.master.called(company, text, MOST_CALLED)]
    rows = [row for row in stores.master.read(keys).values() if isinstance(row, SeenRow)] if keys else []
    found = [
        Called(PARTS[row.entity], row.company, row.number, str(row.columns.get("name")), row.id)
        for row in rows
        if part in (None, PARTS[row.entity])
    ]
    known = {(one.part, one.company, one.number) for one in found}
    for company in among if part in (None, Part.CUSTOMERS) else ():
        for number, customer in stores.setup.document.customers.get(company, {}).items():
            words = f" {folded(customer.name or '')}"
            if f" {text}" in words and (Part.CUSTOMERS, company, number) not in known:
                found.append(Called(Part.CUSTOMERS, company, number, customer.name or "", None))
    return sorted(found, key=lambda one: (one.name.casefold(), one.company or "", one.number or ""))


def rows_with(stores: Stores, id: str) -> Iterator[SeenRow]:
    """The rows with this Dataverse id, whatever their table. One request."""
    for seen in stores.master.read([RowKey(entity, id) for entity in PARTS]).values():
        if isinstance(seen, SeenRow):
            yield seen


def name_of(row: SeenRow) -> NameKey | None:
    """The name that a row is placed under."""
    part = PARTS[row.entity]
    if part not in NAMED or row.number is None or row.problem:
        return None
    return NameKey(part, "" if part in GLOBAL else row.company or "", row.number)


def shown_name(stores: Stores, key: NameKey) -> ShownMaster | None:
    """What is known under a name; ``None`` where nobody says anything of it."""
    seen = stores.master.read([key])[key]
    name = seen if isinstance(seen, SeenName) else None
    columns = stores.setup.source_of(key.part, key.company, key.number)
    if name is None and not columns:
        return None
    made = ShownMaster(key, key.part, f"{words.NOUNS[key.part].capitalize()} {key.number}")
    made.values = [Value(one, words.in_words(found.value), found.layer) for one, found in sorted(columns.items())]
    made.finance = name.finance if name else {}
    made.editable = COLUMNS.get(key.part, ())
    if name and name.former:
        made.facts["was the name of"] = ", ".join(f"{entity} {id}" for entity, id in name.former)
    if name and name.entity and name.id:
        _add_row(stores, made, RowKey(name.entity, name.id))
    made.facts |= of_milestone(stores, key)
    _add_waiting(stores, made)
    return made


def shown_row(stores: Stores, row: SeenRow) -> ShownMaster:
    """A row without a name: of a part that has none, or with a problem that keeps it from one."""
    part = PARTS[row.entity]
    name = row.columns.get("name") or row.columns.get("code") or row.number or row.id
    made = ShownMaster(None, part, f"{words.NOUNS[part].capitalize()} {name}")
    made.values = [Value(one, words.in_words(value), Layer.ROW) for one, value in sorted(row.columns.items())]
    _add_row(stores, made, RowKey(row.entity, row.id))
    _add_waiting(stores, made)
    return made


def _add_row(stores: Stores, made: ShownMaster, key: RowKey) -> None:
    """The row with its children. One request."""
    of_row = ChildrenKey(key.id)
    read: Mapping[Key, Seen | None] = stores.master.read([key, of_row])
    row, children = read[key], read[of_row]
    made.row = row if isinstance(row, SeenRow) else None
    if isinstance(children, Children):
        said = Explanation("", "", None, "")
        words.say_children(said, children, stores.setup.resolve)
        made.facts |= said.facts


def _add_waiting(stores: Stores, made: ShownMaster) -> None:
    """What waits for the row, or for whatever takes its name. Three requests at most."""
    blockers = [row_blocker(made.row.entity, made.row.id)] if made.row else []
    blockers += [name_blocker(made.key)] if made.key else []
    made.waiting = stores.staging.blocked_by(blockers, MOST_WAITING)
