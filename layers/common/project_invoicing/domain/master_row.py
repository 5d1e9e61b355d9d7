"""A row of master data: how its deliveries add up, and where it is placed.

Both are the same for every order of arrival. Of the columns the newest version stands; a deletion is a version of its
own; a merge is remembered apart, because the rows that it touches need not have arrived. Where a row is placed follows
from its columns and from the rows that it names, so it is found again whenever one of them changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

from project_invoicing.domain.actual import RowVersion, is_newer
from project_invoicing.domain.codes import MasterProblem
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
    SeenRow,
)
from project_invoicing.domain.tables import COMPANY, CONTRACT, CONTRACT_LINE, MILESTONE, PROJECT, SPLIT_RULE, UNIT

DELETION: Final = "~"
"""The content of a deletion's version: after that of any version of the same moment."""
MOVES_WORK: Final = frozenset({"company", "number", "contract", "customer", "billing_method", "project"})
"""The columns by which unposted work belongs to somebody else, or is named in another way (D-101)."""
ON_LINES: Final = {PROJECT: "project", CONTRACT: "contract", CONTRACT_LINE: "contract_line"}
"""The tables whose rows unposted lines hang on, and how a line names each."""
POLICY: Final = "policy"
"""What a row waits for that the set-up may know."""
MOVED: Final = "moved"
"""In place of what a row waits for: its company has changed, and not all who took it over have been looked at yet."""
_MOST_EARLIER: Final = 10
MOST_MERGES: Final = 8
"""How far a chain of merged rows is followed to see whether it comes back."""
_WHOLE: Final = Decimal(100)
_CALLED: Final = {Part.CURRENCIES: "code", Part.COMPANIES: "code"}
_OF_A_CHILD: Final = {
    CONTRACT_LINE: ("contract", "project"),
    SPLIT_RULE: ("contract", "customer", "percent", "terms_of_payment"),
    MILESTONE: ("amount", "date", "status"),
}
_PARENTS: Final = {
    CONTRACT_LINE: ("contract", "project"),
    SPLIT_RULE: ("contract",),
    MILESTONE: ("contract_line",),
}

Read = Mapping[Key, Seen | None]


@dataclass(frozen=True, slots=True)
class ArrivedRow:
    """What a delivery says of a row. ``columns`` is ``None`` where it says only that the row is deleted or merged."""

    entity: str
    id: str
    version: RowVersion
    columns: Mapping[str, Any] | None
    deleted: bool = False
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a row stands. ``number`` of a part with names: only while the row has the name.

    ``waits_for`` is another row (``table#id``), a name (``name#part#company#number``), the rate of a day
    (``rate#type#from#to#day``), ``policy`` or ``moved``.
    """

    company: str | None = None
    number: str | None = None
    problem: str | None = None
    waits_for: str | None = None
    warning: str | None = None


class Carried(NamedTuple):
    """Finance's own columns of the number that a row had in ``company``, while it waits for another one (D-124)."""

    company: str
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MasterRow:
    """A row as it is stored. ``version`` is that of its columns, ``changes`` how often the item was written."""

    entity: str
    id: str
    version: RowVersion | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    deletion: RowVersion | None = None
    merged_into: str | None = None
    placed: Placement = Placement()
    changes: int = 0
    carried: Carried | None = None
    earlier: tuple[NameKey, ...] = ()
    """The names that it had before, the last one first (D-156)."""
    leaves: Mapping[str, Any] | None = None
    """Of an exchange rate: its columns while it was for another day, which it has not left for good yet (D-127)."""

    @property
    def key(self) -> RowKey:
        return RowKey(self.entity, self.id)

    @property
    def called(self) -> str:
        """The name that people know it by; empty for a row without one."""
        name = self.columns.get("name") if self.columns else None
        return name if isinstance(name, str) else ""

    @property
    def dated(self) -> str | None:
        """The day of a milestone, as text; of other rows mostly ``None``."""
        day = self.columns.get("date") if self.columns else None
        return day if isinstance(day, str) else None

    @property
    def part(self) -> Part | None:
        return PARTS.get(self.entity)

    @property
    def deleted(self) -> bool:
        if self.deletion is None:
            return False
        return self.version is None or not is_newer(self.version, self.deletion)

    @property
    def name(self) -> NameKey | None:
        """The name that the row has."""
        if self.part not in NAMED or self.placed.number is None:
            return None
        return _name_key(self.part, self.placed.company, self.placed.number)

    def with_arrived(self, arrived: ArrivedRow) -> MasterRow:
        """The row after a delivery; the same if that says nothing new."""
        after = self
        if arrived.columns is not None and (self.version is None or is_newer(arrived.version, self.version)):
            after = replace(after, version=arrived.version, columns=_overlaid(arrived.columns, self))
        if arrived.deleted:
            deletion = replace(arrived.version, content=DELETION)
            if self.deletion is None or is_newer(deletion, self.deletion):
                after = replace(after, deletion=deletion)
        if arrived.merged_into and arrived.merged_into > (self.merged_into or ""):
            after = replace(after, merged_into=arrived.merged_into)
            after = replace(after, columns=_overlaid(after.columns, after))
        return after


def _overlaid(columns: Mapping[str, Any], row: MasterRow) -> Mapping[str, Any]:
    """The columns with the merge that was told apart from them: it is never undone."""
    if row.merged_into is None:
        return columns
    return {**columns, "merged_into": [row.entity, row.merged_into], "active": False}


def changed_columns(before: MasterRow, after: MasterRow) -> tuple[str, ...]:
    """The fields whose value differs; the name that a look-up carries is no difference."""
    fields = sorted({*before.columns, *after.columns})
    found = [one for one in fields if _bare(before.columns.get(one)) != _bare(after.columns.get(one))]
    found += ["deleted"] if before.deleted != after.deleted else []
    found += [one for one in ("company", "number") if one not in found and _differs(before, after, one)]
    return tuple(found)


def with_earlier(before: MasterRow, after: MasterRow) -> MasterRow:
    """The row with the name that it has left among its earlier ones, and without the one that it has now."""
    left = (before.name, *before.earlier) if before.name != after.name else before.earlier
    earlier = tuple(dict.fromkeys(name for name in left if name and name != after.name))[:_MOST_EARLIER]
    return replace(after, earlier=earlier)


def moved_columns(before: SeenRow, after: SeenRow) -> tuple[str, ...]:
    """Those of ``MOVES_WORK`` in which a row differs; none where it had no number before, or is gone."""
    if before.number is None or after.deleted:
        return ()
    placed = ((name, getattr(before, name), getattr(after, name)) for name in ("company", "number"))
    named = ((name, _bare(before.columns.get(name)), _bare(after.columns.get(name))) for name in MOVES_WORK)
    return tuple(sorted({name for name, was, now in (*placed, *named) if was != now}))


def _differs(before: MasterRow, after: MasterRow, name: str) -> bool:
    return bool(getattr(before.placed, name) != getattr(after.placed, name))


def _bare(value: Any) -> Any:
    return value[:2] if isinstance(value, list) else value


# --- what hangs on what -----------------------------------------------------------------------------------------------


def reference(columns: Mapping[str, Any], name: str) -> RowKey | None:
    """The row that a look-up leads to."""
    value = columns.get(name)
    return RowKey(value[0], value[1]) if isinstance(value, list) else None


def parents(row: MasterRow) -> tuple[str, ...]:
    """The ids of the rows that a row hangs on; a deleted one hangs on none."""
    found = () if row.deleted else _PARENTS.get(row.entity, ())
    return tuple(dict.fromkeys(key.id for name in found if (key := reference(row.columns, name))))


def as_child(row: MasterRow) -> Mapping[str, Any]:
    """What its parents say of a row."""
    return {name: row.columns[name] for name in _OF_A_CHILD.get(row.entity, ()) if name in row.columns}


def blockers(row: MasterRow) -> tuple[str, ...]:
    """What waiting rows may wait for that a change of this row can end."""
    above = (reference(row.columns, name) for name in _PARENTS.get(row.entity, ()))
    of_name = [name_blocker(row.name)] if row.name else []
    return (*(_blocker(key) for key in (row.key, *above) if key), *of_name)


def left_behind(before: MasterRow, changed: Collection[str]) -> tuple[str, ...]:
    """What work may wait for because the row named it, which names something else now."""
    named = (reference(before.columns, name) for name in sorted(MOVES_WORK.intersection(changed)))
    return tuple(_blocker(key) for key in named if key)


# --- placing ----------------------------------------------------------------------------------------------------------


def needed(row: MasterRow) -> Iterator[Key]:
    """What ``place`` has to know of other rows."""
    for name in ("company", "unit"):
        if (key := reference(row.columns, name)) and row.entity != CONTRACT_LINE:
            yield key
    if row.entity == CONTRACT_LINE:
        if key := reference(row.columns, "contract"):
            yield key
        yield ChildrenKey(row.id)  # its milestones, which follow it
    if row.entity == MILESTONE and (key := reference(row.columns, "contract_line")):
        yield key
    if row.entity == CONTRACT:
        yield ChildrenKey(row.id)


def place(
    row: MasterRow,
    read: Read,
    holders: Mapping[NameKey, RowKey],
    units: Callable[[], Mapping[str, str]],
    cycle: RowKey | None = None,
) -> Placement:
    """Where the row stands, by what it says and what was ``read`` of the rows in ``needed``.

    ``holders`` has the names that other rows have, as far as it is known; ``units`` the policy's companies of units;
    ``cycle`` the row into which this one was merged, if that leads back to it.
    """
    if row.version is None:  # only its end has arrived
        return Placement()
    if row.entity == CONTRACT_LINE:
        found = _line(row, read)
    elif row.entity == MILESTONE:
        found = _milestone(row, read)
    elif row.part in NAMED:
        found = _named(row, read)
    else:
        found = _called(row, read, units)
    found = _unless_taken(row, found, holders)
    if row.entity == CONTRACT:
        found = replace(found, warning=_split(read.get(ChildrenKey(row.id))))
    if cycle and not found.problem:
        detail = f"it was merged into {cycle.id}, which leads back to it; undo one of the merges"
        found = replace(
            found, problem=said(MasterProblem.MERGE_CYCLE, detail), waits_for=found.waits_for or _blocker(cycle)
        )
    return replace(found, problem=None) if row.deleted else found


def _line(row: MasterRow, read: Read) -> Placement:
    contract = reference(row.columns, "contract")
    if contract is None:
        return Placement(problem=said(MasterProblem.CONTRACT_UNKNOWN, "the line names no contract; correct the row"))
    found = read.get(contract)
    if not isinstance(found, SeenRow) or found.number is None:
        why = found.problem if isinstance(found, SeenRow) else None
        detail = f"contract {contract.id} has {f'no number yet ({why})' if why else 'not arrived'}"
        return Placement(problem=said(MasterProblem.CONTRACT_UNKNOWN, detail), waits_for=_blocker(contract))
    sequence = row.columns.get("number")
    return Placement(found.company, f"{found.number}-{sequence}" if sequence else row.id)


def _milestone(row: MasterRow, read: Read) -> Placement:
    """In the company of its contract line, by its own id: Dataverse gives it no number."""
    line = reference(row.columns, "contract_line")
    found = read.get(line) if line else None
    if isinstance(found, SeenRow) and found.company and found.number:
        return Placement(found.company, row.id)
    # Why the line has no company is not said here: a milestone is looked at again when its line has one.
    detail = f"contract line {line.id} has not arrived, or has no company" if line else "the row names no contract line"
    waits_for = _blocker(line) if line else None
    return Placement(problem=said(MasterProblem.CONTRACT_UNKNOWN, detail), waits_for=waits_for)


def _named(row: MasterRow, read: Read) -> Placement:
    number = None if row.columns.get("template") else row.columns.get("number")
    if row.part in GLOBAL:
        company, waits_for, problem = None, None, None
    else:
        company, waits_for, problem = _company(row.columns, read)
    if problem is None and number is None and not row.columns.get("template"):
        problem = said(MasterProblem.NUMBER_MISSING, "the row has no number; fill it in")
    return Placement(company, None if problem else number, problem, waits_for)


def _called(row: MasterRow, read: Read, units: Callable[[], Mapping[str, str]]) -> Placement:
    name = row.columns.get(_CALLED.get(row.part, "name")) if row.part else None
    if row.entity == COMPANY:
        return Placement(str(name).upper(), name) if "#" not in str(name) else _bad_code(name)
    if row.entity != UNIT:
        return Placement(number=name)
    company, waits_for, _ = _company(row.columns, read)
    if reference(row.columns, "company") is None:
        # Looked at again with every version of the set-up.
        company, waits_for = units().get(str(name)), POLICY
    return Placement(company, name, waits_for=waits_for)


def _bad_code(code: Any) -> Placement:
    return Placement(number=code, problem=said(MasterProblem.COMPANY_UNKNOWN, f"no code of a company has a #: {code}"))


def _company(columns: Mapping[str, Any], read: Read) -> tuple[str | None, str | None, str | None]:
    """The company of a row, what it waits for to know better, and what is wrong where there is none.

    The code of the company that it names; until that arrives, the name that the look-up carries; the company of the
    contracting unit.
    """
    company, unit = reference(columns, "company"), reference(columns, "unit")
    waits_for = None
    if company:
        row = read.get(company)
        if isinstance(row, SeenRow) and row.company:
            return row.company, None, None
        waits_for = _blocker(company)
        if name := _text_of(columns["company"]):
            return name.upper(), waits_for, None
    if unit:
        row = read.get(unit)
        if isinstance(row, SeenRow) and row.company:
            return row.company, waits_for, None
        waits_for = waits_for or _blocker(unit)
    if waits_for is None:
        detail = "the row names no company and no unit; fill one in, or name the column in TABLE_MAP_OVERRIDES"
    else:
        detail = f"{waits_for.replace('#', ' ')} has not arrived, or has no company"
    return None, waits_for, said(MasterProblem.COMPANY_UNKNOWN, detail)


def _text_of(look_up: list[str]) -> str | None:
    name = look_up[2] if len(look_up) > 2 else None
    return name if name and "#" not in name else None


def _unless_taken(row: MasterRow, found: Placement, holders: Mapping[NameKey, RowKey]) -> Placement:
    """The placement, but for a name that another row has: the second one waits for it."""
    if row.part not in NAMED or found.number is None:
        return found
    name = _name_key(row.part, found.company, found.number)
    holder = holders.get(name)
    if holder is None:
        return found
    detail = f"{found.number} is the number of {holder.entity} {holder.id} already; change one of the two"
    problem = said(MasterProblem.DUPLICATE_NUMBER, detail)
    return replace(found, number=None, problem=problem, waits_for=found.waits_for or name_blocker(name))


def _split(children: Seen | None) -> str | None:
    """What is wrong with the shares of a contract's customers (MC-01): listed, and nothing waits for it."""
    rows = children.rows if isinstance(children, Children) else {}
    of_rules = [child for (entity, _), child in rows.items() if entity == SPLIT_RULE]
    shares = [Decimal(child["percent"]) for child in of_rules if "percent" in child]
    if not shares or sum(shares) == _WHOLE:
        return None
    detail = f"the shares of the contract's customers make {sum(shares):f} %, not 100; correct them in Dataverse"
    return said(MasterProblem.SPLIT_NOT_WHOLE, detail)


def _name_key(part: Part, company: str | None, number: str) -> NameKey:
    return NameKey(part, company or "", number)


def name_blocker(name: NameKey) -> str:
    """What a row stores that waits for a name."""
    return f"name#{name.part}#{name.company or '-'}#{name.number}"


def name_of_blocker(blocker: str) -> NameKey | None:
    """The name that a blocker stands for, if it does for one."""
    kind, _, name = blocker.partition("#")
    if kind != "name":
        return None
    part, company, number = name.split("#", 2)
    return NameKey(Part(part), "" if company == "-" else company, number)


def _blocker(key: RowKey) -> str:
    return f"{key.entity}#{key.id}"


def said(problem: MasterProblem, detail: str) -> str:
    """What a row stores of a problem."""
    return f"{problem}: {detail}"


WAITED_FOR: Final = frozenset({COMPANY, UNIT, CONTRACT, "account", "contact"})
"""The tables whose rows others wait for, and are asked for by that. A line has its milestones as children."""
HAS_DEPENDENTS: Final = frozenset({COMPANY, UNIT})
"""The tables whose company others took over without waiting for it."""
HAS_LINES: Final = frozenset({CONTRACT, PROJECT})
